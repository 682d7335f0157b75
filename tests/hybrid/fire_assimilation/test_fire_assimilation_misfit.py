"""Distances between fronts, and what they count."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from firegrids import square

from hybrid.fire.assimilation import Misfit, Perimeter, front_distance
from hybrid.fire.assimilation import misfit as module
from hybrid.fire.assimilation.misfit import FLAT, observe
from hybrid.fire.spread.slopes import FAR

GRID = square(40, 10.0)
CLIP, SD, APART = 60.0, 15.0, 80.0
misfit_of = jax.jit(module.misfit_of)


def plane(shift, slope=1.0):
    """A front across the whole grid, ``shift`` metres east of the middle, with a level of this slope."""
    return np.broadcast_to(slope * (GRID.x - shift), (1, *GRID.shape)).astype(np.float32)


@pytest.fixture(scope="module")
def observed():
    mapped = [Perimeter(60.0, np.asarray(plane(0.0)[0]) <= 0.0, SD)]
    return observe(tuple(mapped), GRID, Misfit(CLIP, APART))


def test_a_level_of_any_slope_becomes_a_distance():
    turned = 0.6 * GRID.x[None, :] + 0.8 * GRID.y[:, None]
    for slope in (0.2, 1.0, 7.0):
        found = front_distance(jnp.asarray(slope * turned), GRID.width)
        np.testing.assert_allclose(found, turned, rtol=1e-5, atol=1e-4)
    flat = jax.grad(lambda a: front_distance(a, GRID.width).sum())(jnp.zeros(GRID.shape))
    # a level without slope counts as one of the least slope, which neighbours do not change
    np.testing.assert_allclose(flat, 1.0 / FLAT, rtol=1e-6)


def test_beside_cells_that_cannot_burn_the_slope_is_that_of_the_others():
    level = plane(0.0)[0].copy()
    level[:, 30] = FAR * GRID.width
    found = np.asarray(front_distance(jnp.asarray(level), GRID.width))
    for column in (29, 31):
        np.testing.assert_allclose(found[:, column], level[:, column], rtol=1e-5)


@pytest.mark.parametrize("shift", [10.0, 30.0, 60.0, 100.0])
def test_the_misfit_of_a_displaced_line_is_that_of_its_independent_points(observed, shift):
    """Near: the squared displacement of each point, less one part in six clips; the integral is exact."""
    points = 400.0 / APART
    wanted = 0.5 * points * shift**2 * (1.0 - shift / (6.0 * CLIP)) / SD**2
    found = float(misfit_of(observed, plane(shift)))
    assert found == pytest.approx(wanted, rel=0.03)
    assert float(misfit_of(observed, plane(shift, 3.0))) == pytest.approx(found, rel=1e-4)


def test_the_points_of_a_line_are_counted(observed):
    assert float(observed.effective[0]) == pytest.approx(390.0 / APART, rel=1e-3)


def test_fronts_that_do_not_meet_still_pull(observed):
    pull = jax.jit(jax.grad(lambda s: misfit_of(observed, (GRID.x - s) * jnp.ones((1, 40, 1)))))
    for shift in (70.0, 100.0, 129.0):
        force = float(pull(shift))
        wanted = 400.0 / APART * CLIP / SD**2
        assert force == pytest.approx(wanted if shift > 2 * CLIP else force, rel=0.1)
        assert 0.5 * wanted < force < 1.1 * wanted
        assert float(pull(-shift)) < -0.5 * wanted


def test_the_width_of_cells_hardly_matters():
    found = []
    for cells, width in ((40, 10.0), (80, 5.0)):
        grid = square(cells, width)
        away = np.hypot(*np.meshgrid(grid.x, grid.y))
        mapped = (Perimeter(60.0, away <= 100.0, SD),)
        found.append(float(misfit_of(observe(mapped, grid, Misfit(40.0, APART)), away[None] - 130.0)))
    assert found[0] == pytest.approx(found[1], rel=0.1)
    wanted = 0.5 * 2.0 * np.pi * 115.0 / APART * 30.0**2 * (1.0 - 30.0 / 240.0) / SD**2
    assert found[1] == pytest.approx(wanted, rel=0.1)


def test_cells_that_cannot_burn_or_are_not_mapped_do_not_count(observed):
    level = plane(40.0)
    stone = level.copy()
    stone[0, 20:] = FAR * GRID.width
    assert float(misfit_of(observed, stone)) == pytest.approx(
        0.5 * float(misfit_of(observed, level)), rel=1e-3
    )
    half = np.arange(40)[:, None] < 20
    cloud = Perimeter(60.0, np.asarray(plane(0.0)[0]) <= 0.0, SD, np.broadcast_to(half, GRID.shape))
    seen = observe((cloud,), GRID, Misfit(CLIP, APART))
    assert float(misfit_of(seen, level)) == pytest.approx(0.5 * float(misfit_of(observed, level)), rel=1e-3)


def test_a_level_that_is_not_a_number_is_not_overlooked(observed):
    assert np.isnan(float(misfit_of(observed, np.full_like(plane(0.0), np.nan))))
