"""Intervals and chances of exceedance from past errors at the same lead, renewed as errors become known."""

from __future__ import annotations

import numpy as np

FEWEST = 100
"""Fewest past errors from which a distribution is taken; with fewer there is none."""
MEMORY = 24
"""Months of errors that are remembered."""


def past_errors(errors: np.ndarray, month: int, lead: int) -> np.ndarray:
    """Errors of one lead that are known when the forecast of `month` is issued: those up to month - lead, sorted."""
    last = month - lead
    held = errors[:, max(last + 1 - MEMORY, 0) : max(last + 1, 0)]
    return np.sort(held[np.isfinite(held)])


def bounds(
    y: np.ndarray, mean: np.ndarray, lead: int, level: float, months: range, adaption: float = 0.1
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bound of the central interval, (district, time), NaN where none is known.

    Split-conformal quantiles of the errors that were known at the origin, one rank outwards [@vovk2005]. Errors of a
    changing world are not exchangeable, so the level that is asked for follows the months that were missed
    [@gibbs2021]: after each month that becomes known, the share outside moves it by `adaption` times its excess.

    Args:
        y: log counts (district, time).
        mean: forecasts of one lead, at the month that is forecast.
        lead: months ahead.
        level: coverage that is aimed for.
        months: indices of the months that are wanted; those before them, if forecast, are learned from.
        adaption: how fast the level that is asked for moves.
    """
    errors = y - mean
    low, high = np.full(y.shape, np.nan), np.full(y.shape, np.nan)
    outside = 1.0 - level
    asked = {}
    for month in range(months.stop):
        verified = month - lead
        if verified in asked:
            inside = np.isfinite(y[:, verified]) & np.isfinite(low[:, verified])
            if inside.any():
                value = y[inside, verified]
                missed = np.mean((value < low[inside, verified]) | (value > high[inside, verified]))
                outside = float(np.clip(outside + adaption * (1.0 - level - missed), 0.01, 0.9))
        known = past_errors(errors, month, lead)
        if len(known) < FEWEST or not np.isfinite(mean[:, month]).any():
            continue
        n = len(known)
        asked[month] = outside
        below = known[max(int(np.floor(outside / 2 * (n + 1))) - 1, 0)]
        above = known[min(int(np.ceil((1.0 - outside / 2) * (n + 1))) - 1, n - 1)]
        low[:, month], high[:, month] = mean[:, month] + below, mean[:, month] + above
    low[:, : months.start], high[:, : months.start] = np.nan, np.nan
    return low, high


def exceedance(y: np.ndarray, mean: np.ndarray, lead: int, bar: np.ndarray, months: range) -> np.ndarray:
    """Chance that the count lies above `bar` (district,), from past errors: (district, time), NaN outside `months`."""
    errors = y - mean
    chance = np.full(y.shape, np.nan)
    for month in months:
        known = past_errors(errors, month, lead)
        if len(known) < FEWEST:
            continue
        needed = bar - mean[:, month]
        above = len(known) - np.searchsorted(known, needed, side="right")
        chance[:, month] = np.where(np.isfinite(needed), (above + 0.5) / (len(known) + 1.0), np.nan)
    return chance
