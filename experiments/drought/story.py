"""The report of the drought experiment, from the run folder alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..report import Figure, Section, Table
from ..runfolder import RunFolder
from . import explain_story, figures

UNSEEN = (
    "Each site is predicted by models that never saw it. Members of an ensemble read all attributes of a site, its "
    "climate or its growth form alone, unless `attributes` names some; the hybrid's also has members whose parameters "
    "follow the site and no weather (`split.static_members`)."
)


def build(folder: RunFolder) -> list[Section]:
    """Sections in the order of the questions: how well, where, in drought, what was learned, what next."""
    made = [
        _section(
            folder,
            "How well, and where",
            figures.skill,
            _skill_text(folder),
            "Nash-Sutcliffe efficiency on test days at each site, with medians, for each target and model.",
        ),
        _section(
            folder,
            "Two years as the models see them",
            figures.series,
            "",
            "Observed, hybrid and network GPP and ET over two test years at three sites.",
        ),
        _section(
            folder,
            "In drought",
            figures.drought,
            _drought_text(folder),
            "Median efficiency in ordinary and in the driest held-out growing seasons.",
        ),
        explain_story.section(folder),
        _truth(folder),
        _graph(folder),
        _section(
            folder,
            "What was learned",
            figures.learned,
            "Each panel shows a parameter that a network moves, relative to its median, against one variable: "
            "median and quartiles over all days and sites. The dashed line is the equation with its value held.",
            "Learned parameters against the variables that drive them.",
        ),
        _section(
            folder,
            "How long a drought is remembered",
            figures.memory,
            _memory_text(folder),
            "Median efficiency against the days of weather history that a model is given.",
        ),
        _section(
            folder,
            "After a dry season",
            figures.dry_season,
            _recovery_text(folder),
            "Anomalies of water, leaves and fluxes after an imposed dry season, mean and quartiles over sites.",
        ),
        _section(
            folder,
            "Under other climates",
            figures.scenarios,
            _scenario_text(folder),
            "Change of mean GPP, ET, NEE and runoff under each scenario at each site.",
        ),
        _closure(folder),
    ]
    return [m for m in made if m is not None]


def _section(
    folder: RunFolder, title: str, draw: Callable[[RunFolder], list[Path]], text: str, alt: str
) -> Section | None:
    paths = draw(folder)
    if not paths:
        return None
    return Section(title, text, [Figure(paths[0].relative_to(folder.path), alt)])


def _skill_text(folder: RunFolder) -> str:
    frame = figures.nse_of(folder)
    frame = frame[frame["split"] == figures._main_split(frame)]
    medians = frame.groupby(["target", "model"])["value"].median()
    lines = []
    for target in figures.FLUXES:
        if target not in medians.index.get_level_values(0):
            continue
        part = medians[target].drop("published", errors="ignore").sort_values(ascending=False)
        lines.append(f"- {figures.NAMES[target]}: " + ", ".join(f"{m} {v:.3f}" for m, v in part.items()))
    text = "Median efficiency over sites on days that no model was trained on:\n\n" + "\n".join(lines)
    return text + ("\n\n" + UNSEEN if figures._main_split(frame) == "site" else "")


def _drought_text(folder: RunFolder) -> str:
    frame = figures.nse_of(folder)
    if "drought" not in set(frame["split"]):
        return ""
    medians = frame.groupby(["target", "model", "split"])["value"].median()
    lines = []
    for target in figures.FLUXES:
        losses = []
        for model in dict.fromkeys(frame["model"]):
            try:
                loss = medians[target, model, "normal"] - medians[target, model, "drought"]
            except KeyError:
                continue
            losses.append(f"{model} {loss:+.3f}")
        lines.append(f"- {figures.NAMES[target]}: " + ", ".join(losses))
    return "Loss of median efficiency from ordinary to the driest held-out growing seasons:\n\n" + "\n".join(
        lines
    )


def _truth(folder: RunFolder) -> Section | None:
    rows = figures.table(folder, "truth.json")
    if not rows:
        return None
    header = ("parameter", "unit", "start", "found", "truth", "relative error")
    body = [
        (
            r["name"],
            r["unit"],
            f"{r['start']:.4g}",
            f"{r['found']:.4g}",
            f"{r['truth']:.4g}",
            f"{100 * r['error']:.1f} %",
        )
        for r in rows
    ]
    worst = max(r["error"] for r in rows)
    text = f"These sites are synthetic: their parameters are known. The worst relative error is {100 * worst:.1f} %."
    return Section(
        "Is the truth found?", text, tables=[Table(header, body, "Known parameters and what was found.")]
    )


def _graph(folder: RunFolder) -> Section | None:
    """What the causal graph of the configuration lets the networks read."""
    told = figures.table(folder, "graph.json")
    if not told:
        return None
    rows = []
    for row in told["networks"]:
        target = row["target"]
        stands = target if isinstance(target, str) else ", ".join(target or []) or "nothing: reads all"
        rows.append((row["network"], stands, ", ".join(row["read"]), ", ".join(row["masked"]) or "none"))
    lags = "all lags" if told["lags"] is None else "lags " + ", ".join(map(str, told["lags"]))
    text = (
        f"Networks of the hybrid read the parents that the graph `{told['file']}` gives what they stand for ({lags}; "
        "networks with memory read all). A masked input is no feature of a network: nothing of it can be learned. "
        "The graph is kept as `graph.nc`; inputs that tell sites apart stay, and the other models read what they did."
    )
    header = ("network", "stands for", "reads", "masked")
    return Section(
        "What the networks may read", text, tables=[Table(header, rows, "Inputs under the causal graph.")]
    )


def _memory_text(folder: RunFolder) -> str:
    return (
        "Each model is given the true weather of the last days only; before that it sees the mean weather of each "
        "day of the year, and pools start from their training mean. The skill that returns with a longer "
        "history is the memory that matters."
    )


def _recovery_text(folder: RunFolder) -> str:
    found = figures.table(folder, "memory.json")
    if not found or "hybrid" not in found.get("recovery", {}):
        return ""
    import numpy as np

    lines = []
    for name in ("soil_root", "lai", "gpp", "et", "reco", "nee"):
        days = [d for d in found["recovery"]["hybrid"].get(name, []) if d is not None]
        total = len(found["recovery"]["hybrid"].get(name, []))
        if total:
            middle = f"{np.median(days):.0f} days" if days else "not within the record"
            lines.append(f"- {figures.NAMES[name]}: {middle} ({len(days)} of {total} sites recover)")
    return (
        "Rain is cut to a tenth for 120 days of one year's season of rain and light. Median time after the dry "
        "season until the hybrid's anomaly stays under a tenth of its peak:\n\n" + "\n".join(lines)
    )


def _scenario_text(folder: RunFolder) -> str:
    found = figures.table(folder, "scenarios.json")
    if not found:
        return ""
    lines = [
        f"- {c['check']}: {c['value']:.3g} {c['unit']} ({'as physics asks' if c['ok'] else 'NOT as physics asks'})"
        for c in found["checks"]
    ]
    outside = {r["scenario"]: r["outside"] for r in found["changes"]}
    shares = ", ".join(f"{100 * v:.1f} % of days under {k}" for k, v in outside.items())
    return (
        "Forcing is changed, no observation is used. Bars are the spread over members. Days outside the range of "
        f"forcing that training saw are flagged ({shares}, at the last site).\n\nChecks of the response:\n\n"
        + "\n".join(lines)
    )


def _closure(folder: RunFolder) -> Section | None:
    found = figures.table(folder, "closure.json")
    if not found:
        return None
    rows = [("largest residual relative to the pool, float32", f"{found['relative_float32']:.2e}", "1")]
    if "absolute_float64" in found:  # a quick run leaves it out
        what = "largest residual of any pool at any step, float64"
        rows.insert(0, (what, f"{found['absolute_float64']:.2e}", "mm or gC m-2"))
    return Section(
        "Do water and carbon close?",
        "Change of each pool less the sum of its fluxes, at every step, site and member.",
        tables=[Table(("residual", "value", "unit"), rows, "Closure of mass.")],
    )
