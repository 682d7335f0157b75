"""Gradients of fire weather: of a day, and through seasons and a winter."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hybrid.fire.index import FAMILIES, Codes, State, Weather, Winter, daylength, run_seasons
from hybrid.fire.index.run import next_codes, with_indices

ACTIVE = np.array([1, 1, 1, 0, 0, 1, 1], bool)[:, None].repeat(6, 1)
DAYS, CELLS = ACTIVE.shape
TYPICAL = (80.0, 20.0, 100.0)


def total(fields, start):
    state = State(Codes(*start), jnp.ones(CELLS, bool), jnp.full(CELLS, jnp.nan), jnp.zeros(CELLS))
    found, _ = run_seasons(
        Weather(*fields), jnp.full(DAYS, 6), jnp.asarray(ACTIVE), state, daylength.canadian(), winter=Winter()
    )
    return sum(jnp.nansum(jnp.sin(0.002 * v)) for v in found), found.dc[-1]


@functools.cache
def sloped():
    return jax.jit(jax.value_and_grad(total, (0, 1), has_aux=True))


def wide(numbers, shape):
    return [jnp.asarray(np.full(shape, v)) for v in numbers]


@pytest.fixture(autouse=True)
def _double():
    with jax.enable_x64(True):
        yield


@pytest.fixture
def fields():
    rng = np.random.default_rng(0)
    ends = ((-5, 35), (5, 100), (0, 45), (0, 8))
    return [jnp.asarray(rng.uniform(a, b, (DAYS, CELLS))) for a, b in ends]


def a_day(day, codes):
    found = next_codes(Codes(*codes), Weather(*day), 12.4, 6.4, FAMILIES["1985"])
    return sum(jnp.sum(jnp.sin(0.002 * v)) for v in with_indices(found, day[2], FAMILIES["1985"]))


@functools.cache
def sloped_day():
    return jax.jit(jax.value_and_grad(a_day, (0, 1)))


def agree(function, given, rng):
    """Slopes of a function of two lists of arrays against central differences along random directions."""
    slopes = function(*given)[1]
    for which in (0, 1):
        for k, values in enumerate(given[which]):
            way = rng.normal(size=values.shape)
            ends = []
            for sign in (1.0, -1.0):
                moved = [list(g) for g in given]
                moved[which][k] = values + sign * 1e-6 * way
                ends.append(float(jnp.ravel(jnp.asarray(function(*moved)[0]))[0]))
            wanted = (ends[0] - ends[1]) / 2e-6
            assert float(jnp.sum(slopes[which][k] * way)) == pytest.approx(wanted, rel=1e-4, abs=1e-7)


@pytest.mark.slow
def test_gradients_of_a_day_are_finite_differences(fields):
    """To weather and to the codes of the day before."""
    day = [f.ravel()[:42] for f in fields]
    agree(sloped_day(), (day, wide(TYPICAL, 42)), np.random.default_rng(1))


def test_gradients_of_a_day_are_finite_at_the_edges():
    """No wind, saturated or bone-dry air, thresholds of rain and of cold, no fuel dry at all."""
    edges = [
        (20.0, 50.0, 0.0, 0.0),
        (20.0, 100.0, 10.0, 5.0),
        (20.0, 0.0, 10.0, 0.0),
        (-1.1, 50.0, 10.0, 0.5),
    ]
    codes = [(0.0, 0.0, 0.0), (101.0, 33.0, 0.0), (85.0, 0.0, 50.0)]
    both = np.array([(*e, *c) for e in edges for c in codes])
    columns = [jnp.asarray(c) for c in np.resize(both, (42, 7)).T]
    slopes = sloped_day()(columns[:4], columns[4:])[1]
    assert all(np.isfinite(np.asarray(s)).all() for s in jax.tree.leaves(slopes))


@pytest.mark.slow
def test_gradients_through_seasons_are_finite_differences(fields):
    agree(
        lambda *given: (sloped()(*given)[0][0], sloped()(*given)[1]),
        (fields, wide(TYPICAL, CELLS)),
        np.random.default_rng(1),
    )


@pytest.mark.slow
def test_rain_of_winter_lowers_what_comes_after():
    fields = wide((20.0, 40.0, 10.0, 2.0), (DAYS, CELLS))
    slopes = sloped()(fields, wide(TYPICAL, CELLS))[1]
    assert (np.asarray(slopes[0][3])[3:5] < 0.0).all()
    assert (np.asarray(slopes[0][0])[3:5] == 0.0).all()
