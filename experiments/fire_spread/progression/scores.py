"""Scores of forecasts of new growth, from the results alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hybrid.fire.assimilation import Calibration, Reliability, brier, calibration, dice, reliability

from .results import MANY, SINGLE, STATES

if TYPE_CHECKING:
    import xarray as xr

SPLIT = "after the last assimilated perimeter"
GAIN = 0.10
"""Gain in Dice that was aimed at."""


def labels(ds: xr.Dataset) -> list[str]:
    """Times of the forecasts."""
    return [str(t)[:16].replace("T", " ") for t in ds["lead_time"].values]


def fresh(ds: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """What newly burned by the time of each forecast, (lead, y, x), and cells that had not, (y, x)."""
    seen, last = ds["observed"].values > 0, int(ds.attrs["analysed"])
    return seen[last + 1 :] & ~seen[last], ~seen[last]


def dice_table(ds: xr.Dataset) -> dict[str, np.ndarray]:
    """Dice of new growth [1] by model, (lead,): single runs, and ensembles where half of the members or more burn."""
    new, free = fresh(ds)
    found = {n: ds[f"burned_{n}"].values > 0 for n in SINGLE}
    found |= {f"{n}_ensemble": ds[f"chance_{n}"].values >= 0.5 for n in MANY if f"chance_{n}" in ds}
    return {
        n: np.array([float(dice(f, o, free)) for f, o in zip(v, new, strict=True)]) for n, v in found.items()
    }


def chance_table(ds: xr.Dataset) -> dict[tuple[str, str], list[tuple[float, float]]]:
    """Brier score and expected calibration error [1] by method and state of the probability, for each forecast."""
    new, free = fresh(ds)
    where = (ds["judged"].values > 0) & free
    out = {}
    for name in MANY:
        for state in STATES:
            if f"{state}_{name}" in ds:
                p = ds[f"{state}_{name}"].values
                out[name, state] = [
                    (brier(a, b, where), reliability(a, b, where).error) for a, b in zip(p, new, strict=True)
                ]
    return out


def curve(ds: xr.Dataset, name: str, bins: int = 10) -> Reliability:
    """Reliability of a probability, all forecasts pooled."""
    new, free = fresh(ds)
    where = np.broadcast_to((ds["judged"].values > 0) & free, new.shape)
    return reliability(ds[name].values, new, where, bins)


def headline(ds: xr.Dataset, name: str) -> str:
    """The burn probability that stands for a method: the last state that there is."""
    return [f"{s}_{name}" for s in STATES if f"{s}_{name}" in ds][-1]


def examined(ds: xr.Dataset, name: str, bins: int = 10) -> list[Calibration]:
    """Tests of calibration of a probability: of each forecast, then of all pooled."""
    new, free = fresh(ds)
    where, p = (ds["judged"].values > 0) & free, ds[name].values
    width = abs(float(ds["x"][1] - ds["x"][0]))
    side, draws = max(round(float(ds.attrs["block"]) / width), 1), int(ds.attrs["resamples"])
    return [
        calibration(a, b, where, side=side, bins=bins, draws=draws)
        for a, b in (*zip(p, new, strict=True), (p, new))
    ]


def whole(ds: xr.Dataset) -> list[str]:
    """Probabilities whose calibration is tested: of members as they are, and those that stand for their method."""
    out = []
    for name in MANY:
        if name not in ("open", "edge") and f"chance_{name}" in ds:
            out += [f"chance_{name}", headline(ds, name)]
    return list(dict.fromkeys(out))


def nothing(ds: xr.Dataset) -> list[float]:
    """Brier score of no fire at all."""
    new, free = fresh(ds)
    where = (ds["judged"].values > 0) & free
    return [float(o[where].mean()) for o in new]


def gains(ds: xr.Dataset) -> dict[str, np.ndarray]:
    """Gain in Dice of the gradient's run over each run without assimilation, and of its members over theirs."""
    table = dice_table(ds)
    out = {n: table["gradient"] - table[n] for n in ("open", "prior", "prior_flat")}
    for n in ("open", "prior"):
        out[f"{n}_ensemble"] = table["gradient_ensemble"] - table[f"{n}_ensemble"]
    return out


def rows(ds: xr.Dataset) -> list[tuple[Any, ...]]:
    """Rows of the table of scores."""
    out: list[tuple[Any, ...]] = []
    times = labels(ds)
    for model, values in dice_table(ds).items():
        out += [(model, "new growth", "dice", SPLIT, t, float(v)) for t, v in zip(times, values, strict=True)]
    for (model, state), pairs in chance_table(ds).items():
        for t, (score, error) in zip(times, pairs, strict=True):
            out.append((f"{model}_{state}", "new growth", "brier", SPLIT, t, score))
            out.append((f"{model}_{state}", "new growth", "ece", SPLIT, t, error))
    for model in whole(ds):
        for t, c in zip((*times, "pooled"), examined(ds, model), strict=True):
            for metric, value in (
                ("calibration_slope", c.slope),
                ("calibration_intercept", c.intercept),
                ("ece_limit", c.error_limit),
            ):
                out.append((model, "new growth", metric, SPLIT, t, value))
    out += [
        ("nothing_burns", "new growth", "brier", SPLIT, t, v) for t, v in zip(times, nothing(ds), strict=True)
    ]
    return out


def lines(ds: xr.Dataset) -> list[str]:
    """What is printed at the end of a run."""
    times = labels(ds)

    def told(values: Any, form: str = ".3f") -> str:
        return ", ".join(f"{t[-5:]} {v:{form}}" for t, v in zip(times, values, strict=True))

    out = [f"Dice of new growth, {model}: {told(values)}" for model, values in dice_table(ds).items()]
    out += [f"  gain of gradient over {n}: {told(v, '+.3f')}" for n, v in gains(ds).items()]
    for (model, state), pairs in chance_table(ds).items():
        out.append(
            f"Burn probability, {model} {state}: Brier {told([p[0] for p in pairs], '.4f')}; "
            f"calibration error {told([p[1] for p in pairs], '.4f')}"
        )
    for model in whole(ds):
        for t, c in zip((*times, "pooled"), examined(ds, model), strict=True):
            out.append(f"Calibration of {model}, {t.split()[-1]}: {words(c)}")
    return out


def words(c: Calibration) -> str:
    """A test of calibration in words."""
    low, high = (f"{v:.2f}" for v in c.slope_range)
    under, over = (f"{v:+.2f}" for v in c.intercept_range)
    return (
        f"{c.blocks} blocks, slope {c.slope:.2f} ({low} to {high}), intercept {c.intercept:+.2f} ({under} to {over}), "
        f"error {c.reliability.error:.3f} where up to {c.error_limit:.3f} is chance: "
        f"{'nothing speaks against calibration' if c.held else 'not calibrated'}"
    )


__all__ = [
    "GAIN",
    "SPLIT",
    "chance_table",
    "curve",
    "dice_table",
    "examined",
    "fresh",
    "gains",
    "headline",
    "labels",
    "lines",
    "nothing",
    "rows",
    "whole",
    "words",
]
