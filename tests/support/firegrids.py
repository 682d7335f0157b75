"""Small grids and fires for the tests of spread."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from hybrid.fire.ellipse import Ellipse
from hybrid.fire.spread import Front, Grid, Scheme, propagate, wave_of

CRS = {"grid_mapping_name": "transverse_mercator", "epsg_code": "EPSG:3400"}


def square(cells: int, width: float = 10.0, crs: bool = True) -> Grid:
    """A square grid about the origin."""
    half = 0.5 * width * (cells - 1)
    return Grid(cells, cells, width, -half, half, True, CRS if crs else {})


def even(grid: Grid, head: float = 0.1, slim: float = 2.0, towards: float = 0.5, times: int = 2) -> Ellipse:
    """The same spread everywhere and always, in double precision."""
    return Ellipse(*(np.full((times, *grid.shape), v) for v in (head, slim, towards)))


def front_of(level: jax.Array) -> Front:
    """A front that begins at its level."""
    return Front(level, jnp.where(level <= 0.0, 0.0, jnp.inf))


def run(
    grid: Grid,
    level: jax.Array,
    rates: Ellipse,
    end: float,
    scheme: Scheme = Scheme(),
    burnable=None,
    built=None,
) -> Front:
    """Spread at once on the whole grid, with weather at the beginning and the end."""
    can = jnp.ones(grid.shape, bool) if burnable is None else jnp.asarray(burnable)
    wave = wave_of(jax.tree.map(jnp.asarray, rates), grid.north_first)
    return _run(level, wave, end, can, built, grid.width, scheme)


@partial(jax.jit, static_argnums=6)
def _run(level, wave, end, can, built, width, scheme):
    times = jnp.linspace(0.0, end, wave.flank.shape[0])
    return propagate(front_of(level), times, wave, can, 0.0, end, width, scheme, built)[0]
