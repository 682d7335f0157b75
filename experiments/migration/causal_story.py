"""Sections of the report on causes: graphs, the effect of a drought month, refutation and the world without drought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..report import Figure, Section, Table
from ..runfolder import RunFolder
from . import causal_figures as figures
from . import truth_story
from .config import Config
from .stages import read_json

if TYPE_CHECKING:
    import xarray as xr


def build(folder: RunFolder, config: Config, ds: xr.Dataset) -> list[Section]:
    """The sections, with their figures, from the folder alone."""
    causes, effects = read_json(folder, "causes.json"), read_json(folder, "effects.json")
    truth = effects.get("truth")
    figures.graph(causes["pooled"], config.causes.alpha, folder.figures)
    figures.effect(effects, truth, folder.figures)
    figures.places(effects, causes, ds, folder.figures)
    figures.without(effects, folder.figures)
    parts = [graphs(causes, config), drought(effects, config)]
    if truth:
        parts.insert(0, truth_story.found(truth, effects["counterfactual"]["total"], causes, config))
    return [*parts, counterfactual(effects, config)]


def graphs(causes: dict[str, Any], config: Config) -> Section:
    """Pooled and per-district graphs."""
    together, apart = causes["pooled"], causes["districts"]
    level = config.causes.alpha
    between = [k for k in together["links"] if k["source"] != k["target"]]
    rows = [
        (f"{k['source']} {k['mark']} {k['target']}", k["lag"], k["val"], k["p"], k["holm"], k["frequency"])
        for k in between
    ]
    own = [k for k in together["links"] if k["source"] == k["target"]]
    sure = [k for k in between if k["holm"] is not None and k["holm"] <= level]
    into = [
        k for k in sure if k["target"] == config.target and k["source"] in ("drought", "vegetation", "cereal")
    ]
    if into:
        told = "; ".join(f"{k['source']} at lag {k['lag']} ({k['val']:+.2f})" for k in into)
        drought_text = f"Links from drought, vegetation or prices into {config.target}: {told}."
    else:
        drought_text = (
            f"**No link from drought, vegetation or prices into {config.target}** is left: with these data the pooled "
            "graph does not show drought displacing people month by month."
        )
    rare = [
        k for k in sure if k["frequency"] is not None and k["frequency"] < 0.5 and together["resamples"] >= 10
    ]
    doubt = ""
    if rare:
        which = "; ".join(
            f"{k['source']} {k['mark']} {k['target']} at lag {k['lag']} ({k['frequency']:.2f})" for k in rare
        )
        doubt = f" **Passed, but in fewer than half of the resamples: {which}**; not to be relied on."
    kept = apart["links"]
    counts = [
        (
            f"{r['source']} → {r['target']}",
            r["districts"],
            r["single"],
            round(r["chance"], 1),
            r["field_p"],
            r["field_holm"],
            r["holm"],
            r["val"],
        )
        for r in apart["rows"]
    ]
    text = [
        f"Pooled over {together['members']} districts by J-PCMCI+ with partial correlation, lags up to "
        f"{config.causes.tau_max} in months, and dummies for what districts and months share but nobody measured. The "
        f"family-wise error over {together['tests']} links is held at {level:g} by Holm; {len(sure)} of {len(between)} "
        f"links between variables pass. {drought_text}",
        f"Frequencies are shares of {together['resamples']} resamples of whole districts in which PCMCI+, with the "
        "means of districts and months taken out, finds the link. It was laid down that nothing in the panel makes "
        f"drought and that vegetation follows nothing but drought. {len(own)} links are of a variable with its past."
        + doubt,
        f"Each of {apart['rows'][0]['districts']} districts with at least {config.causes.least_months} months has a "
        f"graph of its own (lags from 1 month). Over all {apart['tests']} links of all districts, Holm leaves "
        f"**{len(kept)}** at a family-wise error of {level:g}. How many districts pass a single test at that level, "
        "how many would by chance, and whether the field holds more than chance (binomial, districts taken as "
        "independent, which they are not: its p-values are too small):",
    ]
    tables = [
        Table(
            ("link", "lag", "strength", "p", "p after Holm", "frequency"),
            rows,
            "The pooled graph: links between variables",
        ),
        Table(
            (
                "link",
                "districts",
                "single test",
                "by chance",
                "field p",
                "field p, Holm",
                "after Holm",
                "mean strength",
            ),
            counts,
            "Graphs of districts",
        ),
    ]
    if kept:
        tables.append(
            Table(
                ("district", "link", "lag", "strength", "p after Holm", "frequency"),
                [
                    (
                        k["district"],
                        f"{k['source']} → {k['target']}",
                        k["lag"],
                        k["val"],
                        k["holm"],
                        k["frequency"],
                    )
                    for k in kept
                ],
                "Links of districts that hold over the whole family",
            )
        )
    alt = "The pooled graph: " + ", ".join(f"{k['source']} {k['mark']} {k['target']}" for k in between)
    return Section(
        "What causes what",
        "\n\n".join(text),
        [
            Figure(
                "graph_pooled.svg",
                alt,
                "Orange: positive, blue: negative; pale: does not pass Holm. Numbers: lags in months.",
            )
        ],
        tables,
    )


def drought(effects: dict[str, Any], config: Config) -> Section:
    """The effect of a drought month, its robustness, refutation and heterogeneity."""
    main, refuted, mixed = effects["main"], effects["refutation"], effects["heterogeneity"]
    last = len(main["lag"]) - 1
    total, low, high = (main[n][last] for n in ("cumulative", "cumulative_lower", "cumulative_upper"))
    rows = [
        (k, main["effect"][i], main["lower"][i], main["upper"][i], main["p"][i], main["cumulative"][i],
         main["cumulative_lower"][i], main["cumulative_upper"][i])
        for i, k in enumerate(main["lag"])
    ]  # fmt: skip
    clear = low > 0 or high < 0
    if clear:
        said = f"a change of {total:+.2f} in log counts over {last} months ({low:+.2f} to {high:+.2f})"
    else:
        said = f"**no effect that can be told from zero**: {total:+.2f} over {last} months ({low:+.2f} to {high:+.2f})"
    text = [
        f"A drought month is one with an index below {config.effect.threshold:g}; {100 * effects['share']:.0f} % of "
        f"observed district-months are. Two-way fixed effects (district and month) with distributed lags, errors "
        f"clustered by district and by month, find {said}. Other drought months are held as they were, so the sum is "
        "that of one month of drought.",
        f"Refutation: {refuted['verdict']}",
        others(effects["robust"][1:]),
    ]
    if mixed["districts"]:
        differ = mixed["q_p"] < 0.05
        text.append(
            f"Heterogeneity: the effect of three months of drought has a mean of {mixed['mean']:+.2f} "
            f"({mixed['mean_lower']:+.2f} to {mixed['mean_upper']:+.2f}) over districts and a standard deviation "
            f"between them of {mixed['spread']:.2f} beyond sampling error; equality is "
            f"{'rejected' if differ else 'not rejected'} (Cochran's Q, p = {mixed['q_p']:.2g}). Single districts are "
            "drawn towards the mean on the map and should not be read one by one."
        )
    robust = [(r["name"], r["value"], r["lower"], r["upper"], r["p"], r["note"]) for r in effects["robust"]]
    twice = [
        (
            f"{r['lag']} months after",
            r["value"],
            r["lower"],
            r["upper"],
            r.get("naive"),
            r.get("clipped"),
            r["note"],
        )
        for r in effects["doubly_robust"]
    ]
    refuters = [
        (r["name"], r["estimate"], r["lower"], r["upper"], r["p"], "not judged" if r["passed"] is None else r["passed"],
         r["note"])
        for r in refuted["rows"]
    ]  # fmt: skip
    groups = [(g["group"], g["districts"], g["value"], g["lower"], g["upper"]) for g in mixed["groups"]]
    tables = [
        Table(("month after", "effect", "5 %", "95 %", "p", "sum", "sum 5 %", "sum 95 %"), rows,
              f"Effect of a drought month on log(1 + {config.target})"),
        Table(("choice", "sum of effects", "5 %", "95 %", "p", "note"), robust, "The sum under other choices"),
        Table(("when", "doubly robust", "5 %", "95 %", "plain difference", "clipped", "note"), twice,
              "Average effect, doubly robust, months' means taken out"),
        Table(("refuter", "estimate", "lower", "upper", "p", "passed", "note"), refuters, "Refutation of the sum"),
    ]  # fmt: skip
    if groups:
        tables.append(Table(("districts with", "number", "effect", "5 %", "95 %"), groups, "Effect by group"))
    return Section(
        "What a drought month does",
        "\n\n".join(text),
        [
            Figure("drought_effect.svg", "Effect by month and its sum with intervals.",
                   "Bands are 90 % intervals; crosses are the truth where the panel is synthetic."),
            Figure("effect_map.svg", "Effect of drought by district, and the strength of the link in its own graph.",
                   "Left: effect drawn towards the mean. Right: strongest lagged partial correlation of a district's "
                   "own graph; the table of districts tells how many can be told from chance. Rings: too few months."),
        ],
        tables,
    )  # fmt: skip


def others(rows: list[dict[str, Any]]) -> str:
    """How many other choices tell the sum of effects from zero, and how many would after correction."""
    from .multiple import holm

    known = [r for r in rows if r["p"] is not None]
    single = [r["name"] for r in known if r["lower"] > 0 or r["upper"] < 0]
    left = sum(p <= 0.1 for p in holm(np.array([r["p"] for r in known], float)))
    which = f" ({'; '.join(single)})" if single else ""
    told = (
        f"Of {len(known)} other choices {len(single)} have an interval that leaves zero out{which}; after Holm {left} "
        "of them would."
    )
    if 0 < len(single) < len(known):
        told += " They were not the question that was asked first, and some of many are no proof."
    return told


def counterfactual(effects: dict[str, Any], config: Config) -> Section:
    """As if no drought since a date."""
    told = effects["counterfactual"]
    total = told["total"]
    clear = total["lower"] > 0 or total["upper"] < 0
    verdict = "" if clear else " The interval holds zero: **what drought added cannot be told from nothing**."
    text = (
        f"As if there had been no drought month since {told['since']}, with all else as it was: of "
        f"{total['observed']:,.0f} persons in observed months, {total['difference']:,.0f} would not have moved "
        f"({total['lower']:,.0f} to {total['upper']:,.0f}).{verdict} The course that all districts share stays in: if "
        "a drought drives the whole country at once, that part is not counted here. People count as often as they "
        "move."
    )
    rows = [
        (str(y["year"]), round(y["observed"]), round(y["without"]), round(y["difference"]), round(y["lower"]),
         round(y["upper"]))
        for y in told["years"]
    ]  # fmt: skip
    return Section(
        f"As if no drought since {told['since']}",
        text,
        [
            Figure(
                "no_drought.svg",
                "Persons observed and as if there had been no drought, by month.",
                f"The band is the {100 * told['level']:.0f} % interval of the world without drought, from resampled "
                "districts."
                if "level" in told
                else "",
            )
        ],
        [
            Table(
                ("year", "observed", "without drought", "difference", "5 %", "95 %"),
                rows,
                "Persons in observed months",
            )
        ],
    )


def limits(folder: RunFolder, config: Config) -> list[str]:
    """What the estimates of this run leave open, as list items."""
    effects = read_json(folder, "effects.json")
    main = effects["main"]
    last = len(main["lag"]) - 1
    low, high = main["cumulative_lower"][last], main["cumulative_upper"][last]
    items = []
    if not (low > 0 or high < 0):
        items.append(
            f"- That a drought month changes {config.target} of a district, relative to others in the same month, is "
            f"neither shown nor ruled out: anything from {low:+.2f} to {high:+.2f} in log counts agrees with the data."
        )
    if not effects["refutation"]["stands"]:
        items.append(
            "- The effect does not stand against the refuters; the world without drought rests on it all the same."
        )
    if low > 0 or high < 0:
        items.append(
            "- Through what drought acts (prices, vegetation, conflict) is not parted: the effect is the total."
        )
    else:
        items.append(
            "- Through what drought would act (prices, vegetation, conflict) cannot be parted where the total itself "
            "is small: mediation is not reported."
        )
    return items
