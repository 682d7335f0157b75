"""What the calendar and the place say of fire, without weather."""

from __future__ import annotations

import numpy as np

from .config import Climatology
from .opening import Fires

FLOOR = 1e-4
"""Least chance that a climatology gives; one of zero could never be corrected."""


def by_month(fires: Fires, years: np.ndarray, mix: float = 0.0) -> np.ndarray:
    """Share of cell-months with fire by calendar month over some years (12,), neighbouring months mixed in."""
    burned = np.concatenate([fires.earlier, fires.burned])
    months = np.concatenate([fires.earlier_months, fires.months]).astype("datetime64[M]")
    calendar, year = months.astype(int) % 12, months.astype("datetime64[Y]").astype(int) + 1970
    held = np.isin(year, years)
    rate = np.array([burned[held & (calendar == k)].mean() for k in range(12)])
    return np.maximum((rate + mix * (np.roll(rate, 1) + np.roll(rate, -1))) / (1.0 + 2.0 * mix), FLOOR)


def preference(fires: Fires, years: np.ndarray, rate: np.ndarray, settings: Climatology) -> np.ndarray:
    """How much more often a cell burns than the region (cell,): fires lent by neighbours over those expected."""
    burned = np.concatenate([fires.earlier, fires.burned])
    months = np.concatenate([fires.earlier_months, fires.months]).astype("datetime64[M]")
    held = np.isin(months.astype("datetime64[Y]").astype(int) + 1970, years)
    rows, columns = np.nonzero(fires.inside)
    apart = np.hypot(rows[:, None] - rows, columns[:, None] - columns)
    kernel = np.exp(-0.5 * (apart / settings.reach) ** 2)
    expected = kernel.sum(axis=1) * held.sum() / 12.0 * rate.sum()
    return (kernel @ burned[held].sum(axis=0) + settings.prior) / (expected + settings.prior)


def chance(fires: Fires, years: np.ndarray, settings: Climatology, cells: bool) -> np.ndarray:
    """Chance of fire (time, cell) by month, and by month and cell where `cells`, from the fires of some years."""
    if not cells:
        return np.repeat(by_month(fires, years)[fires.month][:, None], fires.burned.shape[1], axis=1)
    rate = by_month(fires, years, settings.month_mix)
    found = rate[fires.month][:, None] * preference(fires, years, rate, settings)[None]
    return np.clip(found, FLOOR, 0.95)


def logits(fires: Fires, fit: np.ndarray, settings: Climatology, cells: bool, mix: float = 0.0) -> np.ndarray:
    """Logit of the climatology (time, cell); a year that fits is given that of the others.

    So what is learned on top sees the climatology's error as it will be in years to come, not its hindsight.

    Args:
        fires: fire of all years.
        fit: years that may be used; earlier ones join them.
        settings: of the climatology.
        cells: by month and cell, or by month alone.
        mix: weight of neighbouring months where by month alone.
    """
    early = np.unique(fires.earlier_months.astype("datetime64[Y]").astype(int) + 1970)
    years = np.concatenate([early, fit])

    def made(use: np.ndarray) -> np.ndarray:
        if cells:
            return chance(fires, use, settings, True)
        return np.repeat(by_month(fires, use, mix)[fires.month][:, None], fires.burned.shape[1], axis=1)

    out = made(years)
    for year in fit:
        here = fires.years == year
        out[here] = made(years[years != year])[here]
    out = np.clip(out, FLOOR, 0.95)
    return np.log(out / (1.0 - out))
