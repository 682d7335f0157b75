"""Weather for fire indices out of a dataset: found by name, in the units wanted, checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from data.errors import DataError, counted, listing, nearest
from data.records import ROUNDING, check_days
from data.units import convert
from data.variables import REGISTRY, canonical

from .run import Codes

UNITS = {"tas": "degC", "hurs": "%", "ws": "km h-1", "pr": "mm d-1", "snd": "m"}
"""Units in which the equations take the weather, by its name in the registry."""

GREATEST = {"ffmc": 101.0, "dmc": np.inf, "dc": np.inf}
"""Greatest code to start from [1]."""


def field(ds: xr.Dataset, name: str, where: str = "fire_weather") -> xr.DataArray:
    """A variable by its name, an alias or its CF standard name, in the unit of `UNITS`.

    Args:
        ds: the dataset.
        name: name in the registry.
        where: for the error.

    Returns:
        The variable in memory.

    Raises:
        DataError: it is missing, its unit is missing or does not convert, or values are out of range.
    """
    found = [str(n) for n in ds.data_vars if canonical(str(n)) == name]
    known = REGISTRY[name]
    if not found and known.standard_name:
        found = [
            str(n) for n, v in ds.data_vars.items() if v.attrs.get("standard_name") == known.standard_name
        ]
    if len(found) != 1:
        some = f"{listing(found)} are all {known.long_name}" if found else f"the variable '{name}' is missing"
        hint = nearest(name, map(str, ds.data_vars)).strip()
        raise DataError(some, where, hint or f"give {known.long_name} once, with its unit")
    item, at = ds[found[0]], f"{where}, variable {found[0]}"
    if item.dtype.kind not in "fiu":
        raise DataError(f"values of type {item.dtype} are no numbers", at, "read them as numbers")
    unit = UNITS.get(name, known.unit)
    raw = item.values if item.dtype.kind == "f" else item.values.astype(np.float64)
    values = convert(raw, item.attrs.get("units"), unit, substance=known.substance, where=at)
    return item.copy(data=_in_range(values, name, unit, at))


def _in_range(values: np.ndarray, name: str, unit: str, where: str) -> np.ndarray:
    """Values with rounding noise put on the ends of the range; raise where others lie outside or look like shares."""
    known = REGISTRY[name]
    low, high = (float(convert(np.asarray(x), known.unit, unit)) for x in (known.lower, known.upper))
    if np.isinf(values).any():
        raise DataError(
            counted(int(np.isinf(values).sum()), "infinite value"), where, "write missing values as NaN"
        )
    slack = ROUNDING * (high - low)
    outside = (values < low - slack) | (values > high + slack)
    if outside.any():
        raise DataError(
            f"{counted(int(outside.sum()), 'value')} outside {low:g} to {high:g} {unit}, "
            f"the first {values[outside].flat[0]:g}",
            where,
            "check the unit, and set what is wrong to missing",
        )
    if name == "hurs" and values.size and np.nanmax(values, initial=0.0) <= 1.0 and np.nanmean(values) > 0.0:
        raise DataError(
            f"relative humidity is at most {np.nanmax(values):g} %, as if it were a fraction",
            where,
            'set the attribute units = "1" if it is one',
        )
    return np.clip(values, low, high)


def weather_of(
    ds: xr.Dataset, names: tuple[str, ...], where: str = "fire_weather"
) -> dict[str, xr.DataArray]:
    """Variables (time, ...) of one shape, on days without gaps.

    Raises:
        DataError: as `field`, for dimensions that differ, and for days that are missing, unsorted or no days.
    """
    if "time" not in ds.dims:
        raise DataError(
            "there is no dimension 'time'", where, f"the dimensions are {listing(ds.dims)}: rename"
        )
    time = ds["time"].values
    if time.dtype.kind != "M":
        raise DataError(
            f"times of type {time.dtype} are no dates", where, "decode them, or convert the calendar"
        )
    days = time.astype("datetime64[D]")
    check_days(days, where)
    if len(days) > 1 and (np.diff(time) != np.timedelta64(1, "D")).any():
        raise DataError("the time of day changes", where, "give one value a day, always at noon")
    found = {n: field(ds, n, where) for n in names}
    first = next(iter(found.values()))
    for name, item in found.items():
        if set(item.dims) != set(first.dims) or "time" not in item.dims:
            raise DataError(
                f"the variable '{name}' has dimensions {listing(item.dims)}, others {listing(first.dims)}",
                where,
                "give all weather on the same dimensions, time among them",
            )
    order = ("time", *(d for d in first.dims if d != "time"))
    return {n: item.transpose(*order) for n, item in found.items()}


def latitude_of(ds: xr.Dataset, like: xr.DataArray) -> np.ndarray:
    """Latitude [degree north] of each cell of ``like`` (...).

    Raises:
        DataError: there is none.
    """
    for name in ("lat", "latitude"):
        if name in ds.variables:
            return np.asarray(ds[name].broadcast_like(like).transpose(*like.dims).values, np.float64)
    raise DataError(
        "the latitude is missing",
        "fire_weather",
        "add a coordinate 'lat' in degrees north, or choose day_length='canada'",
    )


def codes_of(given: Any, like: xr.DataArray, where: str = "start") -> Codes:
    """Codes to start from for each cell of ``like`` (...), from numbers, arrays or a dataset with ffmc, dmc and dc.

    Raises:
        DataError: a code is missing, of another shape, or out of range.
    """
    if isinstance(given, tuple | list) and len(given) == 3:
        codes: Any = dict(zip(Codes._fields, given, strict=True))
    else:
        codes = given
    found: list[Any] = []
    for name in Codes._fields:
        try:
            item = codes[name]
        except (KeyError, TypeError, IndexError):
            raise DataError(
                f"the code '{name}' to start from is missing", where, "give ffmc, dmc and dc"
            ) from None
        values = np.asarray(aligned(item, like, name, where), np.float64)
        if not (np.isnan(values) | ((values >= 0.0) & (values <= GREATEST[name]))).all():
            upper = f" to {GREATEST[name]:g}" if np.isfinite(GREATEST[name]) else " and above"
            raise DataError(f"the code '{name}' to start from is not within 0{upper}", where, "correct it")
        found.append(values)
    return Codes(*found)


def aligned(item: Any, like: xr.DataArray, name: str, where: str) -> np.ndarray:
    """Values of each cell of ``like`` (...), from a number, an array or a DataArray of its shape; else a DataError."""
    if isinstance(item, xr.DataArray):
        if set(item.dims) - set(like.dims):
            raise DataError(
                f"'{name}' has dimensions {listing(item.dims)}, the cells {listing(like.dims) or 'none'}",
                where,
                "give one value a cell",
            )
        if any(item.sizes[d] != like.sizes[d] for d in item.dims):
            item = item.values  # told below
        else:
            item = item.broadcast_like(like).transpose(*like.dims).values
    values = np.asarray(item)
    if values.shape not in ((), like.shape):
        raise DataError(
            f"'{name}' has the shape {values.shape}, the cells {like.shape}", where, "give one value a cell"
        )
    return np.broadcast_to(values, like.shape)


__all__ = ["UNITS", "aligned", "codes_of", "field", "latitude_of", "weather_of"]
