"""Soil water: wetness, runoff, drainage and recharge."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from .shapes import at_least, at_most, power

Value = Float[Array, "..."]


def wetness(water: Value, capacity: Value) -> Value:
    """Filling of a layer [1]: content over capacity [mm], floored for powers' sake and let above one."""
    return at_most(at_least(water / capacity, 1e-4), 2.0)


def interception(rainfall: Value, canopy_capacity: Value, fapar: Value) -> Value:
    """Rain that wets the canopy and evaporates within the day [mm d-1].

    I = S (1 - exp(-P / S)) with storage S = capacity [mm] x cover, the saturating form of [@merriam1960].
    """
    storage = canopy_capacity * fapar + 1e-3
    return jnp.minimum(storage * (1.0 - jnp.exp(-rainfall / storage)), rainfall)


def throughfall(rainfall: Value, interception: Value) -> Value:
    """Rain that reaches the ground [mm d-1]."""
    return jnp.maximum(rainfall - interception, 0.0)


def surface_runoff(throughfall: Value, snow_melt: Value, wetness_top: Value, runoff_shape: Value) -> Value:
    """Runoff of the part of the area that is saturated [mm d-1]: inflow x wetness^shape [@bergstrom1992]."""
    return (throughfall + snow_melt) * power(at_most(wetness_top, 1.0), runoff_shape)


def drainage(wetness_top: Value, drainage_rate: Value, drainage_shape: Value) -> Value:
    """Gravity drainage of the top layer [mm d-1]: rate x wetness^shape [@campbell1974]."""
    return drainage_rate * power(wetness_top, drainage_shape)


def recharge(wetness_root: Value, recharge_rate: Value, recharge_shape: Value) -> Value:
    """Water lost below the roots [mm d-1]: rate x wetness^shape [@campbell1974]."""
    return recharge_rate * power(wetness_root, recharge_shape)


def water_stress(
    wetness_top: Value, wetness_root: Value, root_fraction_top: Value, half_wetness: Value
) -> Value:
    """Response of stomata to soil water [1], 0 dry to 1 wet, half way at ``half_wetness`` [1].

    A Hill curve (exponent 3) of the wetness that roots see, scaled to one at saturation; the sigmoid form
    follows vulnerability curves [@sperry1998].
    """
    seen = root_fraction_top * wetness_top + (1.0 - root_fraction_top) * wetness_root
    seen = at_most(seen, 1.0)
    cube = seen * seen * seen
    half = half_wetness * half_wetness * half_wetness
    return cube * (1.0 + half) / (cube + half)
