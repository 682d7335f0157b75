"""A synthetic island whose fires follow a known drought, in the form of the monthly files of fire danger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

DAY_FACTOR = (-1.6, -1.6, -1.6, 0.9, 3.8, 5.8, 6.4, 5.0, 2.4, 0.4, -1.6, -1.6)
"""Day-length factor of the Drought Code by month north of the tropics [1] [@vanwagner1985equations]."""


@dataclass(frozen=True)
class Island:
    """Size and truth of the island.

    Attributes:
        rows: cells from north to south.
        columns: cells from west to east.
        years: years with weather, from 2009 on.
        history: years before them with burned area alone.
        dryness: effect of one standard deviation of the drought code's departure from its normal on the logit.
        wind: effect of one standard deviation of the wind speed's departure on the logit.
        level: logit of a fire in a cell of no preference where the month's course is zero.
        places: standard deviation of lasting differences between cells on the logit.
    """

    rows: int = 10
    columns: int = 8
    years: int = 8
    history: int = 8
    dryness: float = 0.9
    wind: float = 0.3
    level: float = -5.5
    places: float = 1.2


def drought_code(tas: np.ndarray, rain: np.ndarray, month: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Monthly Drought Code (time, ...) [1] of the island, from 300 at the start [@girardin2009].

    Args:
        tas: air temperature [degC] (time, ...).
        rain: rain of the month [mm].
        month: 1 to 12 (time,).
        days: days of the month (time,).
    """
    code, found = np.full(tas.shape[1:], 300.0), []
    for t in range(len(tas)):
        demand = np.maximum(days[t] * (0.36 * np.maximum(tas[t], 0.0) + DAY_FACTOR[month[t] - 1]), 0.0)
        fall = 400.0 * np.log1p(3.937 * 0.83 * rain[t] / (800.0 * np.exp(code / -400.0)))
        end = np.maximum(code + 0.25 * demand - fall, 0.0) + 0.25 * demand
        found.append(0.5 * (code + end))
        code = end
    return np.array(found)


def fire_danger(island: Island = Island(), seed: int = 0) -> tuple[xr.Dataset, xr.Dataset]:
    """Weather and burned area of the island, and its earlier history of burned area.

    A cell burns in a month with the chance sigmoid(course of the year + place + dryness a + wind b), where a and b
    are the standardised departures of the Monthly Drought Code and of the wind speed from the mean of their calendar
    month. Places differ, on the logit, by normal values that are smooth in space.

    Returns:
        Dataset (time, lat, lon) with burned_area [m2], burnable_fraction, cvh, cvl [1], tas [K], pr [mm d-1], uas, vas
        [m s-1] and the truth: ``chance_true`` [1], ``dryness_true`` and ``wind_true`` (standardised departures [1]);
        and the history, with burned_area alone.
    """
    import pandas as pd
    import xarray as xr

    rng = np.random.default_rng(seed)
    shape = (island.rows, island.columns)
    before = 12 * island.history
    times = pd.date_range(f"{2009 - island.history}-01-01", periods=before + 12 * island.years, freq="MS")
    month, days = times.month.to_numpy(), times.days_in_month.to_numpy()
    phase = 2.0 * np.pi * (month - 7.5) / 12.0
    north = np.linspace(0.0, -1.0, island.rows)[:, None] + np.zeros(shape)

    def weather(scale: float, memory: float) -> np.ndarray:
        """Departures (time, row, column), shared by the island for four fifths of their spread."""
        course = np.zeros((len(times), *shape))
        here = np.zeros(shape)
        for t in range(len(times)):
            fresh = 0.8 * rng.standard_normal() + 0.6 * _smooth(rng.standard_normal(shape))
            here = memory * here + np.sqrt(1.0 - memory**2) * fresh
            course[t] = here
        return scale * course

    tas = 16.0 + 8.0 * np.cos(phase)[:, None, None] + 1.5 * (1.0 + north) + weather(1.2, 0.4)
    wet = np.exp(0.2 - 1.2 * np.cos(phase)[:, None, None] - 0.18 + weather(0.6, 0.2))
    speed = np.maximum(3.0 - 0.5 * np.cos(phase)[:, None, None] + weather(0.6, 0.0), 0.2)
    turn = 0.6 * rng.standard_normal((len(times), 1, 1))
    code = drought_code(tas, wet * days[:, None, None], month, days)
    dryness, wind = _departure(code, month), _departure(speed, month)
    place = island.places * _smooth(rng.standard_normal(shape))
    course = island.level + 4.0 * np.exp(-0.5 * ((month - 7.6) / 1.5) ** 2)
    logit = course[:, None, None] + place + island.dryness * dryness + island.wind * wind
    chance = 1.0 / (1.0 + np.exp(-logit))
    burned = np.where(rng.random(chance.shape) < chance, rng.lognormal(12.5, 1.5, chance.shape), 0.0)
    cover = 0.5 + 0.2 * _smooth(rng.standard_normal(shape))
    still = np.broadcast_to
    dims = ("time", "lat", "lon")
    fields = {
        "burned_area": (burned, "m2"),
        "burnable_fraction": (still(np.full(shape, 0.9), chance.shape), "1"),
        "tas": (tas + 273.15, "K"),
        "pr": (wet, "mm d-1"),
        "uas": (speed * np.sin(turn), "m s-1"),
        "vas": (speed * np.cos(turn), "m s-1"),
        "cvh": (still(np.clip(cover, 0.0, 1.0), chance.shape), "1"),
        "cvl": (still(np.clip(0.9 - cover, 0.0, 1.0), chance.shape), "1"),
        "chance_true": (chance, "1"),
        "dryness_true": (dryness, "1"),
        "wind_true": (wind, "1"),
    }
    coords = {
        "time": times,
        "lat": 41.125 - 0.25 * np.arange(island.rows),
        "lon": 8.125 + 0.25 * np.arange(island.columns),
    }
    whole = xr.Dataset({n: (dims, np.asarray(v), {"units": u}) for n, (v, u) in fields.items()}, coords)
    whole.attrs = {"Conventions": "CF-1.10", "title": f"synthetic fire danger, seed {seed}"}
    return whole.isel(time=slice(before, None)), whole[["burned_area"]].isel(time=slice(0, before))


def _smooth(field: np.ndarray) -> np.ndarray:
    """A field with each cell's neighbours mixed in, at unit spread."""
    padded = np.pad(field, 1, mode="reflect")
    rows, columns = field.shape
    mixed = sum(padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3))
    return np.asarray(mixed) / 3.0


def _departure(values: np.ndarray, month: np.ndarray) -> np.ndarray:
    """Departure from the mean of the calendar month at each cell, in its standard deviation over all."""
    out = np.array(values)
    for k in range(1, 13):
        out[month == k] -= values[month == k].mean(axis=0)
    return out / out.std()
