"""From a Dataset to arrays with a leading axis of samples, and back to the coordinates of the input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from data.errors import DataError

from .baselines import ROWS

SAMPLE = "sample"


def as_dataset(ds: xr.Dataset | xr.DataArray) -> tuple[xr.Dataset, bool]:
    """The input as a Dataset, and whether it was one array.

    Raises:
        DataError: no variables, or one that is not numeric.
    """
    alone = isinstance(ds, xr.DataArray)
    if isinstance(ds, xr.DataArray):
        ds = ds.to_dataset(name=ds.name or "input")
    if not ds.data_vars:
        raise DataError("the input has no variables", "attribute", "give a Dataset with at least one")
    for name, item in ds.data_vars.items():
        if item.dtype.kind not in "fiub":
            raise DataError(
                f"{name!r} is of type {item.dtype}", "attribute", "give numbers, or hold it in the function"
            )
        if item.size == 0:
            raise DataError(f"{name!r} is empty", "attribute", "give at least one cell")
        if np.isinf(item.values).any():
            raise DataError(f"{name!r} holds infinite values", "attribute", "set them to missing")
    return ds, alone


def check_over(ds: xr.Dataset, over: str | tuple[str, ...]) -> tuple[str, ...]:
    """The dimensions of samples, which every variable has.

    Raises:
        DataError: a dimension that a variable lacks.
    """
    over = (over,) if isinstance(over, str) else tuple(over)
    for dim in over:
        for name, item in ds.data_vars.items():
            if dim not in item.dims:
                raise DataError(
                    f"{name!r} lacks the dimension {dim!r} of samples",
                    "attribute",
                    f"spread it along {dim!r} (broadcast), or name another dimension in `over`",
                )
    return over


def pack(ds: xr.Dataset, over: tuple[str, ...], dtype: Any = None) -> dict[str, np.ndarray]:
    """Variable to array (sample, *the other dimensions); one sample where `over` is empty."""
    out = {}
    for name, item in ds.data_vars.items():
        rest = [d for d in item.dims if d not in over]
        values = item.transpose(*over, *rest).values
        values = values.reshape(-1, *(item.sizes[d] for d in rest))
        out[str(name)] = values if dtype is None or values.dtype.kind != "f" else values.astype(dtype)
    return out


def rows(background: xr.Dataset, dtype: Any = None) -> dict[str, np.ndarray]:
    """Variable to array (row, *the other dimensions) of a background."""
    out = {}
    for name, item in background.data_vars.items():
        values = item.transpose(ROWS, ...).values
        out[str(name)] = values if dtype is None else values.astype(dtype)
    return out


def unpack(
    values: Mapping[str, np.ndarray], ds: xr.Dataset, over: tuple[str, ...], outputs: tuple[str, ...] | None
) -> dict[str, xr.DataArray]:
    """Variable to DataArray over (*over, output, *the other dimensions).

    Args:
        values: arrays (sample, *out, *cell dimensions), with at most one output dimension.
        ds: the input, whose coordinates are taken.
        over: dimensions of samples.
        outputs: names of outputs; None for a single one.
    """
    out = {}
    for name, item in ds.data_vars.items():
        rest = [d for d in item.dims if d not in over]
        dims = [*over, *(["output"] if outputs is not None else []), *rest]
        shape = [ds.sizes[d] for d in over] + ([len(outputs)] if outputs is not None else [])
        coords = {c: v for c, v in item.coords.items() if set(v.dims) <= set(dims)}
        if outputs is not None:
            coords["output"] = list(outputs)
        array = np.asarray(values[str(name)]).reshape([*shape, *(item.sizes[d] for d in rest)])
        out[str(name)] = xr.DataArray(array, coords, dims)
    return out


def gathered(parts: Mapping[str, xr.DataArray], ds: xr.Dataset, name: str) -> dict[str, xr.DataArray]:
    """One array over ``variable`` where all variables have the same dimensions, else ``name_<variable>`` each."""
    dims = {tuple(p.dims) for p in parts.values()}
    if len(dims) == 1:
        joined = xr.concat(
            list(parts.values()), "variable", coords="minimal", compat="override", join="override"
        )
        joined = joined.assign_coords(variable=list(parts))
        units = {str(v.attrs.get("units", "")) for v in ds.data_vars.values()}
        joined.attrs = {"input_units": units.pop()} if len(units) == 1 else {}
        return {name: joined}
    return {f"{name}_{n}": p for n, p in parts.items()}


def per_variable(result: xr.Dataset, name: str = "attribution") -> xr.Dataset:
    """The attribution as one variable for each input variable, whichever way the result holds it.

    Args:
        result: what :func:`attribute` gave for cells (not for groups).
        name: ``attribution`` or ``stderr``.
    """
    if name in result:
        held = result[name]
        return xr.Dataset({str(v): held.sel(variable=v, drop=True) for v in held["variable"].values})
    start = f"{name}_"
    return xr.Dataset(
        {str(n)[len(start) :]: v for n, v in result.data_vars.items() if str(n).startswith(start)}
    )
