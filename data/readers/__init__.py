"""Readers: each opens one kind of file and hands over records in registry units."""

from __future__ import annotations

from pathlib import Path

from ..errors import DataError
from ..records import Record

NETCDF = (".nc", ".nc4", ".cdf", ".netcdf")


def is_zarr(path: Path) -> bool:
    """Tell whether a folder is a Zarr store."""
    return path.is_dir() and any((path / name).exists() for name in ("zarr.json", ".zgroup", ".zmetadata"))


def listed(path: Path) -> list[Path]:
    """Return the sorted entries of a folder.

    Raises:
        DataError: where the folder may not be listed.
    """
    try:
        return sorted(p for p in path.iterdir() if not p.name.startswith("."))
    except OSError as error:
        raise DataError("the folder may not be listed", str(path), "change its rights") from error


def read_any(path: Path, wanted: list[str] | None = None, options: dict | None = None) -> list[Record]:
    """Read all sites of a path, whatever its kind.

    Args:
        path: see `data.open_sites`.
        wanted: site codes that will be kept; files of other sites need not be read.
        options: keyword arguments for the CSV reader.

    Raises:
        DataError: where the path does not exist or holds no sites.
    """
    if not path.exists():
        raise DataError("the path does not exist", str(path), "give a folder or file with site data")
    if path.is_dir() and not is_zarr(path):
        return _read_folder(path, wanted, options or {})
    if path.suffix.lower() in (".csv", ".txt"):
        from .fluxnet import read_fluxnet

        return read_fluxnet([path], **(options or {}))
    if path.suffix.lower() in NETCDF or is_zarr(path):
        from .cube import read_cube

        return read_cube(path)
    raise DataError(
        f"'{path.suffix}' files are not read", str(path), "give netCDF (.nc), Zarr or FLUXNET CSV"
    )


def _read_folder(path: Path, wanted: list[str] | None, options: dict) -> list[Record]:
    entries = listed(path)
    cubes = [p for p in entries if p.suffix.lower() in NETCDF and p.is_file()]
    stores = [p for p in entries if is_zarr(p)]
    if cubes or stores:
        from .cube import read_cube

        if wanted is not None and {p.stem for p in cubes} >= set(wanted):
            cubes, stores = [p for p in cubes if p.stem in wanted], []
        return [record for p in (*cubes, *stores) for record in read_cube(p)]
    from .fluxnet import is_fluxnet_name, read_fluxnet

    tables = [p for p in entries if is_fluxnet_name(p)]
    if tables:
        return read_fluxnet(tables, **options)
    raise DataError(
        "the folder holds no site netCDF (*.nc), Zarr store or FLUXNET CSV (FLX_*.csv)",
        str(path),
        "give another folder",
    )
