"""Spotting: firebrands that newly burned cells loft, and where the wind drops them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from data.errors import ConfigError, DataError

from .grid import Grid
from .run import Landings
from .sweep import Front
from .windows import Window

GRAVITY = 9.81
AIR = 1.1 * 1000.0 * 300.0
"""Density, heat capacity and temperature of air multiplied [J m-3] [@sardoy2008numerical]."""


def plume_length(intensity: Any) -> Any:
    """Length of the plume above a line of fire [m]: (I / (rho c T sqrt(g)))^(2/3) [@sardoy2008numerical].

    Args:
        intensity: of the fireline [kW m-1].
    """
    return (1000.0 * np.asarray(intensity, float) / (AIR * np.sqrt(GRAVITY))) ** (2.0 / 3.0)


def lognormal(intensity: Any, wind: Any) -> tuple[Any, Any]:
    """Mean and standard deviation of the logarithm of the distance in metres [@sardoy2008numerical].

    Driven by the plume where the Froude number U / sqrt(g L) is at most one: 1.47 I^0.54 U^-0.55 + 1.14 and
    0.86 I^-0.21 U^0.44 + 0.19; by the wind above: 1.32 I^0.26 U^0.11 - 0.02 and 4.95 I^-0.01 U^-0.02 - 3.48.

    Args:
        intensity: of the fireline [kW m-1].
        wind: speed [m s-1].
    """
    line = np.maximum(np.asarray(intensity, float), 1.0) * 1e-3
    speed = np.maximum(np.asarray(wind, float), 0.1)
    plume = speed / np.sqrt(GRAVITY * plume_length(1e3 * line)) <= 1.0
    mean = np.where(plume, 1.47 * line**0.54 * speed**-0.55 + 1.14, 1.32 * line**0.26 * speed**0.11 - 0.02)
    spread = np.where(
        plume, 0.86 * line**-0.21 * speed**0.44 + 0.19, 4.95 * line**-0.01 * speed**-0.02 - 3.48
    )
    return mean, np.maximum(spread, 1e-3)


@dataclass
class Spotting:
    """Firebrands of cells that burned since the last call; given to :func:`spread` as ``between``.

    Of each cell that burned, a Poisson number of brands that light a fire where they fall is drawn. Each flies
    downwind by a distance that is lognormal in fireline intensity and wind [@sardoy2008numerical;
    @perryman2013cellular] or exponential about a mean, and turns aside by a normal angle.

    Attributes:
        grid: the grid.
        key: of the random numbers; the same key gives the same brands.
        brands: expected brands that light a fire, per burned area [m-2].
        wind: speed [m s-1], a number or (y, x).
        towards: direction the wind blows to [rad], clockwise from north, a number or (y, x).
        intensity: of the fireline [kW m-1], a number or (y, x); for the lognormal distance.
        mean_distance: [m] of an exponential distance instead, or None.
        turn: standard deviation of the direction [rad].
        radius: of the fire that a brand lights [cells].
        farthest: distance that none exceeds [m].
    """

    grid: Grid
    key: PRNGKeyArray
    brands: float
    wind: Any
    towards: Any
    intensity: Any = 1000.0
    mean_distance: float | None = None
    turn: float = 0.2
    radius: float = 1.0
    farthest: float = 5000.0

    def __post_init__(self) -> None:
        for name in ("brands", "turn", "radius", "farthest"):
            value = getattr(self, name)
            if not np.isfinite(value) or value < 0.0:
                raise ConfigError(f"{name} is {value}", "Spotting", "give a number of zero or more")
        if self.mean_distance is not None and not self.mean_distance > 0.0:
            raise ConfigError(
                f"mean_distance is {self.mean_distance}", "Spotting", "give metres above zero, or None"
            )
        for name in ("wind", "towards", "intensity"):
            value = np.asarray(getattr(self, name), float)
            if value.ndim and value.shape != self.grid.shape:
                raise DataError(
                    f"{name} is of shape {value.shape}", "Spotting", "give a number or one per cell"
                )
            if not np.isfinite(value).all():
                raise DataError(f"{name} is not a number somewhere", "Spotting", "fill it")
        self._last = -np.inf
        self._calls = 0

    def __call__(self, time: float, front: Front, window: Window) -> Landings | None:
        """Where brands of the cells that burned since the last call light fires."""
        fresh = (front.arrival > self._last) & (front.arrival <= time)
        self._last, self._calls = time, self._calls + 1
        seed = np.asarray(jax.random.key_data(jax.random.fold_in(self.key, self._calls))).tolist()
        rng = np.random.default_rng(seed)
        member, row, column = np.nonzero(fresh)
        count = rng.poisson(self.brands * self.grid.width**2, member.size)
        if not count.sum():
            return None
        member, row, column = (np.repeat(a, count) for a in (member, row + window.top, column + window.left))
        wind, towards, intensity = (
            np.broadcast_to(np.asarray(a, float), self.grid.shape)[row, column]
            for a in (self.wind, self.towards, self.intensity)
        )
        if self.mean_distance is not None:
            distance = rng.exponential(self.mean_distance, row.size)
        else:
            distance = rng.lognormal(*lognormal(intensity, wind))
        distance = np.minimum(distance, self.farthest) / self.grid.width
        angle = towards + rng.normal(0.0, self.turn, row.size)
        down = -1.0 if self.grid.north_first else 1.0
        return Landings(
            member,
            row + down * distance * np.cos(angle),
            column + distance * np.sin(angle),
            self.radius,
        )


__all__ = ["Spotting", "lognormal", "plume_length"]
