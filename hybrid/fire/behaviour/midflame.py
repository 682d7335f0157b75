"""Wind at midflame height from wind above the vegetation, and wind and slope as vectors."""

from __future__ import annotations

from typing import Literal

import jax.numpy as jnp
from jaxtyping import Array, Float

from data.errors import ConfigError

from .. import units as u
from ..safe import safe_sqrt
from .convention import DEFAULT, Convention

Value = Float[Array, "..."]

TEN_METRES_OVER_TWENTY_FEET = 1.15
"""Wind at 10 m over wind at 20 ft above open ground [1] [@andrews2018rothermel]."""


def twenty_foot_wind(ten_metre_wind: Value) -> Value:
    """Wind at 20 ft from wind at 10 m, in the unit given: U10 / 1.15 [@andrews2018rothermel]."""
    return ten_metre_wind / TEN_METRES_OVER_TWENTY_FEET


def unsheltered_factor(depth: Value) -> Value:
    """Midflame over 20-ft wind above open fuel of a depth [m] [1] [@albini1979estimating].

    1.83 / ln((20 + 0.36 H) / (0.13 H)), H in ft, with flames as tall as the fuel is deep; zero without fuel.
    """
    some = depth > 0.0
    h = jnp.where(some, depth, 1.0) / u.FOOT
    return jnp.where(some, 1.83 / jnp.log((20.0 + 0.36 * h) / (0.13 * h)), 0.0)


def crown_filling(cover: Value, crown_ratio: Value | None, convention: Convention = DEFAULT) -> Value:
    """Share of the volume under the canopy top that crowns fill [1].

    Crown ratio x cover / 3, crowns being cones [@albini1979estimating]; by cover alone pi cover / 12
    [@finney1998farsite] (see ``Convention.crown_ratio``).

    Raises:
        ConfigError: the crown ratio is not given and the convention needs it.
    """
    if convention.crown_ratio == "cover":
        return jnp.pi * cover / 12.0
    if crown_ratio is None:
        raise ConfigError(
            "the crown ratio is missing", "canopy", "give it, or take Convention(crown_ratio='cover')"
        )
    return crown_ratio * cover / 3.0


def sheltered_factor(canopy_height: Value, filling: Value) -> Value:
    """Midflame over 20-ft wind under a canopy [1] [@albini1979estimating].

    0.555 / (sqrt(f H) ln((20 + 0.36 H) / (0.13 H))), f the crown filling [1], H the canopy height in ft.
    """
    h = canopy_height / u.FOOT
    return 0.555 / (safe_sqrt(filling * h) * jnp.log((20.0 + 0.36 * h) / (0.13 * h)))


def wind_adjustment(
    depth: Value,
    cover: Value | float = 0.0,
    canopy_height: Value | float = 0.0,
    crown_ratio: Value | None = None,
    convention: Convention = DEFAULT,
) -> Value:
    """Midflame over 20-ft wind [1]: sheltered where crowns fill 5 % and stand 6 ft or more [@andrews2012modeling].

    Args:
        depth: depth of the surface fuel bed [m].
        cover: canopy cover [1].
        canopy_height: height of the canopy's top [m].
        crown_ratio: share of the trees' height that is crown [1].
        convention: choices where references differ.
    """
    cover, height = jnp.asarray(cover), jnp.asarray(canopy_height)
    filling = crown_filling(cover, crown_ratio, convention)
    sheltered = (cover > 0.0) & (filling >= 0.05) & (height >= 6.0 * u.FOOT)
    under = sheltered_factor(jnp.where(sheltered, height, 1.0), jnp.where(sheltered, filling, 1.0))
    return jnp.where(sheltered, under, unsheltered_factor(depth))


def wind_vector(
    speed: Value, direction: Value, convention: Literal["from", "towards"]
) -> tuple[Value, Value]:
    """Eastward and northward wind [m s-1] of a speed and a direction [rad] clockwise from north.

    Args:
        speed: wind speed [m s-1].
        direction: direction [rad].
        convention: whether the direction is the one that wind comes "from" (meteorology) or blows "towards".

    Raises:
        ConfigError: the convention is neither.
    """
    if convention not in ("from", "towards"):
        raise ConfigError(
            f"the wind direction is {convention!r}",
            "wind",
            "say whether wind comes 'from' it or blows 'towards' it",
        )
    sign = -1.0 if convention == "from" else 1.0
    return sign * speed * jnp.sin(direction), sign * speed * jnp.cos(direction)


def slope_vector(slope: Value, aspect: Value) -> tuple[Value, Value]:
    """Eastward and northward rise [1] of a slope [1] (rise over run) that faces, downslope, ``aspect`` [rad]."""
    return -slope * jnp.sin(aspect), -slope * jnp.cos(aspect)


__all__ = [
    "crown_filling",
    "sheltered_factor",
    "slope_vector",
    "twenty_foot_wind",
    "unsheltered_factor",
    "wind_adjustment",
    "wind_vector",
]
