"""One site's daily record, as every reader hands it over, and the checks that all records pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .errors import DataError, counted, listing
from .variables import REGISTRY

DAY = np.timedelta64(1, "D")
ROUNDING = 1e-6
"""Values this share of the range beyond its ends are rounding noise and put on the end."""

SHARE_OUT_OF_RANGE = 0.05
"""Above this share of a site's values out of range the unit is doubted, not the values."""


@dataclass
class Record:
    """Daily values of one site in registry units.

    Attributes:
        site: site code.
        days: datetime64[D] (time,).
        values: variable name -> float64 (time,), NaN where missing.
        numbers: scalar attributes such as lat, lon, elevation.
        words: text attributes such as igbp.
        source: the file or store the record came from.
        notes: what was done to it, one clause each, for the history.
        attributes: global attributes worth carrying (licence, references, source).
        further: other files that went into it (later years, a site table).
    """

    site: str
    days: np.ndarray
    values: dict[str, np.ndarray]
    source: Path
    numbers: dict[str, float] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    further: list[Path] = field(default_factory=list)

    def where(self, variable: str = "") -> str:
        """Return file, site and variable for an error."""
        parts = [self.source.name, f"site {self.site}"] + ([f"variable {variable}"] if variable else [])
        return ", ".join(parts)


def check_days(days: np.ndarray, where: str) -> None:
    """Check that days are sorted, unique and without a gap.

    Args:
        days: datetime64[D] (time,).
        where: file and site, for the error.

    Raises:
        DataError: naming the first index and date at fault.
    """
    if len(days) == 0:
        raise DataError("the record has no days", where, "check that the file was written completely")
    if np.isnat(days).any():
        at = int(np.flatnonzero(np.isnat(days))[0])
        raise DataError(f"the time at index {at} is missing", where, "give every step a date")
    step = np.diff(days)
    if (step == np.timedelta64(0, "D")).any():
        at = int(np.flatnonzero(step == np.timedelta64(0, "D"))[0]) + 1
        raise DataError(f"{days[at]} occurs twice, again at index {at}", where, "keep one record per day")
    if (step < np.timedelta64(0, "D")).any():
        at = int(np.flatnonzero(step < np.timedelta64(0, "D"))[0]) + 1
        raise DataError(
            f"times are not sorted, {days[at]} at index {at} follows {days[at - 1]}", where, "sort by time"
        )
    if len(step) > 1 and (step > DAY).mean() > 0.5:
        width = int(np.median(step.astype(np.int64)))
        raise DataError(
            f"the time step is about {width} days, daily values are wanted", where, "open daily data"
        )
    if (step > DAY).any():
        at = int(np.flatnonzero(step > DAY)[0]) + 1
        missing = int(np.sum(step - DAY) / DAY)
        raise DataError(
            f"{counted(missing, 'day')} missing, the first after {days[at - 1]} at index {at - 1}",
            where,
            "insert the days, with missing values where nothing was measured",
        )


def check_coordinates(record: Record) -> None:
    """Check that latitude and longitude are given and possible.

    Raises:
        DataError: naming the coordinate.
    """
    for name, limit in (("lat", 90.0), ("lon", 360.0)):
        value = record.numbers.get(name)
        if value is None or not np.isfinite(value):
            raise DataError(
                f"the site coordinate '{name}' is missing",
                record.where(),
                f"add a scalar coordinate '{name}' in degrees",
            )
        if abs(value) > limit:
            raise DataError(f"the {name} {value:g} is impossible", record.where(), "give decimal degrees")


def check_values(record: Record, ranges: str = "mask") -> None:
    """Check that values are finite or NaN and lie in their plausible range; out-of-range values become NaN.

    Args:
        record: changed in place, with a note for every variable that was masked.
        ranges: "mask" sets values out of range to missing and notes their number (more than 5 % of a
            variable is an error, for then the unit is doubtful); "error" refuses them; "keep" passes all.

    Raises:
        DataError: for infinite values, and for values out of range as set by `ranges`.
    """
    if ranges not in ("mask", "error", "keep"):
        raise DataError(f"ranges='{ranges}' is unknown", "open_sites", "choose mask, error or keep")
    for name, values in record.values.items():
        infinite = np.isinf(values)
        if infinite.any():
            at = int(np.flatnonzero(infinite)[0])
            raise DataError(
                f"{counted(int(infinite.sum()), 'infinite value')}, first at index {at} ({record.days[at]})",
                record.where(name),
                "write missing values as NaN",
            )
        if ranges == "keep" or name not in REGISTRY:
            continue
        known = REGISTRY[name]
        slack = ROUNDING * (known.upper - known.lower)
        outside = (values < known.lower - slack) | (values > known.upper + slack)
        values = record.values[name] = np.where(outside, values, np.clip(values, known.lower, known.upper))
        count = int(outside.sum())
        if not count:
            continue
        share = count / max(int(np.isfinite(values).sum()), 1)
        at = int(np.flatnonzero(outside)[0])
        found = (
            f"{counted(count, 'value')} outside {known.lower:g} to {known.upper:g} {known.unit}, "
            f"the first {values[at]:g} at index {at} ({record.days[at]})"
        )
        if ranges == "error" or share > SHARE_OUT_OF_RANGE:
            remedy = (
                "check the unit" if share > SHARE_OUT_OF_RANGE else "correct them or open with ranges='mask'"
            )
            raise DataError(found, record.where(name), remedy)
        record.values[name] = np.where(outside, np.nan, values)
        record.notes.append(f"{record.site}: {name} had {counted(count, 'value')} out of range, set missing")


def check_extremes(record: Record) -> None:
    """Check that no day's minimum temperature lies above its maximum.

    Raises:
        DataError: with the number of days and the first of them.
    """
    low, high = record.values.get("tas_min"), record.values.get("tas_max")
    if low is None or high is None:
        return
    crossed = low > high + 1e-3
    if crossed.any():
        at = int(np.flatnonzero(crossed)[0])
        raise DataError(
            f"the minimum temperature exceeds the maximum on {counted(int(crossed.sum()), 'day')}, "
            f"first at index {at} ({record.days[at]})",
            record.where("tas_min, tas_max"),
            "correct the days, or the names if the two are swapped",
        )


def check_forcing(records: list[Record], forcing: tuple[str, ...]) -> None:
    """Check that every record has every forcing variable without a gap.

    Raises:
        DataError: naming the missing variable, or the number of gaps per variable and site.
    """
    gaps: list[str] = []
    first = ""
    for record in records:
        for name in forcing:
            if name not in record.values:
                raise DataError(
                    f"the forcing variable '{name}' is missing",
                    record.where(),
                    f"add it, or name the forcing to use (found: {listing(record.values, 12)})",
                )
            missing = np.isnan(record.values[name])
            if missing.any():
                first = first or f"first on {record.days[np.flatnonzero(missing)[0]]}"
                gaps.append(f"{name} {counted(int(missing.sum()), 'day')} at {record.site}")
    if gaps:
        raise DataError(
            f"forcing has gaps: {listing(gaps)}, {first}",
            listing({r.source.name for r in records if any(np.isnan(r.values[n]).any() for n in forcing)}),
            "fill them, or choose fill='interpolate' or fill='climatology', which is recorded",
        )
