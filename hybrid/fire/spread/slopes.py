"""One-sided slopes of a field on a grid that lies row after row in one long array, and their adjoint.

A long array with its rows end to end lets every neighbour be a shifted slice, which processors read at full speed. The
grid has one more column and, above and below, two more rows that never burn, so that what a shift brings over from the
next row is never used.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

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


def shifted(padded: Array, layout: Layout, by: int) -> Array:
    """The long array moved by ``by`` values, from its padded form."""
    first = layout.pad + by
    return lax.slice(padded, (first,), (first + layout.size,))


def minmod(a: Array, b: Array) -> Array:
    """The argument nearer to zero, and zero where signs differ [@shu1988efficient]."""
    return jnp.clip(a, jnp.minimum(b, 0.0), jnp.maximum(b, 0.0))


def correction(a: Array, b: Array) -> Array:
    """Half the lesser of two second differences; none where both reach into cells that never burn.

    In a corridor of two cells both second differences of the face between them hold `FAR`.
    """
    least = minmod(a, b)
    return jnp.where(jnp.abs(least) < SANE, 0.5 * least, 0.0)


def one_sided(padded: Array, layout: Layout, stride: int) -> tuple[Array, Array]:
    """Differences to the cell before and behind, per cell, of first or second order [@osher1991high].

    The second order adds half the lesser of the two nearest second differences.
    """
    before, here, behind = (shifted(padded, layout, k * stride) for k in (-1, 0, 1))
    back, ahead = here - before, behind - here
    if layout.order == 1:
        return back, ahead
    first, last = (shifted(padded, layout, k * stride) for k in (-2, 2))
    second = ahead - back
    return (
        back + correction(back - (before - first), second),
        ahead - correction(second, last - behind - ahead),
    )


def one_sided_adjoint(
    padded: Array, before: Array, behind: Array, layout: Layout, stride: int
) -> Float[Array, " size"]:
    """Cotangent of the long array from those of :func:`one_sided`, without scattering.

    Args:
        padded: the field that slopes were taken of.
        before: cotangents of the slopes to the cell before, padded with zeros.
        behind: cotangents of the slopes to the cell behind, padded with zeros.
        layout: of the grid.
        stride: distance of neighbours.
    """

    def at(a: Array, k: int) -> Array:
        return shifted(a, layout, k * stride)

    # face k lies between the cells k and k + 1
    out = at(behind, -1) + at(before, 0) - at(behind, 0) - at(before, 1)
    if layout.order == 1:
        return out
    f = {k: at(padded, k) for k in range(-3, 4)}
    curve = {k: f[k + 1] - 2.0 * f[k] + f[k - 1] for k in range(-2, 3)}
    total = out
    for face in (-2, -1, 0, 1):
        pull = 0.5 * (at(before, face + 1) - at(behind, face))
        a, b = curve[face], curve[face + 1]
        alike = (a * b > 0.0) & (jnp.minimum(jnp.abs(a), jnp.abs(b)) < SANE)
        nearer = jnp.abs(a) <= jnp.abs(b)
        for cell, chosen in ((face, alike & nearer), (face + 1, alike & ~nearer)):
            weight = {-1: 1.0, 0: -2.0, 1: 1.0}.get(cell)
            if weight is not None:
                total = total + jnp.where(chosen, weight * pull, 0.0)
    return total


__all__ = [
    "FAR",
    "Layout",
    "correction",
    "lay",
    "minmod",
    "one_sided",
    "one_sided_adjoint",
    "shifted",
    "unlay",
]
