"""A fire as CF netCDF: time of arrival, burned part of each cell, burn probability and fields given beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data.errors import DataError
from data.files import atomic_path

from .run import Spread

if TYPE_CHECKING:
    import xarray as xr


def to_dataset(
    fire: Spread,
    epoch: Any = None,
    fields: Mapping[str, tuple[Any, Mapping[str, str]]] | None = None,
) -> xr.Dataset:
    """A dataset on the grid's coordinates and in its reference system.

    Args:
        fire: the run; of an ensemble, burn probability and the members' arrivals are given.
        epoch: date and time that the run's seconds count from, as numpy.datetime64 takes it, or None.
        fields: further variables by name: values (y, x) or as arrivals are, and attributes with ``units``.

    Raises:
        DataError: the grid has no reference system, or a field is of another shape or without units.
    """
    import xarray as xr

    grid = fire.grid
    if not grid.crs:
        raise DataError(
            "the grid has no coordinate reference system", "Grid.crs", "give the attributes of its CF mapping"
        )
    since = f"seconds since {np.datetime64(epoch, 's')}" if epoch is not None else "s"
    members = fire.front.level.ndim == 3
    dims = (("member",) if members else ()) + grid.names
    arrival = fire.arrival
    out = {
        "arrival_time": (
            dims,
            np.where(np.isfinite(arrival), arrival, np.nan),
            {"long_name": "time at which the fire front passed", "units": since},
        ),
        "burned_fraction": (
            dims,
            fire.fraction,
            {"long_name": "part of the cell that burned", "standard_name": "area_fraction", "units": "1"},
        ),
    }
    if members:
        out["burn_probability"] = (
            grid.names,
            fire.probability(),
            {"long_name": "burn probability: mean burned part of the cell over the members", "units": "1"},
        )
    for name, (values, attributes) in (fields or {}).items():
        if "units" not in attributes:
            raise DataError(f"the field '{name}' has no units", name, "give them among its attributes")
        shape = np.shape(values)
        if shape not in (grid.shape, arrival.shape):
            raise DataError(f"the field '{name}' is of shape {shape}", name, f"give it as {arrival.shape}")
        out[name] = (dims if shape == arrival.shape else grid.names, np.asarray(values), dict(attributes))
    down, along = grid.names
    coords = {
        down: (down, grid.y, _axis("projection_y_coordinate", "northing of the cell centre", "Y")),
        along: (along, grid.x, _axis("projection_x_coordinate", "easting of the cell centre", "X")),
    }
    ds = xr.Dataset(
        {n: (d, v, {**a, "grid_mapping": "crs"}) for n, (d, v, a) in out.items()},
        coords,
        {
            "Conventions": "CF-1.10",
            "title": "Simulated spread of a wildfire",
            "fire_start": fire.start,
            "fire_end": fire.until,
            "comment": "fire_start and fire_end in the unit of arrival_time",
        },
    )
    ds["crs"] = ((), np.int32(0), dict(grid.crs))
    return ds


def write(ds: xr.Dataset, path: str | Path) -> Path:
    """Write the dataset as netCDF-4, whole or not at all; arrivals in double precision, the rest in single.

    Raises:
        DataError: where the grid mapping is missing or the file cannot be written.
    """
    path = Path(path)
    if "crs" not in ds:
        raise DataError("the grid mapping 'crs' is missing", str(path), "make the dataset with to_dataset")
    encoding: dict[str, Any] = {str(n): {"_FillValue": None} for n in ds.coords}
    for name, item in ds.data_vars.items():
        if item.dtype.kind == "f":
            kind = "float64" if name == "arrival_time" else "float32"
            encoding[str(name)] = {
                "dtype": kind,
                "zlib": True,
                "complevel": 6,
                "_FillValue": np.array(np.nan, kind),
            }
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


def _axis(standard: str, long: str, axis: str) -> dict[str, str]:
    return {"standard_name": standard, "long_name": long, "units": "m", "axis": axis}


__all__ = ["to_dataset", "write"]
