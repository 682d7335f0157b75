"""Growth from a point: shape, flanks, acceleration, distances, spread in any direction."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..safe import safe_power, safe_ratio
from .fuels import Fuel

Value = Float[Array, "..."]


def length_to_breadth(fuel: Fuel, wind: Value) -> Value:
    """Length of a fire over its breadth [1] by net effective wind [km h-1].

    1 + 8.729 (1 - exp(-0.030 W))^2.155; in grass 1.1 W^0.464, one below 1 km h-1
    [@forestrycanada1992development, eq. 79; @wotton2009updates, eqs. 80a and 80b].
    """
    forest = 1.0 + 8.729 * safe_power(-jnp.expm1(-0.030 * wind), 2.155)
    grass = jnp.where(wind < 1.0, 1.0, 1.1 * safe_power(wind, 0.464))
    return jnp.where(fuel.grass > 0.0, grass, forest)


def flank_rate(head: Value, back: Value, ratio: Value) -> Value:
    """Rate of spread of the flanks [m min-1]: (head + back) / (2 L/B) [@forestrycanada1992development, eq. 89]."""
    return (head + back) / (2.0 * ratio)


def closed_acceleration(burned: Value) -> Value:
    """Acceleration of a fire under closed canopy [min-1]: 0.115 - 18.8 CFB^2.5 exp(-8 CFB).

    [@forestrycanada1992development, eq. 72]
    """
    return 0.115 - 18.8 * safe_power(burned, 2.5) * jnp.exp(-8.0 * burned)


def acceleration(fuel: Fuel, burned: Value) -> Value:
    """Acceleration [min-1]: 0.115 in the open, else of closed canopy [@forestrycanada1992development]."""
    return jnp.where(fuel.open > 0.0, 0.115, closed_acceleration(burned))


def grown(rate: Value, acceleration: Value, time: Value) -> Value:
    """Rate of spread [same unit] a time [min] after ignition of a point [@forestrycanada1992development, eq. 70]."""
    return -rate * jnp.expm1(-acceleration * time)


def distance(rate: Value, acceleration: Value, time: Value) -> Value:
    """Distance [m] spread a time [min] after ignition of a point [@forestrycanada1992development, eq. 71].

    ROS (t + exp(-alpha t) / alpha - 1 / alpha).
    """
    return rate * (time + jnp.expm1(-acceleration * time) / acceleration)


def growing_ratio(ratio: Value, acceleration: Value, time: Value) -> Value:
    """Length to breadth [1] a time [min] after ignition of a point [@forestrycanada1992development, eq. 81]."""
    return 1.0 - (ratio - 1.0) * jnp.expm1(-acceleration * time)


def time_to_crowns(rate: Value, critical: Value, acceleration: Value) -> Value:
    """Time from ignition of a point until crowns burn [min]: -ln(1 - RSO / ROS) / alpha.

    Zero where they never do [@forestrycanada1992development].
    """
    crowns = rate > critical
    left = 1.0 - jnp.where(crowns, safe_ratio(critical, rate), 0.0)
    return jnp.log(1.0 / left) / acceleration


__all__ = [
    "acceleration",
    "closed_acceleration",
    "distance",
    "flank_rate",
    "growing_ratio",
    "grown",
    "length_to_breadth",
    "time_to_crowns",
]
