"""The upwind Hamiltonian on a grid, and its exact adjoint written by hand.

Automatic differentiation would turn each shift into a scatter and each output into a pass of its own over all that
leads to it; by hand it takes a third to a tenth of the time, by version of JAX.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ...fence import fence
from .passage import Slopes, Wave, passage, passage_pull
from .slopes import FAR, Layout, one_sided, one_sided_adjoint

Flat = Float[Array, " size"]
Step = Int[Array, ""]


class Sides(NamedTuple):
    """A level with what lies around its grid, and its slopes."""

    padded: Array
    slopes: Slopes


def sides(layout: Layout, level: Flat, step: Step) -> Sides:
    """Slopes of the level on the four sides of each cell."""
    padded = fence(jnp.pad(level, layout.pad, constant_values=FAR), step)
    slopes = Slopes(*one_sided(padded, layout, 1), *one_sided(padded, layout, layout.stride))
    return Sides(padded, fence(slopes, step))


def pull(layout: Layout, wave: Wave, at: Sides, cotangent: Flat, step: Step) -> tuple[Flat, Wave]:
    """Cotangents of the level and of the rates, from that of the Hamiltonian."""
    by_wave, by_slope = passage_pull(wave, at.slopes, cotangent, step)
    by_wave, *padded = fence((by_wave, *(jnp.pad(s, layout.pad) for s in by_slope)), step)
    along = one_sided_adjoint(at.padded, padded[0], padded[1], layout, 1)
    down = one_sided_adjoint(at.padded, padded[2], padded[3], layout, layout.stride)
    return along + down, by_wave


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def hamiltonian(layout: Layout, level: Flat, wave: Wave, step: Step) -> Flat:
    """Rate at which the level falls at each cell [level s-1 times the cell's width].

    Args:
        layout: of the grid.
        level: negative where burned, in one long array.
        wave: elliptical spread, likewise [m s-1].
        step: index of the present step of the loop; see :func:`hybrid.fence.fence`.
    """
    return passage(wave, sides(layout, level, step).slopes)


def _forward(layout: Layout, level: Flat, wave: Wave, step: Step) -> tuple[Flat, tuple]:
    return hamiltonian(layout, level, wave, step), (level, wave, step)


def _backward(layout: Layout, kept: tuple, cotangent: Flat) -> tuple:
    level, wave, step = kept
    return *pull(layout, wave, sides(layout, level, step), cotangent, step), None


hamiltonian.defvjp(_forward, _backward)

__all__ = ["Sides", "hamiltonian", "pull", "sides"]
