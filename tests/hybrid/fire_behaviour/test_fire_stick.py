"""The diffusing stick: the cylinder's series, orders of convergence, conservation, time lags and gradients."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import j0, j1

from hybrid.fire.behaviour import equilibrium, stick

RADIUS, FLOW, TRANSFER = 0.0064, 2e-10, 2e-7


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def series(time):
    """Mean of a cylinder that starts at one and loses to zero, by the roots of b J1(b) = Bi J0(b) (Crank 1975)."""
    biot = TRANSFER * RADIUS / FLOW
    roots, edges = [], np.concatenate([[1e-9], np.arange(1, 60) * np.pi])
    for low, high in pairwise(edges):

        def off(b):
            return b * j1(b) - biot * j0(b)

        if off(low) * off(high) < 0:
            roots.append(brentq(off, low, high, xtol=1e-14))
    b = np.array(roots)
    decay = np.exp(-(b**2) * FLOW * time / RADIUS**2)
    return float((4 * biot**2 / (b**2 * (b**2 + biot**2)) * decay).sum())


@partial(jax.jit, static_argnames="rings")
def mean_after(time, steps, rings):
    """Mean of the cylinder after a time, in steps and rings."""
    flow, transfer = jnp.full(rings, FLOW), jnp.asarray(TRANSFER)

    def one(_, w):
        return stick.radial_step(w, flow, jnp.asarray(0.0), transfer, jnp.asarray(RADIUS), time / steps)

    return stick.mean_moisture(jax.lax.fori_loop(0, steps, one, jnp.ones(rings)))


def cylinder(time, steps, rings):
    return float(mean_after(time, steps, rings))


def test_first_order_in_time():
    exact = series(36000.0)
    errors = [abs(cylinder(36000.0, n, 16) - cylinder(36000.0, 20480, 16)) for n in (20, 40, 80)]
    assert errors[0] < 0.02 * exact
    rates = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(rates, 1.0, atol=0.06)


def test_second_order_in_space():
    """Against the series, with a time error far below."""
    exact = series(36000.0)
    fine = [2 * cylinder(36000.0, 8000, n) - cylinder(36000.0, 4000, n) for n in (4, 8, 16)]
    errors = np.abs(np.array(fine) - exact)
    np.testing.assert_allclose(np.log2(errors[:-1] / errors[1:]), 2.0, atol=0.15)
    assert errors[-1] < 3e-3 * exact


@pytest.mark.slow
def test_what_is_lost_has_crossed_the_surface():
    rng = np.random.default_rng(0)
    w, flow = jnp.asarray(rng.uniform(0.05, 0.3, 11)), jnp.asarray(rng.uniform(1e-10, 5e-10, 11))
    radius, target, time = jnp.asarray(RADIUS), jnp.asarray(0.1), 600.0
    new = stick.radial_step(w, flow, target, jnp.asarray(TRANSFER), radius, time)
    across = 1.0 / (1.0 / TRANSFER + 0.5 * RADIUS / 11 / float(flow[-1])) * (0.1 - float(new[-1]))
    gained = float(stick.mean_moisture(new) - stick.mean_moisture(w))
    assert gained == pytest.approx(across * time * 2.0 / RADIUS, rel=1e-11)
    closed = stick.radial_step(w, flow, target, jnp.asarray(1e-30), radius, time)
    assert float(stick.mean_moisture(closed)) == pytest.approx(float(stick.mean_moisture(w)), rel=1e-13)


def weather(hours, tas=20.0, hurs=30.0, rsds=0.0, pr=0.0):
    return stick.Air(*(jnp.full(hours, x) for x in (tas, hurs, rsds, pr)))


run = jax.jit(stick.stick_series, static_argnames=("steps",))


def test_time_lags_are_those_the_sticks_are_named_after():
    """Drying from 25 % in steady air: 63 % of the way within a factor of three of 1 h, 10 h and 100 h."""
    for radius, lag in ((0.002, 1.0), (0.0064, 10.0), (0.02, 100.0)):
        start = stick.uniform(jnp.asarray(0.25), jnp.asarray(20.0))
        means, _ = run(stick.Stick(jnp.asarray(radius)), start, weather(200), time=0.05 * lag * 3600.0)
        gone = (0.25 - means) / (0.25 - means[-1])
        found = 0.05 * lag * (int(np.argmax(np.asarray(gone) > 1 - np.exp(-1))) + 1)
        assert lag / 3 < found < 3 * lag


def test_steady_air_brings_the_equilibrium_of_the_surface():
    """At night and 3 degC the sky warms nothing: the stick ends at the equilibrium of the air."""
    start = stick.uniform(jnp.asarray(0.25), jnp.asarray(3.0))
    means, _ = run(stick.Stick(jnp.asarray(0.002)), start, weather(200, tas=3.0, hurs=50.0), time=3600.0)
    wanted = equilibrium.nelson_equilibrium(jnp.asarray(3.0), jnp.asarray(50.0))
    assert float(means[-1]) == pytest.approx(float(wanted), rel=1e-6)


def test_sun_dries_and_rain_wets():
    start = stick.uniform(jnp.asarray(0.12), jnp.asarray(20.0))
    ten_hour = stick.Stick(jnp.asarray(RADIUS))
    dull, _ = run(ten_hour, start, weather(200), time=360.0)
    sunny, _ = run(ten_hour, start, weather(200, rsds=800.0), time=360.0)
    rainy, last = run(ten_hour, start, weather(200, pr=2.0, hurs=95.0), time=360.0)
    assert float(sunny[-1]) < float(dull[-1]) - 0.01
    assert float(rainy[-1]) > 0.2
    assert float(last.moisture.max()) <= 0.6
    assert (jnp.diff(rainy) > 0).all()


@pytest.mark.slow
def test_gradient_through_two_days_equals_finite_differences():
    hours = np.arange(48)
    light = np.maximum(np.sin(2 * np.pi * (hours - 6) / 24), 0.0)
    air = stick.Air(
        jnp.asarray(15 + 8 * np.sin(2 * np.pi * (hours - 9) / 24)),
        jnp.asarray(60 - 25 * np.sin(2 * np.pi * (hours - 9) / 24)),
        jnp.asarray(700.0 * light),
        jnp.asarray(np.where((hours > 20) & (hours < 24), 1.0, 0.0)),
    )

    @jax.jit
    def end(v):
        one = stick.Stick(RADIUS * v[0], 400.0 * v[1])
        moved = air._replace(tas=air.tas + v[2], hurs=air.hurs * v[3])
        start = stick.uniform(jnp.asarray(0.15), jnp.asarray(15.0), 7)
        return stick.stick_series(one, start, moved, steps=2)[0][-1]

    at, step = jnp.asarray([1.0, 1.0, 0.0, 1.0]), 1e-6
    rise = [(end(at + step * k) - end(at - step * k)) / (2 * step) for k in jnp.eye(4)]
    slope = jax.grad(end)(at)
    np.testing.assert_allclose(slope, rise, rtol=1e-5)
    assert (jnp.abs(slope) > 1e-5).all()
