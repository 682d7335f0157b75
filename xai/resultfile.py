"""Attributions as netCDF, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from data.errors import DataError
from data.files import atomic_path


def write(result: xr.Dataset, path: str | Path) -> Path:
    """Write a result of this package as netCDF; an old file is replaced only once the new one is complete.

    Args:
        result: Dataset of :func:`attribute` or of another function here.
        path: file to write.

    Returns:
        The path.
    """
    path = Path(path)
    with atomic_path(path) as part:
        result.to_netcdf(part, engine="netcdf4")
    return path


def read(path: str | Path) -> xr.Dataset:
    """Read what :func:`write` wrote.

    Raises:
        DataError: the file is absent or not a result of this package.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError("there is no such file", str(path), "check the path")
    try:
        with xr.open_dataset(path, engine="netcdf4") as ds:
            ds = ds.load()
    except (OSError, ValueError) as error:
        raise DataError(
            "the file cannot be read as netCDF", str(path), "give a file that xai.write made"
        ) from error
    if "prediction" not in ds:
        raise DataError("the file holds no attribution", str(path), "give a file that xai.write made")
    return ds
