"""Crown fire: when surface fire reaches the crowns, when it spreads through them, and how fast."""

from __future__ import annotations

from typing import Literal, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from data.errors import ConfigError

from .. import units as u
from ..ellipse import Ellipse
from ..safe import safe_angle, safe_power, safe_ratio, safe_sqrt
from . import flame
from .convention import DEFAULT, Convention
from .rothermel import Bed
from .surface import Surface, spread

Value = Float[Array, "..."]
Vector = tuple[Value, Value]
Kind = Int[Array, "..."]

CROWN_ADJUSTMENT = 0.4
"""Midflame over 20-ft wind in the fires that crown spread was fitted to [1] [@rothermel1991predicting]."""
CROWN_OVER_SURFACE = 3.34
"""Crown-fire spread over the surface spread of fuel model 10 [1] [@rothermel1991predicting]."""
CANOPY_HEAT = 8000.0 * u.BTU_PER_POUND
"""Low heat content of canopy fuel [kJ kg-1] [@rothermel1991predicting]."""
KINDS = ("surface", "conditional", "passive", "active")
"""Kinds of fire by number: conditional crown fire would spread in the crowns but cannot start there."""

_REFERENCE_RATE = 3.28084 * u.FOOT * u.POUND_PER_CUBIC_FOOT / 16.0185
_REFERENCE_INTENSITY = 0.2886719 * u.BTU_PER_FOOT_SECOND


class Canopy(NamedTuple):
    """A tree canopy at each place.

    Attributes:
        base_height: height of the canopy's base above ground [m].
        height: height of its top [m].
        bulk_density: mass of available canopy fuel per volume [kg m-3].
        foliar_moisture: moisture of the foliage [1].
    """

    base_height: Value
    height: Value
    bulk_density: Value
    foliar_moisture: Value


class Crown(NamedTuple):
    """Fire of surface and crowns together at each place.

    Attributes:
        kind: kind of fire, a place in ``KINDS``.
        ellipse: rate and direction of the head, and length-to-width ratio.
        intensity: fireline intensity of the head [kW m-1].
        flame_length: flame length of the head [m].
        heat_per_area: heat released per area [kJ m-2].
        fraction_burned: share of the crowns that burns [1].
        active_rate: rate of spread as an active crown fire [m s-1].
        active_intensity: fireline intensity as an active crown fire [kW m-1].
        transition_ratio: surface intensity over the one that ignites crowns [1].
        active_ratio: active rate over the one that sustains crown spread [1].
        crowning_wind: 20-ft wind at which crown spread sustains itself [m s-1], the crowning index.
    """

    kind: Kind
    ellipse: Ellipse
    intensity: Value
    flame_length: Value
    heat_per_area: Value
    fraction_burned: Value
    active_rate: Value
    active_intensity: Value
    transition_ratio: Value
    active_ratio: Value
    crowning_wind: Value


def critical_intensity(base_height: Value, foliar_moisture: Value, convention: Convention = DEFAULT) -> Value:
    """Surface fireline intensity that ignites crowns [kW m-1]: (0.01 z (460 + 25.9 M))^1.5 [@vanwagner1977conditions].

    z is the canopy base height [m], no less than 0.1; M the foliar moisture in percent, no less than 30.
    """
    z, m = jnp.maximum(base_height, 0.1), jnp.maximum(100.0 * foliar_moisture, 30.0)
    intensity = safe_power(0.01 * z * (460.0 + 25.9 * m), 1.5)
    return intensity * (_REFERENCE_INTENSITY if convention.crown_units == "reference" else 1.0)


def critical_rate(bulk_density: Value, convention: Convention = DEFAULT) -> Value:
    """Rate that sustains active crown spread [m s-1]: 3 / d m min-1, d in kg m-3 [@vanwagner1977conditions].

    Without canopy it is infinite in principle; here it is 1e6.
    """
    some = bulk_density > 0.0
    rate = 3.0 * u.METRE_PER_MINUTE / jnp.where(some, bulk_density, 1.0)
    rate = rate * (_REFERENCE_RATE if convention.crown_units == "reference" else 1.0)
    return jnp.where(some, rate, 1e6)


def active_rate(crown_bed: Bed, wind_speed: Value, convention: Convention = DEFAULT) -> Value:
    """Spread as an active crown fire [m s-1] [@rothermel1991predicting].

    3.34 times the surface spread of fuel model 10 on the level at 0.4 of the 20-ft wind [m s-1].
    """
    flat = jnp.zeros_like(wind_speed)
    level = spread(crown_bed, (flat, CROWN_ADJUSTMENT * wind_speed), (flat, flat), convention)
    return CROWN_OVER_SURFACE * level.ellipse.head


def canopy_load(canopy: Canopy) -> Value:
    """Available canopy fuel per ground area [kg m-2]: bulk density x depth of the canopy [@rothermel1991predicting]."""
    return canopy.bulk_density * jnp.maximum(canopy.height - canopy.base_height, 0.0)


def crown_length_to_width(wind_speed: Value) -> Value:
    """Length-to-width ratio of a crown fire [1]: 1 + 0.125 U, U the 20-ft wind in mph [@rothermel1991predicting]."""
    return 1.0 + 0.125 * wind_speed / u.MILE_PER_HOUR


def crown_area(rate: Value, length_to_width: Value, time: Value) -> Value:
    """Area of a crown fire after ``time`` [s] [m2]: pi D^2 / (4 LW), D the head's way [@rothermel1991predicting].

    The ellipse is as long as the head's way: backing is left out.
    """
    return jnp.pi * (rate * time) ** 2 / (4.0 * length_to_width)


def crown_perimeter(rate: Value, length_to_width: Value, time: Value) -> Value:
    """Perimeter of a crown fire after ``time`` [s] [m]: pi D (1 + 1 / LW) / 2 [@rothermel1991predicting]."""
    return 0.5 * jnp.pi * rate * time * (1.0 + 1.0 / length_to_width)


def crowning_wind(crown_bed: Bed, critical_rate: Value) -> Value:
    """20-ft wind [m s-1] at which active crown spread sustains itself [@scott2001assessing, eq. 20]."""
    added = safe_ratio(critical_rate / CROWN_OVER_SURFACE, crown_bed.rate) - 1.0
    return safe_power(added / crown_bed.wind_scale, 1.0 / crown_bed.wind_exponent) / CROWN_ADJUSTMENT


def crown_fraction_burned(rate: Value, initiation: Value, full: Value) -> Value:
    """Share of crowns burned [1], linear in surface spread from initiation to full [@scott2001assessing, eq. 28]."""
    return jnp.clip(safe_ratio(rate - initiation, jnp.maximum(full - initiation, 0.0)), 0.0, 1.0)


def crown_fire(
    bed: Bed,
    crown_bed: Bed,
    wind: Vector,
    adjustment: Value,
    slope: Vector,
    canopy: Canopy,
    convention: Convention = DEFAULT,
    method: Literal["scott_reinhardt", "rothermel"] = "scott_reinhardt",
) -> Crown:
    """Surface, passive or active crown fire at each place.

    Crowns ignite where surface intensity passes the critical one; fire spreads through them where the active rate
    passes the critical one [@vanwagner1977conditions]. A passive crown fire spreads between surface and active rate by
    the fraction of crowns burned ("scott_reinhardt" [@scott2001assessing]) or as the surface fire with the heat of the
    whole canopy ("rothermel" [@rothermel1991predicting]). Crown spread takes no slope and heads where the wind blows.

    Args:
        bed: surface fuel at its moisture.
        crown_bed: fuel model 10 at the same moisture.
        wind: eastward and northward wind at 20 ft [m s-1].
        adjustment: midflame over 20-ft wind for the surface fuel [1].
        slope: eastward and northward rise of the ground [1].
        canopy: canopy base, top, density and foliar moisture.
        convention: choices where references differ.
        method: how a passive crown fire spreads.

    Raises:
        ConfigError: the method is unknown.
    """
    if method not in ("scott_reinhardt", "rothermel"):
        raise ConfigError(f"the method is {method!r}", "crown fire", "use 'scott_reinhardt' or 'rothermel'")
    below = spread(bed, (adjustment * wind[0], adjustment * wind[1]), slope, convention)
    speed = safe_sqrt(wind[0] ** 2 + wind[1] ** 2)
    active = active_rate(crown_bed, speed, convention)
    sustained = critical_rate(canopy.bulk_density, convention)
    igniting = critical_intensity(canopy.base_height, canopy.foliar_moisture, convention)
    canopy_heat = CANOPY_HEAT * canopy_load(canopy)
    whole_heat = below.heat_per_area + canopy_heat

    treed = canopy.bulk_density > 0.0
    ignites = treed & (below.intensity >= igniting)
    spreads = treed & (active >= sustained)
    kind = 2 * ignites.astype(jnp.int32) + spreads.astype(jnp.int32)

    open_wind = crowning_wind(crown_bed, sustained)
    burned = _fraction(bed, below, wind, open_wind * adjustment, slope, igniting, convention)
    burned = jnp.where(kind == 3, 1.0, jnp.where(kind == 2, burned, 0.0))
    blend = burned if method == "scott_reinhardt" else jnp.where(kind == 3, 1.0, 0.0)
    hot = burned if method == "scott_reinhardt" else jnp.where(ignites, 1.0, 0.0)
    heat = below.heat_per_area + hot * canopy_heat
    rate = below.ellipse.head + blend * (active - below.ellipse.head)
    # a passive fire of Rothermel's method is reported with the active fire's intensity, as in Behave
    intensity = flame.fireline_intensity(rate, heat)
    if method == "rothermel":
        intensity = jnp.where(kind == 2, active * whole_heat, intensity)
    slim = below.ellipse.length_to_width
    slim = slim + blend * (crown_length_to_width(speed) - slim)
    return Crown(
        kind=kind,
        ellipse=Ellipse(rate, slim, _heading(below.ellipse, wind, speed, active, blend)),
        intensity=intensity,
        flame_length=jnp.where(ignites, flame.thomas_flame_length(intensity), below.flame_length),
        heat_per_area=heat,
        fraction_burned=burned,
        active_rate=active,
        active_intensity=flame.fireline_intensity(active, whole_heat),
        transition_ratio=below.intensity / igniting,
        active_ratio=active / sustained,
        crowning_wind=open_wind,
    )


def _fraction(
    bed: Bed,
    below: Surface,
    wind: Vector,
    midflame: Value,
    slope: Vector,
    igniting: Value,
    convention: Convention,
) -> Value:
    """Crown fraction burned, with the surface spread at the crowning wind blowing as the wind does."""
    towards = safe_angle(wind[0], wind[1])
    still = (wind[0] == 0.0) & (wind[1] == 0.0)
    towards = jnp.where(still, safe_angle(slope[0], slope[1]), towards)
    full = spread(bed, (midflame * jnp.sin(towards), midflame * jnp.cos(towards)), slope, convention)
    initiation = safe_ratio(igniting, below.heat_per_area)
    return crown_fraction_burned(below.ellipse.head, initiation, full.ellipse.head)


def _heading(below: Ellipse, wind: Vector, speed: Value, active: Value, blend: Value) -> Value:
    """Direction of the surface and the active fire's rates, blended as vectors [rad]."""
    by_crown = blend * active
    on_ground = (1.0 - blend) * below.head
    east = on_ground * jnp.sin(below.towards) + by_crown * safe_ratio(wind[0], speed)
    north = on_ground * jnp.cos(below.towards) + by_crown * safe_ratio(wind[1], speed)
    return safe_angle(east, north)


__all__ = [
    "KINDS",
    "Canopy",
    "Crown",
    "active_rate",
    "canopy_load",
    "critical_intensity",
    "critical_rate",
    "crown_area",
    "crown_fire",
    "crown_fraction_burned",
    "crown_length_to_width",
    "crown_perimeter",
    "crowning_wind",
]
