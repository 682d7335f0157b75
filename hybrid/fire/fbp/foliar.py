"""Foliar moisture of conifers, from place and date."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

Value = Float[Array, "..."]


def normal_latitude(lon: Value) -> Value:
    """Normalised latitude [degree] at a longitude west [degree], elevation unknown.

    46 + 23.4 exp(-0.0360 (150 - lon)) [@forestrycanada1992development, eq. 1].
    """
    return 46.0 + 23.4 * jnp.exp(-0.0360 * (150.0 - lon))


def normal_latitude_of_height(lon: Value) -> Value:
    """Normalised latitude [degree] at a longitude west [degree], elevation known.

    43 + 33.7 exp(-0.0351 (150 - lon)) [@forestrycanada1992development, eq. 3].
    """
    return 43.0 + 33.7 * jnp.exp(-0.0351 * (150.0 - lon))


def day_of_least_moisture(lat: Value, lon: Value, elevation: Value) -> Value:
    """Day of the year of least foliar moisture [d], a whole number [@forestrycanada1992development, eqs. 2 and 4].

    151 lat / normal latitude where the elevation is zero, else 142.1 lat / normal latitude + 0.0172 elevation.

    Args:
        lat: latitude [degree north].
        lon: longitude [degree west].
        elevation: above the sea [m], 0 where unknown.
    """
    low = 151.0 * lat / normal_latitude(lon)
    high = 142.1 * lat / normal_latitude_of_height(lon) + 0.0172 * elevation
    return jnp.round(jnp.where(elevation > 0.0, high, low))


def moisture(day: Value, least: Value) -> Value:
    """Foliar moisture [%] on a day of the year [@forestrycanada1992development, eqs. 5 to 8].

    85 + 0.0189 n^2 within 30 days of the least, 32.9 + 3.17 n - 0.0288 n^2 within 50, 120 beyond.
    """
    n = jnp.abs(day - least)
    near, far = 85.0 + 0.0189 * n**2, 32.9 + 3.17 * n - 0.0288 * n**2
    return jnp.where(n < 30.0, near, jnp.where(n < 50.0, far, 120.0))


__all__ = ["day_of_least_moisture", "moisture", "normal_latitude", "normal_latitude_of_height"]
