"""The results of a run as they lie in its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.errors import RunError

from .runfolder import RunFolder

if TYPE_CHECKING:
    import xarray as xr


def read(folder: RunFolder) -> xr.Dataset:
    """The results of a run, in memory.

    Raises:
        RunError: where they are missing or cut short.
    """
    import xarray as xr

    try:
        with xr.open_dataset(folder.results, engine="netcdf4") as ds:
            return ds.load()
    except FileNotFoundError:
        raise RunError(
            "the run has no results", str(folder.results), "finish it with terrax run --resume"
        ) from None
    except (OSError, ValueError) as error:
        raise RunError(
            "the results cannot be read", str(folder.results), "run the experiment again"
        ) from error
