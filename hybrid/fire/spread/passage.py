"""Rate at which a front of elliptical spread passes a cell, from the slopes on its four sides, and the derivative."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from ...fence import fence
from .slopes import larger, smaller

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


class Axes(NamedTuple):
    """What rays along an axis need of the ellipse.

    Attributes:
        length: half its long axis [m s-1].
        across: one over b^2 and the square of the centre's rate along rows [s2 m-2].
        upright: one over b^2 and the square of the centre's rate along columns [s2 m-2].
    """

    length: Array
    across: Array
    upright: Array


class Passage(NamedTuple):
    """How the front passes a cell.

    Attributes:
        rate: at which the level falls.
        p: slope along columns of the straight front that passes alike; anything where nothing passes.
        q: likewise along rows.
    """

    rate: Array
    p: Array
    q: Array


def axes_of(wave: Wave) -> Axes:
    """What :func:`passage` needs beside the wave, once for all stages of a step."""
    c, d, beta = wave.along, wave.down, wave.flank * wave.flank
    return Axes(
        jnp.sqrt(beta + c * c + d * d + TINY), 1.0 / (beta + d * d + TINY), 1.0 / (beta + c * c + TINY)
    )


def passage(wave: Wave, axes: Axes, slopes: Slopes) -> Passage:
    """Rate at which the level falls: H(p) = c . p + sqrt(b^2 |p|^2 + (c . p)^2), upwind.

    H is the maximum of u . p over the rays u of the ellipse, and Godunov's flux takes each ray with the slope on
    the side it comes from [@osher1991high]. The maximum lies at the ray of the front's normal or, where the side
    that feeds this ray burns later than the cell itself (beside a road, a river or slower fuel), at a ray along an
    axis, where the ellipse reaches b^2 / (a - c cos).

    The slopes (p, q) are those of the straight front whose H(p, q) and derivatives are those here. At the ray of the
    normal they are the slopes on its side. A ray along the columns is that of the front whose q makes H least,
    q = -d (c +- a) p / (b^2 + d^2): there H does not change with q, so that its derivatives by p and by the wave are
    those of the constrained maximum; likewise along the rows.
    """
    normal = _normal(wave, slopes)
    c, d, a, beta = wave.along, wave.down, axes.length, wave.flank * wave.flank
    east, west = (a + c) * slopes.left, (c - a) * slopes.right
    south, north = (a + d) * slopes.above, (d - a) * slopes.below
    level, steep = larger(east, west), larger(south, north)
    columns, rows = beta * axes.across * level, beta * axes.upright * steep
    best = larger(larger(columns, rows), 0.0)
    lying = columns >= rows
    p = jnp.where(lying, jnp.where(east >= west, slopes.left, slopes.right), -c * axes.upright * steep)
    q = jnp.where(lying, -d * axes.across * level, jnp.where(south >= north, slopes.above, slopes.below))
    upright = normal.rate > best
    return Passage(
        larger(normal.rate, best), jnp.where(upright, normal.p, p), jnp.where(upright, normal.q, q)
    )


def _outward(back: Flat, ahead: Flat) -> Flat:
    """The slope that a front comes from: the greater fall, zero at a minimum [@rouy1992viscosity]."""
    rise, fall = larger(back, 0.0), smaller(ahead, 0.0)
    return jnp.where(rise > -fall, rise, fall)


def rate_of(wave: Wave, p: Flat, q: Flat) -> Flat:
    """H(p, q) of a straight front; a root, since a reciprocal root costs twice as much."""
    ahead = wave.along * p + wave.down * q
    return ahead + jnp.sqrt(wave.flank * wave.flank * (p * p + q * q) + ahead * ahead + TINY)


def _ray(wave: Wave, p: Flat, q: Flat, rate: Flat) -> tuple[Flat, Flat]:
    """Ray of slopes (p, q), whose rate is given, times a positive number."""
    beta = wave.flank * wave.flank
    return wave.along * rate + beta * p, wave.down * rate + beta * q


def _normal(wave: Wave, slopes: Slopes) -> Passage:
    """By the ray that belongs to the front's normal, at a rate of zero where the side it comes from feeds none."""
    p, q = _outward(slopes.left, slopes.right), _outward(slopes.above, slopes.below)
    u, v = _ray(wave, p, q, rate_of(wave, p, q))
    east, south = u > 0.0, v > 0.0
    p = jnp.where(east, slopes.left, slopes.right)
    q = jnp.where(south, slopes.above, slopes.below)
    rate = rate_of(wave, p, q)
    u, v = _ray(wave, p, q, rate)
    # the ray of these slopes must come from the sides that they were taken on
    fed = smaller(jnp.where(east, u, -u), jnp.where(south, v, -v)) >= 0.0
    return Passage(jnp.where(fed, rate, 0.0), p, q)


def passage_pull(
    wave: Wave, p: Flat, q: Flat, cotangent: Flat, step: Int[Array, ""]
) -> tuple[Wave, tuple[Flat, Flat]]:
    """Cotangents of the wave, and the rays [m s-1] that H falls by along columns and rows for each unit of slope.

    H is the maximum over rays, so that its derivative by the slopes is the ray itself; the sign of the ray tells
    the side that it comes from.

    Args:
        wave: rates.
        p: slope along columns, of :func:`passage`.
        q: slope along rows.
        cotangent: of the rate of passage.
        step: see :func:`hybrid.fence.fence`.
    """
    beta = wave.flank * wave.flank
    ahead = wave.along * p + wave.down * q
    square = beta * (p * p + q * q) + ahead * ahead
    inverse = 1.0 / jnp.sqrt(square + TINY)
    share = jnp.where(square > 0.0, 1.0 + ahead * inverse, 0.0)
    # two results of one pass over memory: apart, each would be a pass that repeats the work
    both = fence(lax.complex(share, inverse), step)
    share, inverse = both.real, both.imag
    rays = wave.along * share + beta * inverse * p, wave.down * share + beta * inverse * q
    pull = cotangent * share
    by_wave = Wave(pull * p, pull * q, cotangent * inverse * wave.flank * (p * p + q * q))
    return by_wave, rays


__all__ = ["Axes", "Passage", "Slopes", "Wave", "axes_of", "passage", "passage_pull", "rate_of"]
