"""Any CF cube: known variables in registry units, whatever the dimensions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DataError, listing, nearest
from ..units import convert
from ..variables import REGISTRY, canonical
from .cube import standard_names
from .site_netcdf import number, open_netcdf

if TYPE_CHECKING:
    import xarray as xr


def open_cube(
    path: str | Path,
    variables: Iterable[str] | None = None,
    *,
    rename: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
) -> xr.Dataset:
    """Open a CF netCDF file or Zarr store with any dimensions.

    Args:
        path: the file or store.
        variables: names to keep (after renaming); all where None.
        rename: name in the file -> name to use, before the names of the registry are looked up.
        units: variable -> unit to convert to, for variables outside the registry or other units than its.

    Returns:
        The dataset in memory; variables of the registry under their registry name and unit, others as found;
        coordinates lat, lon and time under these names.

    Raises:
        DataError: where the file cannot be read, a variable is missing, or a unit is unknown or incompatible.
    """
    path = Path(path)
    ds = standard_names(open_netcdf(path))
    names = {old: new for old, new in (rename or {}).items()}
    for old in names:
        if old not in ds.variables:
            hint = (
                nearest(old, map(str, ds.variables)).strip() or f"the file holds {listing(ds.variables, 12)}"
            )
            raise DataError(f"the variable '{old}' is missing", path.name, hint)
    ds = ds.rename(names)
    known = {str(n): canonical(str(n)) for n in ds.data_vars}
    ds = ds.rename({n: k for n, k in known.items() if k and k != n and k not in ds.variables})
    if variables is not None:
        wanted = list(variables)
        for name in wanted:
            if name not in ds.data_vars:
                hint = (
                    nearest(name, map(str, ds.data_vars)).strip()
                    or f"the file holds {listing(ds.data_vars, 12)}"
                )
                raise DataError(f"the variable '{name}' is missing", path.name, hint)
        ds = ds[wanted]
    targets = {n: REGISTRY[str(n)].unit for n in ds.data_vars if n in REGISTRY} | dict(units or {})
    for name, unit in targets.items():
        if name not in ds.data_vars:
            raise DataError(f"a unit is asked for '{name}', which is missing", path.name, "check the name")
        item, where = ds[name], f"{path.name}, variable {name}"
        substance = REGISTRY[str(name)].substance if name in REGISTRY else ""
        values = convert(
            number(item.values, where), item.attrs.get("units"), unit, substance=substance, where=where
        )
        ds[name] = item.copy(data=values.astype(item.dtype if item.dtype.kind == "f" else "float64"))
        ds[name].attrs["units"] = unit
    return ds
