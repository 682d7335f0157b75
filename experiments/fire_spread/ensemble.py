"""What the ensemble of every fire says: burn probabilities, the likely area, and burned area with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import weighing
from .config import Config
from .judge import brier, crps, dice, ece, interval
from .opening import Fire

if TYPE_CHECKING:
    import xarray as xr

CHANCES = {
    "burn_probability": ("terrax_ensemble", "weighed by the other fires"),
    "burn_probability_calibrated": ("terrax_calibrated", "weighed and recalibrated by the other fires"),
    "burn_probability_prior": ("terrax_prior", "all members alike"),
    "burn_probability_distance": ("distance", "how often the other fires burned, by distance"),
}
"""Burn probabilities of the results: name of their scores, and what they are."""
RING = 30.0
"""Width of a ring of distance [m]."""
CELLS = ("fire", "row", "column")
Fields = dict[str, tuple[tuple[str, ...], Any, str, str]]


def fields(config: Config, fires: list[Fire], arrivals: list[np.ndarray], scars: list[np.ndarray]) -> Fields:
    """Fields of the results (dimensions, values, unit, text), every fire's made of all others."""
    ends = np.array(config.priors.duration.grid(), np.float32)
    scores = np.stack(
        [np.stack([dice(a <= e, s) for e in ends], axis=-1) for a, s in zip(arrivals, scars, strict=True)]
    )
    whole = weighing.Ensemble(arrivals, ends, scores, scars)
    even = np.full(scores.shape[1:], 1.0 / scores[0].size)
    told = [weighing.tell(whole, i) for i in range(len(fires))]
    away = [np.hypot(f.y[:, None] - f.ignition[1], f.x[None] - f.ignition[0]).astype(float) for f in fires]
    distance, likely = [], []
    can = [f.burnable for f in fires]
    for i in range(len(fires)):
        rest = [j for j in range(len(fires)) if j != i]
        burned, able, far = ([v[j] for j in rest] for v in (scars, can, away))
        distance.append(weighing.by_distance(burned, able, far, RING, away[i], can[i]))
        likely.append(weighing.likely_area(told[i].chance, arrivals[i], ends, told[i].weight))
    hectares = fires[0].width ** 2 / 1e4
    drawn = np.stack([weighing.areas(a, ends) * hectares for a in arrivals])
    spans = np.array(
        [interval(d.ravel(), t.weight.ravel(), config.coverage) for d, t in zip(drawn, told, strict=True)]
    )
    member = ("fire", "draw", "duration")
    return {
        "burn_probability": (
            CELLS,
            np.stack([t.chance for t in told]),
            "1",
            "burn probability by members weighed by the other fires",
        ),
        "burn_probability_calibrated": (
            CELLS,
            np.stack([t.calibrated for t in told]),
            "1",
            "the same, recalibrated on the other fires",
        ),
        "burn_probability_prior": (
            CELLS,
            np.stack([whole.chance(i, even) for i in range(len(fires))]),
            "1",
            "burn probability by all members alike",
        ),
        "burn_probability_distance": (
            CELLS,
            np.stack(distance),
            "1",
            "share of the burnable cells of the other fires that burned at this distance from the ignition",
        ),
        "likely_burned": (
            CELLS,
            np.stack(likely).astype(np.int8),
            "1",
            "1 within the area of greatest expected Dice under the weighed ensemble",
        ),
        "within_reach": (
            CELLS,
            np.stack([whole.reach(i) for i in range(len(fires))]).astype(np.int8),
            "1",
            "1 where any member burned the cell",
        ),
        "dice_of_member": (member, scores, "1", "Dice of the burned class of each member"),
        "weight_of_member": (member, np.stack([t.weight for t in told]), "1", "weight by the other fires"),
        "area_of_member": (member, drawn, "ha", "area burned by each member"),
        "area_lower": (
            ("fire",),
            spans[:, 0],
            "ha",
            f"lower end of {config.coverage:g} of the weighed areas",
        ),
        "area_upper": (
            ("fire",),
            spans[:, 1],
            "ha",
            f"upper end of {config.coverage:g} of the weighed areas",
        ),
        "sharpness": (
            ("fire",),
            [t.sharpness for t in told],
            "1",
            "sharpness of the weights, chosen on the other fires",
        ),
        "recalibration_intercept": (
            ("fire",),
            [t.intercept for t in told],
            "1",
            "of the logit of burn probability, on the other fires",
        ),
        "recalibration_slope": (
            ("fire",),
            [t.slope for t in told],
            "1",
            "of the logit of burn probability, on the other fires",
        ),
    }


def skill(ds: xr.Dataset, bins: int) -> list[tuple[str, str, str, float]]:
    """Scores of every burn probability: model, metric, fire, value; the mean and all fires pooled are fires too.

    Brier scores are over all cells that are simulated, their skill is against the other fires' burning by distance, and
    calibration errors are over the cells that any member burns.
    """
    rows, names = [], ds["fire"].values.astype(str)
    scars, reach = ds["observed_scar"].values > 0, ds["within_reach"].values > 0
    base = np.array([brier(c, s) for c, s in zip(ds["burn_probability_distance"].values, scars, strict=True)])
    for name, (model, _) in CHANCES.items():
        chance = ds[name].values
        found = np.array([brier(c, s) for c, s in zip(chance, scars, strict=True)])
        gaps = [ece(c[r], s[r], bins) for c, s, r in zip(chance, scars, reach, strict=True)]
        for i, fire in enumerate(names):
            rows += [(model, "brier", fire, found[i]), (model, "ece", fire, gaps[i])]
            rows += [(model, "brier_skill", fire, 1.0 - found[i] / base[i])]
        rows += [(model, "brier", "mean", found.mean()), (model, "ece", "mean", float(np.mean(gaps)))]
        rows += [(model, "brier_skill", "mean", 1.0 - found.sum() / base.sum())]
        rows += [(model, "ece", "pooled", ece(chance[reach], scars[reach], bins))]
    for i, fire in enumerate(names):
        rows.append(("nothing_burns", "brier", fire, float(scars[i].mean())))
    return [(m, k, f, float(v)) for m, k, f, v in rows]


def area_skill(ds: xr.Dataset) -> list[tuple[str, str, str, float]]:
    """Scores of burned area [ha]: model, metric, fire, value; ``covered`` is one where the interval holds the scar."""
    rows, names = [], ds["fire"].values.astype(str)
    hectares = float(ds["x"].values[0, 1] - ds["x"].values[0, 0]) ** 2 / 1e4
    known = (ds["observed_scar"].values > 0).sum(axis=(1, 2)) * hectares
    for i, fire in enumerate(names):
        drawn, weight = ds["area_of_member"].values[i].ravel(), ds["weight_of_member"].values[i].ravel()
        others = np.delete(known, i)
        low, high = float(ds["area_lower"][i]), float(ds["area_upper"][i])
        rows += [
            ("terrax_ensemble", "crps", fire, crps(drawn, weight, known[i])),
            ("terrax_prior", "crps", fire, crps(drawn, np.ones(drawn.size), known[i])),
            ("other_fires", "crps", fire, crps(others, np.ones(others.size), known[i])),
            ("terrax_ensemble", "covered", fire, float(low <= known[i] <= high)),
        ]
    return rows


__all__ = ["CHANCES", "area_skill", "fields", "skill"]
