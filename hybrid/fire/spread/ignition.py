"""Where and when a fire starts: the level of the front at its first time."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array

from data.errors import DataError

from ..ellipse import Ellipse, half_axes
from .grid import Grid
from .rasterise import centres, corners, of_mask, to_point, to_segments, within


class Ignition(NamedTuple):
    """A start of fire.

    Attributes:
        level: signed distance from the front [m], negative where burned, (y, x) or (member, y, x).
        time: [s], on the clock of the weather.
    """

    level: Array
    time: Any = 0.0


def at_points(grid: Grid, places: Any, radius: Any | None = None, time: Any = 0.0) -> Ignition:
    """Discs about one or more places; differentiable by places and radius.

    A disc that burns at once is ahead of the ellipse of a point, most at the back, which the fire itself would take
    long to reach: arrival is of first order in the width of cells whatever the scheme. At 40, 80 and 160 cells to
    1.2 km, a head of 0.4 m s-1 and a length-to-width ratio of 2, it is 217, 122 and 56 s off on the mean of 20 min,
    where :func:`grown` from an age of 5 min is 8 s off at 80 cells and 2 s at 160. Use that for a point whose first
    minutes are even.

    Args:
        grid: the grid.
        places: pairs of x and y [m], (point, 2).
        radius: of the discs [m]; 1.5 cells where it is not given.
        time: [s].

    Raises:
        DataError: a place outside of the grid, or none.
    """
    found = corners(grid, places, 1, "point")
    for x, y in found:
        _inside(grid, x, y)
    reach = 1.5 * grid.width if radius is None else radius
    distance = jnp.min(jnp.stack([to_point(grid, x, y) for x, y in found]), axis=0)
    return Ignition(distance - reach, time)


def along_line(grid: Grid, vertices: Any, radius: Any | None = None, time: Any = 0.0) -> Ignition:
    """A line of fire through two or more vertices, ``radius`` [m] wide to each side (one cell where not given)."""
    found = corners(grid, vertices, 2, "line")
    for x, y in found:
        _inside(grid, x, y)
    return Ignition(to_segments(grid, found) - (grid.width if radius is None else radius), time)


def in_polygon(grid: Grid, vertices: Any, time: Any = 0.0) -> Ignition:
    """A polygon that burns, by three or more vertices (the last need not repeat the first)."""
    found = corners(grid, vertices, 3, "polygon")
    distance = to_segments(grid, jnp.concatenate([found, found[:1]]))
    return Ignition(jnp.where(within(grid, found), -distance, distance), time)


def from_perimeter(grid: Grid, burned: Any, time: Any = 0.0) -> Ignition:
    """Cells that burn already, 1 or True, (y, x)."""
    return Ignition(of_mask(grid, burned), time)


def grown(grid: Grid, x: Any, y: Any, rates: Ellipse, age: Any, time: Any = 0.0) -> Ignition:
    """The ellipse that a point has grown to after ``age`` [s] of uniform spread [@anderson1983predicting].

    A start that is smooth on the grid, so that the spread from it converges at the order of the scheme, where a disc of
    a few cells converges at first order. The level is b (T - age), with T = (a r - c . x) / b^2 the time that the
    ellipse reaches a place and b the rate of the flanks.

    Args:
        grid: the grid.
        x: easting [m].
        y: northing [m].
        rates: one ellipse (scalars).
        age: [s] at ``time``.
        time: [s] at which the ellipse has this size.
    """
    ((x, y),) = corners(grid, [(x, y)], 1, "point")
    _inside(grid, x, y)
    a, b, c = half_axes(rates)
    east, north = centres(grid)
    ahead = (east - x) * jnp.sin(rates.towards) + (north - y) * jnp.cos(rates.towards)
    return Ignition((a * to_point(grid, x, y) - c * ahead) / b - b * age, time)


def _inside(grid: Grid, x: Any, y: Any) -> None:
    """Raise where a known place, from the first cell, is outside of the grid; traced places are taken as they are."""
    if isinstance(x, Tracer) or isinstance(y, Tracer):
        return
    place = float(x) + grid.west, float(y) + grid.first
    if not grid.inside(*place):
        raise DataError(
            f"the ignition ({place[0]:g}, {place[1]:g}) is outside of the grid",
            "ignition",
            f"x runs from {grid.x[0]:g} to {grid.x[-1]:g} and y from {grid.y.min():g} to {grid.y.max():g}",
        )


__all__ = ["Ignition", "along_line", "at_points", "from_perimeter", "grown", "in_polygon"]
