"""The upwind Hamiltonian on a grid, and its exact adjoint written by hand.

Automatic differentiation would turn each shift into a scatter and each output into a pass of its own over all that
leads to it; by hand it takes a third to a tenth of the time, by version of JAX.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from ...fence import fence
from .passage import Slopes, Wave, facing, passage, passage_pull, rate_of
from .slopes import FAR, Layout, differences, one_sided, one_sided_adjoint, padded

Flat = Float[Array, " size"]
Step = Int[Array, ""]


MOST = 2.0
"""Greatest rate of passage by slopes of second order, as a share of that by bare differences.

Without a bound fire lights itself where fuels of different rates lie side by side: second differences across their
borders say nothing of the slope, and the level falls below all of its neighbours. With it none does so while a ray
crosses half a cell in a step (none was seen to at the default of 0.7). On smooth fronts of some cells' radius the two
rates are closer than that, and the order stays.
"""


class Linear(NamedTuple):
    """What the derivative at a level needs: the level, padded, and slopes of fronts that pass alike.

    ``share`` is one where the slopes are those of second order, else by how much bare differences are multiplied.
    """

    wide: Array
    p: Array
    q: Array
    share: Array | None


def _sides(layout: Layout, wide: Array, step: Step) -> Slopes:
    """Slopes of the level, padded, on the four sides of each cell."""
    columns = one_sided(wide, layout, 1, step)
    return Slopes(*columns, *one_sided(wide, layout, layout.stride, step))


def _bare(layout: Layout, wide: Array) -> Slopes:
    """The same without correction."""
    return Slopes(*differences(wide, layout, 1), *differences(wide, layout, layout.stride))


def linear(layout: Layout, level: Flat, wave: Wave, step: Step) -> Linear:
    """What :func:`pull` needs."""
    wide = fence(padded(layout, level, FAR), step)
    # as one complex number both leave a single pass over memory
    both = fence(lax.complex(*facing(wave, _sides(layout, wide, step))), step)
    if layout.order == 1:
        return Linear(wide, both.real, both.imag, None)
    bare = fence(lax.complex(*facing(wave, _bare(layout, wide))), step)
    high = rate_of(wave, both.real, both.imag) > MOST * rate_of(wave, bare.real, bare.imag)
    share = fence(jnp.where(high, MOST, 1.0), step)
    some = fence(jnp.where(high, MOST * bare, both), step)
    return Linear(wide, some.real, some.imag, share)


def pull(layout: Layout, wave: Wave, at: Linear, cotangent: Flat, step: Step) -> tuple[Flat, Wave]:
    """Cotangents of the level and of the rates, from that of the Hamiltonian."""
    by_wave, rays = passage_pull(wave, at.p, at.q, cotangent, step)
    known = (*rays, cotangent)
    if at.share is not None:
        known = (*rays, cotangent * at.share, jnp.where(at.share == 1.0, cotangent, 0.0))
    east, south, *given = fence(tuple(padded(layout, a, 0.0) for a in fence(known, step)), step)
    columns = one_sided_adjoint(at.wide, east, given[0], given[-1], layout, 1, step)
    return columns + one_sided_adjoint(
        at.wide, south, given[0], given[-1], layout, layout.stride, step
    ), by_wave


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
    rate = passage(wave, _sides(layout, wide, step))
    if layout.order == 1:
        return rate
    return jnp.minimum(rate, MOST * passage(wave, _bare(layout, wide)))


def _forward(layout: Layout, level: Flat, wave: Wave, step: Step) -> tuple[Flat, tuple]:
    return hamiltonian(layout, level, wave, step), (level, wave, step)


def _backward(layout: Layout, kept: tuple, cotangent: Flat) -> tuple:
    level, wave, step = kept
    return *pull(layout, wave, linear(layout, level, wave, step), cotangent, step), None


hamiltonian.defvjp(_forward, _backward)

__all__ = ["MOST", "Linear", "hamiltonian", "linear", "pull"]
