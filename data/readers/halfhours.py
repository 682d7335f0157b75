"""Half hours made into days: means, sums and extremes where enough of the day was measured."""

from __future__ import annotations

import numpy as np

from ..errors import DataError

COLLECT = ("mean", "sum", "min", "max")


def step_minutes(times: np.ndarray, where: str) -> int:
    """Return the step of sub-daily times [min], and check that they are sorted and unique.

    Args:
        times: datetime64[m] (step,), starts of the intervals.
        where: file, for the error.

    Raises:
        DataError: for times that are doubled, unsorted, off their grid, or of another step than 30 or 60 min.
    """
    if len(times) < 2:
        raise DataError("the record has a single step", where, "check that the file was written completely")
    gaps = np.diff(times).astype(np.int64)
    if (gaps <= 0).any():
        at = int(np.flatnonzero(gaps <= 0)[0]) + 1
        fault = "occurs twice, again" if gaps[at - 1] == 0 else f"follows {times[at - 1]}, unsorted,"
        raise DataError(
            f"{times[at]} {fault} at index {at}", where, "keep one row per interval, in order of time"
        )
    step = int(gaps.min())
    if step not in (30, 60):
        raise DataError(
            f"the time step is {step} minutes, 30 or 60 are wanted", where, "give an HH or HR file"
        )
    if (gaps % step).any():
        at = int(np.flatnonzero(gaps % step)[0]) + 1
        raise DataError(
            f"{times[at]} at index {at} lies off the {step}-minute steps", where, "correct the time stamps"
        )
    return step


def to_days(
    times: np.ndarray, values: np.ndarray, step: int, collect: str, coverage: float
) -> tuple[np.ndarray, np.ndarray]:
    """Collect sub-daily values by day.

    Args:
        times: datetime64[m] (step,), starts of the intervals, sorted.
        values: float64 (step,), NaN where missing.
        step: length of an interval [min].
        collect: "mean", "sum" (the mean times the number of intervals of a day), "min" or "max".
        coverage: least fraction of the day's intervals that must have a value [1]; other days are NaN.

    Returns:
        Days, datetime64[D] (day,), and float64 (day,).
    """
    if collect not in COLLECT:
        raise ValueError(f"collect='{collect}' is none of {COLLECT}")
    stamps = times.astype("datetime64[D]")
    days, first = np.unique(stamps, return_index=True)
    present = ~np.isnan(values)
    count = np.add.reduceat(present.astype(np.int64), first)
    per_day = 1440 // step
    if collect in ("mean", "sum"):
        total = np.add.reduceat(np.where(present, values, 0.0), first)
        result = total / np.maximum(count, 1)
        if collect == "sum":
            result = result * per_day
    else:
        fill = np.inf if collect == "min" else -np.inf
        function = np.minimum if collect == "min" else np.maximum
        result = function.reduceat(np.where(present, values, fill), first)
    enough = (count > 0) & (count >= coverage * per_day - 1e-9)
    return days, np.where(enough, result, np.nan)
