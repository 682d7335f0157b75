"""Site netCDF: one file per site, dimension time, the site in scalar coordinates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError, counted
from ..records import Record
from ..units import convert
from ..variables import REGISTRY, canonical

if TYPE_CHECKING:
    import xarray as xr

CARRIED = ("licence", "license", "references", "source", "title")

UNDECLARED = -9999.0
"""Fill value that some files use without declaring it."""


def open_netcdf(path: Path) -> xr.Dataset:
    """Open a netCDF file or a Zarr store and load it into memory.

    Raises:
        DataError: where the file is absent, empty, cut short or no netCDF, or its times cannot be decoded.
    """
    import xarray as xr

    if not path.exists():
        raise DataError("the file does not exist", str(path), "check the path")
    if path.is_file() and path.stat().st_size == 0:
        raise DataError("the file is empty", str(path), "copy it again from its source")
    engine: Any = "zarr" if path.is_dir() else "netcdf4"
    further: dict[str, Any] = {"consolidated": False} if path.is_dir() else {}
    try:
        with xr.open_dataset(path, engine=engine, decode_timedelta=False, **further) as ds:
            return ds.load()
    except PermissionError as error:
        raise DataError("the file may not be read", str(path), "change its rights") from error
    except Exception as error:
        kind = "a Zarr store" if engine == "zarr" else "a netCDF file"
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise DataError(
            f"{kind} cannot be read, {reason}", str(path), "copy it again from its source"
        ) from error


def days_of(ds: xr.Dataset, where: str) -> np.ndarray:
    """Return the daily time axis of a dataset as datetime64[D].

    Raises:
        DataError: where there is no time axis, it is no standard calendar, or steps are shorter than a day.
    """
    if "time" not in ds.coords:
        raise DataError(
            "the coordinate 'time' is missing", where, "name the time axis 'time' and give it units"
        )
    times = ds["time"].values
    if times.dtype == object:
        raise DataError(
            f"the calendar '{getattr(times.flat[0], 'calendar', 'unknown')}' has no true dates",
            where,
            "convert it with Dataset.convert_calendar('standard') and fill the new days",
        )
    if not np.issubdtype(times.dtype, np.datetime64):
        raise DataError(
            f"times are {times.dtype} numbers, dates are wanted",
            where,
            "give time units such as 'days since 2000-01-01'",
        )
    times = np.atleast_1d(times)
    if times.ndim != 1:
        raise DataError(
            "the coordinate 'time' has more than one dimension", where, "give it the one dimension time"
        )
    if len(times) > 1:
        step = np.median(np.diff(times.astype("datetime64[s]")).astype(np.int64))
        if 0 < step < 86400:
            raise DataError(
                f"the time step is {step / 60:g} minutes, daily values are wanted",
                where,
                "aggregate to days, or convert FLUXNET files with `terrax data convert fluxnet`",
            )
    return times.astype("datetime64[D]")


def number(values: Any, where: str) -> np.ndarray:
    """Return values as float64.

    Raises:
        DataError: where they are no numbers.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise DataError(f"values are {array.dtype}, numbers are wanted", where, "store the variable as float")
    return array.astype(np.float64)


def record_of(ds: xr.Dataset, path: Path, site: str | None = None) -> Record:
    """Turn a dataset of one site into a record in registry units.

    Args:
        ds: dimension time and scalar coordinates lat, lon and, where known, site, elevation,
            mean_annual_temperature, mean_annual_precipitation, igbp.
        path: the file it came from; its name is the site code where nothing else states one.
        site: site code, before that of the dataset.

    Returns:
        The record; variables unknown to the registry, or with further dimensions, are left out and noted.

    Raises:
        DataError: for text among numbers, units that do not fit, faulty times, and a variable held twice.
    """
    numbers: dict[str, float] = {}
    words: dict[str, str] = {}
    for name, item in {**ds.coords, **ds.data_vars}.items():
        if name == "time" or item.ndim != 0:
            continue
        if item.dtype.kind in "UOST":
            words[str(name)] = _text(item.values.item())
        elif item.dtype.kind in "fiu":
            numbers[str(name)] = float(item.values)
    code = site or words.get("site") or (str(int(numbers["site"])) if "site" in numbers else path.stem)
    words.pop("site", None)
    numbers.pop("site", None)
    where = f"{path.name}, site {code}"
    days = days_of(ds, where)
    values: dict[str, np.ndarray] = {}
    left_out: list[str] = []
    notes: list[str] = []
    for name, item in ds.data_vars.items():
        if item.ndim == 0:
            continue
        known = canonical(str(name))
        if known is None or item.dims != ("time",):
            left_out.append(str(name))
            continue
        spot = f"{where}, variable {name}"
        variable = REGISTRY[known]
        if known in values:
            raise DataError(f"'{known}' is held by two variables", spot, "keep one of them")
        raw = number(item.values, spot)
        coded = raw == UNDECLARED
        if coded.any():
            raw[coded] = np.nan
            notes.append(f"{code}: {name} had {counted(int(coded.sum()), 'value')} of -9999, read as missing")
        values[known] = convert(
            raw, item.attrs.get("units"), variable.unit, substance=variable.substance, where=spot
        )
    if left_out:
        notes.append(f"{code}: left out {', '.join(left_out)}")
    carried = {k: str(ds.attrs[k]) for k in CARRIED if k in ds.attrs}
    return Record(code, days, values, path, numbers, words, notes, carried)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
