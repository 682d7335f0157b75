"""The spread model as assimilation calls it: against analytic growth, from other starts, and at its step limit."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from firegrids import square

from data.errors import ModelError
from hybrid.fire.assimilation import Parameter, Perimeter, Problem, ensemble_kalman, forecast, simulator
from hybrid.fire.spread import Front, Scheme, Wave, Window, at_points

GRID = square(32, 10.0)
WIDE = Window(2, 32, 1, 31)
AWAY = np.hypot(*np.meshgrid(GRID.x, GRID.y))
PRIOR = (Parameter("rate", 1.0, 0.3),)


def rates(values):
    flank = jnp.full((2, *WIDE.shape), 0.1) * values["rate"]
    return Wave(0.0 * flank, 0.0 * flank, flank)


def fast(problem):
    """The same with rates that no front of so few steps can follow."""
    return Problem((Parameter("rate", 40.0, 0.3),), problem.simulate, problem.perimeters, GRID)


@pytest.fixture(scope="module")
def problem():
    simulate = simulator(
        GRID,
        [0.0, 900.0],
        rates,
        at_points(GRID, [(0.0, 0.0)], 40.0),
        window=WIDE,
        scheme=Scheme(max_steps=64),
        burnable=AWAY < 135.0,
    )
    return Problem(
        PRIOR, simulate, [Perimeter(300.0, AWAY <= 70.0, 5.0), Perimeter(600.0, AWAY <= 95.0, 5.0)], GRID
    )


def test_circles_grow_as_their_rates_say_from_any_start(problem):
    given = {"rate": np.array([0.5, 1.0])}
    found = forecast(problem, given, [300.0, 600.0])
    assert found.level.shape == (2, 2, *GRID.shape)
    for i, rate in enumerate(given["rate"]):
        for k, time in enumerate((300.0, 600.0)):
            wanted = AWAY - 40.0 - 0.1 * rate * time
            near = np.abs(wanted) < 15.0
            np.testing.assert_allclose(found.level[i, k][near], wanted[near], atol=1.5)
    passed = np.isfinite(found.arrival[1]) & (AWAY > 50.0)
    np.testing.assert_allclose(found.arrival[1][passed], (AWAY[passed] - 40.0) / 0.1, atol=15.0)
    # from a perimeter: on from 70 m at 300 s, within the steps of its cells
    again = forecast(problem, given, [400.0, 600.0], start=problem.perimeters[0])
    near = np.abs(AWAY - 100.0) < 15.0
    np.testing.assert_allclose(again.level[1, 1][near], (AWAY - 100.0)[near], atol=7.0)


@pytest.mark.slow
def test_members_go_on_from_their_own_fronts(problem):
    given = {"rate": np.array([0.5, 1.0])}
    found = forecast(problem, given, [300.0, 600.0])
    near = np.abs(AWAY - 80.0) < 40.0
    own = Front(found.level[:, 0], np.where(found.level[:, 0] <= 0.0, 0.0, np.inf))
    on = forecast(problem, given, [450.0, 600.0], start=own, since=300.0)
    np.testing.assert_allclose(on.level[:, 1][:, near], found.level[:, 1][:, near], atol=0.5)
    with pytest.raises(ModelError, match=r"raise max_steps"):
        ensemble_kalman(fast(problem), jax.random.key(0), 4)


def test_stone_and_what_lies_outside_of_the_window_do_not_burn(problem):
    found = forecast(problem, {"rate": np.array([1.0, 1.3])}, [600.0, 899.0])
    assert not found.burned[:, :, AWAY >= 135.0].any()
    outside = np.ones(GRID.shape, bool)
    outside[WIDE.slices] = False
    assert (found.probability()[:, outside] == 0.0).all()


def test_more_steps_than_allowed_are_told_and_not_cut_short(problem):
    with pytest.raises(ModelError, match="needs more than max_steps steps"):
        forecast(problem, {"rate": np.array([1.0, 40.0])}, [300.0, 600.0])
