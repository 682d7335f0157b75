"""Photosynthesis by light use, with stomata shared by carbon and water."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from .shapes import at_least, logistic

Value = Float[Array, "..."]

PAR_FRACTION = 0.45
"""Photosynthetically active share of shortwave energy [1] [@monteith1972]."""
MOLES_PER_GRAM_CARBON = 1.0 / 12.011
GRAMS_PER_MOLE_WATER = 18.015


def leaf_area_index(leaf: Value, leaf_mass_per_area: Value) -> Value:
    """Leaf area index [m2 m-2] of the leaf pool [gC m-2] at ``leaf_mass_per_area`` [gC m-2]."""
    return leaf / leaf_mass_per_area


def absorbed_fraction(leaf_area_index: Value, extinction: Value) -> Value:
    """Fraction of light that the canopy absorbs [1]: 1 - exp(-k LAI) [@monsi1953]."""
    return 1.0 - jnp.exp(-extinction * leaf_area_index)


def absorbed_light(rsds: Value, light_saturation: Value) -> Value:
    """Light that a full canopy can use [MJ m-2 d-1]: PAR / (1 + PAR / saturation) [@makela2008]."""
    par = PAR_FRACTION * rsds
    return par / (1.0 + par / light_saturation)


def photorespiratory_point(tas: Value, pressure: Value) -> Value:
    """CO2 compensation point without day respiration [ppm] [@bernacchi2001].

    42.75 ppm at 25 degC and an activation energy of 37830 J mol-1, scaled to partial pressure.
    """
    kelvin = tas + 273.15
    return 42.75 * jnp.exp(37830.0 * (kelvin - 298.15) / (298.15 * 8.314 * kelvin)) * pressure / 101.325


def internal_fraction(vpd: Value, stomatal_slope: Value) -> Value:
    """Ratio of leaf-internal to ambient CO2 [1]: g1 / (g1 + sqrt(D)), D [kPa] [@medlyn2011]."""
    return stomatal_slope / (stomatal_slope + jnp.sqrt(at_least(0.1 * vpd, 0.0) + 0.01))


def carbon_supply(co2: Value, compensation: Value, internal_fraction: Value) -> Value:
    """Response of light use to CO2 and, through stomata, to dry air [1] [@wang2017].

    m = (ci - G) / (ci + 2 G), with ci the internal mole fraction [ppm] and G the compensation point [ppm].
    """
    ci = internal_fraction * co2
    return at_least(ci - compensation, 0.0) / (ci + 2.0 * compensation)


def temperature_response(
    tas_day: Value, tas_slow: Value, cold_limit: Value, warm_limit: Value, heat_limit: Value
) -> Value:
    """Response of photosynthesis to temperature and its acclimation [1] [@makela2008].

    A ramp of the slowly following temperature between ``cold_limit`` and ``warm_limit`` [degC], and a
    logistic fall above ``heat_limit`` [degC] of the day's own temperature.
    """
    ramp = (0.7 * tas_slow + 0.3 * tas_day - cold_limit) / (warm_limit - cold_limit)
    smooth = logistic(6.0 * (ramp - 0.5))
    return smooth * logistic(0.4 * (heat_limit - tas_day))


def day_temperature(tas_min: Value, tas_max: Value) -> Value:
    """Mean temperature of the light hours [degC]: Tmean + (Tmax - Tmin) / (3 pi) [@running1987]."""
    return 0.5 * (tas_min + tas_max) + (tas_max - tas_min) / (3.0 * jnp.pi)


def potential_photosynthesis(
    absorbed_light: Value, light_use_efficiency: Value, temperature_response: Value, carbon_supply: Value
) -> Value:
    """Photosynthesis of a full, unstressed canopy [gC m-2 d-1] [@monteith1972] [@wang2017].

    ``light_use_efficiency`` [gC MJ-1] is of absorbed light at no limitation by CO2.
    """
    return light_use_efficiency * absorbed_light * temperature_response * carbon_supply


def gross_photosynthesis(potential_photosynthesis: Value, fapar: Value, water_stress: Value) -> Value:
    """Gross primary production [gC m-2 d-1]: potential x canopy cover x soil-water response."""
    return potential_photosynthesis * fapar * water_stress


def water_cost(vpd: Value, pressure: Value, co2: Value, internal_fraction: Value) -> Value:
    """Water transpired per carbon fixed [mm (gC m-2)-1]: 1.6 D / (P ca (1 - chi)) [@medlyn2011]."""
    deficit = (0.1 * at_least(vpd, 0.0) + 0.05) / pressure
    per_mole = 1.6 * deficit / (co2 * 1e-6 * (1.0 - internal_fraction))
    return per_mole * MOLES_PER_GRAM_CARBON * GRAMS_PER_MOLE_WATER * 1e-3
