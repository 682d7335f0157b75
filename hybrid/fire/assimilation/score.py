"""Scores of forecasts of burned area: Dice of new growth, Brier score, reliability."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from data.errors import ConfigError, DataError

EDGE = 1e-4
"""Probabilities are kept this far from 0 and 1 where their logit is taken."""


def logit(probability: Any) -> Float[np.ndarray, ...]:
    """Logarithm of the odds [1], of probabilities kept from 0 and 1."""
    inside = np.clip(probability, EDGE, 1.0 - EDGE)
    return np.log(inside) - np.log1p(-inside)


def new_growth(burned_then: Any, burned_now: Any) -> Bool[np.ndarray, "*lead y x"]:
    """Cells that burned between two times: burned now and not then.

    Args:
        burned_then: what had burned when the forecast began, (y, x).
        burned_now: forecast or observed, (*lead, y, x).
    """
    then, now = (np.asarray(b) > 0 for b in (burned_then, burned_now))
    if then.shape != now.shape[-2:]:
        raise DataError(
            f"burned areas are of shape {then.shape} and {now.shape}", "new_growth", "give one grid"
        )
    return now & ~then


def dice(forecast: Any, observed: Any, where: Any = None) -> Float[np.ndarray, "*lead"]:
    """Dice coefficient of the burned class [1]: 2 |A and B| / (|A| + |B|) [@dice1945measures].

    Cells that burn in neither do not count; not a number where nothing burns in both.

    Args:
        forecast: burned cells, (*lead, y, x).
        observed: likewise, (y, x).
        where: cells that are judged, (y, x); all where it is not given.
    """
    found, seen = np.asarray(forecast) > 0, np.asarray(observed) > 0
    if found.shape[-2:] != seen.shape[-2:]:
        raise DataError(f"areas are of shape {found.shape} and {seen.shape}", "dice", "give one grid")
    if where is not None:
        found, seen = found & (np.asarray(where) > 0), seen & (np.asarray(where) > 0)
    total = found.sum(axis=(-2, -1)) + seen.sum(axis=(-2, -1))
    both = (found & seen).sum(axis=(-2, -1))
    return np.where(total > 0, 2.0 * both / np.maximum(total, 1), np.nan)


def brier(probability: Any, observed: Any, where: Any = None) -> float:
    """Brier score [1]: mean squared difference of burn probability and what burned [@brier1950].

    Args:
        probability: of burning [1], (y, x).
        observed: what burned, (y, x).
        where: cells that are judged; the score falls as these hold more that nobody doubts, so that it compares
            forecasts on the same cells alone.
    """
    p, b = pairs(probability, observed, where)
    return float(np.mean((p - b) ** 2))


class Reliability(NamedTuple):
    """Forecast and frequency by bin of probability; empty bins are not a number.

    Attributes:
        forecast: mean probability [1], (bin,).
        frequency: share that burned [1], (bin,).
        count: number of cells, (bin,).
    """

    forecast: np.ndarray
    frequency: np.ndarray
    count: np.ndarray

    @property
    def error(self) -> float:
        """Expected calibration error [1]: mean distance of forecast and frequency, by cells [@naeini2015]."""
        gap = np.where(self.count > 0, np.abs(self.forecast - self.frequency), 0.0)
        return float(np.sum(gap * self.count) / self.count.sum())


def reliability(probability: Any, observed: Any, where: Any = None, bins: int = 10) -> Reliability:
    """How often cells burned that were given a probability, by ``bins`` equal bins."""
    if bins < 1:
        raise ConfigError(f"{bins} bins", "reliability", "give one or more")
    p, b = pairs(probability, observed, where)
    place = np.minimum((p * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins)
    some = np.where(count > 0, count, np.nan)
    return Reliability(
        np.bincount(place, p, bins) / some, np.bincount(place, b.astype(float), bins) / some, count
    )


def pairs(probability: Any, observed: Any, where: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and truth of the judged cells, flat.

    Raises:
        DataError: shapes that differ, probabilities outside of 0 to 1, or no cell.
    """
    p, b = np.asarray(probability, float), np.asarray(observed) > 0
    if p.shape != b.shape:
        raise DataError(f"probability is of shape {p.shape} and truth of {b.shape}", "score", "give one grid")
    if where is not None:
        held = np.broadcast_to(np.asarray(where) > 0, p.shape)
        p, b = p[held], b[held]
    if not p.size:
        raise DataError("no cell is judged", "where", "mark some")
    if not ((p >= -1e-6) & (p <= 1.0 + 1e-6)).all():
        raise DataError("a probability is not within 0 and 1", "probability", "give shares, not percent")
    return np.clip(p.ravel(), 0.0, 1.0), b.ravel()


__all__ = ["EDGE", "Reliability", "brier", "dice", "logit", "new_growth", "pairs", "reliability"]
