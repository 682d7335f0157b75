"""Files for a search: netCDF and Zarr opened without reading them whole, CSV tables put in order."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data.errors import DataError, listing, nearest
from data.readers import NETCDF, is_zarr
from data.readers.cube import standard_names

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

TIMES = ("time", "date", "datetime", "timestamp", "month", "day", "year")
MISSING = ("-9999", "-9999.0")


@contextlib.contextmanager
def opened(path: Path, panel: str | None = None) -> Iterator[xr.Dataset]:
    """Open a file for a search; a large one is read in parts later.

    Args:
        path: netCDF file, Zarr store, or CSV table with a column of times and one column per variable.
        panel: column of a CSV table that names the unit (district, site) of each row, which becomes a dimension.

    Raises:
        DataError: where the file cannot be read as one of these.
    """
    if path.is_file() and path.stat().st_size == 0:
        raise DataError("the file is empty", str(path), "copy it again from its source")
    if path.suffix.lower() in (".csv", ".txt"):
        yield read_table(path, panel)
        return
    if panel is not None:
        raise DataError("--panel names a column of a CSV table", str(path), "use --pool with a dimension")
    if path.is_dir() and not is_zarr(path):
        raise DataError(
            "the folder is no Zarr store", str(path), "give a netCDF file, Zarr store or CSV table"
        )
    if not path.is_dir() and path.suffix.lower() not in NETCDF:
        raise DataError(
            f"'{path.suffix}' files are not read", str(path), "give netCDF (.nc), Zarr or CSV (.csv)"
        )
    ds = _open(path)
    try:
        yield standard_names(ds)
    finally:
        ds.close()


def _open(path: Path) -> xr.Dataset:
    """Open a netCDF file or a Zarr store, its values left on disk."""
    import xarray as xr

    engine: Any = "zarr" if path.is_dir() else "netcdf4"
    further: dict[str, Any] = {"consolidated": False} if path.is_dir() else {}
    try:
        ds = xr.open_dataset(path, engine=engine, decode_timedelta=False, **further)
        # A store has no order of its own: its variables come as the disk lists them.
        return ds[sorted(map(str, ds.data_vars))] if path.is_dir() else ds
    except PermissionError as error:
        raise DataError("the file may not be read", str(path), "change its rights") from error
    except Exception as error:
        kind = "a Zarr store" if path.is_dir() else "a netCDF file"
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise DataError(
            f"{kind} cannot be read, {reason}", str(path), "copy it again from its source"
        ) from error


def read_table(path: Path, panel: str | None = None) -> xr.Dataset:
    """Read a CSV table as a Dataset over time, or over units and time; ``-9999`` and blanks are missing."""
    import pandas as pd
    import xarray as xr

    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            header = [name.strip() for name in next(csv.reader(stream), [])]
        table = pd.read_csv(path, na_values=list(MISSING), skipinitialspace=True, encoding="utf-8-sig")
    except PermissionError as error:
        raise DataError("the file may not be read", str(path), "change its rights") from error
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as error:
        reason = str(error).strip().splitlines()[0][:120]
        raise DataError(f"the table cannot be read, {reason}", str(path), "save it as CSV, UTF-8") from error
    double = [name for name in dict.fromkeys(header) if header.count(name) > 1]
    if double:
        raise DataError(f"the column '{double[0]}' is there twice", str(path), "rename one of the two")
    table.columns = [str(name).strip() for name in table.columns]
    if table.empty:
        raise DataError("the table has no rows", str(path), "check that it was written completely")
    column = next((c for t in TIMES for c in table.columns if c.lower() == t), None)
    if column is None:
        raise DataError(
            "there is no column of times", str(path), f"name one 'time'; the columns are {listing(header)}"
        )
    times = _times(table[column], path)
    if panel is None:
        rest = table.drop(columns=column)
        return xr.Dataset({n: ("time", rest[n].to_numpy()) for n in rest}, coords={"time": times})
    return _panel(table, column, times, panel, path)


def _times(values: Any, path: Path) -> pd.Index:
    """Bring a column of times to dates, or leave plain numbers that are no years alone."""
    import pandas as pd

    name = str(values.name)
    if values.dtype.kind in "iu" and name.lower() != "year" and not values.between(10_000, 99_991_231).all():
        return pd.Index(values, name="time")
    text = values.astype(str) if values.dtype.kind in "iu" else values
    try:
        return pd.DatetimeIndex(pd.to_datetime(text), name="time")
    except (ValueError, TypeError, OverflowError) as error:
        raise DataError(
            f"the column '{name}' holds what is no time", str(path), "write dates as 2001-12-31"
        ) from error


def _panel(table: pd.DataFrame, column: str, times: pd.Index, panel: str, path: Path) -> xr.Dataset:
    """Spread a long table over units and times."""
    import xarray as xr

    if panel not in table.columns:
        hint = nearest(panel, table.columns).strip() or f"the columns are {listing(table.columns)}"
        raise DataError(f"there is no column '{panel}'", str(path), hint)
    table = table.drop(columns=column).assign(**{"time": times})
    double = table.duplicated([panel, "time"])
    if double.any():
        row = table[double].iloc[0]
        raise DataError(
            f"'{row[panel]}' has two rows at {row['time']}", str(path), "keep one row per unit and time"
        )
    units = np.array(sorted(table[panel].dropna().unique()))
    steps = np.sort(np.asarray(table["time"].unique()))
    wide: dict[str, Any] = {}
    for name in table.columns.drop([panel, "time"]):
        one = table.pivot(index=panel, columns="time", values=name).reindex(index=units, columns=steps)
        wide[str(name)] = ((panel, "time"), one.to_numpy())
    return xr.Dataset(wide, coords={panel: units, "time": steps})
