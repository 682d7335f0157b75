"""The report of a run: skill and whether it is real, calibration, leads, relations, scenario, single fires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..migration.stages import read_json
from ..report import Figure, Section, Table
from ..runfolder import RunFolder
from . import figures, results
from .config import Config
from .models import MODELS
from .results import LABELS, REFERENCES
from .settings import effective

if TYPE_CHECKING:
    import xarray as xr


def build(folder: RunFolder) -> list[Section]:
    """Figures, tables and text, from the folder alone."""
    config = effective(folder.load_config(Config), folder.status().quick)
    ds = results.read(folder)
    told, asked = read_json(folder, "scores.json"), read_json(folder, "relations.json")
    figures.skill(told, folder.figures)
    figures.reliability(told, folder.figures)
    figures.precision_recall(ds, folder.figures)
    month = figures.worst_month(ds, folder.figures)
    figures.relations(asked["relations"], folder.figures)
    figures.scenario(ds, folder.figures)
    single = read_json(folder, "montesinho.json")
    sections = [
        _skill(told, config),
        _calibration(told, month),
        _leads(told, config),
        _relations(asked),
        _scenario(ds, config),
    ]
    if "truth" in asked:
        sections.append(_truth(asked["truth"]))
    if single:
        sections.append(_single(single))
    return [*sections, _limits(told, config)]


def _cell(row: dict[str, Any], digits: int = 3) -> str:
    value = row["value"]
    if row.get("low") is None:
        return f"{value:.{digits}f}"
    return f"{value:.{digits}f} ({row['low']:.{digits}f} to {row['high']:.{digits}f})"


def verdict(row: dict[str, Any]) -> str:
    """Whether an interval of a difference lies above 0, below it, or holds it."""
    if row["low"] is None or row["high"] is None or row["low"] <= 0 <= row["high"]:
        return "not told apart from 0"
    return "real" if row["low"] > 0 else "worse"


def _table(judged: dict[str, Any], caption: str) -> Table:
    rows = [
        (
            LABELS[name],
            *(_cell(judged[name][m]) for m in ("auc", "auprc")),
            f"{judged[name]['brier']['value']:.4f}",
            *(
                _cell(judged[name][f"brier skill over {r}"]) if r != name else "0"
                for r in REFERENCES
            ),
            f"{judged[name]['ece']['value']:.4f}",
        )
        for name in MODELS
    ]  # fmt: skip
    header = ("model", "AUC", "AUPRC", "Brier", "Brier skill, month", "Brier skill, month and cell", "ECE")
    return Table(header, rows, caption)


def _differences(judged: dict[str, Any], caption: str) -> Table:
    rows = []
    for reference in REFERENCES:
        for metric in (f"auc - {reference}", f"auprc - {reference}", f"brier skill over {reference}"):
            row = judged["hybrid"][metric]
            low, high = row.get("season_low"), row.get("season_high")
            kept = "" if low is None else f"{low:.3f} to {high:.3f}"
            rows.append((metric, _cell(row), f"{100 * (row['above'] or 0):.1f} %", verdict(row), kept))
    return Table(("hybrid", "value", "draws above 0", "verdict", "interval of years alone"), rows, caption)


def _power(rows: list[dict[str, Any]]) -> Table:
    body = [
        (
            row["years"],
            f"{row['difference']:.3f} ± {row['sd']:.3f}",
            *(
                f"{100 * row[f'{what}_{kind}']:.0f} %"
                for kind in ("circular", "season")
                for what in ("real", "cover")
            ),
        )
        for row in rows
    ]
    header = (
        "years that test",
        "true gain of AUC",
        "called real",
        "covered",
        "real, years alone",
        "covered, years alone",
    )
    caption = (
        "What a test of so many years can show: fires made with the climatology by month and cell as truth, and months "
        "that share an effect; its gain over the climatology by month, and how often an interval of 95 % lies above 0, "
        "or holds it"
    )
    return Table(header, body, caption)


def _skill(told: dict[str, Any], config: Config) -> Section:
    first = told["parts"][told["first"]]
    ours, split, settings = first["hybrid"], config.split, config.judge
    gain = ours["auc - climatology"]
    beyond = ours["brier skill over climatology_cell"]
    text = [
        f"Fitted on {split.fit_first} to {split.fit_last}, scored once on {split.fit_last + 1} to {split.test_last}; "
        f"{100 * ours['prevalence']['value']:.1f} % of the cell-months that test had fire, which is the AUPRC of no "
        f"skill. Intervals of 95 % are of {settings.resamples} resamples of blocks of {settings.block} months with all "
        f"their cells, paired between models.",
        f"Above the **climatology by month** the hybrid gains {_cell(gain)} of AUC: {verdict(gain)}. That climatology "
        f"knows no place, and most of this gain is place. Above the **climatology by month and cell**, which is the "
        f"base the hybrid starts from, its Brier skill is {_cell(beyond)}: {verdict(beyond)}. This second number is "
        f"what weather adds.",
        "In space, quarters of the region were held out beside the years that test: neither a model nor a climatology "
        "saw their fires. There the climatology by month stands for both.",
        "In validation, years that fit were held out one by one; settings were chosen there.",
        "The interval of years alone keeps the course of the year: each part of it is drawn from the same part of "
        "other years, and Student's t stands for how few they are. The other lets the share of summer vary, which no "
        "two years do, and is wider for what place tells. A difference is called real by the first only; the second "
        "is beside it.",
    ]
    if "nested" in told["parts"]:
        text.append(
            "**Nested** is another evaluation, not the test: every year is held out once, later years stand in the "
            "fit of earlier ones, and the hybrid's penalty is chosen inside each fold "
            f"({', '.join(f'{r:g}' for r in told['ridge'])}). It holds more fires. The hybrid's form was chosen on "
            f"{split.fit_first} to {split.fit_last}, so it is somewhat kind to the hybrid."
        )
    tables = []
    for part in (told["first"], "space", "validation", "nested"):
        if part in told["parts"]:
            tables += [
                _table(told["parts"][part], f"{part}"),
                _differences(told["parts"][part], f"{part}: paired"),
            ]
    tables.append(_power(told["power"]))
    pr = Figure(
        "precision_recall.svg",
        "Precision against recall of all models.",
        "The dotted line is the prevalence.",
    )
    gains = Figure(
        "skill.svg",
        "AUC of the hybrid less that of the climatologies: value, interval of blocks of months (thin), of years alone "
        "(grey).",
    )
    return Section("Is there skill above climatology?", "\n\n".join(text), [gains, pr], tables)


def _calibration(told: dict[str, Any], month: str) -> Section:
    rows = [
        (row["lead"], {"common": "with what months share", "apart": "cells apart"}[row["kind"]],
         f"{row['held']} of {row['months']}", f"{row['width']:.1f}")
        for row in told["counts"]
    ]  # fmt: skip
    header = ("months ahead", "range", "test months inside", "mean width [cells]")
    caption = (
        "Number of cells that burn in a month: its range from 5 to 95 %, in months where that is not 0 alone"
    )
    ranges = Table(header, rows, caption)
    text = (
        "Chances are in bins of about equal counts. The expected calibration error is the mean gap between chance and "
        f"share over the bins. Below, the test month with most fire, {month}; crosses are cells that burned."
    )
    return Section(
        "Do chances mean what they say?",
        text,
        [
            Figure("reliability.svg", "Share that burned against the chance given, logarithmic."),
            Figure("worst_month.svg", f"Maps of the chance of fire in {month}.", f"{month}"),
        ],
        [ranges],
    )


def _leads(told: dict[str, Any], config: Config) -> Section:
    rows = []
    for lead in sorted(config.leads):
        judged = told["parts"][f"time, lead {lead}"]
        rows.append((lead, *(f"{judged[n]['auc']['value']:.3f}" for n in MODELS),
                     *(_cell(judged["hybrid"][f"brier skill over {r}"]) for r in REFERENCES)))  # fmt: skip
    names = tuple(f"AUC, {LABELS[n]}" for n in MODELS)
    header = ("months ahead", *names, "Brier skill, month", "Brier skill, month and cell")
    text = (
        "A lead of 0 knows the weather of the month itself and is a diagnosis, not a forecast. From lead 1 on the "
        "weather after the origin is unknown and the balance runs on with the normal of the calendar month."
    )
    return Section("How far ahead?", text, [], [Table(header, rows)])


def _relations(asked: dict[str, Any]) -> Section:
    signs = {1: "rises", -1: "falls"}
    rows = [
        (
            row["driver"],
            f"{signs[row['expected']]}: {row['why']}",
            LABELS[row["model"]],
            f"{row['rise']:+.2f} ± {row['error']:.2f}",
            row["shape"],
            row["verdict"] + (f" ({row['hybrid']})" if row["model"] == "hybrid" else ""),
        )
        for row in asked["relations"]
    ]
    named = ", ".join(
        f"{n} {np.mean(v):.2f} ({min(v):.2f} to {max(v):.2f})" for n, v in asked["constants"].items()
    )
    text = (
        "Accumulated local effects of the region's departure in the last three months (wind: the month itself) on its "
        "mean logit, over months that ever have fire, with years resampled; of low vegetation, over cells. What the "
        f"hybrid is given it cannot get wrong; what it learned, it can.\n\nConstants of the hybrid's members: {named}."
    )
    return Section(
        "Do drivers act as physics expects?",
        text,
        [Figure("relations.svg", "Accumulated local effects of drivers by model, with 95 % intervals.")],
        [Table(("driver", "expected: danger", "model", "change over its range [logit]", "shape", "verdict"), rows)],
    )  # fmt: skip


def _scenario(ds: xr.Dataset, config: Config) -> Section:
    season = np.isin(ds["time"].dt.month.values, (6, 7, 8, 9))
    part = ds.isel(time=season)
    rows = []
    for name in MODELS:
        now, then = (float(part[v].sel(model=name).mean()) for v in ("chance_present", "chance_changed"))
        rows.append((LABELS[name], f"{now:.4f}", f"{then:.4f}", f"{then / now:.2f}"))
    code, changed = (float(part[v].mean()) for v in ("drought_code", "drought_code_changed"))
    share = float(part["outside"].mean())
    text = (
        f"Temperature {config.scenario.tas}, precipitation {config.scenario.pr}, wind as it was; June to September of "
        f"all years. The monthly drought code goes from {code:.0f} to {changed:.0f}. In {100 * share:.0f} % of "
        f"cell-months its dryness lies **outside** what the fit held: there the answer rests on the equations alone; "
        f"trees cannot give one. Fuel is as it was: whether it would grow back is not asked."
    )
    return Section(
        "Warmer and drier",
        text,
        [Figure("scenario.svg", "Maps of the chance of fire now, changed, and the share of months outside.")],
        [Table(("model", "mean chance now", "changed", "ratio"), rows)],
    )


def _truth(rows: list[dict[str, Any]]) -> Section:
    body = [
        (
            row["name"],
            f"{row['known']:g}" if row.get("known") is not None else "",
            f"{row['found']:.2f}",
            f"{row['low']:.2f} to {row['high']:.2f}" if "low" in row else "",
        )
        for row in rows
    ]
    text = (
        "The island's fires follow a known drought code and wind. The hybrid splits dryness into deep and fine, which "
        "move together, so their effects are added; members stand on resampled years. The penalty on effects, chosen "
        "for skill, draws them towards 0, so an effect found smaller than the known one is expected; its sign is not."
    )
    return Section(
        "Is the truth found?", text, [], [Table(("quantity", "known", "found", "members, 5 to 95 %"), body)]
    )


def _single(told: dict[str, Any]) -> Section:
    rows = [
        (
            name,
            f"{np.mean(told['mad'][name]):.2f} ± {np.std(told['mad'][name]):.2f}",
            f"{np.mean(told['rmse'][name]):.1f}",
            f"{told['mean_forecast'][name]:.2f}",
            f"{100 * told['large_miss'][name]:.1f} %",
        )
        for name in told["mad"]
    ]
    best = min(told["mad"], key=lambda n: np.mean(told["mad"][n]))
    value = float(np.mean(told["mad"][best]))
    beaten = "below" if value < told["published"] - 0.005 else "not below"
    text = (
        f"The least error is that of {best}, **{value:.2f} ha, {beaten} the published {told['published']:g} ha**.\n\n"
        f"The mean absolute deviation is least for the **median**, and half of these fires are of "
        f"{told['median_area']:.2f} ha or less ({100 * told['zero_share']:.0f} % of 0): a forecast of 0 for every fire "
        f"has an error of {told['mad_of_zero']:.2f} ha, the constant median {np.mean(told['mad']['median']):.2f}. A "
        f"tenth of the fires burned {100 * told['large_share']:.0f} % of the area, and {best} "
        f"forecast {100 * told['large_miss'][best]:.1f} % of it. An error below the published one says that small "
        f"fires are told well; of large fires, which matter, it says nothing."
    )
    header = (
        "model",
        "MAD [ha]",
        "RMSE [ha]",
        "mean forecast [ha]",
        "forecast of the area of the largest tenth",
    )
    caption = f"{told['fires']} fires, {told['runs']} runs; MAD with its spread between runs"
    return Section("Single fires at Montesinho", text, [], [Table(header, rows, caption)])


def _limits(told: dict[str, Any], config: Config) -> Section:
    years = config.split.test_last - config.split.fit_last
    return Section(
        "What cannot be concluded",
        f"- The years that test were scored in trial runs of earlier forms of the hybrid. The present form was chosen "
        f"on the years that fit, but by people who had seen those scores.\n"
        f"- {years} years test; their difference from year to year is more than blocks of months can show.\n"
        "- Months allow a monthly drought code alone: fine fuel dries in hours, and the wind here is the speed of the "
        "mean vector of a month, which is less than the mean speed.\n"
        "- Fires are lit by people; what changes with them is in no driver.\n"
        "- Burned area is seen from space at 250 m: small fires are missed.",
    )
