"""Series of a panel as one array, and the windows of inputs that never cross a member's border."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from data.errors import DataError, listing, nearest

if TYPE_CHECKING:
    import xarray as xr


MONTH = np.timedelta64(1, "M")


@dataclass(frozen=True, eq=False)
class Series:
    """Variables over time and members of a panel.

    Attributes:
        values: float64 ``(member, time, variable)``, NaN where missing.
        names: the variables.
        time: the time coordinate.
        dims: names of the panel's dimensions, () for a single series.
        shape: their sizes.
        coords: coordinates of the panel's dimensions.
        attrs: attributes of each variable (units, long_name).
    """

    values: np.ndarray
    names: tuple[str, ...]
    time: np.ndarray
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    coords: dict[str, np.ndarray]
    attrs: dict[str, dict[str, Any]]

    @property
    def labels(self) -> list[tuple[Any, ...]]:
        """The coordinates of each member."""
        return list(itertools.product(*(self.coords[d].tolist() for d in self.dims)))


def read(ds: xr.Dataset, names: Sequence[str]) -> Series:
    """Return variables of a dataset as one array.

    Args:
        ds: dataset over ``time`` and any panel dimensions; a variable without a panel dimension holds for all
            members.
        names: variables to read.

    Raises:
        DataError: a variable that is missing, not numeric, infinite or without time; time that is not sorted
            or has gaps.
    """
    import xarray as xr

    for name in names:
        if name not in ds:
            raise DataError(
                f"the variable '{name}' is missing{nearest(name, map(str, ds))}", "dataset", "add it"
            )
        if "time" not in ds[name].dims:
            raise DataError(f"the variable '{name}' has no dimension 'time'", "dataset", "rename or add it")
        if ds[name].dtype.kind not in "fiub":
            raise DataError(
                f"the variable '{name}' holds {ds[name].dtype}, not numbers", "dataset", "convert it"
            )
    time = ds["time"].values if "time" in ds.coords else np.arange(ds.sizes["time"])
    _check_time(time)
    arrays = xr.broadcast(*(ds[n] for n in names))
    dims = tuple(str(d) for d in arrays[0].dims if d != "time")
    stacked = [a.transpose(*dims, "time").values.astype(float) for a in arrays]
    values = np.stack(stacked, axis=-1)
    if np.isinf(values).any():
        bad = [n for n, a in zip(names, stacked, strict=True) if np.isinf(a).any()]
        raise DataError(f"infinite values in {listing(bad)}", "dataset", "mend them or set them to NaN")
    shape = values.shape[: len(dims)]
    coords = {d: ds[d].values if d in ds.coords else np.arange(ds.sizes[d]) for d in dims}
    attrs = {n: dict(ds[n].attrs) for n in names}
    values = values.reshape(-1, len(time), len(names))
    return Series(values, tuple(names), time, dims, shape, coords, attrs)


def _check_time(time: np.ndarray) -> None:
    if time.size < 2:
        return
    steps = np.diff(time).astype("timedelta64[s]").astype(float) if time.dtype.kind == "M" else np.diff(time)
    bad = np.flatnonzero(steps <= 0)
    if bad.size:
        raise DataError(f"time is not sorted at {time[bad[0] + 1]}", "dataset", "sort it by time")
    gaps = np.flatnonzero(steps > 1.5 * np.median(steps))
    if gaps.size:
        raise DataError(
            f"time has a gap after {time[gaps[0]]}",
            "dataset",
            "reindex it to regular steps, with missing values in the gap",
        )


def following(time: np.ndarray, steps: int) -> np.ndarray:
    """Return the next ``steps`` times after a time coordinate; calendar months and years stay so."""
    ahead = np.arange(1, steps + 1)
    if time.size < 2:
        return time[-1] + ahead
    if time.dtype.kind != "M":
        return time[-1] + (time[-1] - time[-2]) * ahead
    month = time.astype("datetime64[M]")
    count = np.unique(np.diff(month).astype(int))
    if count.size == 1 and count[0] > 0:
        # the same time after the month's beginning, or before its end
        for edge in (month, month + MONTH):
            offset = np.unique(time - edge.astype(time.dtype))
            if offset.size == 1:
                return (edge[-1] + count[0] * ahead * MONTH).astype(time.dtype) + offset[0]
    step = np.median(np.diff(time).astype("timedelta64[ns]").astype("int64")).astype("timedelta64[ns]")
    return time[-1] + step * ahead


def windows(values: np.ndarray, tau_max: int) -> np.ndarray:
    """Return each step's present and past values, ``(member, time - tau_max, (tau_max + 1) * variable)``.

    Lag by lag, the present first; ``values`` is ``(member, time, variable)``.
    """
    steps = values.shape[1] - tau_max
    parts = [values[:, tau_max - k : tau_max - k + steps] for k in range(tau_max + 1)]
    return np.concatenate(parts, axis=-1)
