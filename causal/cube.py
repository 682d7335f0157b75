"""A Dataset as cells: series of the same variables over the same times, checked once and read block by block."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data.errors import DataError, listing, nearest

if TYPE_CHECKING:
    import xarray as xr


MOST_UNEVEN = 1.75
"""Longest step of dates over the shortest: 31 days over 28, or 8 over 5 at the end of a year, but no gap."""


OF_RESULT = ("source", "target", "lag", "season", "regime")
"""Names that the result uses itself."""


@dataclass
class Cube:
    """Variables over time and any other dimensions, these unrolled to cells.

    Attributes:
        names: the variables, in the order of the links.
        dims: dimensions of the cells.
        shape: their sizes.
        length: number of time steps.
        time: the time coordinate (or the number of each step).
        arrays: one array per variable, its cell dimensions (of size 1 where it lacks one), then time.
        units: units of the variables, '' where not given.
        coords: coordinates along the cells.
    """

    names: tuple[str, ...]
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    length: int
    time: np.ndarray
    arrays: list[xr.DataArray]
    units: tuple[str, ...]
    coords: dict[str, xr.DataArray]

    @property
    def cells(self) -> int:
        """Number of cells."""
        return int(np.prod(self.shape, dtype=int))

    def block(self, first: int, last: int) -> np.ndarray:
        """Read the series of cells ``first`` to ``last``, ``(cell, time, variable)``, float64, NaN where missing."""
        out = np.empty((last - first, self.length, len(self.names)))
        if not self.dims:
            for k, array in enumerate(self.arrays):
                out[0, :, k] = _read(array, self.names[k])
            return out
        places = np.unravel_index(np.arange(first, last), self.shape)
        low, high = int(places[0].min()), int(places[0].max()) + 1
        for k, array in enumerate(self.arrays):
            # Along the first dimension only what the block needs is read, so that a file may exceed the memory.
            some = array if array.sizes[self.dims[0]] == 1 else array.isel({self.dims[0]: slice(low, high)})
            index = [places[0] - low if array.sizes[self.dims[0]] > 1 else np.zeros_like(places[0])]
            index += [
                place if array.sizes[dim] > 1 else np.zeros_like(place)
                for place, dim in zip(places[1:], self.dims[1:], strict=True)
            ]
            out[:, :, k] = _read(some, self.names[k])[tuple(index)]
        return out


def check_values(cube: Cube) -> None:
    """Raise DataError where a variable has no value anywhere; what is read ends at the first value."""
    for name, array in zip(cube.names, cube.arrays, strict=True):
        first = cube.dims[0] if cube.dims else None
        parts = [array] if first is None else (array.isel({first: [k]}) for k in range(array.sizes[first]))
        if not any(bool(np.isfinite(_read(part, name)).any()) for part in parts):
            raise DataError(
                f"the variable '{name}' has no value", name, "leave it out of variables, or check the file"
            )


def _read(array: xr.DataArray, name: str) -> np.ndarray:
    """Values of an array, which may lie in a file."""
    try:
        return np.asarray(array.values, float)
    except (OSError, RuntimeError) as error:
        reason = (str(error).splitlines() or ["no reason is given"])[0][:120]
        raise DataError(
            f"the variable '{name}' cannot be read, {reason}", name, "copy the file again from its source"
        ) from error


def open_cube(ds: xr.Dataset, variables: Sequence[str] | None, time: str = "time") -> Cube:
    """Check a Dataset and make it a cube.

    Args:
        ds: variables over ``time`` and any other dimensions; one without some of these is the same all along them.
        variables: which to use and in which order, or None for all that have the dimension time.
        time: name of the time dimension.

    Raises:
        DataError: where a variable is missing, not numeric or lacks time; where time is unsorted, has duplicates or
            steps of unequal length.
    """
    import xarray as xr

    if isinstance(ds, xr.DataArray):
        raise DataError(
            "a DataArray was given", str(ds.name or ""), "pass a Dataset: use .to_dataset(name=...)"
        )
    if not isinstance(ds, xr.Dataset):
        raise DataError(f"a {type(ds).__name__} was given", "discover", "pass an xarray Dataset")
    if time not in ds.dims:
        raise DataError(
            f"the dimension '{time}' is missing",
            "dataset",
            f"rename yours to '{time}'; it has {listing(ds.dims)}",
        )
    names = _names(ds, variables, time)
    dims = _dims(ds, names, time)
    _check_time(ds, time)
    arrays = []
    for name in names:
        array = ds[name]
        if array.dtype.kind not in "fiub":
            raise DataError(
                f"the variable '{name}' is not numeric ({array.dtype})",
                name,
                "convert it, or leave it out of variables",
            )
        missing = [dim for dim in dims if dim not in array.dims]
        arrays.append(array.expand_dims(missing).transpose(*dims, time))
    taken = set(OF_RESULT) - set(dims)
    coords = {
        str(k): v for k, v in ds.coords.items() if set(map(str, v.dims)) <= set(dims) and k not in taken
    }
    # Single values (the place of a cell that was selected) come along by themselves.
    coords = {k: v.reset_coords(drop=True) for k, v in coords.items()}
    values = ds[time].values if time in ds.coords else np.arange(ds.sizes[time])
    units = tuple(str(ds[name].attrs.get("units", "")) for name in names)
    return Cube(names, dims, tuple(ds.sizes[d] for d in dims), ds.sizes[time], values, arrays, units, coords)


def _names(ds: xr.Dataset, variables: Sequence[str] | None, time: str) -> tuple[str, ...]:
    """Names of the variables to use, checked."""
    if isinstance(variables, str):
        variables = [part.strip() for part in variables.split(",")]
    if variables is not None and not isinstance(variables, Iterable):
        raise DataError(f"variables are a {type(variables).__name__}", "variables", "give a list of names")
    if variables is None:
        names = [str(n) for n, v in ds.data_vars.items() if time in v.dims]
    else:
        names = [str(n) for n in variables]
    double = sorted({n for n in names if names.count(n) > 1})
    if double:
        raise DataError(f"the variable '{double[0]}' is named twice", "variables", "name each once")
    for name in names:
        if name not in ds.variables:
            known = [str(n) for n in ds.data_vars]
            hint = nearest(name, known).strip() or f"the dataset has {listing(known)}"
            raise DataError(f"the variable '{name}' is missing", "variables", hint)
        if time not in ds[name].dims:
            raise DataError(
                f"the variable '{name}' has no dimension '{time}'", name, "leave it out of variables"
            )
    if len(names) < 2:
        raise DataError(
            f"{'no variable' if not names else 'one variable'} was given", "variables", "name at least two"
        )
    return tuple(names)


def _dims(ds: xr.Dataset, names: Sequence[str], time: str) -> tuple[str, ...]:
    """Dimensions of the cells, in the order of the widest variable."""
    widest = max((ds[n] for n in names), key=lambda v: len(v.dims))
    dims = [str(d) for d in widest.dims if d != time]
    for name in names:
        dims += [str(d) for d in ds[name].dims if d != time and d not in dims]
    for dim in dims:
        if dim in OF_RESULT[:3]:
            raise DataError(f"the dimension '{dim}' has the name of one of the result", dim, "rename it")
        if ds.sizes[dim] == 0:
            raise DataError(
                f"the dimension '{dim}' is empty", dim, "check that the file was written completely"
            )
    return tuple(dims)


def _check_time(ds: xr.Dataset, time: str) -> None:
    """Raise DataError where time is not sorted, has duplicates, or has steps of unequal length."""
    if ds.sizes[time] < 3:
        raise DataError(f"there are {ds.sizes[time]} time steps", time, "give a longer record")
    if time not in ds.coords:
        return
    index = ds.indexes[time]
    if index.hasnans:
        raise DataError("time has missing values", time, "drop these steps")
    if not index.is_unique:
        where = index[index.duplicated()][0]
        raise DataError(f"time has duplicates, the first at {where}", time, "keep one of each")
    numeric = index.dtype.kind in "iufmM"
    if not numeric and not hasattr(index[0], "month"):
        raise DataError(
            f"time is neither dates nor numbers, it begins with '{index[0]}'", time, "decode it to dates"
        )
    if not index.is_monotonic_increasing:
        at = int(np.argmax(~(index[1:] > index[:-1]))) + 1
        raise DataError(
            f"time is not sorted, {index[at]} comes after {index[at - 1]}", time, "sort the data by time"
        )
    if index.dtype.kind in "iuf":
        steps = np.diff(index.values.astype(float))
        even = np.allclose(steps, steps[0])
    else:
        # Months and years differ in length, and composites of 8 or 16 days begin anew each year; a gap is longer.
        steps = np.diff(np.asarray(index))
        even = steps.max() < MOST_UNEVEN * steps.min()
    if not even:
        where = _gap(index)
        raise DataError(
            f"time has steps of unequal length, the first at {where}",
            time,
            "fill the axis with ds.resample or ds.reindex, so that gaps become missing values",
        )


def _gap(index: object) -> object:
    """The first time after a step that is longer, or shorter, than others are."""
    values = np.asarray(index)
    steps = np.diff(values)
    middle = np.sort(steps)[len(steps) // 2]
    far = (steps > 1.5 * middle) | (steps < middle / 1.5)
    if not far.any():
        far = steps != middle
    return values[1:][far][0]
