"""Rate at which a front of elliptical spread passes a cell, from the slopes on its four sides, and the derivative."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ...fence import fence

Flat = Float[Array, " size"]
TINY = 1e-30


class Wave(NamedTuple):
    """Elliptical spread as the Hamiltonian takes it: the ellipse's centre moves, its flanks widen.

    With c the rate of the centre and b that of the flanks, a^2 = b^2 + c^2, so that three numbers hold the ellipse.

    Attributes:
        along: rate of the centre in the direction of the columns [m s-1].
        down: rate of the centre in the direction of the rows [m s-1].
        flank: rate of the flanks [m s-1], zero or above.
    """

    along: Array
    down: Array
    flank: Array


class Slopes(NamedTuple):
    """Differences of the level to the neighbours of each cell: one sign for a rise along columns and rows."""

    left: Array
    right: Array
    above: Array
    below: Array


class _Normal(NamedTuple):
    """The ray that belongs to the front's normal: slopes on its side, 1 / |p|_E, and whether that side feeds it."""

    p: Array
    q: Array
    inverse: Array
    valid: Array


class _Axes(NamedTuple):
    """The best rays along columns and rows: reach [m s-1] per a + |c|, and what they give."""

    a: Array
    across: Array
    upright: Array
    left: Array
    right: Array
    above: Array
    below: Array


def passage(wave: Wave, slopes: Slopes) -> Flat:
    """Rate at which the level falls: H(p) = c . p + sqrt(b^2 |p|^2 + (c . p)^2), upwind.

    H is the maximum of u . p over the rays u of the ellipse, and Godunov's flux takes each ray with the slope on
    the side it comes from [@osher1991high]. The maximum lies at the ray of the front's normal or, where the side
    that feeds this ray burns later than the cell itself (beside a road, a river or slower fuel), at a ray along an
    axis, where the ellipse reaches b^2 / (a - c cos).
    """
    normal, axes = _normal(wave, slopes), _axes(wave, slopes)
    fastest = jnp.maximum(
        axes.across * jnp.maximum(axes.left, axes.right), axes.upright * jnp.maximum(axes.above, axes.below)
    )
    return jnp.maximum(jnp.where(normal.valid, _height(wave, normal), 0.0), jnp.maximum(fastest, 0.0))


def _outward(back: Flat, ahead: Flat) -> Flat:
    """The slope that a front comes from: the greater fall, zero at a minimum [@rouy1992viscosity]."""
    rise, fall = jnp.maximum(back, 0.0), jnp.minimum(ahead, 0.0)
    return jnp.where(rise > -fall, rise, fall)


def _size(wave: Wave, p: Flat, q: Flat) -> tuple[Flat, Flat]:
    """c . p and b^2 |p|^2 + (c . p)^2."""
    ahead = wave.along * p + wave.down * q
    return ahead, wave.flank * wave.flank * (p * p + q * q) + ahead * ahead


def _ray(wave: Wave, p: Flat, q: Flat, scale: Flat) -> tuple[Flat, Flat]:
    """Direction of the ray of slopes (p, q): its rate times ``scale``, the root of the size."""
    ahead, _ = _size(wave, p, q)
    beta, share = wave.flank * wave.flank, scale + ahead
    return wave.along * share + beta * p, wave.down * share + beta * q


def _normal(wave: Wave, slopes: Slopes) -> _Normal:
    p, q = _outward(slopes.left, slopes.right), _outward(slopes.above, slopes.below)
    u, v = _ray(wave, p, q, jnp.sqrt(_size(wave, p, q)[1] + TINY))
    p = jnp.where(u > 0.0, slopes.left, slopes.right)
    q = jnp.where(v > 0.0, slopes.above, slopes.below)
    square = _size(wave, p, q)[1] + TINY
    inverse = jax.lax.rsqrt(square)
    again, twice = _ray(wave, p, q, square * inverse)
    # the ray of these slopes must come from the sides that they were taken on
    columns = jnp.where(u > 0.0, again >= 0.0, again <= 0.0)
    rows = jnp.where(v > 0.0, twice >= 0.0, twice <= 0.0)
    return _Normal(p, q, inverse, columns & rows)


def _height(wave: Wave, normal: _Normal) -> Flat:
    ahead, square = _size(wave, normal.p, normal.q)
    return ahead + (square + TINY) * normal.inverse


def _axes(wave: Wave, slopes: Slopes) -> _Axes:
    c, d, beta = wave.along, wave.down, wave.flank * wave.flank
    a = jnp.sqrt(beta + c * c + d * d + TINY)
    return _Axes(
        a,
        beta / (beta + d * d + TINY),
        beta / (beta + c * c + TINY),
        (a + c) * slopes.left,
        (c - a) * slopes.right,
        (a + d) * slopes.above,
        (d - a) * slopes.below,
    )


def passage_pull(wave: Wave, slopes: Slopes, cotangent: Flat, step: Int[Array, ""]) -> tuple[Wave, Slopes]:
    """Cotangents of :func:`passage`, in two passes over memory where one for each output would repeat its work.

    At the ray of the normal, H is stationary in the ray, so that the derivative by the slopes is the ray itself.
    """
    normal, axes = _normal(wave, slopes), _axes(wave, slopes)
    sideways, upwards = jnp.maximum(axes.left, axes.right), jnp.maximum(axes.above, axes.below)
    first = jnp.where(normal.valid, _height(wave, normal), 0.0)
    second, third = axes.across * sideways, axes.upright * upwards
    best = jnp.maximum(jnp.maximum(second, third), 0.0)
    by_normal = jnp.where(first > best, cotangent, 0.0)
    by_axis = jnp.where((first <= best) & (best > 0.0), cotangent, 0.0)
    by_columns = jnp.where(second >= third, by_axis, 0.0)
    p, q, inverse, by_normal, by_columns, by_rows = fence(
        (normal.p, normal.q, normal.inverse, by_normal, by_columns, by_axis - by_columns), step
    )
    c, d, beta = wave.along, wave.down, wave.flank * wave.flank
    ahead, _ = _size(wave, p, q)
    pull = by_normal * (1.0 + ahead * inverse)
    spread = by_normal * inverse
    u, v = c * pull + beta * spread * p, d * pull + beta * spread * q
    east, south = axes.left >= axes.right, axes.above >= axes.below
    x, y = by_columns * axes.across, by_rows * axes.upright
    by_slopes = Slopes(
        jnp.where(_ray_positive(wave, p, q, inverse)[0], u, 0.0) + jnp.where(east, x * (c + axes.a), 0.0),
        jnp.where(_ray_positive(wave, p, q, inverse)[0], 0.0, u) + jnp.where(east, 0.0, x * (c - axes.a)),
        jnp.where(_ray_positive(wave, p, q, inverse)[1], v, 0.0) + jnp.where(south, y * (d + axes.a), 0.0),
        jnp.where(_ray_positive(wave, p, q, inverse)[1], 0.0, v) + jnp.where(south, 0.0, y * (d - axes.a)),
    )
    # along an axis: reach = across (c +- a) slope, with the derivatives of a and of the share
    sx = x * jnp.where(east, slopes.left, slopes.right)
    sy = y * jnp.where(south, slopes.above, slopes.below)
    grown = (jnp.where(east, sx, -sx) + jnp.where(south, sy, -sy)) / axes.a
    lost_x = 2.0 * x * sideways / (beta + d * d + TINY)
    lost_y = 2.0 * y * upwards / (beta + c * c + TINY)
    flank = wave.flank * (
        spread * (p * p + q * q)
        + grown
        + 2.0 * by_columns * sideways * (1.0 - axes.across) / (beta + d * d + TINY)
        + 2.0 * by_rows * upwards * (1.0 - axes.upright) / (beta + c * c + TINY)
    )
    by_wave = Wave(
        pull * p + sx + c * grown - c * lost_y,
        pull * q + sy + d * grown - d * lost_x,
        flank,
    )
    return by_wave, by_slopes


def _ray_positive(wave: Wave, p: Flat, q: Flat, inverse: Flat) -> tuple[Array, Array]:
    u, v = _ray(wave, p, q, 1.0 / inverse)
    return u > 0.0, v > 0.0


__all__ = ["Slopes", "Wave", "passage", "passage_pull"]
