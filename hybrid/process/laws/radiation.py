"""Radiation and evaporative demand from daily weather (FAO-56)."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from .shapes import at_least

STEFAN_BOLTZMANN = 4.903e-9
"""[MJ K-4 m-2 d-1] [@allen1998]"""
LATENT_HEAT = 2.45
"""[MJ kg-1] of vaporisation at 20 degC [@allen1998]"""

Value = Float[Array, "..."]


def mean_temperature(tas_min: Value, tas_max: Value) -> Value:
    """Daily mean air temperature [degC], the mean of minimum and maximum [@allen1998, eq. 9]."""
    return 0.5 * (tas_min + tas_max)


def saturation_vapour_pressure(temperature: Value) -> Value:
    """Saturation vapour pressure [kPa] at a temperature [degC] [@allen1998, eq. 11]."""
    return 0.6108 * jnp.exp(17.27 * temperature / (temperature + 237.3))


def slope_of_saturation(tas: Value) -> Value:
    """Slope of saturation vapour pressure [kPa K-1] at ``tas`` [degC] [@allen1998, eq. 13]."""
    return 4098.0 * saturation_vapour_pressure(tas) / (tas + 237.3) ** 2


def air_pressure(elevation: Value) -> Value:
    """Air pressure [kPa] of the standard atmosphere at ``elevation`` [m] [@allen1998, eq. 7]."""
    return 101.3 * ((293.0 - 0.0065 * elevation) / 293.0) ** 5.26


def psychrometric_constant(pressure: Value) -> Value:
    """Psychrometric constant [kPa K-1] at ``pressure`` [kPa] [@allen1998, eq. 8]."""
    return 0.665e-3 * pressure


def extraterrestrial_radiation(day_of_year: Value, lat: Value) -> Value:
    """Daily radiation at the top of the atmosphere [MJ m-2 d-1] at ``lat`` [degree] [@allen1998, eq. 21]."""
    angle = 2.0 * jnp.pi * day_of_year / 365.0
    distance = 1.0 + 0.033 * jnp.cos(angle)
    declination = 0.409 * jnp.sin(angle - 1.39)
    phi = jnp.deg2rad(lat)
    cosine = jnp.clip(-jnp.tan(phi) * jnp.tan(declination), -1.0 + 1e-6, 1.0 - 1e-6)
    sunset = jnp.arccos(cosine)
    geometry = sunset * jnp.sin(phi) * jnp.sin(declination) + jnp.cos(phi) * jnp.cos(declination) * jnp.sin(
        sunset
    )
    return jnp.maximum(24.0 * 60.0 / jnp.pi * 0.0820 * distance * geometry, 0.0)


def net_longwave(
    rsds: Value, tas_min: Value, tas_max: Value, vpd: Value, top_of_atmosphere: Value, elevation: Value
) -> Value:
    """Net longwave radiation lost [MJ m-2 d-1] [@allen1998, eqs. 37 and 39].

    Vapour pressure is the mean saturation pressure less the deficit ``vpd`` [hPa].
    """
    saturation = 0.5 * (saturation_vapour_pressure(tas_min) + saturation_vapour_pressure(tas_max))
    vapour = jnp.clip(saturation - 0.1 * vpd, 0.01, None)
    clear_sky = (0.75 + 2e-5 * elevation) * top_of_atmosphere
    cloud = 1.35 * jnp.clip(rsds / jnp.maximum(clear_sky, 0.5), 0.3, 1.0) - 0.35
    black_body = 0.5 * STEFAN_BOLTZMANN * ((tas_max + 273.16) ** 4 + (tas_min + 273.16) ** 4)
    return black_body * (0.34 - 0.14 * jnp.sqrt(vapour)) * cloud


def net_radiation(rsds: Value, net_longwave: Value, albedo: Value) -> Value:
    """Net radiation [MJ m-2 d-1] at the surface, not below zero [@allen1998, eqs. 38 and 40]."""
    return at_least((1.0 - albedo) * rsds - net_longwave, 0.0)


def potential_evapotranspiration(
    net_radiation: Value, slope: Value, psychrometric: Value, priestley_taylor: Value
) -> Value:
    """Potential evapotranspiration [mm d-1] [@priestley1972].

    PET = alpha * slope / (slope + gamma) * Rn / lambda.
    """
    return priestley_taylor * slope / (slope + psychrometric) * net_radiation / LATENT_HEAT
