"""Moisture of dead fuel over a weather dataset: by time lags, or by diffusing sticks."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from data.errors import ConfigError, DataError
from data.units import convert

from . import check
from .stick import Air, Stick, stick_series, uniform
from .timelag import LAGS, timelag_series

NAMES = ("dead_1h", "dead_10h", "dead_100h")
RADII = (0.002, 0.0064, 0.02)
"""Radii of sticks of 1-h, 10-h and 100-h fuel [m] [@carlson2007evaluation]."""
_WANTED = {"tas": "degC", "hurs": "%", "pr": "mm h-1", "rsds": "W m-2"}
_RANGES = {"tas": (-70.0, 60.0), "hurs": (0.0, 100.0), "pr": (0.0, 500.0), "rsds": (0.0, 2000.0)}


def dead_moisture_dataset(
    weather: xr.Dataset,
    start: float | tuple[float, float, float] = 0.1,
    method: Literal["timelag", "stick"] = "timelag",
    elevation: float = 0.0,
) -> xr.Dataset:
    """Moisture of 1-h, 10-h and 100-h dead fuel at the end of each step of a weather series.

    The result holds ``dead_1h``, ``dead_10h`` and ``dead_100h``, which ``surface_dataset`` takes.

    Args:
        weather: ``tas``, ``hurs`` and ``pr``, and ``rsds`` for sticks, each with ``units`` and a dimension ``time`` of
            equal steps of a day or less; further dimensions are free.
        start: moisture [1] before the first step, of all or of each class.
        method: "timelag", classes that follow the air (see ``timelag_series``), or "stick", water that diffuses along
            the radius of sticks (see ``stick_series``).
        elevation: height above sea level [m], for sticks.

    Raises:
        DataError: a variable, its unit or the time is missing, out of range or uneven.
        ConfigError: the method is unknown.
    """
    if method not in ("timelag", "stick"):
        raise ConfigError(f"the method is {method!r}", "dead fuel moisture", "use 'timelag' or 'stick'")
    names = [n for n in _WANTED if method == "stick" or n != "rsds"]
    hours = _step(weather)
    values = {n: _variable(weather, n) for n in names}
    first = jnp.asarray(check.check_moisture(start, "start", check.MOST_DEAD))
    if first.ndim and first.shape != (3,):
        raise DataError(
            f"the moisture at the start is of shape {first.shape}",
            "start",
            "give one value, or one for each class",
        )
    whole = xr.broadcast(*values.values())[0].transpose("time", ...)
    series = {
        n: jnp.asarray(v.broadcast_like(whole).transpose(*whole.dims).values) for n, v in values.items()
    }
    shape = whole.shape[1:]
    start_all = jnp.broadcast_to(first, (*shape, 3)).astype(series["tas"].dtype)
    if method == "timelag":
        found = _by_lags(start_all, series["tas"], series["hurs"], series["pr"], hours)
    else:
        found = _by_sticks(
            start_all, Air(*(series[n] for n in ("tas", "hurs", "rsds", "pr"))), elevation, hours
        )
    out = xr.Dataset(coords=whole.coords)
    for i, (name, lag) in enumerate(zip(NAMES, LAGS, strict=True)):
        attrs = {"units": "1", "long_name": f"moisture content of {lag:g}-h dead fuel, of dry mass"}
        out[name] = (whole.dims, np.asarray(found[..., i]), attrs)
    source = "Mandel et al. 2014" if method == "timelag" else "Nelson 2000"
    out.attrs = {
        "Conventions": "CF-1.10",
        "title": "Moisture of dead fuel",
        "source": f"terrax, method {method}",
        "references": source,
    }
    return out


@partial(jax.jit, static_argnames="hours")
def _by_lags(start: Any, tas: Any, hurs: Any, pr: Any, hours: float) -> Any:
    return timelag_series(start, tas, hurs, pr, hours)


@partial(jax.jit, static_argnames="hours")
def _by_sticks(start: Any, air: Air, elevation: float, hours: float) -> Any:
    def one(radius: Any, first: Any) -> Any:
        state = uniform(first, air.tas[0])
        size = Stick(jnp.broadcast_to(radius, first.shape))
        return stick_series(size, state, air, elevation, 3600.0 * hours, max(4, round(4 * hours)))[0]

    return jax.vmap(one, in_axes=(0, -1), out_axes=-1)(jnp.asarray(RADII, start.dtype), start)


def _step(weather: xr.Dataset) -> float:
    """Length of the steps [h]; raise DataError where there is no time, or its steps are uneven or too long."""
    if "time" not in weather.dims or "time" not in weather.coords:
        raise DataError("the dimension time is missing", "weather", "give a series with a time coordinate")
    times = np.asarray(weather["time"].values)
    if len(times) < 2 or times.dtype.kind != "M":
        raise DataError(
            f"time has {len(times)} values of type {times.dtype}",
            "time",
            "give two dates or more (datetime64)",
        )
    steps = np.diff(times) / np.timedelta64(1, "h")
    if steps.min() <= 0 or not np.allclose(steps, steps[0]):
        raise DataError(
            f"time steps are from {steps.min():g} to {steps.max():g} h",
            "time",
            "sort it and fill its gaps first",
        )
    if steps[0] > 24.0:
        raise DataError(f"time steps are {steps[0]:g} h", "time", "give weather of a day or finer")
    return float(steps[0])


def _variable(weather: xr.Dataset, name: str) -> xr.DataArray:
    """A variable in the unit wanted, complete and in range."""
    if name not in weather:
        raise DataError(f"the variable {name} is missing", "weather", f"add it in {_WANTED[name]} or alike")
    field = weather[name]
    unit = _WANTED[name]
    found = field.attrs.get("units")
    values = np.asarray(
        convert(field.values, found, unit, where=name, substance="water" if name == "pr" else "")
    )
    check.check_finite(values, name)
    low, high = _RANGES[name]
    if values.min() < low or values.max() > high + 1e-6:
        raise DataError(
            f"{name} is from {values.min():g} to {values.max():g} {unit}",
            name,
            f"it is between {low:g} and {high:g}: correct the values or the attribute units",
        )
    return field.copy(data=values.astype(np.float32)).drop_attrs()


__all__ = ["dead_moisture_dataset"]
