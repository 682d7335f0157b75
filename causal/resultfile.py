"""Results on disk: written whole or not at all, as netCDF or Zarr, and read back as they were."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError
from data.files import atomic_path

from .result import check_graph, encoded

if TYPE_CHECKING:
    import xarray as xr

SUFFIXES = (".nc", ".zarr")
STORE = (".zgroup", "zarr.json", ".zmetadata")
"""Files by one of which a folder is told to be a Zarr store."""


def check_path(path: str | Path) -> Path:
    """Return the path of a result to be written; raise DataError where it cannot be one.

    Called before a long search, so that it does not end with nowhere to go. Nothing is written.
    """
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise DataError(f"the ending '{path.suffix}' is not known", str(path), "use .nc or .zarr")
    if path.suffix == ".nc" and path.is_dir():
        raise DataError("a folder where a file is wanted", str(path), "choose another name")
    if path.suffix == ".zarr" and path.exists() and not any((path / name).exists() for name in STORE):
        raise DataError("there is something else than a Zarr store", str(path), "choose another name")
    check_folder(path)
    return path


def check_folder(path: Path) -> None:
    """Raise DataError where a file could not be made at a path, its folders included."""
    folder = path.parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise DataError(f"'{folder}' is a file, not a folder", str(path), "choose another folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DataError("the folder may not be written", str(folder), "choose another folder")


def write(found: xr.Dataset, path: str | Path) -> Path:
    """Write a result as netCDF, or as Zarr where the name ends in ``.zarr``, whole or not at all.

    Raises:
        DataError: where the name has another ending, or the file cannot be written.
    """
    check_graph(found)
    path = check_path(path)
    try:
        if path.suffix == ".nc":
            with atomic_path(path) as temporary:
                found.to_netcdf(temporary, engine="netcdf4")
        else:
            with _atomic_folder(path) as temporary:
                # Fixed-length text has a settled specification in version 2 of the format alone.
                found.to_zarr(temporary, mode="w", zarr_format=2, consolidated=True)
    except (OSError, RuntimeError) as error:
        raise DataError(
            f"the result cannot be written, {str(error).splitlines()[0]}", str(path), "choose another folder"
        ) from error
    return path


@contextlib.contextmanager
def _atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a folder beside ``path`` that takes its place once the block ends without an error.

    A folder cannot be replaced in one step: the old one is moved aside first, moved back if the new one fails to
    take its place, and deleted last.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    new, old = work / "new.zarr", work / "old.zarr"
    try:
        yield new
        if path.exists():
            os.replace(path, old)
        try:
            os.replace(new, path)
        except BaseException:
            if old.exists():
                os.replace(old, path)
            raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def read(path: str | Path) -> xr.Dataset:
    """Read a result that `write` wrote; raise DataError where it is none."""
    import xarray as xr

    path = Path(path)
    if not path.exists():
        raise DataError("there is no such file", str(path), "check the path")
    try:
        with xr.open_zarr(path) if path.is_dir() else xr.open_dataset(path) as opened:
            found = opened.load()
    except (OSError, ValueError, KeyError) as error:
        raise DataError("the file cannot be read as a result", str(path), "write it again") from error
    check_graph(found)
    return encoded(found)
