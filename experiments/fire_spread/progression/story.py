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


MIXED, ENOUGH = 1.05, 100.0
"""Potential scale reduction from which, and effective draws below which, a chain is not taken to have converged [1]."""
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
    told = {n: scores.examined(ds, n, bins) for n in scores.whole(ds)}
    tests, bars = [], []
    for method, found in told.items():
        state, _, name = method.partition("_")
        for when, c in zip((*times, "pooled"), found, strict=True):
            tests.append(
                (
                    results.MANY[name],
                    results.STATES[state],
                    when,
                    f"{c.slope:.2f} ({c.slope_range[0]:.2f} to {c.slope_range[1]:.2f})",
                    f"{c.intercept:+.2f} ({c.intercept_range[0]:+.2f} to {c.intercept_range[1]:+.2f})",
                    f"{c.reliability.error:.3f}",
                    f"{c.error_limit:.3f}",
                    "nothing" if c.held else "**yes**",
                )
            )
    c = told[scores.headline(ds, "gradient")][-1]
    for i in range(bins):
        r, some = c.reliability, c.reliability.count[i] > 0
        bars.append(
            (
                f"{i / bins:g} to {(i + 1) / bins:g}",
                *(f"{v:.3f}" if some else "-" for v in (r.forecast[i], r.frequency[i])),
                f"{c.low[i]:.3f} to {c.high[i]:.3f}" if some else "-",
                str(int(r.count[i])),
            )
        )
    name = figures.progression_reliability(ds, folder.figures, bins)
    header = ("burn probability", "", *(f"Brier {t[-5:]}" for t in times), *(f"ECE {t[-5:]}" for t in times))
    return Section(
        "Is the burn probability of new growth to be trusted?",
        _how(ds),
        figures=[
            Figure(f"figures/{name}.svg", "Share of cells that newly burned against burn probability", "")
        ],
        tables=[
            Table(header, body, "Brier score and expected calibration error"),
            Table(
                ("forecast", "", "time", "slope", "intercept", "ECE", "ECE by chance", "against calibration"),
                tests,
                f"tests of calibration on blocks of {float(ds.attrs['block']) / 1000:g} km, 95 % ranges",
            ),
            Table(
                ("bin", "mean", "burned", "of a calibrated one", "cells"),
                bars,
                "reliability of the assimilated forecast with consistency bars, all times",
            ),
        ],
    )


def _how(ds: xr.Dataset) -> str:
    """How probabilities were corrected, and what the tests hold."""
    text = ""
    if "front_error_taught" in ds.attrs:
        before, after = ds.attrs["crossed_taught"]
        text = (
            "The correction is from assimilated intervals alone, each forecast by what the others taught: an error of "
            f"rates ({ds.attrs['rate_error_taught']:g} of their logarithm) and one of the front that grows with time "
            f"({ds.attrs['front_error_taught']:g} m h-1), of least Brier score there. A logistic curve is added where "
            f"that of the other intervals betters the score (here from {before:.3f} to {after:.3f} of that of no fire: "
            f"{'added' if after < before else 'left out'}). Two intervals of one fire are little to learn it from. "
        )
    return text + (
        "Slopes are one and intercepts zero where probabilities are calibrated; ranges are from blocks of ground drawn "
        "with replacement, and an error is told from chance by outcomes drawn from the forecast itself, alike within a "
        "block. Few blocks of one fire let much pass: a forecast that passes is not shown to be calibrated."
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
    if "left_out_dice_taught" in ds:
        rows = [
            (t, *(f"{v:.3f}" for m in ("dice", "brier", "ece") for v in ds[f"left_out_{m}_{n}"].values))
            for n, t in results.LEFT.items()
        ]
        each = [
            f"{m}, interval {i + 1}" for m in ("Dice", "Brier", "ECE") for i in range(ds.sizes["interval"])
        ]
        tables.append(
            Table(("forecast", *each), rows, "left-out intervals: Dice of one run, scores of members")
        )
    text = "Values per hour are in the order of the weather; after the last assimilated perimeter none is learned."
    if "edge_coefficients" in ds.attrs:
        (head, idle), sd = ds.attrs["edge_coefficients"], ds.attrs["edge_sd"]
        text += (
            f" The odds that a piece of perimeter burns on are exp({head:.2f} {idle:+.2f} s), with s the share of the "
            f"last interval that it stood still (standard deviations {sd[0]:.2f} and {sd[1]:.2f})."
        )
    if "posterior_rhat" in ds.attrs:
        worst, least = float(ds.attrs["posterior_rhat"]), float(ds.attrs["posterior_ess"])
        good = worst < MIXED and least >= ENOUGH
        word = "has converged" if good else "**has not converged: its draws are no posterior yet**"
        text += (
            f" The sampler's chain {word} (greatest potential scale reduction {worst:.2f}, least effective number of "
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
        f"- Priors, the model of the edge, errors of rates and of fronts and the parameters were chosen on intervals "
        f"up to the last assimilated perimeter, some of the priors with these intervals in sight.\n"
        f"- Of what burned since the last perimeter a part is drawn to burn on, by how long it had been still; older "
        f"edges are taken to be out, and forecasts without assimilation begin from all of it.\n"
        f"- Cells without fuel burn in the mapped perimeters, too (lines are drawn smooth, and firebrands cross rock "
        f"and rivers): a share of the rate in boreal spruce stands for both.\n"
        f"- Blocks of {config.coarser} x {config.coarser} cells are simulated as one; scores are on the file's cells."
    )
    return Section("What cannot be concluded from the timed perimeters", text)
