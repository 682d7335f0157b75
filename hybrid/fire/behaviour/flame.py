"""Fireline intensity and the length of flames."""

from __future__ import annotations

from jaxtyping import Array, Float

from .. import units as u
from ..safe import safe_power

Value = Float[Array, "..."]


def fireline_intensity(rate: Value, heat_per_area: Value) -> Value:
    """Heat release per length of front [kW m-1]: rate [m s-1] x heat per area [kJ m-2] [@byram1959combustion]."""
    return rate * heat_per_area


def byram_flame_length(intensity: Value) -> Value:
    """Flame length [m]: 0.45 I^0.46 ft, I in Btu ft-1 s-1 [@byram1959combustion]; gradient zero at I = 0."""
    return 0.45 * u.FOOT * safe_power(intensity / u.BTU_PER_FOOT_SECOND, 0.46)


def thomas_flame_length(intensity: Value) -> Value:
    """Flame length of crown fire [m]: 0.2 I^(2/3) ft, I in Btu ft-1 s-1 [@thomas1963size]; gradient zero at I = 0."""
    return 0.2 * u.FOOT * safe_power(intensity / u.BTU_PER_FOOT_SECOND, 2.0 / 3.0)


__all__ = ["byram_flame_length", "fireline_intensity", "thomas_flame_length"]
