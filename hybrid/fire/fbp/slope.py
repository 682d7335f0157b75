"""Slope as a wind: its equivalent speed upslope, joined with the wind as a vector."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..index.indices import fuel_function
from ..safe import safe_angle, safe_power, safe_sqrt
from .fuels import ASPEN, TABLE, Fuel
from .spread import curve, share_of_main

Value = Float[Array, "..."]


def slope_factor(slope: Value) -> Value:
    """Effect of slope [%] on upslope spread [1] [@forestrycanada1992development, eq. 39].

    exp(3.533 (GS / 100)^1.2), 10 from 70 % on.
    """
    gentle = jnp.exp(3.533 * safe_power(0.01 * jnp.minimum(slope, 70.0), 1.2))
    return jnp.where(slope >= 70.0, 10.0, gentle)


def equivalent_index(calm: Value, factor: Value, a: Value, b: Value, c: Value) -> Value:
    """Initial Spread Index that gives upslope spread without wind [1] [@wotton2009updates, eqs. 40 to 43].

    ln(1 - (RSF / a)^(1/c)) / -b with RSF the calm rate of spread times the slope factor; where spread is close to the
    greatest there is, the argument of the logarithm is 0.01. The curing of grass cancels.

    Args:
        calm: Initial Spread Index without wind [1].
        factor: of slope [1].
        a: greatest rate of spread [m min-1].
        b: of the index [1].
        c: exponent [1].
    """
    left = 1.0 - safe_power(curve(calm, a, b, c) * factor / a, 1.0 / c)
    return jnp.log(jnp.maximum(left, 0.01)) / -b


def upslope_index(fuel: Fuel, calm: Value, factor: Value, conifer: Value, dead: Value) -> Value:
    """Initial Spread Index equivalent to slope of any type [1]; mixtures share it with aspen, by their shares.

    [@forestrycanada1992development, eq. 42; @wotton2009updates, eqs. 42a to 42c]
    """
    share = share_of_main(fuel, conifer, dead)
    own = equivalent_index(calm, factor, fuel.a, fuel.b, fuel.c)
    leaf = (jnp.asarray(column[ASPEN], calm.dtype) for column in (TABLE.a, TABLE.b, TABLE.c))
    both = share * own + (1.0 - share) * equivalent_index(calm, factor, *leaf)
    return jnp.maximum(both, calm)


def equivalent_wind(index: Value, fuel_effect: Value) -> Value:
    """Wind speed that has the effect of slope [km h-1] [@wotton2009updates, eqs. 44a to 44e].

    ln(R / (0.208 f(F))) / 0.05039 up to 40 km h-1; above, 28 - ln(1 - R / (2.496 f(F))) / 0.0818, at most 112.45.

    Args:
        index: Initial Spread Index equivalent to slope [1].
        fuel_effect: f(F) [1].
    """
    low = jnp.log(index / (0.208 * fuel_effect)) / 0.05039
    filled = index / (2.496 * fuel_effect)
    below = filled < 0.999
    high = 28.0 - jnp.log(1.0 - jnp.where(below, filled, 0.5)) / 0.0818
    return jnp.where(low <= 40.0, low, jnp.where(below, high, 112.45))


def with_wind(
    fuel: Fuel,
    ffmc: Value,
    slope: Value,
    upslope: Value,
    wind: Value,
    towards: Value,
    conifer: Value,
    dead: Value,
    scale: float,
) -> tuple[Value, Value]:
    """Net effective wind [km h-1] and the direction fire spreads to [rad clockwise from north].

    The vector sum of the wind and of the wind equivalent to slope [@forestrycanada1992development, eqs. 47 to 51].
    Without slope it is the wind.

    Args:
        fuel: columns of the type.
        ffmc: Fine Fuel Moisture Code [1].
        slope: [%].
        upslope: direction up the slope [rad clockwise from north].
        wind: speed at 10 m [km h-1].
        towards: direction the wind blows to [rad clockwise from north].
        conifer: conifer in M-1 and M-2 [%].
        dead: dead fir in M-3 and M-4 [%].
        scale: between Fine Fuel Moisture Code and moisture [%].
    """
    effect = fuel_function(ffmc, scale)
    steep = slope > 0.0
    index = upslope_index(fuel, 0.208 * effect, slope_factor(slope), conifer, dead)
    added = jnp.where(steep, equivalent_wind(index, effect), 0.0)
    east = wind * jnp.sin(towards) + added * jnp.sin(upslope)
    north = wind * jnp.cos(towards) + added * jnp.cos(upslope)
    speed = safe_sqrt(east**2 + north**2)
    return jnp.where(steep, speed, wind), jnp.where(steep, safe_angle(east, north), towards)


__all__ = [
    "equivalent_index",
    "equivalent_wind",
    "slope_factor",
    "upslope_index",
    "with_wind",
]
