"""Evapotranspiration: the lesser of what stomata and soil allow and what energy allows."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

Value = Float[Array, "..."]


def smooth_minimum(a: Value, b: Value) -> Value:
    """Lesser of two non-negative rates, co-limited: a b (a^4 + b^4)^(-1/4), zero where either is zero."""
    a2, b2 = (a + 1e-6) ** 2, (b + 1e-6) ** 2
    return a * b / jnp.sqrt(jnp.sqrt(a2 * a2 + b2 * b2))


def transpiration(
    gross_photosynthesis: Value, water_cost: Value, available_energy: Value, fapar: Value
) -> Value:
    """Transpiration [mm d-1]: stomatal demand (photosynthesis x cost) co-limited with canopy energy.

    ``available_energy`` is potential evapotranspiration [mm d-1] [@priestley1972]; the supply and demand
    form follows [@federer1982].
    """
    return smooth_minimum(gross_photosynthesis * water_cost, available_energy * fapar)


def from_top(
    transpiration: Value, wetness_top: Value, wetness_root: Value, root_fraction_top: Value
) -> Value:
    """Share of transpiration drawn from the top layer [mm d-1], by roots and wetness."""
    top = root_fraction_top * wetness_top
    root = (1.0 - root_fraction_top) * wetness_root
    return transpiration * top / (top + root)


def from_root(transpiration: Value, from_top: Value) -> Value:
    """Transpiration drawn from the root layer [mm d-1]."""
    return transpiration - from_top


def soil_evaporation(
    available_energy: Value,
    fapar: Value,
    wetness_top: Value,
    soil_evaporation_fraction: Value,
    soil_evaporation_shape: Value,
) -> Value:
    """Evaporation of the top layer [mm d-1]: PET under the canopy x wetness^shape [@lee1992]."""
    energy = available_energy * (1.0 - 0.85 * fapar)
    return soil_evaporation_fraction * energy * jnp.minimum(wetness_top, 1.0) ** soil_evaporation_shape


def snow_sublimation(available_energy: Value, snow: Value, sublimation_fraction: Value) -> Value:
    """Sublimation of the snow pack [mm d-1], a fraction of potential evaporation [@hock2003]."""
    return sublimation_fraction * available_energy * snow / (snow + 5.0)
