"""Open sites: whatever the user holds, one dataset (site, time) in registry units comes out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .align import to_dataset
from .errors import DataError, listing, nearest
from .gaps import fill_gaps
from .records import Record, check_coordinates, check_days, check_extremes, check_forcing, check_values
from .variables import DEFAULT_FORCING, lookup

if TYPE_CHECKING:
    import xarray as xr


def open_sites(
    path: str | Path,
    *,
    sites: Iterable[str] | None = None,
    forcing: Iterable[str] = DEFAULT_FORCING,
    fill: str | Mapping[str, str] | None = None,
    max_gap: int = 7,
    ranges: str = "mask",
    options: Mapping[str, object] | None = None,
) -> xr.Dataset:
    """Open the daily records of sites as one dataset (site, time).

    Args:
        path: folder of site netCDF files, one netCDF file, folder of FLUXNET or ICOS CSV files, one such
            CSV, or a netCDF or Zarr cube with a site dimension or a grid.
        sites: site codes to keep, in this order; all where None.
        forcing: variables that must be present at every site without a gap; () asks for none.
        fill: how gaps in forcing are filled ("interpolate", "climatology", or a mapping from variable to
            one of these); None refuses gaps. The choice is written to the history of the result.
        max_gap: longest gap that "interpolate" may fill [d].
        ranges: "mask" sets values outside their plausible range to missing and notes their number, "error"
            refuses them, "keep" looks at none.
        options: keyword arguments for the reader of CSV files (`data.readers.fluxnet.read_fluxnet`).

    Returns:
        Dataset (site, time) on the union of the sites' days: float32 variables in the units of
        `data.variables.REGISTRY`, NaN outside a site's record and where missing; coordinates lat, lon,
        elevation, mean_annual_temperature, mean_annual_precipitation, igbp, record_start, record_end.

    Raises:
        DataError: for a path that holds no sites, unreadable files, unknown or incompatible units, times
            that are doubled, unsorted or missing, missing coordinates, infinite or implausible values,
            and gaps in forcing.
    """
    path = Path(path)
    forcing = (forcing,) if isinstance(forcing, str) else tuple(forcing)
    for name in forcing:
        lookup(name, "forcing")
    wanted = None if sites is None else ([sites] if isinstance(sites, str) else list(sites))
    records = _choose(_read(path, wanted, dict(options or {})), wanted, path)
    for record in records:
        check_days(record.days, record.where())
        check_coordinates(record)
        check_values(record, ranges)
        check_extremes(record)
        if fill is not None:
            methods = dict.fromkeys(forcing, fill) if isinstance(fill, str) else dict(fill)
            for name, method in methods.items():
                fill_gaps(record, (lookup(name, "fill").name,), method, max_gap)
        _complete(record)
    check_forcing(records, forcing)
    return to_dataset(records)


def _read(path: Path, wanted: list[str] | None, options: dict) -> list[Record]:
    from .readers import read_any

    return read_any(path, wanted, options)


def _choose(records: list[Record], wanted: list[str] | None, path: Path) -> list[Record]:
    found: dict[str, Record] = {}
    for record in records:
        if record.site in found:
            raise DataError(
                f"the site '{record.site}' is held twice",
                f"{found[record.site].source.name} and {record.source.name}",
                "keep one of the files",
            )
        found[record.site] = record
    if wanted is None:
        return list(found.values())
    if not wanted:
        raise DataError("no site is asked for", "sites", f"name some of {listing(found)}")
    for site in wanted:
        if site not in found:
            hint = nearest(site, found).strip() or f"choose from {listing(found, 12)}"
            raise DataError(f"the site '{site}' is not there", path.name, hint)
    return [found[site] for site in dict.fromkeys(wanted)]


def _complete(record: Record) -> None:
    """Derive the climate of a site from its forcing where the file does not state it, with a note."""
    low, high, rain = (record.values.get(n) for n in ("tas_min", "tas_max", "pr"))
    known = record.numbers
    if not np.isfinite(known.get("mean_annual_temperature", np.nan)) and low is not None and high is not None:
        known["mean_annual_temperature"] = (
            float(np.nanmean(0.5 * (low + high))) if np.isfinite(low).any() else np.nan
        )
        record.notes.append(f"{record.site}: mean_annual_temperature taken from the forcing")
    if not np.isfinite(known.get("mean_annual_precipitation", np.nan)) and rain is not None:
        known["mean_annual_precipitation"] = (
            float(np.nanmean(rain) * 365.25) if np.isfinite(rain).any() else np.nan
        )
        record.notes.append(f"{record.site}: mean_annual_precipitation taken from the forcing")
