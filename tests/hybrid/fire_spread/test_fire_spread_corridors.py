"""Fire between walls that never burn, from one to four cells apart, where slopes meet the walls on both sides."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from firegrids import even, run, square

from hybrid.fire.spread import Scheme, at_points

GRID = square(26)
RATE, END = 0.1, 1400.0


def corridor(cells: int, across: bool) -> np.ndarray:
    """Cells that burn: a band of rows, or of columns."""
    can = np.zeros(GRID.shape, bool)
    can[12 : 12 + cells] = True
    return can.T if across else can


@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("cells", [1, 2, 3, 4])
def test_fire_runs_down_a_corridor_at_its_rate(cells, across):
    with jax.enable_x64(True):
        can = corridor(cells, across)
        level = at_points(GRID, [(GRID.x[3], GRID.y[12])], 20.0)
        if across:
            level = at_points(GRID, [(GRID.x[12], GRID.y[3])], 20.0)
        front = run(GRID, level.level, even(GRID, RATE, 1.0, 0.0), END, Scheme(), can)
    arrival = np.asarray(front.arrival).T if across else np.asarray(front.arrival)
    along = arrival[12]
    walls = ~can & (np.asarray(level.level) > 0.0)
    assert np.isinf(np.asarray(front.arrival)[walls]).all()
    np.testing.assert_allclose(np.diff(along[6:16]), GRID.width / RATE, rtol=0.12)
    assert along[15] - along[6] == pytest.approx(9 * GRID.width / RATE, rel=0.03)
    burned = np.asarray(front.level)[can]
    assert burned.min() > -1.1 * RATE * END - 20.0


@pytest.mark.slow
def test_gradient_in_a_corridor_of_two_cells():
    with jax.enable_x64(True):
        can = corridor(2, False)
        level = at_points(GRID, [(GRID.x[3], GRID.y[12])], 20.0).level

        def last(head):
            rates = jax.tree.map(jnp.asarray, even(GRID, 1.0, 1.0, 0.0))
            rates = rates._replace(head=rates.head * head)
            return run(GRID, level, rates, END, Scheme(), can).arrival[12, 14]

        found = jax.grad(last)(0.97 * RATE)  # the number of steps is the same on both sides
        near = (last(0.9701 * RATE) - last(0.9699 * RATE)) / (0.0002 * RATE)
    assert found == pytest.approx(float(near), rel=1e-4)
