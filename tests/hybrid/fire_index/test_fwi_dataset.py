"""Fire weather of datasets: names, units, CF attributes, restarts, and one sentence for each broken input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from data.errors import ConfigError, DataError
from hybrid.fire import fire_weather
from hybrid.fire.index import Winter

DAYS = 14
HOUR = np.timedelta64(1, "h")


@pytest.fixture(scope="module")
def good() -> xr.Dataset:
    """Two weeks on a small grid, in the units of the equations."""
    rng = np.random.default_rng(0)
    shape = (2, DAYS, 3)
    fields = {
        "tas": (rng.uniform(8, 30, shape), "degC"),
        "hurs": (rng.uniform(20, 95, shape), "%"),
        "sfcWind": (rng.uniform(0, 40, shape), "km h-1"),
        "pr": (np.where(rng.random(shape) < 0.3, rng.exponential(6, shape), 0.0), "mm d-1"),
        "snd": (np.where(np.arange(DAYS)[:, None] < 3, 0.2, 0.0) * np.ones(shape), "m"),
    }
    return xr.Dataset(
        {n: (("lat", "time", "lon"), v, {"units": u}) for n, (v, u) in fields.items()},
        {
            "time": pd.date_range("2020-05-25", periods=DAYS),
            "lat": ("lat", [45.0, 55.0], {"units": "degrees_north"}),
            "lon": [0.0, 1.0, 2.0],
        },
    )


@pytest.fixture(scope="module")
def plain(good):
    return fire_weather(good)


def equal(a, b):
    return all(
        np.array_equal(a[n], b[n], equal_nan=True) for n in ("ffmc", "dmc", "dc", "isi", "bui", "fwi", "dsr")
    )


def test_result_is_cf(plain, good):
    assert plain.attrs["Conventions"] == "CF-1.10"
    assert set(plain.data_vars) == {"ffmc", "dmc", "dc", "isi", "bui", "fwi", "dsr"}
    assert plain["fwi"].dims == ("time", "lat", "lon")
    assert plain["fwi"].dtype == np.float32
    assert plain["fwi"].attrs["units"] == "1"
    assert plain["fwi"].attrs["long_name"] == "Fire Weather Index"
    assert not plain["fwi"].isnull().any()
    assert np.array_equal(plain["lat"], good["lat"])


def test_other_units_and_names_give_the_same(plain, good):
    other = good.rename(tas="t2m", sfcWind="wind_speed_10m", hurs="rh").copy(deep=True)
    for name, new, unit in (
        ("t2m", other["t2m"] + 273.15, "K"),
        ("rh", other["rh"] / 100.0, "1"),
        ("wind_speed_10m", other["wind_speed_10m"] / 3.6, "m s-1"),
        ("pr", other["pr"] / 86400.0, "kg m-2 s-1"),
    ):
        other[name] = new.assign_attrs(units=unit)
    other["wind_speed_10m"].attrs["standard_name"] = "wind_speed"
    found = fire_weather(other)
    assert found["fwi"].values == pytest.approx(plain["fwi"].values, rel=1e-4, abs=1e-5)


@pytest.mark.slow
def test_double_precision_is_beside_single(plain, good):
    found = fire_weather(good, dtype="float64")
    assert found["dc"].dtype == np.float64
    assert found["fwi"].values == pytest.approx(plain["fwi"].values, rel=1e-3, abs=1e-4)


def test_latitude_matters_unless_canada_is_asked_for(plain, good):
    south = fire_weather(good.assign_coords(lat=[-45.0, -55.0]))
    assert (south["dc"] < plain["dc"]).all()
    assert equal(fire_weather(good.assign_coords(lat=[-45.0, -55.0]), day_length="canada"), plain)


@pytest.mark.parametrize(
    "options",
    [
        {"season": "snow", "winter": Winter()},
        pytest.param({}, marks=pytest.mark.slow),
        pytest.param({"season": "temperature", "winter": Winter()}, marks=pytest.mark.slow),
    ],
)
def test_pieces_are_the_whole(good, options):
    whole = fire_weather(good, **options)
    first = fire_weather(good.isel(time=slice(7)), **options)
    second = fire_weather(good.isel(time=slice(7, None)), start=first, **options)
    assert equal(
        xr.concat([first, second], "time", data_vars="minimal", coords="minimal", compat="override"), whole
    )


def test_season_by_snow_is_told(good):
    found = fire_weather(good, season="snow", winter=Winter())
    assert found["in_season"].values[:, 0, 0].tolist() == [0] * 5 + [1] * 9
    assert np.array_equal(found["fwi"].isnull(), found["in_season"] == 0)


def test_a_given_mask_is_the_season(good):
    mask = (good["snd"] == 0.0).drop_attrs()
    found = fire_weather(good, season=mask)
    assert found["in_season"].values[:, 0, 0].tolist() == [0] * 3 + [1] * 11


def test_start_codes_by_cell(plain, good):
    start = {n: plain[n].isel(time=0) for n in ("ffmc", "dmc", "dc")}
    found = fire_weather(good.isel(time=slice(1, None)), start=start)
    assert equal(found, plain.isel(time=slice(1, None)))


def test_blocks_and_threads_change_nothing(plain, good):
    assert equal(fire_weather(good, block=4, threads=1), plain)


def changed(ds, name, **attrs):
    out = ds.copy(deep=True)
    out[name].attrs.update(attrs)
    return out


def moved(ds, name, function):
    out = ds.copy(deep=True)
    out[name] = function(out[name]).assign_attrs(ds[name].attrs)
    return out


def with_value(ds, name, value):
    out = ds.copy(deep=True)
    out[name].values[0, 3, 1] = value
    return out


def without(ds, name, attribute):
    out = ds.copy(deep=True)
    del out[name].attrs[attribute]
    return out


BROKEN = {
    "humidity as a fraction called percent": (lambda d: (moved(d, "hurs", lambda v: v / 100), {}), "as if it were"),
    "humidity in percent called a fraction": (lambda d: (changed(d, "hurs", units="1"), {}), "outside 0 to 105 %"),
    "variable missing": (lambda d: (d.drop_vars("pr"), {}), "variable 'pr' is missing"),
    "variable twice": (lambda d: (d.assign(ws=d["sfcWind"]), {}), "are all wind speed"),
    "unit missing": (lambda d: (without(d, "tas", "units"), {}), "unit is missing"),
    "unit unknown": (lambda d: (changed(d, "sfcWind", units="kmph per"), {}), "'kmph per'"),
    "wind in a wrong unit": (lambda d: (changed(d, "sfcWind", units="degC"), {}), "does not convert to 'km h-1'"),
    "wind in km/h called km/s": (lambda d: (changed(d, "sfcWind", units="km s-1"), {}), "outside 0 to 216"),
    "kelvin called celsius": (lambda d: (moved(d, "tas", lambda v: v + 273.15), {}), "outside -70 to 55 degC"),
    "negative rain": (lambda d: (with_value(d, "pr", -3.0), {}), "the first -3"),
    "infinite value": (lambda d: (with_value(d, "tas", np.inf), {}), "1 infinite value"),
    "words": (lambda d: (moved(d, "tas", lambda v: v.astype(str)), {}), "are no numbers"),
    "unsorted days": (lambda d: (d.isel(time=list(range(DAYS))[::-1]), {}), "not sorted"),
    "gap in days": (lambda d: (d.isel(time=[0, 1, 2, 3, 5, 6]), {}), "1 day missing"),
    "day twice": (lambda d: (d.isel(time=[0, 1, 1, 2]), {}), "occurs twice"),
    "hourly": (lambda d: (d.assign_coords(time=d["time"].values[0] + np.arange(DAYS) * HOUR), {}), "occurs twice"),
    "no time": (lambda d: (d.isel(time=0), {}), "no dimension 'time'"),
    "times that are numbers": (lambda d: (d.assign_coords(time=np.arange(DAYS)), {}), "are no dates"),
    "other dimensions": (lambda d: (d.assign(pr=d["pr"].isel(lon=0)), {}), "'pr' has dimensions"),
    "latitude outside": (lambda d: (d.assign_coords(lat=[45.0, 120.0]), {}), "latitude 120 is not within"),
    "no latitude": (lambda d: (d.isel(lat=0).drop_vars("lat"), {}), "latitude is missing"),
    "start of another shape": (lambda d: (d, {"start": (np.full(5, 85.0), 6.0, 15.0)}), "has the shape (5,)"),
    "start without a code": (lambda d: (d, {"start": {"ffmc": 85.0, "dmc": 6.0}}), "'dc' to start from is missing"),
    "start out of range": (lambda d: (d, {"start": (120.0, 6.0, 15.0)}), "not within 0 to 101"),
    "start of another day": (lambda d: (d, {"start": fire_weather(d)}), "weather begins on 2020-05-25"),
    "season unknown": (lambda d: (d, {"season": "spring"}), "no season by 'spring'"),
    "season by snow without snow": (lambda d: (d.drop_vars("snd"), {"season": "snow"}), "'snd' is missing"),
    "mask of another shape": (lambda d: (d, {"season": d["tas"].isel(time=slice(3)) > 0}), "the season has the shape"),
    "mask of numbers": (lambda d: (d, {"season": d["tas"]}), "no DataArray of bool"),
    "winter without seasons": (lambda d: (d, {"winter": Winter()}), "need seasons"),
    "opening unknown": (lambda d: (d, {"season": "snow", "opening": "wet"}), "cannot open 'wet'"),
    "family unknown": (lambda d: (d, {"family": "147.3"}), "no family '147.3'"),
    "day length unknown": (lambda d: (d, {"day_length": "sun"}), "no day length 'sun'"),
    "type unknown": (lambda d: (d, {"dtype": "float16"}), "type 'float16'"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_broken_input_gives_one_sentence(good, name):
    make, part = BROKEN[name]
    ds, options = make(good)
    with pytest.raises((DataError, ConfigError)) as caught:
        fire_weather(ds, **options)
    text = str(caught.value)
    assert part in text
    assert text.count(". ") == 0
    assert text[-1] in ".?"
    assert caught.value.remedy
