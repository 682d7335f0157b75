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
from jaxtyping import Array, Bool, Float, Int

from ...fence import fence
from .passage import Axes, Passage, Slopes, Wave, passage, passage_pull
from .slopes import FAR, Layout, corrections, one_sided, one_sided_adjoint, padded, smaller

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

    Where bare differences were taken, :data:`MOST` times these, the last bit of ``p`` is one, else zero.
    """

    wide: Array
    p: Array
    q: Array


def _marked(p: Flat, mark: Bool[Array, " size"]) -> Flat:
    """Numbers with a truth value in their last bit: a third result of one pass over memory, where there are two."""
    whole = lax.bitcast_convert_type(p, f"int{8 * p.dtype.itemsize}")
    return lax.bitcast_convert_type((whole & -2) | mark, p.dtype)


def _mark(p: Flat) -> Bool[Array, " size"]:
    return (lax.bitcast_convert_type(p, f"int{8 * p.dtype.itemsize}") & 1) == 1


def _passages(
    layout: Layout, wide: Array, wave: Wave, axes: Axes, step: Step
) -> tuple[Passage, Passage | None]:
    """How fronts pass by slopes of the level, padded, of the layout's order, and by bare differences."""
    strides = (1, layout.stride)
    bare = [one_sided(wide, layout, stride) for stride in strides]
    if layout.order == 1:
        return passage(wave, axes, Slopes(*bare[0], *bare[1])), None
    more = fence(tuple(corrections(wide, layout, stride) for stride in strides), step)
    high = [one_sided(wide, layout, stride, half) for stride, half in zip(strides, more, strict=True)]
    return passage(wave, axes, Slopes(*high[0], *high[1])), passage(wave, axes, Slopes(*bare[0], *bare[1]))


def linear(layout: Layout, level: Flat, wave: Wave, axes: Axes, step: Step) -> Linear:
    """What :func:`pull` needs."""
    wide = fence(padded(layout, level, FAR), step)
    high, bare = _passages(layout, wide, wave, axes, step)
    over, p, q = None, high.p, high.q
    passes = high.rate > 0.0
    if bare is not None:
        over, passes = high.rate > MOST * bare.rate, passes & (bare.rate > 0.0)
        p, q = jnp.where(over, MOST * bare.p, p), jnp.where(over, MOST * bare.q, q)
    p, q = jnp.where(passes, p, 0.0), jnp.where(passes, q, 0.0)
    p = p if over is None else _marked(p, over)
    # as one complex number both leave a single pass over memory
    both = fence(lax.complex(p, q), step)
    return Linear(wide, both.real, both.imag)


def pull(layout: Layout, wave: Wave, at: Linear, cotangent: Flat, step: Step) -> tuple[Flat, Wave]:
    """Cotangents of the level and of the rates, from that of the Hamiltonian."""
    by_wave, rays = passage_pull(wave, at.p, at.q, cotangent, step)
    known = (*rays, cotangent)
    if layout.order == 2:
        mark = _mark(at.p)
        known = (*rays, jnp.where(mark, MOST * cotangent, cotangent), jnp.where(mark, 0.0, cotangent))
    east, south, *given = fence(tuple(padded(layout, a, 0.0) for a in fence(known, step)), step)
    columns = one_sided_adjoint(at.wide, east, given[0], given[-1], layout, 1, step)
    return columns + one_sided_adjoint(
        at.wide, south, given[0], given[-1], layout, layout.stride, step
    ), by_wave


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def hamiltonian(layout: Layout, level: Flat, wave: Wave, axes: Axes, step: Step) -> Flat:
    """Rate at which the level falls at each cell [level s-1 times the cell's width].

    Args:
        layout: of the grid.
        level: negative where burned, in one long array.
        wave: elliptical spread, likewise [m s-1].
        axes: of this wave, without a derivative of their own: that by the wave holds what goes through them.
        step: index of the present step of the loop; see :func:`hybrid.fence.fence`.
    """
    wide = fence(padded(layout, level, FAR), step)
    high, bare = _passages(layout, wide, wave, axes, step)
    return high.rate if bare is None else smaller(high.rate, MOST * bare.rate)


def _forward(layout: Layout, level: Flat, wave: Wave, axes: Axes, step: Step) -> tuple[Flat, tuple]:
    return hamiltonian(layout, level, wave, axes, step), (level, wave, axes, step)


def _backward(layout: Layout, kept: tuple, cotangent: Flat) -> tuple:
    level, wave, axes, step = kept
    at = linear(layout, level, wave, axes, step)
    return *pull(layout, wave, at, cotangent, step), jax.tree.map(jnp.zeros_like, axes), None


hamiltonian.defvjp(_forward, _backward)

__all__ = ["MOST", "Linear", "hamiltonian", "linear", "pull"]
