"""Surface fire: spread of a prepared bed under wind and slope, its ellipse, flames and intensity."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from .. import units as u
from ..ellipse import Ellipse, back, flank, normal_speed, rate_towards
from ..safe import safe_angle, safe_power, safe_sqrt
from . import flame
from .convention import DEFAULT, Convention
from .rothermel import Bed

Value = Float[Array, "..."]

CALM = 1e-12
"""Square of the wind speed [m2 s-2] below which there is no wind."""
GREATEST_LENGTH_TO_WIDTH = 8.0


class Surface(NamedTuple):
    """A surface fire at each place.

    Attributes:
        ellipse: rate and direction of the head, and length-to-width ratio.
        effective_wind: midflame wind along the head's direction that alone gives its rate [m s-1].
        intensity: fireline intensity of the head [kW m-1].
        flame_length: flame length of the head [m].
        heat_per_area: heat released per area [kJ m-2].
    """

    ellipse: Ellipse
    effective_wind: Value
    intensity: Value
    flame_length: Value
    heat_per_area: Value


def wind_factor(bed: Bed, speed: Value) -> Value:
    """Factor that wind adds [1]: scale x U^B, U the midflame wind [m s-1] [@rothermel1972, eq. 47]."""
    return bed.wind_scale * safe_power(speed, bed.wind_exponent)


def slope_factor(bed: Bed, slope: Value) -> Value:
    """Factor that slope adds [1]: scale x tan^2, ``slope`` being rise over run [@rothermel1972, eq. 51]."""
    return bed.slope_scale * slope**2


def added_vector(
    bed: Bed, wind: tuple[Value, Value], slope: tuple[Value, Value], convention: Convention
) -> tuple[Value, Value]:
    """What wind and slope add to spread, as multiples of the rate without them: east and north [@andrews2018rothermel].

    Wind factor along the wind plus slope factor up the slope; zero where nothing burns. Where the wind's exponent is
    below one, the factor has no derivative at zero wind; it is taken as zero.
    """
    east, north = wind
    square = east**2 + north**2
    if convention.wind_on_slope == "projected":
        square = square + (east * slope[0] + north * slope[1]) ** 2
    blowing = jnp.where(square > CALM, square, 0.0)
    by_wind = bed.wind_scale * safe_power(blowing, 0.5 * (bed.wind_exponent - 1.0))
    if convention.wind_on_slope == "projected":
        east, north = _on_slope(wind, slope)
    square = slope[0] ** 2 + slope[1] ** 2
    by_slope = bed.slope_scale * safe_sqrt(square)
    if convention.slope_limit == "reference":
        limit = 0.9 * bed.reaction_intensity / u.BTU_PER_SQUARE_FOOT_MINUTE
        by_slope = jnp.where(bed.slope_scale * square > limit, limit * safe_power(square, -0.5), by_slope)
    burning = bed.rate > 0.0
    east, north = by_wind * east + by_slope * slope[0], by_wind * north + by_slope * slope[1]
    return jnp.where(burning, east, 0.0), jnp.where(burning, north, 0.0)


def _on_slope(wind: tuple[Value, Value], slope: tuple[Value, Value]) -> tuple[Value, Value]:
    """Horizontal wind lifted onto the slope's plane [m s-1], in the plane's own axes, which are turned up flat.

    The part across the slope stays, the part up the slope is longer by sqrt(1 + tan^2).
    """
    length = jnp.sqrt(1.0 + slope[0] ** 2 + slope[1] ** 2)
    longer = (wind[0] * slope[0] + wind[1] * slope[1]) / (1.0 + length)  # (1 / cos - 1) / tan^2
    return wind[0] + longer * slope[0], wind[1] + longer * slope[1]


def greatest_wind(bed: Bed, convention: Convention) -> Value:
    """Greatest effective wind [m s-1] of the convention's ``wind_limit``, by reaction intensity."""
    intensity = bed.reaction_intensity / u.BTU_PER_SQUARE_FOOT_MINUTE
    if convention.wind_limit == "rothermel":
        return 0.9 * intensity * u.FOOT_PER_MINUTE
    return 96.8 * safe_power(intensity, 1.0 / 3.0) * u.FOOT_PER_MINUTE


def effective_wind(bed: Bed, added: Value) -> Value:
    """Wind that alone would add the factor ``added`` [m s-1]: the wind factor turned round [@albini1976estimating]."""
    return safe_power(added / bed.wind_scale, 1.0 / bed.wind_exponent)


def length_to_width(effective_wind: Value, convention: Convention = DEFAULT) -> Value:
    """Length-to-width ratio of a surface fire's ellipse [1] at an effective midflame wind [m s-1].

    0.936 exp(0.1147 U) + 0.461 exp(-0.0692 U) - 0.397, at most 8 [@anderson1983predicting], or 1 + 0.25 U
    [@andrews1986behave], U in mph (see ``Convention.length_to_width``).
    """
    speed = effective_wind / u.MILE_PER_HOUR
    if convention.length_to_width == "andrews":
        return 1.0 + 0.25 * speed
    few = jnp.minimum(speed, 30.0)  # far above where the ratio is 8
    slim = 1.0 + 0.936 * jnp.expm1(0.1147 * few) + 0.461 * jnp.expm1(-0.0692 * few)
    return jnp.minimum(slim, GREATEST_LENGTH_TO_WIDTH)


def spread(
    bed: Bed, wind: tuple[Value, Value], slope: tuple[Value, Value], convention: Convention = DEFAULT
) -> Surface:
    """Surface fire of a bed under midflame wind on a slope, by vectors.

    The rate is along the slope's surface. Values and gradients are finite everywhere, zero wind, zero slope and zero
    fuel among them.

    Args:
        bed: what ``prepare`` returns.
        wind: eastward and northward midflame wind [m s-1].
        slope: eastward and northward rise of the ground [1] (rise over run).
        convention: choices where references differ.
    """
    east, north = added_vector(bed, wind, slope, convention)
    added = safe_sqrt(east**2 + north**2)
    speed = effective_wind(bed, added)
    if convention.wind_limit != "none":
        limit = greatest_wind(bed, convention)
        over = speed > limit
        speed = jnp.where(over, limit, speed)
        added = jnp.where(over, wind_factor(bed, limit), added)
    rate = bed.rate * (1.0 + added)
    intensity = flame.fireline_intensity(rate, bed.heat_per_area)
    return Surface(
        ellipse=Ellipse(rate, length_to_width(speed, convention), safe_angle(east, north)),
        effective_wind=speed,
        intensity=intensity,
        flame_length=flame.byram_flame_length(intensity),
        heat_per_area=jnp.broadcast_to(bed.heat_per_area, rate.shape),
    )


def intensity_towards(surface: Surface, direction: Value) -> Value:
    """Fireline intensity of the front that moves in a direction [kW m-1] [@catchpole1982fire].

    The rate is that along the front's normal, ``direction`` [rad] clockwise from north.
    """
    rate = normal_speed(surface.ellipse, jnp.sin(direction), jnp.cos(direction))
    return flame.fireline_intensity(rate, surface.heat_per_area)


__all__ = [
    "Surface",
    "added_vector",
    "back",
    "effective_wind",
    "flank",
    "greatest_wind",
    "intensity_towards",
    "length_to_width",
    "rate_towards",
    "slope_factor",
    "spread",
    "wind_factor",
]
