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
