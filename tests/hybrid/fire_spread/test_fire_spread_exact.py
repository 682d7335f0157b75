"""Spread against closed forms: circle, ellipse, rotation, symmetry, barriers."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from firegrids import even, run, square

from hybrid.fire.ellipse import Ellipse, area, half_axes
from hybrid.fire.spread import Scheme, at_points, burned_fraction, front_rate, grown, perimeter
from hybrid.fire.spread import area as burned_area


@pytest.fixture(autouse=True)
def _double():
    with jax.enable_x64(True):
        yield


@functools.cache
def fire(cells: int, slim: float, towards: float, order: int = 2):
    """A fire grown from an ellipse of 400 s to 1000 s, with so many cells on a kilometre; the true arrival beside it.

    The grid has the same number of cells in any case, so that one program serves all.
    """
    grid = square(80, 1000.0 / cells)
    one = Ellipse(jnp.asarray(0.4), jnp.asarray(slim), jnp.asarray(towards))
    far = -150.0 if slim > 1.0 else 0.0
    x, y = far * np.sin(towards), far * np.cos(towards)
    start = grown(grid, x, y, one, 400.0) if slim > 1.0 else at_points(grid, [(x, y)], 160.0)
    out = run(grid, start.level, even(grid, 0.4, slim, towards), 600.0, Scheme(order=order))
    a, b, c = (float(v) for v in half_axes(one))
    east, north = np.meshgrid(grid.x - x, grid.y - y)
    ahead = east * np.sin(towards) + north * np.cos(towards)
    true = (a * np.hypot(east, north) - c * ahead) / b**2 - 400.0
    return grid, out, true


def errors(cells: int, slim: float, towards: float, order: int = 2) -> tuple[float, float]:
    """Mean error of the arrival [s] and relative error of the area."""
    grid, out, true = fire(cells, slim, towards, order)
    arrival = np.asarray(out.arrival)
    held = (true > 5.0) & (true < 580.0) & np.isfinite(arrival)
    one = Ellipse(jnp.asarray(0.4), jnp.asarray(slim), jnp.asarray(towards))
    relative = float(burned_area(out.level, grid.width)) / float(area(one, jnp.asarray(1000.0))) - 1.0
    return float(np.abs(arrival - true)[held].mean()), abs(relative)


def slope(values: list[float], cells: list[int]) -> float:
    """Order of convergence, regressed on the width of cells."""
    return float(np.polyfit(np.log(1.0 / np.array(cells)), np.log(values), 1)[0])


def test_a_circle_grows_by_rate_times_time():
    cells = [20, 40, 80]
    found = [errors(n, 1.0, 0.4) for n in cells]
    assert slope([f[0] for f in found], cells) > 1.8
    assert found[-1][0] < 1.0
    assert found[-1][1] < 1e-3


def test_the_ellipse_converges_at_second_order():
    cells = [20, 40, 80]
    found = [errors(n, 2.0, 0.4) for n in cells]
    assert slope([f[0] for f in found], cells) > 1.6
    assert slope([f[1] for f in found], cells) > 1.6
    assert found[-1][1] < 6e-3


@pytest.mark.slow
def test_first_order_slopes_converge_at_first_order():
    found = [errors(n, 2.0, 0.4, 1)[0] for n in (40, 80)]
    assert 0.6 < slope(found, [40, 80]) < 1.4


def test_head_back_and_perimeter_of_the_ellipse():
    from scipy.special import ellipe

    grid, out, _ = fire(80, 2.0, 0.4)
    one = Ellipse(jnp.asarray(0.4), jnp.asarray(2.0), jnp.asarray(0.4))
    a, b, _ = (1000.0 * float(v) for v in half_axes(one))
    assert float(perimeter(out.level, grid.width)) == pytest.approx(
        4.0 * a * ellipe(1 - (b / a) ** 2), rel=5e-3
    )
    part = np.asarray(burned_fraction(out.level, grid.width))
    east, north = np.meshgrid(grid.x, grid.y)
    along = (east + 150 * np.sin(0.4)) * np.sin(0.4) + (north + 150 * np.cos(0.4)) * np.cos(0.4)
    across = east * np.cos(0.4) - north * np.sin(0.4)
    burned = part > 0.5
    assert along[burned].max() == pytest.approx(400.0, abs=1.5 * grid.width)
    assert (along[burned].max() - along[burned].min()) / np.ptp(across[burned]) == pytest.approx(
        2.0, abs=0.15
    )


def test_a_quarter_turn_of_wind_and_grid_turns_the_scar_exactly():
    grid = square(41)
    rng = np.random.default_rng(0)
    head = rng.uniform(0.05, 0.15, (2, 41, 41))
    rates = Ellipse(head, np.full_like(head, 2.5), np.full_like(head, 0.7))
    level = at_points(grid, [(20.0, -40.0)], 30.0).level
    first = run(grid, level, rates, 600.0)
    # a quarter turn clockwise: north becomes east
    turned = Ellipse(
        *(np.rot90(f, -1, (1, 2)) + shift for f, shift in zip(rates, (0.0, 0.0, np.pi / 2), strict=True))
    )
    second = run(grid, jnp.rot90(level, -1), turned, 600.0)
    np.testing.assert_allclose(np.rot90(first.level, -1), second.level, rtol=1e-9, atol=1e-9)


def test_turning_the_wind_turns_the_scar():
    grid, one, _ = fire(80, 2.0, 0.4)
    _, other, _ = fire(80, 2.0, 1.2)
    first, second = (float(burned_area(o.level, grid.width)) for o in (one, other))
    assert first == pytest.approx(second, rel=4e-3)


def test_rows_from_the_south_give_the_same_fire():
    from dataclasses import replace

    north = square(41)
    south = replace(north, first=-north.first, north_first=False)
    rates = even(north, 0.1, 2.0, 0.5)
    one = run(north, at_points(north, [(10.0, 20.0)], 30.0).level, rates, 500.0)
    other = run(south, at_points(south, [(10.0, 20.0)], 30.0).level, rates, 500.0)
    np.testing.assert_allclose(one.level, other.level[::-1], rtol=1e-9, atol=1e-9)


def test_two_fires_that_meet_leave_no_gap():
    grid = square(41)
    level = at_points(grid, [(-80.0, 0.0), (80.0, 0.0)], 30.0).level
    out = run(grid, level, even(grid, 0.1, 1.0), 900.0)
    assert (np.asarray(out.level)[20, 8:33] <= 0.0).all()
    assert float(out.arrival[20, 20]) == pytest.approx(500.0, rel=0.03)


@pytest.mark.parametrize("order", [1, 2])
def test_fire_does_not_jump_a_road_one_cell_wide(order):
    grid = square(41)
    burnable = np.ones(grid.shape, bool)
    burnable[:, 25] = False
    # a diagonal river, joined by its sides
    for i in range(40):
        burnable[40 - i, i // 2 if i < 30 else 15] = False
    rates = even(grid, 0.3, 3.0, np.pi / 2)
    out = run(grid, at_points(grid, [(0.0, 0.0)], 20.0).level, rates, 1500.0, Scheme(order=order), burnable)
    assert (np.asarray(out.level)[:, 26:] > 0.0).all()
    assert (np.asarray(out.level)[:, 24] <= 0.0).any()


def test_fire_passes_through_a_gap_and_along_a_road():
    grid = square(41)
    burnable = np.ones(grid.shape, bool)
    burnable[:20, 20] = burnable[21:, 20] = False
    out = run(
        grid, at_points(grid, [(-100.0, 0.0)], 20.0).level, even(grid, 0.1, 1.0), 2500.0, burnable=burnable
    )
    arrival = np.asarray(out.arrival)
    assert arrival[20, 20] == pytest.approx(800.0, rel=0.05)
    # behind the gap the fire is a circle about it
    assert arrival[12, 26] == pytest.approx(800.0 + 1000.0, rel=0.06)
    # along the road as in the open
    assert arrival[0, 19] == pytest.approx((np.hypot(200.0, 90.0) - 20.0) / 0.1, rel=0.05)


def test_slow_fuel_does_not_hold_back_the_cells_beside_it():
    grid = square(41)
    rates = even(grid, 0.2, 1.0)
    rates.head[:, 21:, :] = 0.001
    level = jnp.asarray(np.broadcast_to(grid.x + 150.0, grid.shape))
    out = run(grid, level, rates, 1200.0)
    # a straight front going east: its cells beside the slow fuel arrive with the others
    np.testing.assert_allclose(np.asarray(out.arrival)[20, 8:25], np.asarray(out.arrival)[5, 8:25], rtol=1e-6)


def test_rays_that_leave_slow_fuel_do_not_outrun_the_ellipse():
    grid = square(41)
    burnable = np.ones(grid.shape, bool)
    burnable[:, :10] = False
    rates = even(grid, 0.1, 3.0, np.pi / 4)
    one = Ellipse(*(jnp.asarray(f[0, 0, 0]) for f in rates))
    from hybrid.fire.ellipse import rate_towards

    level = at_points(grid, [(-95.0, -170.0)], 15.0).level
    out = run(grid, level, rates, 2500.0, burnable=burnable)
    north = float(rate_towards(one, jnp.asarray(0.0)))
    reached = grid.y[np.asarray(out.level)[:, 10] <= 0.0].max()
    assert reached + 170.0 == pytest.approx(15.0 + north * 2500.0, rel=0.15)


def test_burned_area_never_falls_and_no_front_outruns_the_fastest_fuel():
    grid = square(41)
    rng = np.random.default_rng(1)
    head = rng.uniform(0.0, 0.2, (2, 41, 41))
    rates = Ellipse(head, rng.uniform(1.0, 4.0, head.shape), rng.uniform(0.0, 6.28, head.shape))
    level = at_points(grid, [(0.0, 0.0)], 25.0).level
    before = level
    for end in (100.0, 300.0, 500.0):
        after = run(grid, level, rates, end)
        assert (np.asarray(after.level) <= np.asarray(before) + 1e-9).all()
        before = after.level
        reach = np.hypot(*np.meshgrid(grid.x, grid.y))[np.asarray(after.level) <= 0.0].max()
        assert reach <= 25.0 + 0.2 * end + grid.width


def test_the_rate_of_a_straight_front_is_that_of_its_fuel():
    grid = square(41)
    level = jnp.asarray(np.broadcast_to(grid.x + 150.0, grid.shape))
    out = run(grid, level, even(grid, 0.1, 2.0, np.pi / 2), 1500.0)
    rate = np.asarray(front_rate(out.arrival, grid.width))[5:-5, 8:18]
    np.testing.assert_allclose(rate, 0.1, rtol=1e-3)
