"""Signed distances on a grid from points, lines, polygons and masks; differentiable by the places given."""

from __future__ import annotations

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Bool, Float

from data.errors import DataError

from ..safe import safe_sqrt
from .grid import Grid


def centres(grid: Grid) -> tuple[Float[Array, "1 x"], Float[Array, "y 1"]]:
    """Eastings and northings from the grid's first cell [m], so that single precision keeps centimetres."""
    down = -1.0 if grid.north_first else 1.0
    x = jnp.asarray(grid.width * np.arange(grid.columns))[None, :]
    return x, jnp.asarray(down * grid.width * np.arange(grid.rows))[:, None]


def to_point(grid: Grid, x: Any, y: Any) -> Float[Array, "y x"]:
    """Distance to a place [m], given from the centre of the first cell."""
    east, north = centres(grid)
    return safe_sqrt((east - x) ** 2 + (north - y) ** 2)


def to_segments(grid: Grid, vertices: Float[Array, "vertex 2"]) -> Float[Array, "y x"]:
    """Distance to the nearest of the segments between vertices that follow each other [m], as :func:`to_point`."""
    east, north = centres(grid)
    nearest = jnp.full(grid.shape, jnp.inf, east.dtype)
    for (ax, ay), (bx, by) in itertools.pairwise(vertices):
        length = (bx - ax) ** 2 + (by - ay) ** 2
        along = ((east - ax) * (bx - ax) + (north - ay) * (by - ay)) / jnp.where(length > 0.0, length, 1.0)
        part = jnp.clip(along, 0.0, 1.0)
        nearest = jnp.minimum(
            nearest, (east - ax - part * (bx - ax)) ** 2 + (north - ay - part * (by - ay)) ** 2
        )
    return safe_sqrt(nearest)


def within(grid: Grid, vertices: Float[Array, "vertex 2"]) -> Bool[Array, "y x"]:
    """Whether centres of cells lie within a polygon, by the number of edges that a ray crosses [@shimrat1962]."""
    east, north = centres(grid)
    inside = jnp.zeros(grid.shape, bool)
    for (ax, ay), (bx, by) in zip(vertices, jnp.roll(vertices, -1, axis=0), strict=True):
        spans = (ay > north) != (by > north)
        rise = jnp.where(by != ay, by - ay, 1.0)
        inside = inside ^ (spans & (east < ax + (north - ay) * (bx - ax) / rise))
    return inside


def corners(grid: Grid, vertices: Any, least: int, name: str) -> Float[Array, "vertex 2"]:
    """Vertices from the centre of the first cell [m], once there are enough of them and all are finite.

    Known places are moved in double precision, where eastings and northings would lose decimetres in single.
    """
    origin = np.array([grid.west, grid.first])
    known = not any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(vertices))
    places: Any = np.asarray(vertices, float) if known else jnp.asarray(vertices)
    if places.ndim != 2 or places.shape[1] != 2:
        raise DataError(f"the vertices are of shape {places.shape}", name, "give pairs of x and y")
    if places.shape[0] < least:
        raise DataError(f"{places.shape[0]} vertices make no {name}", name, f"give {least} or more")
    if known and not np.isfinite(places).all():
        raise DataError(f"a vertex of the {name} is not a number", name, "give finite coordinates")
    return jnp.asarray(places - origin)


def of_mask(grid: Grid, burned: Any) -> Float[Array, "y x"]:
    """Signed distance from the outline of cells [m]: half a cell at the cells on either side of it."""
    from scipy.ndimage import distance_transform_edt

    mask = np.asarray(grid.field(burned, "perimeter")) > 0
    if not mask.any():
        raise DataError("the perimeter holds no cell", "perimeter", "mark burned cells with 1")
    if mask.all():
        raise DataError("the perimeter holds every cell", "perimeter", "leave cells to burn")
    outside: Any = distance_transform_edt(~mask)
    inside: Any = distance_transform_edt(mask)
    return jnp.asarray(grid.width * (np.maximum(outside - 0.5, 0.0) - np.maximum(inside - 0.5, 0.0)))


__all__ = ["centres", "corners", "of_mask", "to_point", "to_segments", "within"]
