"""The report's part on a fire with timed perimeters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...report import Figure, Section, Table
from ...runfolder import RunFolder
from . import figures, results, scores
from .config import Progression

if TYPE_CHECKING:
    import xarray as xr


MIXED = 1.1
"""Potential scale reduction from which chains are not taken to agree [1]."""
GAINED = {
    "open": "the open loop from the first perimeter, runs",
    "prior": "the priors from the same perimeter, runs",
    "prior_flat": "the priors without terrain in the wind, runs",
    "open_ensemble": "the open loop, ensembles",
    "prior_ensemble": "the priors from the same perimeter, ensembles",
}
"""Gains in words; those of runs are of the most probable parameters, those of ensembles of draws about them."""


def build(folder: RunFolder, config: Progression, bins: int) -> list[Section]:
    """Sections of the report, from the run folder alone; none where the part was left out."""
    if not results.path(folder).exists():
        return []
    ds = results.read(folder)
    return [_skill(ds, folder), _chance(ds, folder, bins), _learned(ds, config), _limits(ds, config)]


def _skill(ds: xr.Dataset, folder: RunFolder) -> Section:
    times, table = scores.labels(ds), scores.dice_table(ds)
    named = results.SINGLE | {f"{n}_ensemble": f"{t}, half of them or more" for n, t in results.MANY.items()}
    body = [(named[n], *(f"{v:.3f}" for v in d), f"{d.mean():.3f}") for n, d in table.items()]
    gained = [(GAINED[n], *(f"{v:+.3f}" for v in d)) for n, d in scores.gains(ds).items()]
    begin = str(ds["time"].values[int(ds.attrs["analysed"])])[:16].replace("T", " ")
    text = (
        f"Perimeters up to {begin} were assimilated; what newly burned later is forecast. Dice is of the cells that "
        f"were not within that perimeter, and of the burned class alone. {_reached(ds)}"
    )
    name = figures.progression_map(ds, folder.figures)
    return Section(
        "Does assimilation of timed perimeters better the forecast?",
        text,
        figures=[
            Figure(
                f"figures/{name}.svg",
                "Maps of burn probability with and without assimilation, and mapped perimeters",
                "Burn probability of new growth over shaded relief.",
            )
        ],
        tables=[
            Table(("forecast", *times, "mean"), body, "Dice of new growth"),
            Table(
                ("gain over", *times),
                gained,
                "Dice of the gradient's run, or of its members, less that of the row",
            ),
        ],
    )


def _reached(ds: xr.Dataset) -> str:
    """Against which forecasts without assimilation the gain is what was aimed at."""
    out = []
    for name, least in ((n, float(v.min())) for n, v in scores.gains(ds).items()):
        word = "reached" if least >= scores.GAIN else "**not reached**"
        out.append(f"over {GAINED[name]} {least:+.3f} ({word})")
    return f"A gain of {scores.GAIN:g} was aimed at; the least of all times is {'; '.join(out)}."


def _chance(ds: xr.Dataset, folder: RunFolder, bins: int) -> Section:
    times = scores.labels(ds)
    body = []
    for (method, state), pairs in scores.chance_table(ds).items():
        body.append(
            (
                results.MANY[method],
                results.STATES[state],
                *(f"{p[0]:.4f}" for p in pairs),
                *(f"{p[1]:.4f}" for p in pairs),
            )
        )
    none = scores.nothing(ds)
    body.append(("no fire", "", *(f"{v:.4f}" for v in none), *(f"{v:.4f}" for v in none)))
    bins_of = []
    state = "corrected_gradient" if "corrected_gradient" in ds else "chance_gradient"
    before, after = scores.curve(ds, "chance_gradient", bins), scores.curve(ds, state, bins)
    for i in range(bins):
        bins_of.append(
            (
                f"{i / bins:g} to {(i + 1) / bins:g}",
                *(f"{v[i]:.3f}" if np.isfinite(v[i]) else "-" for v in (before.forecast, before.frequency)),
                str(int(before.count[i])),
                *(f"{v[i]:.3f}" if np.isfinite(v[i]) else "-" for v in (after.forecast, after.frequency)),
                str(int(after.count[i])),
            )
        )
    text = (
        "The correction is from assimilated intervals alone, each forecast by what the others taught: an error of the "
        "front that grows with time, of least Brier score there"
        + (f" ({ds.attrs['front_error_taught']:g} m h-1)" if "front_error_taught" in ds.attrs else "")
        + ", and a logistic curve. Two intervals of one fire are little to learn a correction from."
    )
    name = figures.progression_reliability(ds, folder.figures, bins)
    header = ("burn probability", "", *(f"Brier {t[-5:]}" for t in times), *(f"ECE {t[-5:]}" for t in times))
    parts = ("bin", "mean", "burned", "cells", "mean, corrected", "burned, corrected", "cells, corrected")
    return Section(
        "Is the burn probability of new growth to be trusted?",
        text,
        figures=[
            Figure(f"figures/{name}.svg", "Share of cells that newly burned against burn probability", "")
        ],
        tables=[
            Table(header, body, "Brier score and expected calibration error"),
            Table(parts, bins_of, "reliability of the assimilated forecast, all times"),
        ],
    )


def _learned(ds: xr.Dataset, config: Progression) -> Section:
    body = []
    for name in type(config.beliefs).model_fields:
        belief = getattr(config.beliefs, name)
        values = np.atleast_1d(ds[f"mode_{name}"].values)
        spread = ds[f"gradient_{name}"].values
        body.append(
            (
                name.replace("_", " "),
                f"{belief.centre:g}",
                f"{belief.spread:g} ({belief.kind})",
                ", ".join(f"{v:.2f}" for v in values),
                ", ".join(
                    f"{a:.2f} to {b:.2f}"
                    for a, b in np.quantile(np.atleast_2d(spread.T), (0.1, 0.9), axis=1).T
                ),
                belief.source,
            )
        )
    tables = [
        Table(
            ("parameter", "prior", "spread", "most probable", "80 % of draws", "source of the prior"),
            body,
            "learned",
        )
    ]
    if "left_out_dice_mode" in ds:
        rows = [
            (t, *(f"{v:.3f}" for v in ds[f"left_out_dice_{n}"].values))
            for n, t in (("mode", "taught by the other intervals"), ("middle", "middle of the priors"))
        ]
        count = ds.sizes["interval"]
        tables.append(
            Table(
                ("forecast", *(f"interval {i + 1}" for i in range(count))), rows, "Dice of left-out intervals"
            )
        )
    text = "Values per hour are in the order of the weather; after the last assimilated perimeter none is learned."
    if "posterior_rhat" in ds.attrs:
        worst, least = float(ds.attrs["posterior_rhat"]), float(ds.attrs["posterior_ess"])
        word = "agree" if worst < MIXED else "**do not agree: its draws are no posterior yet**"
        text += (
            f" The sampler's halves {word} (greatest potential scale reduction {worst:.2f}, least effective number of "
            f"draws {least:.0f})."
        )
    return Section(
        "What did the perimeters teach?",
        text,
        tables=tables,
    )


def _limits(ds: xr.Dataset, config: Progression) -> Section:
    text = (
        f"- One fire, and {ds.sizes['lead']} forecasts that are not independent: no interval of a gain is given.\n"
        f"- Weather is that which was recorded, at the time of the forecast too: its error is not in the forecast.\n"
        f"- Priors, the error of fronts and the parameters were chosen on intervals up to the last assimilated "
        f"perimeter, some of the priors with these intervals in sight.\n"
        f"- Only what burned since the last perimeter is taken to burn on; older edges are taken to be out.\n"
        f"- Cells without fuel burn in the mapped perimeters, too (lines are drawn smooth, and firebrands cross rock "
        f"and rivers): a share of the rate in boreal spruce stands for both.\n"
        f"- Blocks of {config.coarser} x {config.coarser} cells are simulated as one; scores are on the file's cells."
    )
    return Section("What cannot be concluded from the timed perimeters", text)
