"""CF netCDF and Zarr cubes: one site, a site dimension, or a grid whose cells become sites."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DataError, listing
from ..records import Record
from .site_netcdf import open_netcdf, record_of

if TYPE_CHECKING:
    import xarray as xr

LATITUDE = ("lat", "latitude", "nav_lat")
LONGITUDE = ("lon", "longitude", "nav_lon")
SITE = ("site", "station", "gauge_id", "station_id", "tower", "location")


def read_cube(path: Path) -> list[Record]:
    """Read the sites of a netCDF file or Zarr store.

    Args:
        path: a dataset with dimension time alone (one site), with a site dimension (named `site`, `station`,
            ... or marked `cf_role = timeseries_id`), or with dimensions lat and lon, whose cells become sites
            named like `+51.25+004.75`. Cells without any value are left out.

    Raises:
        DataError: where the file cannot be read or has no such layout.
    """
    ds = standard_names(open_netcdf(path))
    station = site_dimension(ds)
    if station is None and {"lat", "lon"} <= set(ds.dims):
        ds, station = stack_grid(ds), "site"
    if station is None:
        spatial = {str(d) for v in ds.data_vars.values() for d in v.dims} - {"time"}
        if spatial:
            raise DataError(
                f"the dimensions {listing(sorted(spatial))} are neither a site nor a grid (lat, lon)",
                path.name,
                "name the site dimension 'site' or mark it with cf_role = \"timeseries_id\"",
            )
        return [record_of(ds, path)]
    if station != "site":
        ds = ds.rename({station: "site"})
    if ds.sizes["site"] == 0:
        raise DataError(
            "the dimension 'site' is empty", path.name, "check that the file was written completely"
        )
    names = ds["site"].values if "site" in ds.coords else range(ds.sizes["site"])
    records = [record_of(ds.isel(site=i), path, str(name)) for i, name in enumerate(names)]
    for record, row in zip(records, range(len(records)), strict=True):
        cut_to_record(record, ds, row)
    return records


def standard_names(ds: xr.Dataset) -> xr.Dataset:
    """Rename latitude, longitude and time dimensions and coordinates to lat, lon and time."""
    renames: dict[str, str] = {}
    for wanted, names, standard in (
        ("lat", LATITUDE, "latitude"),
        ("lon", LONGITUDE, "longitude"),
        ("time", (), "time"),
    ):
        if wanted in ds.variables:
            continue
        for name, item in ds.variables.items():
            if item.attrs.get("standard_name") == standard or str(name).lower() in names:
                renames[str(name)] = wanted
                break
    return ds.rename(renames) if renames else ds


def site_dimension(ds: xr.Dataset) -> str | None:
    """Return the name of the site dimension, or None."""
    for name, item in ds.variables.items():
        if item.attrs.get("cf_role") == "timeseries_id" and len(item.dims) == 1:
            return str(item.dims[0])
        if str(name) in SITE and item.dims == (name,):
            return str(name)
    return next((d for d in SITE if d in ds.dims), None)


def stack_grid(ds: xr.Dataset) -> xr.Dataset:
    """Turn the cells of a grid (lat, lon) that hold any value into sites."""
    import numpy as np

    on_grid = [v for v in ds.data_vars.values() if {"time", "lat", "lon"} <= set(v.dims)]
    stacked = ds.stack(site=("lat", "lon"), create_index=False)
    lat, lon = np.meshgrid(ds["lat"].values, ds["lon"].values, indexing="ij")
    names = [f"{a:+06.2f}{b:+07.2f}" for a, b in zip(lat.ravel(), lon.ravel(), strict=True)]
    stacked = stacked.drop_vars(["lat", "lon"], errors="ignore").assign_coords(
        site=("site", names), lat=("site", lat.ravel()), lon=("site", lon.ravel())
    )
    alive = np.zeros(stacked.sizes["site"], dtype=bool)
    for item in on_grid:
        values = stacked[item.name]
        alive |= values.notnull().any([d for d in values.dims if d != "site"]).values
    return stacked.isel(site=np.flatnonzero(alive))


def cut_to_record(record: Record, ds: xr.Dataset, row: int) -> None:
    """Cut a record to the site's own days, from record_start to record_end or where it has values."""
    import numpy as np

    if {"record_start", "record_end"} <= set(ds.coords):
        first, last = (ds[n].values[row].astype("datetime64[D]") for n in ("record_start", "record_end"))
        keep = (record.days >= first) & (record.days <= last)
    else:
        alive = np.zeros(len(record.days), dtype=bool)
        for values in record.values.values():
            alive |= ~np.isnan(values)
        if not alive.any():
            return
        found = np.flatnonzero(alive)
        keep = np.zeros(len(record.days), dtype=bool)
        keep[found[0] : found[-1] + 1] = True
    record.days = record.days[keep]
    record.values = {name: values[keep] for name, values in record.values.items()}
