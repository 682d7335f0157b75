"""The report of a run: what was cleaned, what can be forecast, what causes what, and what cannot be said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..report import Figure, Section, Table
from ..report import scores as score_table
from ..runfolder import RunFolder
from . import figures, results
from .backtest import MODELS
from .config import Config
from .settings import effective
from .stages import read_json

if TYPE_CHECKING:
    import pandas as pd


def build(folder: RunFolder) -> list[Section]:
    """Figures, tables and text, from the folder alone."""
    from . import causal_story, explain_story

    config = effective(folder.load_config(Config), folder.status().quick)
    ds = results.read(folder)
    frame = score_table.read(folder.scores)
    told = read_json(folder, "forecast.json")
    figures.skill(frame, folder.figures)
    shown = figures.series(ds, folder.figures)
    figures.places(ds, folder.figures)
    synthetic = read_json(folder, "truth.json") is not None or not folder.read_json(folder.data_file).get(
        "root"
    )
    parts = [forecast(config, frame, told, shown, synthetic), *causal_story.build(folder, config, ds)]
    parts += explain_story.build(folder, config)
    weekly = read_json(folder, "weekly.json")
    if weekly is not None:
        figures.weekly(weekly, folder.figures)
        parts.append(published(weekly, config))
    parts += [cleaned(folder, config), limits(folder, config)]
    return parts


REFERENCE = {"persistence": 0.02, "district mean": 0.09, "half of each": 0.27, "district-months": 1225}
"""What stands beside the data collection for departures one month ahead."""


def forecast(
    config: Config, frame: pd.DataFrame, told: dict[str, Any], shown: list[str], synthetic: bool
) -> Section:
    """Skill, intervals and alarms on the test months."""
    leads = list(told["best"])
    wide = {
        (row.model, row.metric, row.group): float(row.value)  # type: ignore[arg-type]
        for row in frame.itertuples()
    }

    def value(model: str, metric: str, group: str) -> float | None:
        return wide.get((model, metric, group))

    rows = [(figures.LABELS[m], *(value(m, "r2", f"lead={k}") for k in leads)) for m in MODELS]
    everywhere = (
        "terrax, all months that were observed",
        *(value("terrax", "r2", f"lead={k}, all") for k in leads),
    )
    header = ("R2", *(f"{k} ahead" for k in leads))
    gains, sentences = [], []
    for k in leads:
        best = told["best"][k]
        d = next(d for d in told["differences"] if str(d["lead"]) == k and d["baseline"] == best)
        gains.append((f"{k}", figures.LABELS[best], d["value"], d["low"], d["high"], d["above"]))
        if int(k) in (1, 3):
            sure = "above zero" if d["low"] > 0 else "not clearly above zero"
            reached = "reaches" if d["value"] >= 0.03 else "does **not** reach"
            joint = "and" if (d["low"] > 0) == (d["value"] >= 0.03) else "but"
            span = f"{d['value']:+.3f} ({d['low']:+.3f} to {d['high']:+.3f})"
            sentences.append(
                f"- {k} month{'s' if int(k) > 1 else ''} ahead the R2 is **{value('terrax', 'r2', f'lead={k}'):.3f}**; "
                f"the best baseline, {figures.LABELS[best]}, has {value(best, 'r2', f'lead={k}'):.3f}. The difference "
                f"of {span} is {sure} {joint} {reached} the aim of 0.03."
            )
    alarm = [
        (
            f"{figures.LABELS[m]}, {k} ahead",
            *(
                value(m, n, f"lead={k}")
                for n in ("auc", "brier", "brier_skill", "hit_rate", "false_alarm_rate")
            ),
        )
        for k in leads
        for m in ("terrax", told["best"][k])
    ]
    cover = [
        (k, value("terrax", "coverage", f"lead={k}"), value("terrax", "interval_width", f"lead={k}"))
        for k in leads
    ]
    first, last = told["test_months"]
    span = f"{told['validation_months'][0]} to {told['validation_months'][1]}, before the test"
    chosen = (
        f"The panel is synthetic: settings are those chosen for the real one, none was chosen on {span}."
        if synthetic
        else f"The default settings were chosen on {span} of the data collection."
    )
    pairs = ", ".join(f"{told['pairs'][k]} at lead {k}" for k in leads)
    text = [
        f"Log(1 + {config.target}) of a district's month, forecast from data up to the origin and nothing after it. "
        f"The test is {first} to {last}; R2 is pooled over district-months that were observed at the origin and at "
        f"the target ({pairs}).",
        "\n".join(sentences),
        f"The forecast is {1 - config.forecast.gp_weight:g} times a forgetting mean of each district, drawn towards "
        f"the national one and corrected by ridge regression and small trees on drivers and neighbours, and "
        f"{config.forecast.gp_weight:g} times a Gaussian process over districts and months. Every model is renewed as "
        f"the origin advances, with data up to the origin; the baselines likewise. Trees read the same features. "
        + chosen,
        f"Intervals are quantiles of the errors that were known at the origin, aim for "
        f"{100 * config.forecast.level:g} % and widen after months that missed them. An alarm is a month above the "
        f"{config.forecast.alarm_percentile:g}th percentile of the district's months before the test; hits and false "
        f"alarms are those of a warning at a chance above 0.4.",
    ]
    validation = {(r["model"], r["group"]): r["value"] for r in told["validation"]}
    tables = [
        Table(header, [*rows, everywhere], f"R2 on the test months, {first} to {last}"),
        Table(
            ("months ahead", "best baseline", "difference of R2", "5 %", "95 %", "share above 0"),
            gains,
            f"Paired block bootstrap of {config.forecast.resamples} draws, blocks of {config.forecast.block} months",
        ),
        Table(("months ahead", "coverage", "width, log counts"), cover, "Intervals on the test months"),
        Table(
            ("alarm", "AUC", "Brier", "Brier skill", "hits", "false alarms"),
            alarm,
            "Alarms on the test months; skill is over the usual share of alarm months",
        ),
        Table(
            header,
            [(figures.LABELS[m], *(validation.get((m, f"lead={k}")) for k in leads)) for m in MODELS],
            "R2 on the validation months, before the test",
        ),
    ]
    if told["reference"] and not synthetic:
        same = all(abs(told["reference"][n] - v) <= 0.005 for n, v in REFERENCE.items())
        text.append(
            "The reference numbers of the data collection are reproduced from the file as it is."
            if same
            else "The reference numbers of the data collection are **not** those of this file, which is another one."
        )
        beside = [
            (
                "this file",
                *(told["reference"][n] for n in list(REFERENCE)[:-1]),
                round(told["reference"]["district-months"]),
            ),
            ("collection", *REFERENCE.values()),
        ]
        tables.append(
            Table(("R2, departures one month ahead, 2020 and 2021", *REFERENCE), beside, "Reference numbers")
        )
    return Section(
        "What can be forecast",
        "\n\n".join(text),
        [
            Figure(
                "forecast_skill.svg",
                "R2 and coverage by months ahead, a line per model.",
                "The grey band is 75 to 85 %.",
            ),
            Figure(
                "forecast_series.svg",
                f"Observed and forecast counts of {', '.join(shown)}.",
                "Dots: observed. Line: forecast. Band: interval. The last months are the test.",
            ),
            Figure(
                "forecast_map.svg",
                "Districts by number of persons and by error of the forecast.",
                "Left: how many. Right: root mean square error of log counts on the test months.",
            ),
        ],
        tables,
    )


def published(table: dict[str, Any], config: Config) -> Section:
    """What changes in the graphs of the weekly file when its preparation is mended."""
    rows = [
        (
            f"{r['preparation']}: {r['source']}",
            r["districts"],
            r["single"],
            round(r["chance"], 1),
            r["holm"],
            r["appeared"],
            r["vanished"],
        )
        for r in table["rows"]
    ]
    base = {r["source"]: r for r in table["rows"] if r["preparation"] == "as published"}
    mended = {r["source"]: r for r in table["rows"] if r["preparation"] == "all mended"}
    lines = [
        f"- **{s}**: {base[s]['single']} of {base[s]['districts']} districts as published, {mended[s]['single']} of "
        f"{mended[s]['districts']} mended ({mended[s]['chance']:.0f} are expected by chance); after correction "
        f"{base[s]['holm']} and {mended[s]['holm']}."
        for s in base
    ]
    text = [
        "The published pipeline interpolates monthly prices quadratically (each week then knows the month to come), "
        f"moves them {config.weekly.shift} weeks into the past, sums displacement and conflict over four weeks that "
        "overlap, reads blanks as zero and does not correct for the number of tests. Each is undone in turn, then all. "
        f"Links to displacement at lags up to {table['lags']} weeks by PCMCI with partial correlation, in every "
        "district with usable weeks:",
        "\n".join(lines),
        '"As published" means as published in the five points tested: the source also divides prices by the exchange '
        "rate of the dollar, removes trends, weights raw prices and livestock by herds, masks low displacement and "
        "resamples, which is not done here.",
        "Bars in the figure: pale, districts with a link at the level of one test; dark, after Holm over all links of "
        "all districts; the mark is what chance alone gives. Windows that overlap make neighbouring weeks alike, and "
        "prices from the future let effects pass for causes.",
    ]
    header = (
        "preparation and source",
        "districts",
        "linked",
        "by chance",
        "after Holm",
        "appeared",
        "vanished",
    )
    caption = "Links to displacement; appeared and vanished are counted against the published preparation"
    return Section(
        "The published weekly pipeline, mended",
        "\n\n".join(text),
        [
            Figure(
                "weekly_links.svg", "Share of districts with a link to displacement under each preparation."
            )
        ],
        [Table(header, rows, caption)],
    )


def cleaned(folder: RunFolder, config: Config) -> Section:
    """Every rule of cleaning and what it changed."""
    log = read_json(folder, "cleaning.json") or []
    rows = [(r["variable"], r["rule"], r["values"], r["done"]) for r in log]
    text = (
        "No value is filled from the future: a price gap takes the last price before it for at most "
        f"{config.cleaning.carry_months} months, anomalies and relative prices are told against the past alone. A "
        f"blank count is read as **{config.cleaning.blank}** (the source does not say; `cleaning.blank` changes it). "
        f"Prices more than {config.cleaning.outlier_factor:g} times away from their own past and from their zone of "
        "currency are set to missing, not corrected."
    )
    return Section(
        "What was cleaned",
        text,
        tables=[Table(("variable", "rule", "values", "done"), rows, "Rules of cleaning")],
    )


def limits(folder: RunFolder, config: Config) -> Section:
    """What these data cannot tell."""
    from . import causal_story

    text = [
        "- Counts are of persons who were seen to move by a monitoring network. Its reach differs between districts "
        "and years; what is not reported looks like nobody.",
        "- A forecast that works says nothing about causes: most of its skill is that a district stays what it was.",
        "- Droughts are national or regional and few. Effects here compare districts within a month, so what a drought "
        "does to the whole country at once is taken out with the month and cannot be seen.",
        "- A graph rests on the assumption that no common cause is missing. Aid, politics and rumours are missing.",
        *causal_story.limits(folder, config),
    ]
    return Section("What cannot be concluded", "\n".join(text))
