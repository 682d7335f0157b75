"""Hourly fire weather of datasets: equal to the equations, restarts, units, and one sentence for broken input."""

from __future__ import annotations

import jax
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from data.errors import ConfigError, DataError
from hybrid.fire import hourly_fire_weather
from hybrid.fire.index import indices
from hybrid.fire.index.fine_fuel import code, moisture, settled, wetted

HOURS = 30
SCALE = 250.0 * 59.5 / 101.0


@pytest.fixture(scope="module")
def good() -> xr.Dataset:
    """Thirty hours on two cells."""
    rng = np.random.default_rng(1)
    shape = (HOURS, 2)
    fields = {
        "tas": (rng.uniform(5, 30, shape), "degC"),
        "hurs": (rng.uniform(20, 95, shape), "%"),
        "ws": (rng.uniform(0, 40, shape), "km h-1"),
        "pr": (np.where(rng.random(shape) < 0.2, rng.exponential(2, shape), 0.0), "mm"),
    }
    return xr.Dataset(
        {n: (("time", "cell"), v, {"units": u}) for n, (v, u) in fields.items()},
        {"time": pd.date_range("2020-07-01 12:00", periods=HOURS, freq="h")},
    )


@pytest.fixture(scope="module")
def bui() -> xr.DataArray:
    days = pd.date_range("2020-07-01", periods=2) + pd.Timedelta("12h")
    return xr.DataArray([[40.0, 90.0], [44.0, 95.0]], dims=("time", "cell"), coords={"time": days})


@pytest.fixture(scope="module")
def plain(good, bui):
    return hourly_fire_weather(good, bui=bui, dtype="float64")


def test_hours_follow_the_equations(plain, good):
    """A loop over the hours, each from the equations of the daily code with a tenth of its rate."""
    ffmc = np.full(2, 85.0)
    with jax.enable_x64(True):
        for k in range(HOURS):
            tas, hurs, ws, pr = (good[n].values[k] for n in ("tas", "hurs", "ws", "pr"))
            wet = wetted(moisture(ffmc, SCALE), pr)
            ffmc = np.asarray(code(settled(wet, tas, hurs, ws, 0.0579 / 0.581), SCALE))
            assert plain["ffmc"].values[k] == pytest.approx(ffmc, rel=1e-12)
            isi = indices.initial_spread(ffmc, ws, SCALE)
            assert plain["isi"].values[k] == pytest.approx(np.asarray(isi), rel=1e-12)


def test_each_hour_has_the_buildup_of_its_day(plain):
    with jax.enable_x64(True):
        for k, day in ((0, [40.0, 90.0]), (11, [40.0, 90.0]), (12, [44.0, 95.0]), (29, [44.0, 95.0])):
            wanted = indices.fire_weather_index(plain["isi"].values[k], np.array(day))
            assert plain["fwi"].values[k] == pytest.approx(np.asarray(wanted), rel=1e-12)


def test_rain_as_a_rate_is_the_same(plain, good, bui):
    other = good.copy()
    other["pr"] = (good["pr"] / 3600.0).assign_attrs(units="kg m-2 s-1")
    found = hourly_fire_weather(other, bui=bui, dtype="float64")
    assert found["fwi"].values == pytest.approx(plain["fwi"].values, rel=1e-9)


def test_pieces_are_the_whole(plain, good):
    first = hourly_fire_weather(good.isel(time=slice(0, 13)), dtype="float64")
    second = hourly_fire_weather(good.isel(time=slice(13, None)), start=first["ffmc"], dtype="float64")
    both = np.concatenate([first["ffmc"], second["ffmc"]])
    assert np.array_equal(both, plain["ffmc"].values)
    assert set(second.data_vars) == {"ffmc", "isi"}
    assert second["ffmc"].attrs["units"] == "1"


BROKEN = [
    (lambda d, b: (d.isel(time=[0]), b), {}, "there is 1 time"),
    (lambda d, b: (d.isel(time=[0, 1, 3]), b), {}, "differs from the first"),
    (lambda d, b: (d.isel(time=[1, 0]), b), {}, "differs from the first"),
    (lambda d, b: (d.isel(time=slice(None, None, 3)), b), {}, "the time step is 3 hours"),
    (lambda d, b: (d.rename(time="t"), b), {}, "no dimension 'time'"),
    (lambda d, b: (d.drop_vars("pr"), b), {}, "'pr' is missing"),
    (lambda d, b: (d.assign(tas=d["tas"].isel(cell=0)), b), {}, "others time"),
    (lambda d, b: (d, b.isel(time=[0])), {}, "1 day without a Buildup Index, the first 2020-07-02"),
    (lambda d, b: (d, b.isel(time=0)), {}, "no dimension 'time'"),
    (lambda d, b: (d, b.rename(cell="station")), {}, "give one value a cell"),
    (lambda d, b: (d, b), {"start": 120.0}, "not within 0 to 101"),
    (lambda d, b: (d, b), {"start": np.ones(3)}, "has the shape"),
    (lambda d, b: (d, b), {"start": "last"}, "the hours before"),
    (lambda d, b: (d, b), {"family": "1990"}, "no family '1990'"),
    (lambda d, b: (d, b), {"dtype": "float16"}, "float16"),
]


@pytest.mark.parametrize(("change", "more", "says"), BROKEN)
def test_broken_input_gives_one_sentence(good, bui, plain, change, more, says):
    ds, daily = change(good, bui)
    if isinstance(more.get("start"), str):
        more, says = {"start": plain["ffmc"]}, "hours before the weather"
    with pytest.raises((DataError, ConfigError), match=says) as found:
        hourly_fire_weather(ds, bui=daily, **more)
    assert "\n" not in str(found.value)
