"""Fires with known truth for the tests of assimilation: one in closed form, one spread on a grid."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from firegrids import square
from scipy.ndimage import gaussian_filter

from hybrid.fire.assimilation import Parameter, Perimeter, front_distance, in_time, simulator
from hybrid.fire.ellipse import Ellipse
from hybrid.fire.spread import Front, Scheme, at_points, wave_of

GRID = square(26, 20.0)
TIMES = (600.0, 1200.0)
PRIOR = (Parameter("wind", 1.0, 0.3), Parameter("turn", 0.0, 0.3, "real"), Parameter("rate", 1.0, 0.3))
TRUTH = {"wind": 1.25, "turn": -0.2, "rate": 0.85}


def circle(values, times):
    """A circle that drifts with the wind and widens: its level is a distance, and its growth the parameters'."""
    east, north = np.meshgrid(GRID.x + 90.0, GRID.y + 90.0)
    t = jnp.asarray(times)[:, None, None]
    way = 0.05 * values["wind"] * t
    towards = 0.8 + values["turn"]
    away = jnp.hypot(east - way * jnp.sin(towards), north - way * jnp.cos(towards))
    level = away - 40.0 - 0.08 * values["rate"] * t
    return Front(level, jnp.where(level <= 0.0, t, jnp.inf))


def seen(level, times, sd=10.0, noise=None):
    """Perimeters of levels (k, y, x), displaced by noise [m] of that shape."""
    width = GRID.width
    moved = np.asarray(front_distance(jnp.asarray(level), width)) + (0.0 if noise is None else noise)
    return [Perimeter(float(t), m <= 0.0, sd) for t, m in zip(times, moved, strict=True)]


def rough(rng, shape, sd, cells):
    """Gaussian noise of this sd, smooth over ``cells``; along a line it decorrelates over 3.54 cells times that."""
    field = np.stack(
        [gaussian_filter(rng.normal(size=shape[-2:]), cells, mode="wrap") for _ in range(shape[0])]
    )
    return sd * field * 2.0 * np.sqrt(np.pi) * cells


SPREAD_PRIOR = (
    Parameter("wind", 1.0, 0.25),
    Parameter("turn", 0.0, 0.25, "real"),
    Parameter("rate", 1.0, 0.3, shape=(2,)),
)
CLOCK = np.arange(0.0, 4801.0, 1200.0)


def landscape(cells, burnable=None, field=None, pieces=False):
    """A simulation on a grid of 20 m cells: wind that turns and freshens, two fuels in stripes; and its grid."""
    grid = square(cells, 20.0)
    east, north = np.meshgrid(grid.x, grid.y)
    fuel = ((east + 2.0 * north) // 160.0).astype(int) % 2
    wind = np.array([1.0, 1.3, 0.9, 1.2, 1.2])[:, None, None]
    towards = np.array([0.6, 0.8, 1.1, 0.7, 0.7])[:, None, None]

    def rates(values):
        factor = in_time(values["wind"], [0.0, 1200.0], CLOCK)[:, None, None] if pieces else values["wind"]
        speed = factor * wind
        head = (0.05 + 0.03 * speed**1.5) * values["rate"][fuel]
        if field is not None:
            head = head * jnp.exp(field.log_factor(values["place"]))
        slim = jnp.broadcast_to(1.0 + 0.6 * speed, head.shape)
        return wave_of(Ellipse(head, slim, jnp.broadcast_to(towards + values["turn"], head.shape)))

    corner = 0.25 * grid.x[0]
    return grid, simulator(
        grid,
        CLOCK,
        rates,
        at_points(grid, [(corner, corner)], 60.0),
        burnable=burnable,
        scheme=Scheme(max_steps=256),
    )
