"""One-sided slopes of a field on a grid that lies row after row in one long array, and their adjoint.

A long array with its rows end to end lets every neighbour be a shifted slice, which processors read at full speed. The
grid has one more column and, above and below, two more rows that never burn, so that what a shift brings over from the
next row is never used.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from ...fence import fence

FAR = 1e6
"""Level of cells that never burn [m]: so high that no neighbour takes its slope from them."""
SANE = 0.25 * FAR
"""Second differences beyond this hold such a level."""


class Layout(NamedTuple):
    """How a grid lies in a long array.

    Attributes:
        rows: rows of the grid.
        columns: columns of the grid.
        order: 1 for differences, 2 for the essentially non-oscillatory second order.
    """

    rows: int
    columns: int
    order: int = 2

    @property
    def stride(self) -> int:
        """Values from one row to the next."""
        return self.columns + 1

    @property
    def size(self) -> int:
        """Length of the long array."""
        return self.rows * self.stride

    @property
    def pad(self) -> int:
        """Values that are put before and behind the array so that shifts stay inside."""
        return 3 * self.stride


def lay(layout: Layout, field: Float[Array, "*lead rows columns"], edge: float) -> Float[Array, "*lead size"]:
    """The grid in one long array, with ``edge`` in the column that is added."""
    lead = [(0, 0)] * (field.ndim - 2)
    wide = jnp.pad(field, [*lead, (0, 0), (0, 1)], constant_values=edge)
    return wide.reshape(*field.shape[:-2], layout.size)


def unlay(layout: Layout, flat: Float[Array, "*lead size"]) -> Float[Array, "*lead rows columns"]:
    """The grid from the long array."""
    return flat.reshape(*flat.shape[:-1], layout.rows, layout.stride)[..., : layout.columns]


def padded(layout: Layout, flat: Float[Array, " size"], edge: float) -> Array:
    """The long array with ``edge`` put before and behind it."""
    more = jnp.full(layout.pad, edge, flat.dtype)
    return jnp.concatenate([more, flat, more])


def larger(a: Array, b: Array | float) -> Array:
    """The greater one of numbers: one instruction, where ``jnp.maximum`` takes six to honour what is not a number."""
    return jnp.where(a > b, a, b)


def smaller(a: Array, b: Array | float) -> Array:
    """The lesser one of numbers, likewise."""
    return jnp.where(a < b, a, b)


def correction(a: Array, b: Array) -> Array:
    """Half the second difference nearer to zero, zero where signs differ; none where both reach into unburnable cells.

    In a corridor of two cells both second differences of the face between them hold `FAR`.
    """
    nearer = jnp.where(jnp.abs(a) <= jnp.abs(b), a, b)
    return jnp.where((a * b > 0.0) & (jnp.abs(nearer) < SANE), 0.5 * nearer, 0.0)


def corrections(wide: Array, layout: Layout, stride: int) -> Array:
    """What makes the difference across each face one of second order [@osher1991high].

    Half the lesser of the two nearest second differences (the minmod of [@shu1988efficient]).

    Args:
        wide: the field, padded.
        layout: of the grid.
        stride: distance of neighbours.

    Returns:
        One number for each face, (size + stride,): face k lies between the cells k - stride and k.
    """
    a, b, c, d = (_part(wide, layout, k * stride, stride) for k in (-2, -1, 0, 1))
    rise = c - b
    return correction(rise - (b - a), (d - c) - rise)


def one_sided(wide: Array, layout: Layout, stride: int, more: Array | None = None) -> tuple[Array, Array]:
    """Differences to the cell before and behind, per cell, bare or with :func:`corrections`."""
    before, here, behind = (_part(wide, layout, k * stride, 0) for k in (-1, 0, 1))
    back, ahead = here - before, behind - here
    return (back, ahead) if more is None else (back + more[: layout.size], ahead - more[stride:])


def one_sided_adjoint(
    wide: Array,
    ray: Array,
    cotangent: Array,
    corrected: Array,
    layout: Layout,
    stride: int,
    step: Int[Array, ""],
) -> Float[Array, " size"]:
    """Cotangent of the long array through the slope on the side that each ray comes from, without scattering.

    Args:
        wide: the field that slopes were taken of, padded.
        ray: derivative by the slope before where positive, by that behind where negative; padded with zeros.
        cotangent: of what the rays are the derivatives of; padded with zeros.
        corrected: the same where slopes are of second order, zero where they are bare differences.
        layout: of the grid.
        stride: distance of neighbours.
        step: see :func:`hybrid.fence.fence`.
    """

    def before(k: int, more: int, of: Array = cotangent) -> Array:
        at = (layout, k * stride, more)
        return _part(of, *at) * larger(_part(ray, *at), 0.0)

    def behind(k: int, more: int, of: Array = cotangent) -> Array:
        at = (layout, k * stride, more)
        return _part(of, *at) * smaller(_part(ray, *at), 0.0)

    # each face gives to the cell behind it and takes from the cell before it
    out = before(0, 0) + behind(-1, 0) - before(1, 0) - behind(0, 0)
    if layout.order == 1:
        return out
    # second differences of the cells from -1 to size, of which each is chosen by the face before or behind it, or none
    size, more = layout.size, 2 * stride
    f = [_part(wide, layout, k * stride, more) for k in range(-3, 2)]
    rise = [b - a for a, b in pairwise(f)]
    last, here, next_ = (b - a for a, b in pairwise(rise))
    sane = jnp.abs(here) < SANE
    by_next = sane & (here * next_ > 0.0) & (jnp.abs(here) <= jnp.abs(next_))
    by_last = sane & (here * last > 0.0) & (jnp.abs(here) < jnp.abs(last))
    total = jnp.where(by_next, before(0, more, corrected) - behind(-1, more, corrected), 0.0)
    by_face = before(-1, more, corrected) - behind(-2, more, corrected)
    total = fence(0.5 * (total + jnp.where(by_last, by_face, 0.0)), step)
    return out + total[:size] - 2.0 * total[stride:-stride] + total[more:]


def _part(wide: Array, layout: Layout, by: int, more: int) -> Array:
    """From a padded array, its cells from ``by`` on, and so many more than the grid has."""
    first = layout.pad + by
    return lax.slice(wide, (first,), (first + layout.size + more,))


__all__ = [
    "FAR",
    "Layout",
    "correction",
    "corrections",
    "larger",
    "lay",
    "one_sided",
    "one_sided_adjoint",
    "padded",
    "smaller",
    "unlay",
]
