"""Moisture of dead fuel: published equations, exact solutions of time lags, and the process."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hybrid
from hybrid.fire.behaviour import equilibrium, fuel_moisture, timelag
from hybrid.integrate.plan import make_plan


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize(
    ("fahrenheit", "humidity", "percent"),
    [
        (80.0, 5.0, 0.03229 + 0.281073 * 5 - 0.000578 * 5 * 80),
        (80.0, 30.0, 2.22749 + 0.160107 * 30 - 0.014784 * 80),
        (60.0, 80.0, 21.0606 + 0.005565 * 6400 - 0.00035 * 80 * 60 - 0.483199 * 80),
    ],
)
def test_simard_equilibrium(fahrenheit, humidity, percent):
    celsius = (fahrenheit - 32.0) / 1.8
    found = equilibrium.simard_equilibrium(jnp.asarray(celsius), jnp.asarray(humidity))
    assert float(found) == pytest.approx(percent / 100, rel=1e-12)


def test_equilibria_agree_and_rise_with_humidity():
    """Wood of both fits within 4 % moisture, litter within 5 % of wood, from 10 to 80 % humidity at 20 degC."""
    hurs = jnp.linspace(10.0, 80.0, 71)
    tas = jnp.full(71, 20.0)
    simard, nelson = equilibrium.simard_equilibrium(tas, hurs), equilibrium.nelson_equilibrium(tas, hurs)
    dry, wet = equilibrium.vanwagner_equilibria(tas, hurs)
    assert (dry > wet).all()
    for one in (simard, nelson, dry, wet):
        assert (jnp.diff(one) > -2e-3).all()
    assert float(jnp.abs(simard - nelson).max()) < 0.04
    assert float(jnp.abs(simard - 0.5 * (dry + wet)).max()) < 0.05


def test_a_time_lag_is_63_percent_of_the_way():
    lags = jnp.asarray(timelag.LAGS)
    found = timelag.relax(jnp.full(3, 0.30), jnp.asarray(0.10), lags, lags)
    np.testing.assert_allclose((0.30 - found) / 0.20, 1 - np.exp(-1), rtol=1e-14)


def test_steps_do_not_matter_while_weather_holds():
    start = jnp.asarray([0.3, 0.3, 0.02])
    air = jnp.asarray(25.0), jnp.asarray(40.0), jnp.asarray(0.0)
    once = timelag.timelag_step(start, *air, time=24.0)
    often = timelag.timelag_series(start, *(jnp.full(96, x) for x in air), time=0.25)
    np.testing.assert_allclose(often[-1], once, rtol=1e-12)


def test_drying_wetting_and_hysteresis():
    dry, wet = (float(e) for e in equilibrium.vanwagner_equilibria(jnp.asarray(20.0), jnp.asarray(60.0)))
    start = jnp.asarray([0.5 * (dry + wet), 0.4, 0.01])
    end = timelag.timelag_step(
        start, *(jnp.asarray(x) for x in (20.0, 60.0, 0.0)), time=1e4, lags=(1.0, 1.0, 1.0)
    )
    np.testing.assert_allclose(end, [0.5 * (dry + wet), dry, wet], rtol=1e-12)


def test_rain_wets_by_its_own_lag():
    """In a downpour fuel goes 1 - exp(-t / 14 h) of the way to 250 %; a trace of 0.05 mm/h wets nothing."""
    start = jnp.asarray([0.1])
    pour = timelag.timelag_step(start, *(jnp.asarray(x) for x in (15.0, 90.0, 1e3)), time=7.0)
    np.testing.assert_allclose(pour, 0.1 + 2.4 * (1 - np.exp(-0.5)), rtol=1e-12)
    assert float(timelag.wetting_rate(jnp.asarray(0.05), timelag.Rain())) == 0.0
    one = float(timelag.wetting_rate(jnp.asarray(8.05), timelag.Rain()))
    assert one == pytest.approx((1 - np.exp(-1)) / 14, rel=1e-12)


def test_national_system_of_1978():
    """Cohen and Deeming 1985: a dry and a wet day of 100-h fuel, a week of 1000-h fuel."""
    mean = timelag.day_equilibrium(jnp.asarray(0.04), jnp.asarray(0.12), jnp.asarray(15.0))
    assert float(mean) == pytest.approx((15 * 4 + 9 * 12) / 24 / 100)
    wet = timelag.hundred_hour_boundary(mean, jnp.asarray(6.0))
    assert float(wet) == pytest.approx((18 * float(mean) * 100 + 6 * (0.5 * 6 + 41)) / 24 / 100)
    went = timelag.hundred_hour(jnp.asarray(0.15), wet)
    assert float(went) == pytest.approx(0.15 + (float(wet) - 0.15) * (1 - 0.87 * np.exp(-0.24)))
    deep = timelag.thousand_hour_boundary(mean, jnp.asarray(6.0))
    assert float(deep) == pytest.approx((18 * float(mean) * 100 + 6 * (2.7 * 6 + 76)) / 24 / 100)
    assert float(timelag.thousand_hour(jnp.asarray(0.2), jnp.asarray(0.2))) == pytest.approx(0.2)
    assert float(timelag.ten_hour(jnp.asarray(0.05))) == pytest.approx(0.064)


@pytest.mark.slow
def test_gradient_through_a_week_equals_finite_differences():
    hours = np.arange(168)
    rng = np.random.default_rng(3)
    tas = jnp.asarray(18 + 8 * np.sin(2 * np.pi * hours / 24))
    hurs = jnp.asarray(55 - 25 * np.sin(2 * np.pi * hours / 24) + rng.uniform(-2, 2, 168))
    pr = jnp.asarray(np.where((hours > 60) & (hours < 66), 1.5, 0.0))

    @jax.jit
    def end(v):
        lags = jnp.asarray(timelag.LAGS) * v[0]
        rain = timelag.Rain(lag=14.0 * v[3])
        return timelag.timelag_series(jnp.full(3, 0.1), tas + v[1], hurs * v[2], pr, 1.0, lags, rain)[-1, 1]

    at, step = jnp.asarray([1.0, 0.0, 1.0, 1.0]), 1e-5
    rise = [(end(at + step * k) - end(at - step * k)) / (2 * step) for k in jnp.eye(4)]
    slope = jax.grad(end)(at)
    np.testing.assert_allclose(slope, rise, rtol=1e-5)
    assert (jnp.abs(slope) > 1e-5).all()


@pytest.mark.slow
def test_process_follows_its_boundary():
    """Constant weather: all classes at the equilibrium; after a step each has gone its share of the way."""
    process = fuel_moisture()
    plan = make_plan(process, {p.name: "static" for p in process.all_parameters})
    values = {p.name: jnp.asarray(p.default) for p in process.all_parameters}
    damp = jnp.where(jnp.arange(60)[:, None] < 30, 70.0, 30.0) * jnp.ones((1, 2))
    weather = {"tas_min": jnp.full((60, 2), 10.0), "tas_max": jnp.full((60, 2), 30.0), "hurs": damp}
    found = hybrid.simulate(plan, values | weather | {"pr": jnp.zeros((60, 2))}).observables
    before = equilibrium.simard_equilibrium(jnp.asarray(20.0), jnp.asarray(70.0))
    after = equilibrium.simard_equilibrium(jnp.asarray(20.0), jnp.asarray(30.0))
    np.testing.assert_allclose(found["fm1"][29:31, 0], [before, after], rtol=1e-12)
    for name, hours in (("fm10", 10.0), ("fm100", 100.0), ("fm1000", 1000.0)):
        share = (found[name][29:, 0] - before) / (after - before)
        went = 1 - np.exp(-24.0 * np.arange(31) / hours)
        np.testing.assert_allclose(share, went, rtol=1e-9, atol=1e-12)
