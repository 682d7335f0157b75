"""Equations of Canadian fire behaviour: closed forms, limits, invariances, gradients."""

from __future__ import annotations

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.errors import ConfigError, DataError
from hybrid.fire import ellipse as shape
from hybrid.fire.fbp import (
    Site,
    behaviour,
    codes_of,
    consumption,
    ellipse,
    foliar,
    fuels,
    growth,
    slope,
    spread,
)

ALL = np.arange(len(fuels.TYPES), dtype=np.int32)


def f64(function, *values):
    with jax.enable_x64(True):
        return np.asarray(function(*(jnp.asarray(v, float) for v in values)))


def test_fuel_types_by_name():
    assert codes_of(["C-2", "c2", "O-1A", "o1b", "m3", "NF"]).tolist() == [1, 1, 12, 13, 10, -1]
    with pytest.raises(DataError, match=r"the fuel type 'C-9' is unknown \(row 2\)"):
        codes_of(["C-1", "C-9"])


def test_foliar_moisture_joins_and_is_least_on_its_day():
    day = np.array([150.0, 150.0 + 30 - 1e-9, 180.0, 200.0 - 1e-9, 200.0, 300.0, 120.0])
    found = f64(lambda d: foliar.moisture(d, jnp.asarray(150.0)), day)
    assert found[0] == 85.0
    assert found[1] == pytest.approx(found[2], abs=0.1)
    assert found[3] == pytest.approx(found[4], abs=0.7)
    assert found[5] == 120.0
    assert found[6] == found[2]


def test_slope_factor():
    assert f64(slope.slope_factor, [0.0, 50.0, 70.0, 200.0]) == pytest.approx(
        [1.0, math.exp(3.533 * 0.5**1.2), 10.0, 10.0], rel=1e-12
    )


@pytest.mark.parametrize("name", ["C-2", "S-2", "O-1a"])
def test_index_equivalent_to_slope_gives_upslope_spread(name):
    """The rate of spread at that index is the calm one times the slope factor."""
    with jax.enable_x64(True):
        fuel = fuels.take(int(codes_of([name])[0]), float)
        calm, factor = jnp.asarray(4.0), jnp.asarray(3.0)
        numbers = (fuel.a, fuel.b, fuel.c)
        index = slope.equivalent_index(calm, factor, *numbers)
        assert float(spread.curve(index, *numbers)) == pytest.approx(
            3.0 * float(spread.curve(calm, *numbers))
        )


def test_wind_equivalent_to_slope_inverts_the_wind_function():
    for wind in (5.0, 30.0, 60.0):
        with jax.enable_x64(True):
            index = 0.208 * 20.0 * spread.wind_function(jnp.asarray(wind))
            assert float(slope.equivalent_wind(index, jnp.asarray(20.0))) == pytest.approx(wind, rel=2e-3)


def test_buildup_effect_is_one_at_the_average_and_without_buildup():
    fuel = fuels.take(ALL)
    assert np.asarray(spread.buildup_effect(fuel, fuel.bui0)) == pytest.approx(np.ones(len(ALL)), rel=1e-6)
    assert np.asarray(spread.buildup_effect(fuel, 0.0 * fuel.bui0)).tolist() == [1.0] * len(ALL)


def test_lichen_consumption_is_odd_about_84():
    low, middle, high = f64(consumption.lichen, [80.0, 84.0, 88.0])
    assert middle == 0.75
    assert low + high == pytest.approx(1.5, rel=1e-12)


def test_curing_joins_at_58_8():
    below, above = f64(spread.curing_factor, [58.8 - 1e-9, 58.8])
    assert below == pytest.approx(above, abs=2e-3)
    assert float(f64(spread.curing_factor, 100.0)) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.slow
def test_a_mixture_of_conifer_alone_is_conifer():
    fuel = fuels.take(codes_of(["M-1", "M-2", "C-2"]))
    full, none, curing = (jnp.full(3, x) for x in (100.0, 0.0, 80.0))
    assert np.ptp(np.asarray(spread.initial(fuel, jnp.full(3, 12.0), full, none, curing))) == 0.0
    assert np.ptp(np.asarray(consumption.surface(fuel, full, full, full, none))) == 0.0


def test_crown_base_of_a_plantation():
    assert f64(spread.plantation_base, [14.0, 5.0], [1000.0, 500.0]) == pytest.approx([5.34, 0.0])


def test_growth_reaches_equilibrium_and_distance_is_its_integral():
    time = np.linspace(0.0, 60.0, 20001)
    rate = f64(lambda t: growth.grown(jnp.asarray(8.0), jnp.asarray(0.1), t), time)
    way = f64(lambda t: growth.distance(jnp.asarray(8.0), jnp.asarray(0.1), t), time)
    assert np.trapezoid(rate, time) == pytest.approx(way[-1], rel=1e-8)
    assert rate[-1] == pytest.approx(8.0, rel=3e-3)


def test_time_to_crowns_is_when_the_rate_is_critical():
    time = f64(growth.time_to_crowns, 8.0, 3.0, 0.1)
    assert float(f64(growth.grown, 8.0, 0.1, time)) == pytest.approx(3.0, rel=1e-12)
    assert float(f64(growth.time_to_crowns, 2.0, 3.0, 0.1)) == 0.0


@functools.cache
def program():
    return jax.jit(lambda site: behaviour(site, 30.0))


def sites(**options):
    return Site(ALL, **({"ffmc": 90.0, "bui": 60.0, "foliar": 97.0} | options))


def arrays(**options):
    site = sites(**options)
    return Site(site.fuel, *(jnp.full(len(ALL), v, float) for v in site[1:]))


def test_turning_wind_and_slope_turns_the_fire():
    one = program()(arrays(wind=20.0, wind_towards=0.4, slope=30.0, upslope=1.2))
    two = program()(arrays(wind=20.0, wind_towards=1.4, slope=30.0, upslope=2.2))
    assert np.asarray(two.towards) == pytest.approx(np.asarray(one.towards) + 1.0, rel=1e-4)
    assert np.asarray(two.head.rate) == pytest.approx(np.asarray(one.head.rate), rel=1e-4)
    assert (np.asarray(one.towards) > 0.4).all()
    assert (np.asarray(one.towards) < 1.2).all()


def test_head_leads_flank_and_back():
    found = program()(arrays(wind=20.0))
    head, flank, back = (np.asarray(f.rate) for f in (found.head, found.flank, found.back))
    assert (head > flank).all()
    assert (flank > back).all()
    assert (np.asarray(found.head.rate_then) < head).all()


def test_without_wind_and_slope_fire_is_round():
    found = program()(arrays(wind=0.0))
    assert np.asarray(found.length_to_breadth).tolist() == [1.0] * len(ALL)
    assert np.asarray(found.back.rate) == pytest.approx(np.asarray(found.head.rate), rel=1e-6)


def test_missing_weather_is_missing_behaviour():
    assert np.isnan(np.asarray(program()(arrays(ffmc=np.nan)).head.rate)).all()


def test_ellipse_in_si_units():
    found = program()(arrays(wind=20.0))
    made = ellipse(found)
    assert np.asarray(made.head) * 60.0 == pytest.approx(np.asarray(found.head.rate), rel=1e-6)
    assert np.asarray(shape.rate_towards(made, made.towards)) == pytest.approx(
        np.asarray(made.head), rel=1e-6
    )


def total(numbers):
    found = behaviour(Site(jnp.asarray(ALL), *numbers), 30.0)
    head = found.head
    return jnp.sum(jnp.log1p(head.intensity) + jnp.log1p(head.rate_then) + found.back.rate), found.towards


@functools.cache
def sloped():
    return jax.jit(jax.value_and_grad(total, has_aux=True))


def numbers(**options):
    given = {"base": 6.0, "load": 0.9, "isi": np.nan} | options
    site = sites(**given)
    return [jnp.asarray(np.full(len(ALL), v, float)) for v in site[1:]]


@pytest.mark.slow
def test_gradients_are_finite_differences():
    """To every number of the site but the index that is not given, for every fuel type at once."""
    rng = np.random.default_rng(0)
    with jax.enable_x64(True):
        at = numbers(wind=18.0, wind_towards=0.3, slope=25.0, upslope=1.0)
        slopes = sloped()(at)[1]
        for k in range(len(at) - 1):
            way = rng.normal(size=len(ALL))
            ends = [
                float(sloped()([v + sign * 1e-6 * way if j == k else v for j, v in enumerate(at)])[0][0])
                for sign in (1.0, -1.0)
            ]
            wanted = (ends[0] - ends[1]) / 2e-6
            assert float(jnp.sum(slopes[k] * way)) == pytest.approx(wanted, rel=1e-4, abs=1e-7), Site._fields[
                k + 1
            ]


@pytest.mark.parametrize(
    "edge",
    [
        {"wind": 0.0},
        {"slope": 0.0},
        {"bui": 0.0},
        {"ffmc": 84.0},
        {"curing": 0.0},
        {"conifer": 0.0, "dead": 0.0},
    ],
)
def test_gradients_are_finite_at_the_edges(edge):
    """No wind, no slope, no fuel dry, the bend of lichen, green grass, no conifer."""
    with jax.enable_x64(True):
        slopes = sloped()(numbers(**({"wind": 10.0, "slope": 10.0, "upslope": 0.5} | edge)))[1]
        assert all(np.isfinite(np.asarray(s)[:]).all() for s in slopes[:-1])


@pytest.mark.parametrize(
    ("options", "part"),
    [({"convention": "1992"}, "no convention '1992'"), ({"family": "2022"}, "no family '2022'")],
)
def test_unknown_settings_are_told(options, part):
    with pytest.raises(ConfigError, match=part):
        behaviour(sites(), **options)
