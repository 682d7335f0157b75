"""Burn probability of new growth, its correction on assimilated intervals alone, and its scores."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.ndimage import distance_transform_edt

from hybrid.fire.assimilation import Forecast, Recalibration, brier, recalibrate

from .opening import TimedFire


class Left(NamedTuple):
    """The forecast of an interval that was left out, and what burned.

    Attributes:
        forecast: of the members that the other intervals taught.
        observed: what had burned at its end, (y, x).
        where: cells that are judged.
        hours: from its start to its end.
    """

    forecast: Forecast
    observed: np.ndarray
    where: np.ndarray
    hours: float


class Correction(NamedTuple):
    """How a burn probability is corrected.

    Attributes:
        speed: growth of the error of a front that members do not hold [m h-1].
        curve: from probability to corrected probability.
    """

    speed: float
    curve: Recalibration


def judged(fire: TimedFire, k: int, reach: float) -> np.ndarray:
    """Cells that had not burned by perimeter ``k``, within ``reach`` metres of its run, on the map."""
    run = fire.burned[k] & ~fire.gone(k)
    near = np.asarray(distance_transform_edt(~run)) * fire.grid.width <= reach
    return near & ~fire.burned[k] & ~fire.before & ~fire.outside


def probabilities(forecast: Forecast, hours: np.ndarray, speed: float = 0.0) -> np.ndarray:
    """Burn probability at the times of a forecast, (time, y, x), its fronts' error growing with time."""
    return forecast.probability(speed * np.asarray(hours, float))


def correction(left: list[Left], speeds: tuple[float, ...], trust: float) -> tuple[Correction, list[float]]:
    """The error of fronts of least mean Brier score on the left-out intervals, and with it the logistic curve.

    Also returns the mean Brier score of each error.
    """

    def chance(speed: float) -> list[np.ndarray]:
        return [probabilities(x.forecast, np.array([x.hours]), speed)[0] for x in left]

    scores = [
        float(np.mean([brier(p, x.observed, x.where) for p, x in zip(chance(s), left, strict=True)]))
        for s in speeds
    ]
    speed = speeds[int(np.argmin(scores))]
    held = [(p[x.where], x.observed[x.where]) for p, x in zip(chance(speed), left, strict=True)]
    p, b = (np.concatenate([h[i] for h in held]) for i in (0, 1))
    return Correction(speed, recalibrate(p, b, trust=trust)), scores


__all__ = ["Correction", "Left", "correction", "judged", "probabilities"]
