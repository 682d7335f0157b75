"""Fire among patches of fast and slow fuel: no level falls below what burned first, and gradients stay exact."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from firegrids import even, run, square

from hybrid.fire.spread import Scheme, at_points

GRID = square(41)
END = 1500.0
START = at_points(GRID, [(0.0, 0.0)], 30.0).level


def patches(seed: int, fast: float = 0.15, slow: float = 0.005):
    rates = even(GRID, 1.0, 1.5, 0.6)
    chosen = np.random.default_rng(seed).random(GRID.shape) < 0.5
    return rates._replace(head=np.broadcast_to(np.where(chosen, fast, slow), rates.head.shape))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_level_falls_below_the_least_of_the_start(seed):
    """What a level set may do in any field of rates; corrections without a bound led to -120 m and twice the area."""
    second, first = (run(GRID, START, patches(seed), END, Scheme(order=k)) for k in (2, 1))
    assert float(second.level.min()) > float(START.min()) - 1e-3
    burned = [int((np.asarray(f.level) <= 0.0).sum()) for f in (first, second)]
    assert burned[0] <= burned[1] < 1.15 * burned[0]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_second_order_is_nearer_to_finer_cells(seed):
    """Arrivals among patches of three cells, against cells of a fifth of the width."""
    rng = np.random.default_rng(seed)
    chosen = np.kron(rng.random((14, 14)) < 0.5, np.ones((3, 3)))[: GRID.rows, : GRID.columns]
    head = np.where(chosen > 0, 0.15, 0.03)

    def arrival(k: int, order: int) -> np.ndarray:
        grid = square(GRID.rows * k, GRID.width / k)
        rates = even(grid, 1.0, 1.5, 0.6)._replace(head=np.stack([np.kron(head, np.ones((k, k)))] * 2))
        start = at_points(grid, [(0.0, 0.0)], 30.0).level
        found = run(grid, start, rates, END, Scheme(order=order, max_steps=4096)).arrival
        return np.asarray(found)[k // 2 :: k, k // 2 :: k]

    fine, first, second = arrival(5, 2), arrival(1, 1), arrival(1, 2)
    known = np.isfinite(fine) & np.isfinite(first) & np.isfinite(second)
    late = [np.abs(a[known] - fine[known]).mean() for a in (first, second)]
    wrong = [int((np.isfinite(a) != np.isfinite(fine)).sum()) for a in (first, second)]
    assert late[1] < 0.75 * late[0]
    assert wrong[1] < wrong[0]


@pytest.mark.slow
def test_gradient_among_patches():
    """Of the level where bounds are at work, against central differences."""
    with jax.enable_x64(True):
        rates = jax.tree.map(jnp.asarray, patches(0))
        start = jnp.asarray(START, float)

        def level(factor):
            out = run(GRID, start, rates._replace(head=rates.head * factor), END).level
            return jnp.sum(out[15:26, 15:26] * jnp.cos(jnp.arange(11.0)))

        found = float(jax.grad(level)(0.98))
        near = float(level(0.98 + 1e-7) - level(0.98 - 1e-7)) / 2e-7
    assert found == pytest.approx(near, rel=1e-4)
