"""Panels of districts by month or week: opened, checked, put in order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError, counted, listing, nearest
from .site_netcdf import number, open_netcdf

if TYPE_CHECKING:
    import xarray as xr

STEPS = ("month", "week")


def open_panel(
    path: str | Path, needed: Sequence[str], *, step: str = "month", unit: str = "district", least: int = 1
) -> xr.Dataset:
    """Open a panel (unit, time) from netCDF with float64 values in memory.

    Args:
        path: the file.
        needed: variables that it must hold with the dimensions unit and time.
        step: "month" or "week", the step of its time axis.
        unit: the dimension of places.
        least: fewest steps of time.

    Returns:
        The dataset; its numeric variables of (unit, time) are float64 with these dimensions in this order,
        ``attrs["source_files"]`` names the file and its SHA-256.

    Raises:
        DataError: where the file cannot be read, a dimension, coordinate or variable is missing, names are given
            twice, times are unsorted, repeated or have gaps, there are too few, or values are no numbers.
    """
    from ..provenance import input_files

    path = Path(path)
    ds = open_netcdf(path)
    where = path.name
    for name in (unit, "time"):
        if name not in ds.dims or name not in ds.coords:
            hint = nearest(name, map(str, ds.dims)).strip() or f"its dimensions are {listing(ds.dims)}"
            raise DataError(f"the dimension '{name}' with its coordinate is missing", where, hint)
    for name in needed:
        if name not in ds.data_vars:
            hint = nearest(name, map(str, ds.data_vars)).strip() or f"it holds {listing(ds.data_vars, 12)}"
            raise DataError(f"the variable '{name}' is missing", where, hint)
        if set(ds[name].dims) != {unit, "time"}:
            raise DataError(
                f"'{name}' has the dimensions {listing(ds[name].dims)}", where, f"give it {unit} and time"
            )
    _names(ds, unit, where)
    _times(ds, step, where, least)
    for name in ds.data_vars:
        if set(ds[name].dims) == {unit, "time"}:
            values = ds[name].transpose(unit, "time")
            if name in needed or values.dtype.kind in "fiub":
                ds[name] = values.copy(data=number(values.values, f"{where}, variable {name}"))
                endless = int(np.isinf(ds[name].values).sum())
                if endless:
                    raise DataError(
                        f"'{name}' holds {counted(endless, 'infinite value')}", where, "set them to missing"
                    )
    import json

    files = [{"path": f["path"], "sha256": f["sha256"]} for f in input_files([path])]
    return ds.assign_attrs(source_files=json.dumps(files))


def months_of(ds: xr.Dataset) -> np.ndarray:
    """Return the months of a panel as datetime64[M], (time,)."""
    return ds["time"].values.astype("datetime64[M]")


def _names(ds: xr.Dataset, unit: str, where: str) -> None:
    names = [str(n) for n in ds[unit].values]
    if not names:
        raise DataError(
            f"the dimension '{unit}' is empty", where, "check that the file was written completely"
        )
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise DataError(f"the {unit} '{twice[0]}' is given twice", where, "merge or rename one")


def _times(ds: xr.Dataset, step: str, where: str, least: int) -> None:
    times = ds["time"].values
    if not np.issubdtype(times.dtype, np.datetime64):
        raise DataError(
            f"times are {times.dtype} values, dates are wanted",
            where,
            "give time units of a standard calendar",
        )
    if np.isnat(times).any():
        raise DataError("a time is missing", where, "give every step its date")
    places = times.astype("datetime64[M]" if step == "month" else "datetime64[D]").astype(int)
    change, wanted = np.diff(places), 1 if step == "month" else 7
    if (change < 0).any():
        raise DataError("times are not sorted", where, "sort the file by time")
    wrong = np.flatnonzero(change != wanted)
    if len(wrong):
        spot = str(times[wrong[0] + 1].astype("datetime64[D]"))
        what = "is repeated" if change[wrong[0]] == 0 else f"does not follow its predecessor by one {step}"
        raise DataError(f"the time {spot} {what}", where, f"give one value for every {step}")
    if len(times) < least:
        raise DataError(
            f"the record has {counted(len(times), step)}, {least} are needed", where, "give a longer record"
        )
