"""The upwind Hamiltonian on a grid, and its exact adjoint written by hand.

Automatic differentiation would turn each shift into a scatter and each output into a pass of its own over all that
leads to it; by hand it takes a third to a tenth of the time, by version of JAX.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
from jax import lax
from jaxtyping import Array, Float, Int

from ...fence import fence
from .passage import Slopes, Wave, facing, passage, passage_pull
from .slopes import FAR, Layout, one_sided, one_sided_adjoint, padded

Flat = Float[Array, " size"]
Step = Int[Array, ""]


class Linear(NamedTuple):
    """What the derivative at a level needs: the level, padded, and slopes of fronts that pass alike."""

    wide: Array
    p: Array
    q: Array


def _sides(layout: Layout, wide: Array, step: Step) -> Slopes:
    """Slopes of the level, padded, on the four sides of each cell."""
    columns = one_sided(wide, layout, 1, step)
    return Slopes(*columns, *one_sided(wide, layout, layout.stride, step))


def linear(layout: Layout, level: Flat, wave: Wave, step: Step) -> Linear:
    """What :func:`pull` needs."""
    wide = fence(padded(layout, level, FAR), step)
    # as one complex number both leave a single pass over memory
    both = fence(lax.complex(*facing(wave, _sides(layout, wide, step))), step)
    return Linear(wide, both.real, both.imag)


def pull(layout: Layout, wave: Wave, at: Linear, cotangent: Flat, step: Step) -> tuple[Flat, Wave]:
    """Cotangents of the level and of the rates, from that of the Hamiltonian."""
    by_wave, rays = passage_pull(wave, at.p, at.q, cotangent, step)
    known = fence((*rays, cotangent), step)
    east, south, given = fence(tuple(padded(layout, a, 0.0) for a in known), step)
    columns = one_sided_adjoint(at.wide, east, given, layout, 1, step)
    return columns + one_sided_adjoint(at.wide, south, given, layout, layout.stride, step), by_wave


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def hamiltonian(layout: Layout, level: Flat, wave: Wave, step: Step) -> Flat:
    """Rate at which the level falls at each cell [level s-1 times the cell's width].

    Args:
        layout: of the grid.
        level: negative where burned, in one long array.
        wave: elliptical spread, likewise [m s-1].
        step: index of the present step of the loop; see :func:`hybrid.fence.fence`.
    """
    wide = fence(padded(layout, level, FAR), step)
    return passage(wave, _sides(layout, wide, step))


def _forward(layout: Layout, level: Flat, wave: Wave, step: Step) -> tuple[Flat, tuple]:
    return hamiltonian(layout, level, wave, step), (level, wave, step)


def _backward(layout: Layout, kept: tuple, cotangent: Flat) -> tuple:
    level, wave, step = kept
    return *pull(layout, wave, linear(layout, level, wave, step), cotangent, step), None


hamiltonian.defvjp(_forward, _backward)

__all__ = ["Linear", "hamiltonian", "linear", "pull"]
