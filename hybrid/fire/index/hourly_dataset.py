"""Hourly fire weather of a dataset: fine fuel moisture and spread by the hour, with the buildup of each day."""

from __future__ import annotations

import functools
from typing import Any

import jax
import numpy as np
import xarray as xr

from data.errors import ConfigError, DataError, counted, listing
from data.variables import REGISTRY, canonical

from . import indices
from .blocks import BLOCK, in_blocks
from .family import family_of
from .hourly import run_hours
from .inputs import aligned, field
from .run import Weather

WHERE = "hourly_fire_weather"
LONGEST = np.timedelta64(61, "m")
"""Steps are at most about an hour: the rate of drying holds for one."""
AMOUNTS = ("mm", "kg m-2")
"""Units in which precipitation is the sum of each step."""


def hourly_fire_weather(
    ds: xr.Dataset,
    *,
    start: Any = 85.0,
    bui: xr.DataArray | None = None,
    family: str = "exact",
    dtype: str = "float32",
    block: int = BLOCK,
    threads: int | None = None,
) -> xr.Dataset:
    """Fine Fuel Moisture Code and spread of every hour and cell of a dataset [@vanwagner1977method].

    Args:
        ds: weather (time, ...) in even steps of an hour or less, with units: tas, hurs, wind speed at 10 m (``ws``,
            ``sfcWind``) and pr, a rate (mm h-1, kg m-2 s-1) or the sum of each step (mm), under names or standard
            names of CF.
        start: code of the step before the first [1]: a number, an array (...), or the ffmc that an earlier call
            returned, which goes on from its last step.
        bui: Buildup Index by day (time, ...), as `fire_weather` returns it; each step takes that of its day, by the
            clock of ``ds``.
        family: "1985", "exact" or "printed", see `family.FAMILIES`.
        dtype: "float32" or "float64" for the calculation and its result.
        block: most cells to run at once.
        threads: blocks at once; as many as there are processors where None.

    Returns:
        Dataset with ffmc and isi [1] (time, ...), and with ``bui`` also fwi and dsr; NaN where weather is missing, and
        from then on.

    Raises:
        DataError: a variable or unit that is missing or wrong, values out of range, steps that are uneven or longer
            than an hour, a start of another shape, days without a Buildup Index.
        ConfigError: an unknown family or type.
    """
    family_of(family)
    if dtype not in ("float32", "float64"):
        raise ConfigError(
            f"numbers of type '{dtype}' are not calculated", "dtype", "choose float32 or float64"
        )
    step = _step(ds)
    hours = step / np.timedelta64(1, "h")
    found = {n: field(ds, n, WHERE) for n in ("tas", "hurs", "ws")}
    found["pr"] = field(_as_rate(ds, hours), "pr", WHERE)
    first = found["tas"]
    for name, item in found.items():
        if set(item.dims) != set(first.dims) or "time" not in item.dims:
            raise DataError(
                f"the variable '{name}' has dimensions {listing(item.dims)}, others {listing(first.dims)}",
                WHERE,
                "give all weather on the same dimensions, time among them",
            )
    first = first.transpose("time", ...)
    found = {n: item.transpose(*first.dims) for n, item in found.items()}
    begun = _begin(start, first, step).astype(dtype)
    daily = None if bui is None else _of_each_day(bui, first).astype(dtype)

    def flat(name: str, factor: float = 1.0) -> np.ndarray:
        values = found[name].values * factor
        return np.ascontiguousarray(values.reshape(len(values), -1), dtype)

    weather = Weather(flat("tas"), flat("hurs"), flat("ws"), flat("pr", hours / 24.0))  # pyright: ignore[reportArgumentType]
    with jax.enable_x64(dtype == "float64"):
        function = functools.partial(_run, family=family, hours=float(hours))
        out = in_blocks(function, (weather, begun, daily), (), block, threads)
    fields = {n: (first.dims, v.reshape(first.shape), REGISTRY[n].attributes()) for n, v in out.items()}
    attrs = {
        "Conventions": "CF-1.10",
        "title": "Hourly Fine Fuel Moisture Code and indices",
        "references": "Van Wagner 1977, Information Report PS-X-69",
        "family": family,
    }
    return xr.Dataset(fields, dict(first.coords), attrs)


@functools.partial(jax.jit, static_argnames=("family", "hours"))
def _run(part: Any, shared: Any, family: str, hours: float) -> dict[str, Any]:
    weather, begun, daily = part
    ffmc, _ = run_hours(weather, begun, family, hours)
    isi = indices.initial_spread(ffmc, weather.wind, family_of(family).scale)
    if daily is None:
        return {"ffmc": ffmc, "isi": isi}
    fwi = indices.fire_weather_index(isi, daily)
    return {"ffmc": ffmc, "isi": isi, "fwi": fwi, "dsr": indices.daily_severity(fwi)}


def _step(ds: xr.Dataset) -> np.timedelta64:
    if "time" not in ds.dims or ds["time"].dtype.kind != "M":
        raise DataError("there is no dimension 'time' of dates", WHERE, "rename it, or decode its times")
    time = ds["time"].values
    if len(time) < 2:
        raise DataError(f"there is {counted(len(time), 'time')}", WHERE, "give two hours or more")
    steps = np.diff(time)
    if (steps != steps[0]).any() or steps[0] <= np.timedelta64(0, "s"):
        at = int(np.flatnonzero((steps != steps[0]) | (steps <= np.timedelta64(0, "s")))[0])
        raise DataError(
            f"the step after {np.datetime_as_string(time[at], 'm')} differs from the first",
            WHERE,
            "sort the times, and insert what lacks with missing values",
        )
    if steps[0] > LONGEST:
        width = steps[0] / np.timedelta64(1, "h")
        raise DataError(
            f"the time step is {width:g} hours, at most one is possible",
            WHERE,
            "use fire_weather for daily values",
        )
    return steps[0]


def _as_rate(ds: xr.Dataset, hours: float) -> xr.Dataset:
    """The dataset with precipitation summed by the step written as a rate."""
    sums = [
        n for n, v in ds.data_vars.items() if canonical(str(n)) == "pr" and v.attrs.get("units") in AMOUNTS
    ]
    return ds.assign({n: (ds[n] / hours).assign_attrs(ds[n].attrs, units="mm h-1") for n in sums})


def _begin(start: Any, like: xr.DataArray, step: np.timedelta64) -> np.ndarray:
    cell = like.isel(time=0, drop=True)
    if isinstance(start, xr.DataArray) and "time" in start.dims:
        start = start.isel(time=-1)
        gap = like["time"].values[0] - start["time"].values
        if gap != step:
            raise DataError(
                f"the code to start from is {gap / np.timedelta64(1, 'h'):g} hours before the weather",
                "start",
                "give the weather from the next step on",
            )
        start = start.drop_vars("time")
    values = np.asarray(aligned(start, cell, "ffmc", "start"), float)
    if not (np.isnan(values) | ((values >= 0.0) & (values <= 101.0))).all():
        raise DataError("the code 'ffmc' to start from is not within 0 to 101", "start", "correct it")
    return values.ravel()


def _of_each_day(bui: xr.DataArray, like: xr.DataArray) -> np.ndarray:
    """Buildup Index (time, cell) of the day that each step lies in."""
    if "time" not in bui.dims:
        raise DataError(
            "the Buildup Index has no dimension 'time'", "bui", "give it by day, as fire_weather does"
        )
    days = bui["time"].values.astype("datetime64[D]")
    wanted = like["time"].values.astype("datetime64[D]")
    place = {d: i for i, d in enumerate(days)}
    missing = [d for d in np.unique(wanted) if d not in place]
    if missing:
        raise DataError(
            f"{counted(len(missing), 'day')} without a Buildup Index, the first {missing[0]}",
            "bui",
            "run fire_weather over these days",
        )
    cell = like.isel(time=0, drop=True)
    rows = [
        aligned(bui.isel(time=place[d], drop=True), cell, "bui", "bui").ravel() for d in np.unique(wanted)
    ]
    return np.asarray(rows, float)[np.searchsorted(np.unique(wanted), wanted)]


__all__ = ["hourly_fire_weather"]
