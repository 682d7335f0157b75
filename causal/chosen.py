"""Which samples count: masks, seasons and regimes, as arrays of what is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from data.errors import ConfigError, DataError, listing

from .cube import Cube

if TYPE_CHECKING:
    import xarray as xr

LETTERS = "JFMAMJJASOND"


def months_of(season: str | int | Sequence[int]) -> tuple[int, ...]:
    """Months of a season.

    Args:
        season: initial letters of months in a row ("DJF"), a month, or months from 1 to 12.

    Raises:
        ConfigError: where it is none of these.
    """
    if isinstance(season, str):
        twice = LETTERS * 2
        at = twice.find(season.upper())
        if at < 0 or not 2 <= len(season) <= 12:
            raise ConfigError(
                f"no season '{season}'",
                "seasons",
                "give initials of months in a row ('DJF') or months (1 to 12)",
            )
        return tuple((at + k) % 12 + 1 for k in range(len(season)))
    months = (season,) if isinstance(season, int) else tuple(season)
    if not months or any(isinstance(m, bool) or m not in range(1, 13) for m in months):
        raise ConfigError(f"months {months} are not from 1 to 12", "seasons", "give months from 1 to 12")
    return months


def outside_season(cube: Cube, season: str | int | Sequence[int]) -> np.ndarray:
    """True at the times outside a season, ``(time,)``."""
    import pandas as pd

    months = months_of(season)
    if cube.time.dtype.kind == "M":
        month = pd.DatetimeIndex(cube.time).month.to_numpy()
    elif cube.time.dtype.kind == "O" and hasattr(cube.time[0], "month"):
        month = np.array([t.month for t in cube.time])
    else:
        raise DataError(
            "seasons need a time axis with dates", "time", "decode the times, or give a mask instead"
        )
    return ~np.isin(month, months)


class Mask:
    """What is left out, block by block.

    Args:
        cube: the cells.
        mask: True where left out, over time and any dimensions of the cells, for all variables, for those named by a
            dimension ``variable``, or a mapping of variables to such masks.
        outside: True at times that are left out for all, ``(time,)``, or None.

    Raises:
        DataError: where a mask is not of true and false, does not fit, or names an unknown variable.
    """

    def __init__(
        self,
        cube: Cube,
        mask: xr.DataArray | Mapping[str, xr.DataArray] | None,
        outside: np.ndarray | None = None,
    ) -> None:
        self.cube = cube
        self.outside = outside
        self.masks: list[Any] = [None] * len(cube.names)
        if mask is None:
            return
        if not isinstance(mask, Mapping):
            if "variable" in getattr(mask, "dims", ()):
                mask = {str(n): mask.sel(variable=n, drop=True) for n in mask["variable"].values}
            else:
                mask = dict.fromkeys(cube.names, mask)
        unknown = sorted(set(mask) - set(cube.names))
        if unknown:
            raise DataError(
                f"the mask names '{unknown[0]}'",
                "mask",
                f"name variables of the search: {listing(cube.names)}",
            )
        for name, item in mask.items():
            self.masks[cube.names.index(name)] = self._fit(item, name)

    def _fit(self, mask: Any, name: str) -> Any:
        """Bring a mask to the dimensions of the cells, then time."""
        cube = self.cube
        if not hasattr(mask, "dims"):
            raise DataError(
                f"the mask of '{name}' is a {type(mask).__name__}",
                "mask",
                "give an xarray DataArray of true and false",
            )
        if mask.dtype.kind != "b":
            raise DataError(
                f"the mask of '{name}' is not of true and false ({mask.dtype})",
                "mask",
                "true where a value is left out",
            )
        for dim, size in zip(map(str, mask.dims), mask.shape, strict=True):
            wanted = cube.length if dim == "time" else dict(zip(cube.dims, cube.shape, strict=True)).get(dim)
            if wanted is None:
                raise DataError(f"the mask has a dimension '{dim}' that the data lack", "mask", "drop it")
            if wanted != size:
                raise DataError(
                    f"the mask has {size} along '{dim}', the data {wanted}", "mask", "align it with the data"
                )
        if "time" not in mask.dims:
            mask = mask.expand_dims(time=cube.length)
        return (
            mask.expand_dims([d for d in cube.dims if d not in mask.dims])
            .transpose(*cube.dims, "time")
            .values
        )

    @property
    def empty(self) -> bool:
        """Whether nothing is left out."""
        return self.outside is None and all(item is None for item in self.masks)

    def block(self, first: int, last: int) -> np.ndarray | None:
        """What is left out of cells ``first`` to ``last``, ``(cell, time, variable)``, or None."""
        if self.empty:
            return None
        cube = self.cube
        out = np.zeros((last - first, cube.length, len(cube.names)), bool)
        places = np.unravel_index(np.arange(first, last), cube.shape) if cube.dims else ()
        for k, mask in enumerate(self.masks):
            if mask is not None:
                index = tuple(
                    place if size > 1 else np.zeros_like(place)
                    for place, size in zip(places, mask.shape, strict=False)
                )
                out[:, :, k] = mask[index] if cube.dims else mask
        if self.outside is not None:
            out |= self.outside[None, :, None]
        return out
