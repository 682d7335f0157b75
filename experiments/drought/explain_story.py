"""The report's section on what drove the losses in drought, from the run folder alone."""

from __future__ import annotations

from typing import Any

from ..report import Figure, Section, Table
from ..runfolder import RunFolder
from . import explain_figures, figures
from .explain_events import DAYS, RAIN

NAMES = {"hybrid": "hybrid", "gru": "GRU", "truth": "truth"}
UNTRAINED = (
    "Parameter randomisation compares with models that were not trained. A hybrid has its equations before it is "
    "trained, so that its attribution then may be like the one after training; of a network alone that would say that "
    "it has learned nothing that matters here."
)
LIMITS = (
    "What this does not say: an attribution explains a model, not nature. It tells what the model would have given "
    "with other weather, and models of equal skill can give different accounts. Drivers come together in nature "
    "(dry air follows dry soil); here each is changed alone, so no cause is shown. Rain of the comparison falls every "
    "day of the year as its mean, so that a part of what rain is attributed is that it falls in showers."
)


def section(folder: RunFolder) -> Section | None:
    """What drove the losses, with figures and tables; None where the run was not explained."""
    told = figures.table(folder, "explain.json")
    if told is None:
        return None
    title = "Why: what drove the losses"
    if not told["events"]:
        return Section(
            title, "No site has a dry window in a growing season of the test period, so none is explained."
        )
    text = [_what(told), _drivers(told)]
    if told["recovery"]:
        text.append(_recovery(told))
    elif told["agreement"]:
        text.append(_agreement(told))
    text += [_memory(told), _account(told), UNTRAINED, LIMITS]
    drawn = [
        (
            explain_figures.drivers(folder),
            "Attribution by lag, stacked by driver, mean over droughts, for each model.",
        ),
        (explain_figures.sites(folder), "Attribution of each drought by driver and lag, for each model."),
        (
            explain_figures.reach(folder),
            "Share of the attribution to rain within each lag, mean and quartiles over droughts.",
        ),
        (explain_figures.pools(folder), "Rain's part of the largest loss by week and pool of the hybrid."),
    ]
    shown = [Figure(paths[0].relative_to(folder.path), alt) for paths, alt in drawn if paths]
    return Section(title, "\n\n".join(t for t in text if t), shown, _tables(told))


def _what(told: dict[str, Any]) -> str:
    sites = len({e["site"] for e in told["events"]})
    lines = []
    for target in told["targets"]:
        parts = [
            f"{NAMES[r['model']]} {r['mean']:+.2f} ({r['worst']:+.2f} at worst, {_event(r['worst_event'])})"
            for r in told["changes"]
            if r["target"] == target
        ]
        lines.append(f"- {figures.NAMES[target]} [{figures_unit(target)}]: " + ", ".join(parts))
    members = ", ".join(f"{NAMES[m]} {n}" for m, n in told["members"].items() if m != "truth")
    return (
        f"For {len(told['events'])} droughts at {sites} sites (of each site and season in which it grows, the "
        f"last {DAYS} of the {RAIN} days of the test period that are driest for the time of year), the mean flux is "
        "compared with what the same model gives under the mean weather of each day of the year. The difference is "
        f"shared out among drivers and lags by exact Shapley values (members: {members}). Mean change:\n\n"
        + "\n".join(lines)
    )


def figures_unit(target: str) -> str:
    """Unit of a flux in plain text."""
    return {"gpp": "gC m-2 d-1", "et": "mm d-1"}[target]


def _drivers(told: dict[str, Any]) -> str:
    lines = []
    target = told["targets"][0]
    for model in told["members"]:
        held = {r["by"]: r["shares"] for r in told["shares"] if r["model"] == model and r["target"] == target}
        lines.append(
            f"- {NAMES[model]}: {_shares(held['driver'])}; rain by lag: {_shares(held['lag of rain'])}"
        )
    return f"Shares of the absolute attribution of {figures.NAMES[target]}:\n\n" + "\n".join(lines)


def _shares(held: dict[str, float]) -> str:
    return ", ".join(f"{n} {100 * v:.0f} %" for n, v in held.items())


def _recovery(told: dict[str, Any]) -> str:
    lines = []
    for r in told["recovery"]:
        lines.append(
            f"- {NAMES[r['model']]}, {figures.NAMES[r['target']]}: correlation {_number(r['correlation'])}, relative "
            f"error {100 * r['relative_error']:.0f} %, right sign for {100 * r['sign']:.0f} % of the true attribution, "
            f"{100 * r['misplaced']:.0f} % at the wrong lag ({100 * r['rain_misplaced']:.0f} % of rain's), "
            f"{100 * r['misplaced_driver']:.0f} % at the wrong driver"
        )
    return (
        "These sites are synthetic: the same game, played by the true process, is the true attribution. "
        "How it is recovered, over all droughts, drivers and lags:\n\n" + "\n".join(lines)
    )


def _agreement(told: dict[str, Any]) -> str:
    lines = [
        f"- {figures.NAMES[r['target']]}: correlation {_number(r['correlation'])}, "
        f"{100 * r['misplaced']:.0f} % at other lags, {100 * r['misplaced_driver']:.0f} % at other drivers"
        for r in told["agreement"]
    ]
    return "How far GRU and hybrid agree, over all droughts, drivers and lags:\n\n" + "\n".join(lines)


def _memory(told: dict[str, Any]) -> str:
    if not told["memory"]:
        return ""
    parts = ", ".join(
        f"{NAMES[r['model']]} {r['median']:.0f} d (gap of the account {100 * r['gap']:.1f} % of the change)"
        for r in told["memory"]
        if r["median"] is not None
    )
    return (
        "Lag within which 90 % of the absolute attribution to daily rain lies (integrated gradients), median over "
        f"droughts: {parts}."
    )


def _account(told: dict[str, Any]) -> str:
    held = told.get("account")
    if not held:
        return ""
    if "skipped" in held:
        return f"The largest loss is not followed through the pools: {held['skipped']}"
    rows = "\n".join(
        f"- the week from {r['week']} ({r['lag']} days before the end) through {r['pool'].replace('_', ' ')}: "
        f"{r['attribution']:+.1f}"
        for r in held["top"]
        if r["attribution"] < 0
    )
    return (
        f"The largest loss of the hybrid's first member ({_event(held['event'])}: {held['change']:+.1f} "
        f"{held['units']} from {held['base_value']:.1f}, of which rain {held['rain']:+.1f}) followed through its "
        f"pools, as they were when the {DAYS} days began (gap {held['gap']:.1e} of the change). Most was taken by:\n\n"
        + rows
    )


def _tables(told: dict[str, Any]) -> list[Table]:
    made = []
    for model, rows in told["trust"].items():
        made.append(
            Table(
                ("score", "value", "random", "skill", "says"),
                [
                    (r["score"], _number(r["value"]), _number(r["random"]), _number(r["skill"]), r["verdict"])
                    for r in rows
                ],
                f"How far the attribution of {figures.NAMES[told['targets'][0]]} by the {NAMES[model]} can be trusted: "
                "first member, each score beside random explanations.",
            )
        )
    if told["memory"]:
        sites = list(told["memory"][0]["sites"])
        made.append(
            Table(
                ("site", *(NAMES[r["model"]] for r in told["memory"])),
                [(s.replace("_", " "), *(_days(r["sites"].get(s)) for r in told["memory"])) for s in sites],
                "Days within which 90 % of the attribution to rain lies, all droughts of a site together.",
            )
        )
    return made


def _event(name: str) -> str:
    return name.replace("_", " ")


def _days(value: float | None) -> str:
    return "none" if value is None else f"{value:.0f}"


def _number(value: float | None) -> str:
    return (
        "not defined"
        if value is None
        else f"{value:.2f}"
        if abs(value) >= 0.01 or value == 0
        else f"{value:.1e}"
    )
