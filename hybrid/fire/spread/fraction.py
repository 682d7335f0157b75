"""Parts of cells that have burned, and area and perimeter from them."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..safe import safe_sqrt


def burned_fraction(level: Float[Array, "*lead y x"], width: float) -> Float[Array, "*lead y x"]:
    """Part of each cell behind the front [1]: that of a square cut by the straight line of the level and its slope.

    Exact for a straight front, of second order else; differentiable. A square about the origin with
    the line n . x = s, n >= 0: the corner that is cut off is a triangle, and the rest of the way linear in s.
    """
    pad = [(0, 0)] * (level.ndim - 2)
    rows = jnp.pad(level, [*pad, (1, 1), (0, 0)], mode="edge")
    columns = jnp.pad(level, [*pad, (0, 0), (1, 1)], mode="edge")
    # no slope is taken towards cells that never burn
    far = 1e5
    up, down = level - rows[..., :-2, :], rows[..., 2:, :] - level
    left, right = level - columns[..., :-2], columns[..., 2:] - level
    p, q = _central(left, right, far) / width, _central(up, down, far) / width
    steep = safe_sqrt(p * p + q * q)
    some = steep > 1e-12
    scale = jnp.where(some, steep, 1.0) * width
    nx, ny = jnp.abs(p) * width / scale, jnp.abs(q) * width / scale
    shift = jnp.where(some, level / scale, jnp.where(level <= 0.0, -2.0, 2.0))
    return cut_square(shift, nx, ny)


def cut_square(shift: Array, nx: Array, ny: Array) -> Array:
    """Part of the unit square about the origin where nx x + ny y < -shift; nx, ny >= 0 of length one."""
    great, small = jnp.maximum(nx, ny), jnp.minimum(nx, ny)
    away = jnp.abs(shift)
    half, flat = 0.5 * (great + small), 0.5 * (great - small)
    corner = jnp.clip(half - away, 0.0, None)
    both = great * small
    triangle = jnp.where(both > 1e-9, corner**2 / jnp.where(both > 1e-9, 2.0 * both, 1.0), 0.0)
    trapeze = jnp.clip(0.5 - away / jnp.where(great > 0.0, great, 1.0), 0.0, 1.0)
    lesser = jnp.where(away >= flat, triangle, trapeze)
    lesser = jnp.where(away >= half, 0.0, lesser)
    return jnp.where(shift <= 0.0, 1.0 - lesser, lesser)


def _central(before: Array, behind: Array, far: float) -> Array:
    before = jnp.where(jnp.abs(before) < far, before, 0.0)
    behind = jnp.where(jnp.abs(behind) < far, behind, 0.0)
    return 0.5 * (before + behind)


def area(level: Float[Array, "*lead y x"], width: float) -> Float[Array, "*lead"]:
    """Burned area [m2]."""
    return jnp.sum(burned_fraction(level, width), axis=(-2, -1)) * width**2


def perimeter(level: Float[Array, "*lead y x"], width: float) -> Float[Array, "*lead"]:
    """Length of the front [m]: of the line through the zeros of the level, linear on triangles between centres.

    These are the marching triangles of [@hall1990adaptive]; second order for a smooth front.
    """
    a, b = level[..., :-1, :-1], level[..., :-1, 1:]
    c, d = level[..., 1:, :-1], level[..., 1:, 1:]
    lower = _crossing(a, b, c)
    upper = _crossing(d, c, b)
    return jnp.sum(lower + upper, axis=(-2, -1)) * width


def _crossing(right: Array, first: Array, second: Array) -> Array:
    """Length of the zero line in a right triangle with legs of one, by the levels at its corners."""
    places = ((right, 0.0, 0.0), (first, 1.0, 0.0), (second, 0.0, 1.0))
    total = jnp.zeros_like(right)
    for i in range(3):
        (u, ux, uy), (v, vx, vy), (w, wx, wy) = places[i], places[(i + 1) % 3], places[(i + 2) % 3]
        alone = ((u <= 0.0) != (v <= 0.0)) & ((u <= 0.0) != (w <= 0.0))
        s = u / jnp.where(alone, u - v, 1.0)
        t = u / jnp.where(alone, u - w, 1.0)
        p, q = s * (vx - ux) - t * (wx - ux), s * (vy - uy) - t * (wy - uy)
        total = total + jnp.where(alone, safe_sqrt(jnp.where(alone, p * p + q * q, 0.0)), 0.0)
    return total


__all__ = ["area", "burned_fraction", "cut_square", "perimeter"]
