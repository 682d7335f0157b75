"""Cleaning of panels of counts and prices: every rule a pure function, and none looks ahead.

Arrays are (unit, time). Whatever a function returns at a time depends on that time and earlier ones alone, so
that a value cleaned today is the value that would have been cleaned at the time. `names` alone concerns no time.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from statistics import median

import numpy as np

from .errors import DataError, listing

SAME_PLACE: Mapping[str, str] = {
    "Baidoa": "Baydhaba",
    "Baidao": "Baydhaba",
    "Kismayo": "Kismaayo",
    "Banadir": "Mogadishu",
    "Banaadir": "Mogadishu",
    "Beledweyne": "Belet Weyne",
    "Bosaso": "Bossaso",
    "Galkayo": "Gaalkacyo",
    "Hargeisa": "Hargeysa",
    "Luuk": "Luuq",
    "Dolow": "Doolow",
    "Bardera": "Baardheere",
    "Bu'ale": "Bu'aale",
}
"""Other spellings of districts, and the spelling of FSNAU; Mogadishu is the one district of Banadir."""

SHILLING_ZONES: Mapping[str, str] = {
    "Awdal": "Somaliland shilling",
    "Woqooyi Galbeed": "Somaliland shilling",
    "Togdheer": "Somaliland shilling",
    "Sanaag": "Somaliland shilling",
    "Sool": "Somaliland shilling",
}
"""Currency in which markets of a region are recorded, where it is not the Somali shilling."""


def names(given: Sequence[str], same: Mapping[str, str] = SAME_PLACE) -> list[str]:
    """Bring names of places to one spelling.

    Raises:
        DataError: where two names become one.
    """
    found = [same.get(str(n).strip(), str(n).strip()) for n in given]
    twice = sorted({n for n in found if found.count(n) > 1})
    if twice:
        olds = [str(g) for g, f in zip(given, found, strict=True) if f == twice[0]]
        raise DataError(f"{listing(olds)} are one place, '{twice[0]}'", "district", "keep one of them")
    return found


def zones(regions: Sequence[str], known: Mapping[str, str] = SHILLING_ZONES) -> list[str]:
    """Return the currency zone of each unit from its region; prices of two zones are never compared."""
    return [known.get(str(r), "Somali shilling") for r in regions]


def carry_forward(values: np.ndarray, limit: int) -> np.ndarray:
    """Fill a gap with the last observation before it, for at most `limit` steps.

    Nothing is interpolated: what lies behind a gap is not known while the gap lasts.
    """
    values = np.asarray(values, float)
    out, age = values.copy(), np.zeros(values.shape[0], int)
    for t in range(1, values.shape[1]):
        known = np.isfinite(values[:, t])
        age = np.where(known, 0, age + 1)
        fill = ~known & (age <= limit) & np.isfinite(out[:, t - 1])
        out[fill, t] = out[fill, t - 1]
    return out


def blanks(counts: np.ndarray, rule: str, first: int = 0) -> np.ndarray:
    """Read blanks of a count: "missing" leaves them missing, "zero" makes them 0 from step `first` on.

    Steps before `first`, where reporting was not complete, become missing under both rules.

    Raises:
        DataError: an unknown rule, or negative counts.
    """
    if rule not in ("missing", "zero"):
        raise DataError(f"no rule '{rule}' for blanks", "blanks", "choose missing or zero")
    counts = np.array(counts, float)
    if (counts < 0).any():
        raise DataError("a count is negative", "blanks", "set it to missing or correct it")
    counts[:, :first] = np.nan
    if rule == "zero":
        later = counts[:, first:]
        counts[:, first:] = np.where(np.isnan(later), 0.0, later)
    return counts


def outliers(prices: np.ndarray, groups: Sequence[str], factor: float = 8.0, past: int = 12) -> np.ndarray:
    """Tell prices that cannot be true (True where flagged).

    A price is flagged where it lies more than `factor` times above or below both the median of its own last
    `past` accepted observations and the median of the same step over its currency zone; where one of the two is
    not known, the other decides. A price of zero or less is always flagged. Two
    references are asked because a market can differ from others for good, and all markets can rise together.

    Args:
        prices: prices in one unit, (unit, time).
        groups: currency zone of each unit.
        factor: greatest ratio to a reference, above 1.
        past: accepted observations that make up the own reference.
    """
    prices = np.asarray(prices, float)
    logs = np.log(np.where(prices > 0, prices, np.nan))
    flags = np.isfinite(prices) & ~(prices > 0)
    label = np.asarray(groups)
    bound = np.log(factor)
    history: list[list[float]] = [[] for _ in range(prices.shape[0])]
    places = [np.flatnonzero(label == zone) for zone in dict.fromkeys(groups)]
    for t in range(prices.shape[1]):
        for place in places:
            here = place[np.isfinite(logs[place, t])]
            values = logs[here, t]
            others = _median_of_others(values) if len(here) > 3 else np.full(len(here), np.nan)
            for i, value, other in zip(here, values, others, strict=True):
                far = []
                if history[i]:
                    far.append(abs(value - median(history[i][-past:])) > bound)
                if np.isfinite(other):
                    far.append(abs(value - other) > bound)
                if far and all(far):
                    flags[i, t] = True
                else:
                    history[i].append(float(value))
    return flags


def _median_of_others(values: np.ndarray) -> np.ndarray:
    """For each value the median of all the others; at least two values."""
    order = np.argsort(values, kind="stable")
    ranked, rank = values[order], np.empty(len(values), int)
    rank[order] = np.arange(len(values))
    low, high = (len(values) - 2) // 2, (len(values) - 1) // 2
    # what lies at place k once the value itself is taken out lies at k, or one further where it came before
    return 0.5 * (ranked[low + (rank <= low)] + ranked[high + (rank <= high)])


def relative_to_past(prices: np.ndarray, window: int = 12, least: int = 3) -> np.ndarray:
    """Return log(price / geometric mean of the unit's own prices of the `window` steps before) [1].

    A ratio to the unit's own past has no currency: prices of Somali and Somaliland shillings become comparable
    without an exchange rate. Missing where fewer than `least` earlier prices are known.
    """
    logs = np.log(np.asarray(prices, float))
    out = np.full(logs.shape, np.nan)
    for t in range(1, logs.shape[1]):
        before = logs[:, max(t - window, 0) : t]
        known = np.isfinite(before).sum(axis=1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            mean = np.nanmean(before, axis=1)
        out[:, t] = np.where(known >= least, logs[:, t] - mean, np.nan)
    return out


def anomaly(values: np.ndarray, period: int = 12, least: int = 12) -> np.ndarray:
    """Standardised anomaly from the unit's own past [1], the season removed as far as the past shows it.

    The normal of a step is the mean of all values so far and of those at the same place of the year, each
    weighing alike; it is divided by the standard deviation so far. Missing values and the first `least` steps
    of a record give 0, which is no anomaly.
    """
    values = np.asarray(values, float)
    out = np.zeros(values.shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for t in range(values.shape[1]):
            known = np.isfinite(values[:, : t + 1]).sum(axis=1)
            whole = np.nanmean(values[:, : t + 1], axis=1)
            season = np.nanmean(values[:, t % period : t + 1 : period], axis=1)
            spread = np.nanstd(values[:, : t + 1], axis=1)
            normal = np.where(np.isfinite(season), 0.5 * (whole + season), whole)
            good = (known > least) & np.isfinite(values[:, t]) & (spread > 0)
            out[good, t] = ((values[:, t] - normal) / np.where(spread > 0, spread, 1.0))[good]
    return out
