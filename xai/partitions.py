"""One partition of an input's cells: by variable, calendar, region, lag or selection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from data.errors import ConfigError, DataError, listing, nearest

UNDIVIDED = "all"
"""Label of variables that lack the dimensions of a partition."""
_SEASONS = {"DJF": [12, 1, 2], "MAM": [3, 4, 5], "JJA": [6, 7, 8], "SON": [9, 10, 11]}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Partition:
    """Labels and, for each variable, the number of each cell's label; -1: none, len(labels): not divided."""

    name: str
    labels: tuple[str, ...]
    codes: dict[str, np.ndarray]


def partition(
    ds: xr.Dataset, name: str, spec: Any, over: tuple[str, ...], time: str | None, at: Any
) -> Partition:
    """Read one partition, see :func:`xai.players.players`.

    Args:
        ds: the input.
        name: of the partition.
        spec: None for a name alone, months, windows of lags, labels on the input's dimensions, or selections.
        over: dimensions of samples.
        time: dimension of time, or None to find it.
        at: step that lags count back from.
    """
    if isinstance(spec, xr.DataArray):
        return _regions(ds, name, spec, over)
    if spec is None and name == "variable":
        names = tuple(str(n) for n in ds.data_vars)
        codes = {n: np.full(_shape(ds[n], over), i) for i, n in enumerate(names)}
        return Partition(name, names, codes)
    if spec is None and name in ("season", "month", "year"):
        return _calendar(ds, name, None, over, time)
    if spec is None:
        known = ("variable", "season", "month", "year")
        raise ConfigError(
            f"the partition {name!r} is unknown",
            "groups",
            f"choose from {', '.join(known)}{nearest(name, known)}",
        )
    if isinstance(spec, Mapping) and spec and all(isinstance(s, Mapping) for s in spec.values()):
        return _selections(ds, name, spec, over)
    if name == "lag":
        return _lags(ds, spec, over, time, at)
    if name in ("season", "month"):
        return _calendar(ds, name, spec, over, time)
    raise ConfigError(
        f"the groups of {name!r} cannot be read",
        "groups",
        "give a DataArray of labels or {label: {dimension: slice or list}}",
    )


def _shape(item: xr.DataArray, over: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(item.sizes[d] for d in item.dims if d not in over)


def _along(
    ds: xr.Dataset, over: tuple[str, ...], labels: int, dims: tuple[str, ...], codes: np.ndarray
) -> Any:
    """Codes on some dimensions put on every variable; those without the dimensions are not divided."""
    found, some = {}, xr.DataArray(codes, dims=dims)
    for n, item in ds.data_vars.items():
        rest = [d for d in item.dims if d not in over]
        if set(dims) <= set(rest):
            full = some.expand_dims({d: item.sizes[d] for d in rest if d not in dims}).transpose(*rest)
            found[str(n)] = np.asarray(full.values)
        else:
            found[str(n)] = np.full(_shape(item, over), labels)
    return found


def _time(ds: xr.Dataset, name: str, time: str | None, over: tuple[str, ...], dated: bool) -> str:
    """Dimension of time, which is one of the input's."""
    dims = [str(d) for d in ds.dims if d not in over]
    if time is not None and time not in dims:
        raise DataError(
            f"the input has no dimension {time!r}", f"groups, {name!r}", f"it has {listing(dims)}"
        )
    with_dates = [d for d in dims if d in ds.coords and _dated(ds[d])]
    if time is None and with_dates:
        time = with_dates[0]
    if time is None and not dated:
        time = "time" if "time" in dims else dims[0] if len(dims) == 1 else None
    if time is None or (dated and time not in with_dates):
        raise DataError(
            "no dimension has dates",
            f"groups, {name!r}",
            "give a time coordinate, or name its dimension with time=",
        )
    return time


def _dated(item: xr.DataArray) -> bool:
    try:
        return item.dt.month is not None
    except (AttributeError, TypeError):
        return False


def _calendar(ds: xr.Dataset, name: str, spec: Any, over: tuple[str, ...], time: str | None) -> Partition:
    dim = _time(ds, name, time, over, True)
    months = np.asarray(ds[dim].dt.month.values)
    if name == "year":
        years = np.asarray(ds[dim].dt.year.values)
        known = np.unique(years)
        return Partition(
            name,
            tuple(str(y) for y in known),
            _along(ds, over, len(known), (dim,), np.searchsorted(known, years)),
        )
    if spec is None:
        several = _SEASONS if name == "season" else {m: [i + 1] for i, m in enumerate(_MONTHS)}
        several = {label: m for label, m in several.items() if np.isin(months, m).any()}
    elif isinstance(spec, Mapping):
        several = {str(label): list(m) for label, m in spec.items()}
    else:
        _check_months([int(i) for m in spec for i in m], name)
        several = {"".join(_MONTHS[int(i) - 1][0] for i in m): list(m) for m in spec}
        if len(several) < len(spec):
            several = {"-".join(_MONTHS[int(i) - 1] for i in m): list(m) for m in spec}
    _check_months([int(i) for m in several.values() for i in m], name)
    codes = np.full(len(months), -1)
    for number, m in enumerate(several.values()):
        codes[np.isin(months, m)] = number
    return Partition(name, tuple(several), _along(ds, over, len(several), (dim,), codes))


def _check_months(flat: list[int], name: str) -> None:
    """Raise where a number is no month, or is given twice."""
    if not flat or min(flat) < 1 or max(flat) > 12:
        raise ConfigError(f"months are 1 to 12 and not {flat}", f"groups, {name!r}", "give numbers of months")
    doubled = sorted({i for i in flat if flat.count(i) > 1})
    if doubled:
        raise ConfigError(
            f"the month {_MONTHS[doubled[0] - 1]} is in two groups",
            f"groups, {name!r}",
            "give each month once",
        )


def _lags(ds: xr.Dataset, spec: Any, over: tuple[str, ...], time: str | None, at: Any) -> Partition:
    dim = _time(ds, "lag", time, over, False)
    size = ds.sizes[dim]
    if at is None:
        end = size - 1
    elif isinstance(at, (int, np.integer)):
        end = int(at) % size if -size <= at < size else -1
    else:
        found = ds.get_index(dim).get_indexer_for([pd.Timestamp(at) if isinstance(at, str) else at])
        end = int(found[0])
    if end < 0:
        raise DataError(
            f"the step {at!r} is not along {dim!r}", "groups, 'lag'", "choose one of its steps with at="
        )
    windows = spec if isinstance(spec, Mapping) else {f"{a}-{b}": (a, b) for a, b in spec}
    lag, codes = end - np.arange(size), np.full(size, -1)
    for number, (label, (first, last)) in enumerate(windows.items()):
        inside = (lag >= first) & (lag <= last)
        if first < 0 or last < first:
            raise ConfigError(
                f"the lags {first} to {last} are no window", "groups, 'lag'", "give (least, most) from 0"
            )
        if (codes[inside] >= 0).any():
            other = list(windows)[codes[inside].max()]
            raise ConfigError(
                f"the lags {label!r} and {other!r} overlap", "groups, 'lag'", "give each lag once"
            )
        codes[inside] = number
    return Partition("lag", tuple(str(w) for w in windows), _along(ds, over, len(windows), (dim,), codes))


def _regions(ds: xr.Dataset, name: str, labels: xr.DataArray, over: tuple[str, ...]) -> Partition:
    dims = tuple(str(d) for d in labels.dims)
    for dim in dims:
        if dim in over:
            raise ConfigError(
                f"{dim!r} holds samples", f"groups, {name!r}", "give labels on other dimensions"
            )
        if not any(dim in v.dims for v in ds.data_vars.values()):
            raise DataError(
                f"no variable has the dimension {dim!r}", f"groups, {name!r}", "give labels on the input's"
            )
        same = labels.sizes[dim] == ds.sizes[dim] and (
            dim not in labels.coords
            or dim not in ds.coords
            or labels.get_index(dim).equals(ds.get_index(dim))
        )
        if not same:
            raise DataError(
                f"the labels' coordinate {dim!r} is not the input's",
                f"groups, {name!r}",
                "put them on its cells",
            )
    if not any(set(dims) <= set(v.dims) for v in ds.data_vars.values()):
        raise DataError(
            f"no variable has all of {listing(dims)}", f"groups, {name!r}", "give labels on fewer"
        )
    codes, known = pd.factorize(labels.values.ravel(), sort=True)
    text = tuple(
        str(int(k)) if isinstance(k, (float, np.floating)) and float(k).is_integer() else str(k)
        for k in known
    )
    if not text:
        raise DataError("no cell has a label", f"groups, {name!r}", "give at least one region")
    return Partition(name, text, _along(ds, over, len(text), dims, codes.reshape(labels.shape)))


def _selections(ds: xr.Dataset, name: str, spec: Mapping[Any, Any], over: tuple[str, ...]) -> Partition:
    labels = tuple(str(s) for s in spec)
    codes = {str(n): np.full(_shape(v, over), -1) for n, v in ds.data_vars.items()}
    for number, (label, chosen) in enumerate(spec.items()):
        where = f"groups, {name!r}, {label!r}"
        dims = {str(d): _chosen(ds, str(d), pick, over, where) for d, pick in chosen.items()}
        for n, item in ds.data_vars.items():
            rest = [d for d in item.dims if d not in over]
            if not set(dims) - {"variable"} <= set(rest) or (
                "variable" in dims and str(n) not in dims["variable"]
            ):
                continue
            inside = np.ones(_shape(item, over), dtype=bool)
            for axis, d in enumerate(rest):
                if d in dims:
                    inside &= dims[str(d)].reshape([-1 if i == axis else 1 for i in range(len(rest))])
            twice = codes[str(n)][inside]
            if (twice >= 0).any():
                raise ConfigError(
                    f"the groups {labels[twice.max()]!r} and {label!r} overlap in {n!r}",
                    f"groups, {name!r}",
                    "give each cell to one group",
                )
            codes[str(n)][inside] = number
    return Partition(name, labels, codes)


def _chosen(ds: xr.Dataset, dim: str, pick: Any, over: tuple[str, ...], where: str) -> Any:
    """Truth values along a dimension, or names of variables."""
    some = [pick] if isinstance(pick, (str, int, float)) else pick
    if dim == "variable":
        for n in some:
            if n not in ds.data_vars:
                raise DataError(
                    f"the variable {n!r} is unknown", where, f"the input has {listing(ds.data_vars)}"
                )
        return tuple(str(n) for n in some)
    if dim not in ds.dims or dim in over:
        have = listing([d for d in ds.dims if d not in over])
        raise DataError(f"the dimension {dim!r} is unknown or holds samples", where, f"the input has {have}")
    inside = np.zeros(ds.sizes[dim], dtype=bool)
    index = ds.get_index(dim)
    if isinstance(some, slice):
        if dim in ds.coords and index.dtype.kind in "iuf" and some.step is None:
            low, high = sorted(
                [-np.inf if some.start is None else some.start, np.inf if some.stop is None else some.stop]
            )
            values = np.asarray(index)
            return (values >= low) & (values <= high)
        try:
            inside[index.slice_indexer(some.start, some.stop, some.step) if dim in ds.coords else some] = True
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{some} cannot be found along {dim!r}", where, "give labels of its coordinate"
            ) from error
        return inside
    some = pd.to_datetime(list(some)) if index.dtype.kind == "M" else list(some)
    found = index.get_indexer_for(some)
    if (found < 0).any():
        lost = list(some)[int(np.argmin(found))]
        raise DataError(f"{lost!r} is not along {dim!r}", where, "give labels of its coordinate")
    inside[found] = True
    return inside
