"""Gaps in forcing, filled only by an explicit choice that is recorded."""

from __future__ import annotations

import numpy as np

from .errors import DataError, counted, nearest
from .records import Record
from .solar import day_of_year

METHODS = ("interpolate", "climatology")


def fill_gaps(record: Record, forcing: tuple[str, ...], method: str, max_gap: int = 7) -> None:
    """Fill the gaps of the forcing of one site, in place, with a note for every variable filled.

    Args:
        record: the site's record.
        forcing: variables to fill; targets are never filled.
        method: "interpolate" (linear in time, gaps of at most `max_gap` days) or "climatology" (the mean of
            the site's other years within 7 days of the same day of the year).
        max_gap: longest gap to interpolate [d].

    Raises:
        DataError: where the method is unknown or cannot fill a gap.
    """
    if method not in METHODS:
        hint = nearest(method, METHODS).strip() or "choose 'interpolate' or 'climatology'"
        raise DataError(f"fill='{method}' is unknown", "open_sites", hint)
    for name in forcing:
        values = record.values.get(name)
        if values is None:
            continue
        missing = np.isnan(values)
        if not missing.any():
            continue
        if missing.all():
            raise DataError(
                "every value is missing, there is nothing to fill from",
                record.where(name),
                "leave the variable or the site out",
            )
        if method == "interpolate":
            filled = _interpolate(record, name, values, missing, max_gap)
        else:
            filled = _climatology(record, name, values, missing)
        record.values[name] = filled
        limit = f" (gaps up to {max_gap} d)" if method == "interpolate" else ""
        days = counted(int(missing.sum()), "day")
        record.notes.append(f"{record.site}: {name} filled on {days} by {method}{limit}")


def longest_gap(missing: np.ndarray) -> tuple[int, int]:
    """Return the length and the first index of the longest run of True, (0, 0) where there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], missing.astype(np.int8), [0]))))
    if not len(edges):
        return 0, 0
    starts, ends = edges[::2], edges[1::2]
    widest = int(np.argmax(ends - starts))
    return int(ends[widest] - starts[widest]), int(starts[widest])


def _interpolate(
    record: Record, name: str, values: np.ndarray, missing: np.ndarray, max_gap: int
) -> np.ndarray:
    length, start = longest_gap(missing)
    if length > max_gap:
        raise DataError(
            f"a gap of {length} days from {record.days[start]} is longer than max_gap={max_gap}",
            record.where(name),
            "allow longer gaps or choose fill='climatology'",
        )
    index = np.arange(len(values))
    return np.where(missing, np.interp(index, index[~missing], values[~missing]), values)


def _climatology(record: Record, name: str, values: np.ndarray, missing: np.ndarray) -> np.ndarray:
    season = np.minimum(day_of_year(record.days), 365) - 1
    total = np.bincount(season[~missing], weights=values[~missing], minlength=365)
    count = np.bincount(season[~missing], minlength=365)
    kernel = np.ones(15)
    total = np.convolve(np.concatenate((total[-7:], total, total[:7])), kernel, mode="valid")
    count = np.convolve(np.concatenate((count[-7:], count, count[:7])).astype(float), kernel, mode="valid")
    if (count[season[missing]] == 0).any():
        at = int(np.flatnonzero(missing)[np.flatnonzero(count[season[missing]] == 0)[0]])
        raise DataError(
            f"no other year has a value within 7 days of {record.days[at]}",
            record.where(name),
            "use a longer record or fill the gap before opening",
        )
    return np.where(missing, (total / np.maximum(count, 1.0))[season], values)
