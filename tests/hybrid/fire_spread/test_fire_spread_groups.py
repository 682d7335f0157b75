"""Ensembles run group by group burn as those run at once."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from firegrids import even, square

from data.errors import ConfigError, DataError
from hybrid.fire.ellipse import Ellipse
from hybrid.fire.spread import Ignition, at_points, spread, spread_groups

GRID = square(70)
HEADS = np.array([0.02, 0.06, 0.12])
END = 1500.0


def members(some: slice) -> Ellipse:
    """Rates of some of three members, of which each burns faster than the one before."""
    one = even(GRID, 1.0, 2.0, 0.9)
    heads = HEADS[some]
    head = heads[:, None, None, None] * one.head
    return Ellipse(head, *(np.broadcast_to(f, head.shape) for f in one[1:]))


def lit() -> Ignition:
    """Each member in a place of its own."""
    return Ignition(jnp.stack([at_points(GRID, [(x, 20.0)], 30.0).level for x in (-120.0, 0.0, 60.0)]))


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 2])
def test_groups_burn_as_the_whole(size):
    whole = spread(GRID, [0.0, END], members(slice(0, 3)), lit(), END)
    parts = spread_groups(GRID, [0.0, END], members, 3, lit(), END, size=size)
    assert parts.front.level.shape[0] == 3
    assert parts.steps <= whole.steps
    # another window makes legs of other lengths, so that steps differ a little
    assert (whole.burned != parts.burned).mean() < 1e-3
    both = whole.burned & parts.burned
    assert np.abs(whole.arrival[both] - parts.arrival[both]).mean() < 0.005 * END
    np.testing.assert_allclose(parts.area, whole.area, rtol=0.01)
    np.testing.assert_allclose(parts.probability(), whole.probability(), atol=0.05)


def test_bad_groups_and_ignitions_are_told():
    with pytest.raises(ConfigError, match="groups of 0"):
        spread_groups(GRID, [0.0, END], members, 3, lit(), END, size=0)
    with pytest.raises(ConfigError, match="0 members"):
        spread_groups(GRID, [0.0, END], members, 0, lit(), END)
    with pytest.raises(DataError, match="the ignition has 3 members and the ensemble 4"):
        spread_groups(GRID, [0.0, END], members, 4, lit(), END)
