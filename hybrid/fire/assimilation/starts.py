"""Starts from a part of a mapped fire: what burns on is lit, the rest of it is out and lets no fire through."""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from data.errors import DataError

from ..spread import Front, from_perimeter
from .simulator import Simulator


class Start(NamedTuple):
    """Where a member begins, on the window of its simulation.

    Attributes:
        level: distance from what burns on [m], (member, y, x).
        burnable: cells that can burn, likewise.
    """

    level: Float[Array, "*member y x"]
    burnable: Bool[Array, "*member y x"]


def starts_of(simulate: Simulator, burned: Any, lit: Any, members: int) -> Start:
    """Starts of members that each begin from their own part of a fire, or of all from one.

    Line that is out stays where it is: it lights nothing outside, though fire may come round to it from line that burns
    on. What is out does not count as burned in the levels that follow.

    Args:
        simulate: the model.
        burned: the fire, (y, x) on the whole grid.
        lit: the part of it that burns on, (y, x) or (member, y, x).
        members: how many there are.

    Raises:
        DataError: a part that is not within the fire, or of another shape.
    """
    grid, box = simulate.grid, simulate.window.slices
    whole, parts = np.asarray(grid.field(burned, "perimeter")) > 0, np.asarray(lit) > 0
    if parts.shape[-2:] != grid.shape or parts.ndim not in (2, 3):
        raise DataError(f"what burns on is of shape {parts.shape}", "lit", f"give (member, *{grid.shape})")
    if (parts & ~whole).any():
        raise DataError("what burns on lies outside of the perimeter", "lit", "take it from its edge")
    if parts.ndim == 3 and len(parts) != members:
        raise DataError(f"there are {len(parts)} parts for {members} members", "lit", "give as many")
    real = simulate.front.level.dtype
    nothing = np.full(grid.shape, 1e3 * grid.width)
    level = [
        np.asarray(from_perimeter(grid, p).level) if p.any() else nothing
        for p in parts.reshape(-1, *grid.shape)
    ]
    found = np.stack(level).reshape(parts.shape)[(..., *box)]
    can = np.asarray(simulate.burnable) & ~(whole & ~parts)[(..., *box)]
    shape = (members, *simulate.window.shape)
    return Start(jnp.asarray(np.broadcast_to(found, shape), real), jnp.asarray(np.broadcast_to(can, shape)))


def begun_at(simulate: Simulator, start: Start) -> Simulator:
    """The same physics from the start of one member; traced."""
    arrival = jnp.where(start.level <= 0.0, simulate.start, jnp.inf).astype(simulate.front.arrival.dtype)
    return eqx.tree_at(
        lambda s: (s.front, s.burnable), simulate, (Front(start.level, arrival), start.burnable)
    )


__all__ = ["Start", "begun_at", "starts_of"]
