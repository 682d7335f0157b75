"""Evapotranspiration: the lesser of what stomata and soil allow and what energy allows."""

from __future__ import annotations

from jaxtyping import Array, Float

from .shapes import at_most, power, saturating, smooth_minimum

Value = Float[Array, "..."]


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
    return soil_evaporation_fraction * energy * power(at_most(wetness_top, 1.0), soil_evaporation_shape)


def snow_sublimation(available_energy: Value, snow: Value, sublimation_fraction: Value) -> Value:
    """Sublimation of the snow pack [mm d-1], a fraction of potential evaporation [@hock2003]."""
    return sublimation_fraction * available_energy * saturating(snow, 5.0)
