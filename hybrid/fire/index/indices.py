"""Indices of a day from its three moisture codes: spread, fuel, intensity and their severity."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..safe import safe_power, safe_ratio
from .fine_fuel import moisture

Value = Float[Array, "..."]


def wind_function(wind: Value) -> Value:
    """Effect of wind on spread f(W) [1] [@vanwagner1985equations, eq. 24]: exp(0.05039 W), W in km h-1."""
    return jnp.exp(0.05039 * wind)


def fuel_function(ffmc: Value, scale: float) -> Value:
    """Effect of fine fuel on spread f(F) [1] [@vanwagner1985equations, eq. 25].

    91.9 exp(-0.1386 m) (1 + m^5.31 / 4.93e7), m the moisture content [%].

    Args:
        ffmc: Fine Fuel Moisture Code [1].
        scale: of `fine_fuel.FAMILIES`.
    """
    m = moisture(ffmc, scale)
    return 91.9 * jnp.exp(-0.1386 * m) * (1.0 + safe_power(m, 5.31) / 4.93e7)


def initial_spread(ffmc: Value, wind: Value, scale: float) -> Value:
    """Initial Spread Index [1] [@vanwagner1985equations, eq. 26]: 0.208 f(W) f(F)."""
    return 0.208 * wind_function(wind) * fuel_function(ffmc, scale)


def buildup(dmc: Value, dc: Value) -> Value:
    """Buildup Index [1], not below 0 [@vanwagner1985equations, eqs. 27a and 27b].

    0.8 P D / (P + 0.4 D) where P <= 0.4 D, else P - (1 - 0.8 D / (P + 0.4 D)) (0.92 + (0.0114 P)^1.7).
    """
    share = safe_ratio(0.8 * dc, dmc + 0.4 * dc)
    much = dmc - (1.0 - share) * (0.92 + safe_power(0.0114 * dmc, 1.7))
    return jnp.where(dmc <= 0.4 * dc, dmc * share, jnp.maximum(much, 0.0))


def duff_function(bui: Value) -> Value:
    """Effect of the fuel available f(D) [1] [@vanwagner1985equations, eqs. 28a and 28b].

    0.626 U^0.809 + 2 up to 80, 1000 / (25 + 108.64 exp(-0.023 U)) above.
    """
    low = 0.626 * safe_power(bui, 0.809) + 2.0
    return jnp.where(bui > 80.0, 1000.0 / (25.0 + 108.64 * jnp.exp(-0.023 * bui)), low)


def fire_weather_index(isi: Value, bui: Value) -> Value:
    """Fire Weather Index [1] [@vanwagner1985equations, eqs. 29, 30a and 30b].

    B = 0.1 R f(D); exp(2.72 (0.434 ln B)^0.647) above one, B below.
    """
    intermediate = 0.1 * isi * duff_function(bui)
    high = intermediate > 1.0
    log = 0.434 * jnp.log(jnp.where(high, intermediate, jnp.e))
    return jnp.where(high, jnp.exp(2.72 * safe_power(log, 0.647)), intermediate)


def daily_severity(fwi: Value) -> Value:
    """Daily Severity Rating [1] [@vanwagner1985equations, eq. 31]: 0.0272 S^1.77."""
    return 0.0272 * safe_power(fwi, 1.77)


__all__ = [
    "buildup",
    "daily_severity",
    "duff_function",
    "fire_weather_index",
    "fuel_function",
    "initial_spread",
    "wind_function",
]
