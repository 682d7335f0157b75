"""Gradients of the spread against finite differences, for every scheme and both adjoints."""

from __future__ import annotations

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from firegrids import even, front_of, run, square

from hybrid.fire.ellipse import Ellipse
from hybrid.fire.spread import RateFactor, Scheme, at_points, burned_fraction, propagate, scaled, wave_of

GRID = square(22)
END = 600.0


@pytest.fixture(autouse=True)
def _double():
    with jax.enable_x64(True):
        yield


def weather() -> Ellipse:
    """Wind that turns and freshens over three times, on uneven fuel."""
    rng = np.random.default_rng(3)
    head = 0.1 * rng.uniform(0.6, 1.4, (3, *GRID.shape)) * np.array([1.0, 1.5, 0.7])[:, None, None]
    towards = np.broadcast_to(np.array([0.3, 1.2, 2.0])[:, None, None], head.shape)
    return Ellipse(*(jnp.asarray(v) for v in (head, np.full_like(head, 2.5), towards)))


def score(front):
    """Mean of arrivals and burned parts: smooth in all that moves the front."""
    late = jnp.where(jnp.isfinite(front.arrival), front.arrival, END)
    return jnp.mean(late) / END + jnp.mean(burned_fraction(front.level, GRID.width))


def of_everything(scheme):
    """Score by rates, place, radius and time of ignition."""

    def loss(x):
        rates, place, radius, start = x
        level = at_points(GRID, place[None], radius).level
        burnable = jnp.ones(GRID.shape, bool).at[5:9, 14].set(False)
        front = front_of(level)
        front = front._replace(arrival=jnp.where(level <= 0.0, start, jnp.inf))
        times = jnp.array([0.0, 250.0, END])
        out, steps = propagate(front, times, wave_of(rates), burnable, start, END, GRID.width, scheme)
        return score(out), steps

    return loss


@functools.cache
def derivative(scheme):
    """Value, steps and gradient, compiled once."""
    return jax.jit(jax.value_and_grad(of_everything(scheme), has_aux=True))


@pytest.mark.parametrize(
    "scheme",
    [
        Scheme(courant=0.15, max_steps=256),
        pytest.param(Scheme(max_steps=64, checkpoints=9, stages=3), marks=pytest.mark.slow),
        pytest.param(Scheme(max_steps=64, adjoint="diffrax"), marks=pytest.mark.slow),
        pytest.param(Scheme(max_steps=64, order=1, stages=1, between="hold"), marks=pytest.mark.slow),
    ],
    ids=["101 steps", "three stages, 9 checkpoints", "diffrax", "first order, held"],
)
def test_gradients_equal_finite_differences(scheme):
    loss = of_everything(scheme)
    x = (weather(), jnp.array([-13.0, 21.0]), jnp.asarray(26.0), jnp.asarray(20.0))
    (_, steps), gradient = derivative(scheme)(x)
    if scheme.courant == 0.15:
        assert int(steps) >= 100
    value = jax.jit(lambda z: loss(z)[0])
    rng = np.random.default_rng(0)
    for i in range(4):
        way = [jax.tree.map(jnp.zeros_like, part) for part in x]
        way[i] = jax.tree.map(lambda a: jnp.asarray(rng.normal(size=a.shape)) * (1 + jnp.abs(a)), x[i])
        ahead, behind = (jax.tree.map(lambda a, d, s=s: a + s * 1e-8 * d, x, tuple(way)) for s in (1.0, -1.0))
        numeric = (float(value(ahead)) - float(value(behind))) / 2e-8
        exact = sum(
            float(jnp.vdot(g, d)) for g, d in zip(*map(jax.tree.leaves, (gradient, tuple(way))), strict=True)
        )
        assert exact == pytest.approx(numeric, rel=1e-3, abs=1e-7)


def test_zero_wind_zero_rate_and_round_ellipses_have_finite_gradients():
    rates = weather()
    rates = rates._replace(head=rates.head.at[:, :, 9:].set(0.0), length_to_width=jnp.ones_like(rates.head))
    x = (rates, jnp.array([-13.0, 21.0]), jnp.asarray(26.0), jnp.asarray(20.0))
    _, gradient = derivative(Scheme(courant=0.15, max_steps=256))(x)
    assert all(np.isfinite(np.asarray(g)).all() for g in jax.tree.leaves(gradient))
    assert float(jnp.sum(gradient[0].head)) != 0.0


@pytest.mark.slow
def test_few_checkpoints_and_diffrax_give_the_same_numbers():
    x = (weather(), jnp.array([-13.0, 21.0]), jnp.asarray(26.0), jnp.asarray(20.0))
    found = [
        derivative(s)(x)[1]
        for s in (
            Scheme(max_steps=64),
            Scheme(max_steps=64, checkpoints=7),
            Scheme(max_steps=64, adjoint="diffrax"),
        )
    ]
    for other in found[1:]:
        for a, b in zip(jax.tree.leaves(found[0]), jax.tree.leaves(other), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize("between", ["linear", "hold"])
def test_gradients_by_rates_alone_are_those_beside_gradients_by_time(between):
    """Where no derivative by times is wanted none is computed."""
    scheme = Scheme(max_steps=64, between=between)
    x = (weather(), jnp.array([-13.0, 21.0]), jnp.asarray(26.0), jnp.asarray(20.0))
    loss = of_everything(scheme)
    alone = jax.jit(jax.grad(lambda rates: loss((rates, *x[1:]))[0]))(x[0])
    for a, b in zip(alone, derivative(scheme)(x)[1][0], strict=True):
        assert float(jnp.abs(b).max()) > 0.0
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-15)


@pytest.mark.slow
def test_a_factor_learned_through_the_solver_is_recovered():
    truth = jnp.array([0.6, 1.7])
    kind = np.random.default_rng(5).integers(0, 2, GRID.shape)
    kind = np.kron(kind[::4, ::4], np.ones((4, 4), int))[: GRID.rows, : GRID.columns]
    features = np.stack([kind, np.linspace(0, 1, 22)[None] + 0 * kind], axis=-1).astype(float)
    rates = jax.tree.map(jnp.asarray, even(GRID, 0.12, 2.0, 0.8))
    level = at_points(GRID, [(-30.0, -30.0)], 25.0).level
    scheme = Scheme(max_steps=64)
    observed = run(GRID, level, scaled(rates, truth[kind]), END, scheme)
    held = jnp.isfinite(observed.arrival) & (observed.arrival > 0.0)
    model = RateFactor(features, key=jax.random.key(0), bound=3.0, width=8)
    params, static = eqx.partition(model, lambda a: eqx.is_array(a))

    def loss(p):
        found = run(GRID, level, scaled(rates, eqx.combine(p, static)(jnp.asarray(features))), END, scheme)
        late = jnp.where(jnp.isfinite(found.arrival), found.arrival, END)
        return jnp.mean(jnp.where(held, late - jnp.where(held, observed.arrival, 0.0), 0.0) ** 2) / 1e4

    tool = optax.adam(0.05)

    @jax.jit
    def step(p, state):
        value, g = jax.value_and_grad(loss)(p)
        g = eqx.tree_at(lambda m: (m.low, m.high), g, (jnp.zeros(2), jnp.zeros(2)))
        change, state = tool.update(g, state)
        return optax.apply_updates(p, change), state, value

    state, values = tool.init(params), []
    for _ in range(80):
        params, state, value = step(params, state)
        values.append(float(value))
    assert values[-1] < 0.01 * values[0]
    found = np.asarray(eqx.combine(params, static)(jnp.asarray(features)))
    seen = np.asarray(held)
    for i in (0, 1):
        assert found[seen & (kind == i)].mean() == pytest.approx(float(truth[i]), rel=0.05)


def test_the_factor_is_bounded_and_one_outside_its_training():
    features = np.random.default_rng(0).uniform(size=(50, 3))
    model = RateFactor(features, key=jax.random.key(1), bound=2.0)
    model = eqx.tree_at(lambda m: m.network.out, model, 50.0 * model.network.out)
    inside = np.asarray(model(jnp.asarray(features)))
    assert (inside > 0.5 - 1e-9).all()
    assert (inside < 2.0 + 1e-9).all()
    assert np.abs(np.log(inside)).max() > 0.3
    far = np.asarray(model(jnp.asarray(features + 3.0)))
    np.testing.assert_allclose(far, 1.0, atol=1e-12)
