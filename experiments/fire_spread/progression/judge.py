"""Burn probability of new growth, its correction on assimilated intervals alone, and its scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        pace: error of the logarithm of rates that members do not hold [1].
        speed: growth of the error of a front that members do not hold [m h-1].
        curve: from probability to corrected probability; None where a curve of the other intervals bettered none.
        scores: mean over intervals of the Brier score as a share of that of no fire, by pace and speed.
        crossed: that of the best, as it is and with the curve of the other intervals.
    """

    pace: float
    speed: float
    curve: Recalibration | None
    scores: np.ndarray
    crossed: tuple[float, float]


def judged(fire: TimedFire, k: int, reach: float) -> np.ndarray:
    """Cells that had not burned by perimeter ``k``, within ``reach`` metres of its run, on the map."""
    run = fire.burned[k] & ~fire.gone(k)
    near = np.asarray(distance_transform_edt(~run)) * fire.grid.width <= reach
    return near & ~fire.burned[k] & ~fire.before & ~fire.outside


def probabilities(forecast: Forecast, hours: np.ndarray, speed: float = 0.0) -> np.ndarray:
    """Burn probability at the times of a forecast, (time, y, x), its fronts' error growing with time."""
    return forecast.probability(speed * np.asarray(hours, float))


def correction(left: Mapping[float, Sequence[Left]], speeds: Sequence[float], trust: float) -> Correction:
    """Errors of rates and of fronts of least Brier score on left-out intervals, and a logistic curve where it helps.

    Intervals count alike, however much burned in them. The curve is kept if curves of the other intervals better the
    score of each on the mean.

    Args:
        left: by error of the logarithm of rates [1]: the left-out intervals as such members forecast them.
        speeds: growth of the error of fronts [m h-1].
        trust: cells that the unchanged probability is worth.
    """
    cells = next(iter(left.values()))
    truth = [x.observed[x.where] for x in cells]
    chances = {
        (pace, speed): [probabilities(x.forecast, np.array([x.hours]), speed)[0][x.where] for x in intervals]
        for pace, intervals in left.items()
        for speed in speeds
    }

    def share(found: list[np.ndarray]) -> float:
        none = [max(float(b.mean()), 1e-9) for b in truth]
        return float(np.mean([brier(p, b) / n for p, b, n in zip(found, truth, none, strict=True)]))

    scores = {key: share(found) for key, found in chances.items()}
    pace, speed = min(scores, key=scores.__getitem__)
    best, crossed = chances[pace, speed], []
    for i in range(len(best) if len(best) > 1 else 0):
        p, b = (np.concatenate([v for j, v in enumerate(some) if j != i]) for some in (best, truth))
        crossed.append(recalibrate(p, b, trust=trust)(best[i]))
    after, curve = share(crossed) if crossed else np.nan, None
    if after < scores[pace, speed]:
        curve = recalibrate(np.concatenate(best), np.concatenate(truth), trust=trust)
    table = np.array([[scores[p, s] for s in speeds] for p in left])
    return Correction(pace, speed, curve, table, (scores[pace, speed], after))


__all__ = ["Correction", "Left", "correction", "judged", "probabilities"]
