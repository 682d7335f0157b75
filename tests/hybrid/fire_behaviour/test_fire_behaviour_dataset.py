"""Fire behaviour over grids: CF dataset, units taken from attributes, and one sentence for each broken input."""

from __future__ import annotations

import jax
import numpy as np
import pytest
import xarray as xr

from data.errors import ConfigError, DataError
from hybrid.fire import units as u
from hybrid.fire.behaviour import (
    Convention,
    check,
    crown_fire,
    fuel,
    fuel_grid,
    surface_dataset,
    two_fuel_rate,
    wind_vector,
)

MOISTURE = {"dead_1h": 0.06, "dead_10h": 0.07, "dead_100h": 0.08, "live_herbaceous": 0.6, "live_woody": 0.9}
TREES = {"cover": 0.5, "height": 30 * u.FOOT, "crown_ratio": 0.5}
CROWNS = {"base_height": 1.0, "bulk_density": 0.2, "foliar_moisture": 1.0}


def codes(values=((1, 124, 91), (10, 165, 98))):
    return xr.DataArray(
        np.array(values), dims=("y", "x"), coords={"y": [20.0, 10.0], "x": [0.0, 10.0, 20.0]}, name="fuel"
    )


def run(fuel_code=None, moisture=None, speed=5 * u.MILE_PER_HOUR, turn=0.0, slope=0.3, aspect=0.0, **more):
    more = {"direction": "from", "canopy": TREES} | more
    fuel_code = codes() if fuel_code is None else fuel_code
    return surface_dataset(fuel_code, moisture or MOISTURE, speed, turn, slope, aspect, **more)


@pytest.fixture(scope="module")
def plain():
    return run()


def test_numbers_of_the_reference_on_a_grid(plain):
    """GS4 under half cover: 8.876216 ch/h; nothing burns on urban ground and water."""
    rate = plain["rate_of_spread"]
    assert float(rate.sel(y=20.0, x=10.0)) / u.CHAIN_PER_HOUR == pytest.approx(8.876216, rel=1e-5)
    assert float(rate.sel(y=20.0, x=20.0)) == float(rate.sel(y=10.0, x=20.0)) == 0.0
    np.testing.assert_allclose(plain["spread_direction"][:, :2], 180.0, rtol=1e-6)


def test_attributes_are_cf(plain):
    assert plain.attrs["Conventions"] == "CF-1.10"
    assert "curing=behave" in plain.attrs["comment"]
    for name, variable in plain.data_vars.items():
        assert {"units", "long_name"} <= set(variable.attrs), name
        assert variable.dims == ("y", "x")
    assert plain["rate_of_spread"].attrs["units"] == "m s-1"
    assert plain["fireline_intensity"].attrs["units"] == "kW m-1"
    assert plain["flame_length"].attrs["units"] == "m"


def test_units_of_arrays_are_converted(plain):
    moisture = {n: xr.DataArray(100.0 * v, attrs={"units": "%"}) for n, v in MOISTURE.items()}
    speed = xr.DataArray(18 * u.MILE_PER_HOUR, attrs={"units": "km h-1"})
    rise = xr.DataArray(np.degrees(np.arctan(0.3)), attrs={"units": "degree"})
    found = run(moisture=moisture, speed=speed, slope=rise)
    np.testing.assert_allclose(found["rate_of_spread"], plain["rate_of_spread"], rtol=1e-5)
    rise = xr.DataArray(30.0, attrs={"units": "percent"})
    np.testing.assert_allclose(run(slope=rise)["flame_length"], plain["flame_length"], rtol=1e-6)


@pytest.fixture(scope="module")
def crowns():
    """Two hours of crown fire: a breeze and a gale at 10 m."""
    wind = xr.DataArray([1.0, 15.0], dims="time", coords={"time": [0, 1]})
    return run(canopy=TREES | CROWNS, speed=wind, wind_height="10m")


@pytest.mark.slow
def test_time_comes_before_the_grid(crowns):
    rate = crowns["rate_of_spread"]
    assert rate.dims == ("time", "y", "x")
    assert (rate[1, :, :2] > rate[0, :, :2]).all()


@pytest.mark.slow
def test_crown_fire_is_flagged(crowns):
    kind = crowns["fire_type"]
    assert kind.attrs["flag_meanings"].split()[int(kind.sel(time=1, y=20.0, x=10.0))] == "active"
    assert (kind.sel(y=10.0, x=20.0) < 2).all()
    assert "Van Wagner 1977" in crowns.attrs["references"]
    assert (crowns["crown_fraction_burned"] <= 1.0).all()


def test_missing_codes_take_the_named_model():
    some = codes(((1.0, 124.0, np.nan), (10.0, -9999.0, 98.0)))
    found = run(some, fill=91)["rate_of_spread"]
    assert float(found.sel(y=20.0, x=20.0)) == float(found.sel(y=10.0, x=10.0)) == 0.0


def array(value, **coords):
    return xr.DataArray(np.full((2, 3), value), dims=("y", "x"), coords=coords)


BROKEN = {
    "unknown fuel number": (
        lambda: run(codes(((1, 124, 77), (10, 165, 98)))),
        "no fuel model has the number 77",
    ),
    "unknown fuel code": (lambda: fuel("GS5"), "(fuel): did you mean '"),
    "fuel codes as text": (lambda: fuel_grid(np.array(["GS4"])), "are of type"),
    "missing fuel": (lambda: run(codes(((1, np.nan, 91), (10, 165, 98)))), "missing in 1 of 6 cells"),
    "fuel without a grid": (lambda: run([[1, 2]]), "the fuel codes are a list"),
    "dead moisture in percent": (lambda: run(moisture=MOISTURE | {"dead_1h": 6.0}), "divide percent by 100"),
    "live moisture in percent": (
        lambda: run(moisture=MOISTURE | {"live_woody": 90.0}),
        "fraction of dry mass",
    ),
    "negative moisture": (lambda: run(moisture=MOISTURE | {"dead_10h": -0.1}), "is -0.1"),
    "moisture that is missing": (
        lambda: run(moisture={k: v for k, v in MOISTURE.items() if k != "dead_1h"}),
        "the moisture dead_1h is missing",
    ),
    "moisture misspelt": (lambda: run(moisture=MOISTURE | {"dead_1hr": 0.1}), "did you mean 'dead_1h'"),
    "negative wind": (lambda: run(speed=-1.0), "turn the direction instead"),
    "wind beyond any": (lambda: run(speed=500.0), "give it in m s-1"),
    "wind with a foreign unit": (
        lambda: run(speed=xr.DataArray(3.0, attrs={"units": "kg"})),
        "does not convert to 'm s-1'",
    ),
    "wind that is missing": (lambda: run(speed=array(np.nan)), "missing in 6 of 6 places"),
    "wind direction not stated": (lambda: run(direction="to"), "blows 'towards' it"),
    "wind direction of a vector not stated": (lambda: wind_vector(1.0, 0.0, "meteo"), "blows 'towards' it"),
    "wind height unknown": (lambda: run(wind_height="2m"), "use 'midflame', '20ft' or '10m'"),
    "slope in percent": (lambda: run(slope=30.0), "rise over run is wanted"),
    "negative slope": (lambda: run(slope=-0.1), "turn the aspect instead"),
    "shape that differs": (lambda: run(slope=np.zeros((3, 2))), "where the fuel is (2, 3)"),
    "size that differs": (lambda: run(speed=xr.DataArray([1.0, 2.0], dims="x")), "has 2 places along x"),
    "grid that differs": (
        lambda: run(speed=array(3.0, x=[5.0, 15.0, 25.0])),
        "differ in the coordinate x (wind_speed): regrid",
    ),
    "canopy without height": (
        lambda: run(canopy={"cover": 0.5, "crown_ratio": 0.5}),
        "canopy's height is missing",
    ),
    "canopy without crown ratio": (
        lambda: run(canopy={"cover": 0.5, "height": 9.0}),
        "canopy's crown_ratio is missing",
    ),
    "canopy without density": (
        lambda: run(canopy=TREES | {"base_height": 1.0, "foliar_moisture": 1.0}),
        "canopy's bulk_density is missing",
    ),
    "canopy value unknown": (lambda: run(canopy=TREES | {"base": 1.0}), "no canopy value is called 'base'"),
    "canopy cover in percent": (lambda: run(canopy=TREES | {"cover": 50.0}), "fraction from 0 to 1"),
    "canopy upside down": (
        lambda: run(canopy=TREES | CROWNS | {"base_height": 20.0}),
        "base is above its top",
    ),
    "canopy density in other units": (
        lambda: run(canopy=TREES | CROWNS | {"bulk_density": 12.0}),
        "give it in kg m-3",
    ),
    "foliar moisture in percent": (
        lambda: run(canopy=TREES | CROWNS | {"foliar_moisture": 100.0}),
        "moisture foliar_moisture is 100",
    ),
    "crown fire at midflame wind": (
        lambda: run(canopy=TREES | CROWNS, wind_height="midflame"),
        "needs the wind above the trees",
    ),
    "convention unknown": (lambda: Convention(curing="linear"), "use one of behave, andrews, exact"),
    "crown method unknown": (
        lambda: crown_fire(*[None] * 7, method="cruz"),
        "'scott_reinhardt' or 'rothermel'",
    ),
    "two-fuel method unknown": (
        lambda: two_fuel_rate(1.0, 1.0, 0.5, 1.0, "mean"),
        "'arithmetic' or 'harmonic'",
    ),
    "shapes that do not broadcast": (
        lambda: check.check_shapes(wind=np.zeros(3), slope=np.zeros(4)),
        "slope is of shape (4,), which does not broadcast with (3,)",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_input_gives_one_sentence(name):
    call, part = BROKEN[name]
    with pytest.raises((DataError, ConfigError)) as caught:
        call()
    text = str(caught.value)
    assert part in text
    assert text.count(". ") == 0
    assert text[-1] in ".?"
    assert caught.value.remedy


def test_no_double_precision_is_left_on(plain):
    assert not jax.config.jax_enable_x64
    assert plain["rate_of_spread"].dtype == np.float32
