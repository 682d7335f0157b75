"""Write sites as CF netCDF, one file per site, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import DataError
from .files import atomic_path

if TYPE_CHECKING:
    import xarray as xr

SCALARS = ("record_start", "record_end")


def write_site(ds: xr.Dataset, path: str | Path) -> Path:
    """Write one site as CF-1.10 netCDF with dimension time and scalar site coordinates.

    Args:
        ds: dataset with dimension time, scalar coordinate `site` and further scalar coordinates.
        path: file to write, replaced only once the new one is complete.

    Returns:
        The path.

    Raises:
        DataError: where the file cannot be written.
    """
    path = Path(path)
    ds = ds.drop_vars([n for n in SCALARS if n in ds.variables])
    encoding: dict = {}
    for name, item in ds.data_vars.items():
        if item.dtype.kind == "f":
            encoding[str(name)] = {
                "dtype": "float32",
                "zlib": True,
                "complevel": 6,
                "_FillValue": np.float32(np.nan),
            }
    for name, item in ds.coords.items():
        if item.dtype.kind == "f":
            encoding[str(name)] = {"_FillValue": None}
    first = str(ds["time"].values[0])[:10]
    encoding["time"] = {"units": f"days since {first}", "dtype": "int32", "calendar": "standard"}
    with atomic_path(path) as temporary:
        try:
            ds.to_netcdf(temporary, engine="netcdf4", format="NETCDF4", encoding=encoding)
        except (OSError, RuntimeError) as error:
            raise DataError(
                f"the file cannot be written, {str(error).splitlines()[0]}",
                str(path),
                "free space or choose another folder",
            ) from error
    return path


def write_sites(ds: xr.Dataset, folder: str | Path) -> list[Path]:
    """Write every site of a dataset (site, time) as its own netCDF, as `data.open_sites` reads them.

    Args:
        ds: site dataset; each file holds the days of the site's record and the variables it has.
        folder: folder for `<SITE>.nc`, created where missing.

    Returns:
        The paths, in the order of the sites.

    Raises:
        DataError: where a site code cannot name a file or a file cannot be written.
    """
    folder = Path(folder)
    paths = []
    for row, site in enumerate(str(s) for s in ds["site"].values):
        if not site or site in (".", "..") or os.sep in site or "\0" in site:
            raise DataError(f"the site code '{site}' cannot name a file", str(folder), "rename the site")
        part = ds.isel(site=row)
        if {"record_start", "record_end"} <= set(part.coords):
            part = part.sel(time=slice(part["record_start"].values, part["record_end"].values))
        part = part.drop_vars(
            [n for n, v in part.data_vars.items() if v.dtype.kind == "f" and bool(v.isnull().all())]
        )
        part.attrs = {k: v for k, v in ds.attrs.items() if k != "source_files"} | {"Conventions": "CF-1.10"}
        paths.append(write_site(part, folder / f"{site}.nc"))
    return paths
