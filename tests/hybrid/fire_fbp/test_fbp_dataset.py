"""Canadian fire behaviour of datasets: units, directions, CF attributes, and one sentence for each broken input."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from data.errors import ConfigError, DataError
from hybrid.fire import fire_behaviour
from hybrid.fire.fbp.dataset import OUTPUTS


@pytest.fixture(scope="module")
def good() -> xr.Dataset:
    """A grid with five types and a lake."""
    names = np.array([["C-2", "C-6", "D-1"], ["M-2", "O-1b", "WA"]])
    grid = ("y", "x")
    fields = {
        "fuel_type": (grid, names),
        "ffmc": (grid, np.full((2, 3), 92.0), {"units": "1"}),
        "bui": ((), 70.0, {"units": "1"}),
        "ws": (grid, np.full((2, 3), 25.0), {"units": "km h-1"}),
        "wind_from_direction": ((), 270.0, {"units": "degree"}),
        "slope": (grid, np.full((2, 3), 20.0), {"units": "%"}),
        "aspect": (grid, np.full((2, 3), 180.0), {"units": "degree"}),
        "foliar_moisture": ((), 97.0, {"units": "%"}),
        "curing": ((), 85.0, {"units": "%"}),
    }
    return xr.Dataset(fields, {"y": [0.0, 1.0], "x": [0.0, 1.0, 2.0]})


@pytest.fixture(scope="module")
def plain(good):
    return fire_behaviour(good)


def same(a, b):
    return a["fireline_intensity"].values == pytest.approx(
        b["fireline_intensity"].values, rel=1e-4, nan_ok=True
    )


def test_result_is_cf(plain):
    assert plain.attrs["Conventions"] == "CF-1.10"
    assert set(plain.data_vars) == set(OUTPUTS) | {"fire_type"}
    assert plain["rate_of_spread"].attrs["units"] == "m min-1"
    assert plain["fire_type"].attrs["flag_meanings"].split() == ["surface", "intermittent_crown", "crown"]
    assert plain["rate_of_spread"].dtype == np.float32


def test_a_lake_does_not_burn(plain):
    assert plain["rate_of_spread"].isnull().values.tolist() == [[False] * 3, [False, False, True]]
    assert int(plain["fire_type"][1, 2]) == -1


def test_wind_from_the_west_and_a_southern_aspect_head_to_the_north_east(plain):
    heading = plain["heading"].values[~np.isnan(plain["heading"].values)]
    assert ((heading > 0.0) & (heading < 90.0)).all()


def test_other_units_directions_and_codes_give_the_same(plain, good):
    other = good.drop_vars("wind_from_direction").assign(
        wind_to_direction=((), np.pi / 2, {"units": "radian"}),
        ws=(good["ws"] / 3.6).assign_attrs(units="m s-1"),
        slope=(good["slope"] / 100.0).assign_attrs(units="1"),
        fuel_type=good["fuel_type"].copy(data=np.array([[1, 5, 7], [9, 13, -1]])),
    )
    assert same(fire_behaviour(other), plain)


@pytest.mark.slow
def test_double_precision_is_beside_single(plain, good):
    found = fire_behaviour(good, dtype="float64")
    assert found["rate_of_spread"].dtype == np.float64
    assert same(found, plain)


def test_foliar_moisture_by_place_and_date(good):
    """55 N, 110 W on 1 July: day of least moisture 161, 93.3 % twenty-one days later."""
    placed = good.drop_vars("foliar_moisture").assign_coords(
        lat=55.0, lon=-110.0, time=np.datetime64("2021-07-01")
    )
    wanted = fire_behaviour(good.assign(foliar_moisture=((), 85 + 0.0189 * 21**2, {"units": "%"})))
    assert same(fire_behaviour(placed), wanted)


def put(ds, name, values, **attrs):
    out = ds.copy(deep=True)
    out[name] = out[name].copy(data=values).assign_attrs(attrs) if attrs else out[name].copy(data=values)
    return out


def unit(ds, name, text):
    out = ds.copy(deep=True)
    out[name].attrs = {"units": text} if text else {}
    return out


FULL = np.full((2, 3), 1.0)
BROKEN = {
    "unknown fuel type": (lambda d: put(d, "fuel_type", np.full((2, 3), "C-8")), {}, "fuel type 'C-8' is unknown"),
    "unknown fuel code": (lambda d: put(d, "fuel_type", np.full((2, 3), 99)), {}, "fuel code 99 is unknown"),
    "no fuel type": (lambda d: d.drop_vars("fuel_type"), {}, "'fuel_type' is missing"),
    "no wind": (lambda d: d.drop_vars("ws"), {}, "'ws' is missing"),
    "wind without unit": (lambda d: unit(d, "ws", ""), {}, "unit is missing"),
    "wind in a wrong unit": (lambda d: unit(d, "ws", "kg"), {}, "does not convert to 'km h-1'"),
    "direction not told": (lambda d: d.drop_vars("wind_from_direction"), {}, "wind's direction is missing"),
    "direction told twice": (lambda d: d.assign(wind_to_direction=d["wind_from_direction"]), {}, "is told twice"),
    "direction beyond": (lambda d: put(d, "wind_from_direction", 500.0), {}, "beyond 360"),
    "code out of range": (lambda d: put(d, "ffmc", 120 * FULL), {}, "6 values outside 0 to 101 1"),
    "negative slope": (lambda d: put(d, "slope", -FULL), {}, "outside 0 to 1000 %"),
    "curing as a fraction": (lambda d: put(d, "curing", 0.85), {}, "as if it were a fraction"),
    "foliar moisture as a fraction": (lambda d: put(d, "foliar_moisture", 0.97), {}, "outside 50 to 300 %"),
    "no foliar moisture": (lambda d: d.drop_vars("foliar_moisture"), {}, "neither foliar_moisture nor lat, lon, time"),
    "foliar moisture of the east": (
        lambda d: d.drop_vars("foliar_moisture").assign_coords(lat=55.0, lon=20.0, time=np.datetime64("2021-07-01")),
        {},
        "western hemisphere alone",
    ),
    "latitude outside": (
        lambda d: d.drop_vars("foliar_moisture").assign_coords(lat=95.0, lon=-90.0, time=np.datetime64("2021-07-01")),
        {},
        "latitude or longitude is impossible",
    ),
    "no time": (lambda d: d, {"minutes": 0.0}, "0 minutes"),
    "convention unknown": (lambda d: d, {"convention": "1992"}, "no convention '1992'"),
    "family unknown": (lambda d: d, {"family": "x"}, "no family 'x'"),
    "type unknown": (lambda d: d, {"dtype": "int8"}, "type 'int8'"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_broken_input_gives_one_sentence(good, name):
    make, options, part = BROKEN[name]
    with pytest.raises((DataError, ConfigError)) as caught:
        fire_behaviour(make(good), **options)
    text = str(caught.value)
    assert part in text
    assert text.count(". ") == 0
    assert text[-1] in ".?"
    assert caught.value.remedy
