"""Spread without wind and slope: reaction intensity over heat sink, and all that wind and slope need of a bed."""

from __future__ import annotations

import math
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from ...process.laws.shapes import power
from .. import units as u
from ..safe import safe_ratio
from . import fuelbed as bed
from .convention import DEFAULT, Convention
from .fuelbed import Moisture
from .fuels import Fuel

Value = Float[Array, "..."]

EFFECTIVE_MINERAL = 0.01
"""Silica-free mineral content [1] [@albini1976estimating]."""


class Bed(NamedTuple):
    """A fuel bed at its moisture: all of the spread model that does not depend on wind and slope.

    Attributes:
        rate: rate of spread without wind and slope [m s-1].
        wind_scale: wind factor at 1 m s-1 [1].
        wind_exponent: power of wind in the wind factor [1].
        slope_scale: slope factor at a slope of 1 [1].
        reaction_intensity: heat release per area [kW m-2].
        residence_time: time that the flame stays [s].
        heat_per_area: heat released per area [kJ m-2].
        heat_sink: heat that ignites a volume of bed [kJ m-3].
        propagating_flux: share of reaction intensity that heats the fuel ahead [1].
        savr: characteristic surface-area-to-volume ratio [m-1].
        dead_moisture: characteristic moisture of dead fuel [1].
        live_moisture: characteristic moisture of live fuel [1].
        live_extinction: moisture of extinction of live fuel [1], zero for models without live fuel.
    """

    rate: Value
    wind_scale: Value
    wind_exponent: Value
    slope_scale: Value
    reaction_intensity: Value
    residence_time: Value
    heat_per_area: Value
    heat_sink: Value
    propagating_flux: Value
    savr: Value
    dead_moisture: Value
    live_moisture: Value
    live_extinction: Value


def maximum_reaction_velocity(savr: Value) -> Value:
    """Greatest reaction velocity [s-1]: s^1.5 / (495 + 0.0594 s^1.5) min-1, s in ft2 ft-3 [@rothermel1972, eq. 36]."""
    s = savr * u.FOOT
    s = s * jnp.sqrt(s)
    return s / (495.0 + 0.0594 * s) / u.MINUTE


def reaction_velocity(savr: Value, relative_packing: Value) -> Value:
    """Reaction velocity [s-1] at a packing ratio relative to the optimum [@rothermel1972, eq. 38].

    Greatest velocity x r^A exp(A (1 - r)), A = 133 s^-0.7913 [@albini1976estimating].
    """
    a = 133.0 * power(savr * u.FOOT, -0.7913)
    return maximum_reaction_velocity(savr) * jnp.exp(a * (jnp.log(relative_packing) + 1.0 - relative_packing))


def moisture_damping(moisture: Value, extinction: Value) -> Value:
    """Damping by moisture [1]: 1 - 2.59 r + 5.11 r^2 - 3.52 r^3, r = M / Mx < 1, else 0 [@rothermel1972, eq. 29]."""
    r = jnp.minimum(moisture / extinction, 1.0)
    return (1.0 - r) * (1.0 + r * (3.52 * r - 1.59))  # the same cubic, without loss of digits near 1


def mineral_damping(effective_mineral: float = EFFECTIVE_MINERAL) -> float:
    """Damping by minerals [1]: 0.174 Se^-0.19, at most one [@rothermel1972, eq. 30]."""
    return min(0.174 * effective_mineral**-0.19, 1.0)


def propagating_flux_ratio(savr: Value, packing: Value) -> Value:
    """Share of reaction intensity that heats the fuel ahead [1] [@rothermel1972, eq. 42].

    exp((0.792 + 0.681 s^0.5) (b + 0.1)) / (192 + 0.2595 s), b the packing ratio, s in ft2 ft-3.
    """
    s = savr * u.FOOT
    return jnp.exp((0.792 + 0.681 * jnp.sqrt(s)) * (packing + 0.1)) / (192.0 + 0.2595 * s)


def wind_exponent(savr: Value) -> Value:
    """Power of wind in the wind factor [1]: 0.02526 s^0.54, s in ft2 ft-3 [@rothermel1972, eq. 49]."""
    return 0.02526 * power(savr * u.FOOT, 0.54)


def wind_scale(savr: Value, relative_packing: Value) -> Value:
    """Wind factor at a midflame wind of 1 m s-1 [1]: C U^B r^-E [@rothermel1972, eq. 47-50].

    C = 7.47 exp(-0.133 s^0.55), E = 0.715 exp(-3.59e-4 s), U in ft min-1, s in ft2 ft-3.
    """
    s = savr * u.FOOT
    e = 0.715 * jnp.exp(-3.59e-4 * s)
    by_speed = -wind_exponent(savr) * math.log(u.FOOT_PER_MINUTE)
    return 7.47 * jnp.exp(-0.133 * power(s, 0.55) + by_speed - e * jnp.log(relative_packing))


def slope_scale(packing: Value) -> Value:
    """Slope factor at a slope of 1 [1]: 5.275 b^-0.3 [@rothermel1972, eq. 51]."""
    return 5.275 * power(packing, -0.3)


def residence_time(savr: Value) -> Value:
    """Flame residence time [s]: 384 / s min, s in ft2 ft-3 [@anderson1969heat]."""
    return 384.0 * u.MINUTE / (savr * u.FOOT)


def prepare(fuel: Fuel, moisture: Moisture, convention: Convention = DEFAULT) -> Bed:
    """Fuel bed at its moisture: spread without wind and slope, and the scales of wind and slope.

    Where there is no fuel, rates and intensities are zero, and so are gradients: the rate falls to zero with the load
    more slowly than in proportion, so it has no derivative there.

    Args:
        fuel: fuel bed of any shape.
        moisture: moisture contents [1], of shapes that broadcast with the fuel.
        convention: choices where references differ.
    """
    burnable = (fuel.load.sum(axis=-1) > 0.0) & (fuel.depth > 0.0)
    fuel = fuel._replace(  # any fuel at all: what it gives is thrown away below
        load=jnp.where(burnable[..., None], fuel.load, 1.0), depth=jnp.where(burnable, fuel.depth, 1.0)
    )
    dead, live = bed.categories(fuel, moisture, convention)
    areas = bed.surface_area(dead), bed.surface_area(live)
    in_dead, in_live = (bed.weights(a) for a in areas)
    share = areas[0].sum(axis=-1) / (areas[0].sum(axis=-1) + areas[1].sum(axis=-1))

    def both(a: Value, b: Value) -> Value:
        return share * a + (1.0 - share) * b

    savr = both(bed.mean(in_dead, dead.savr), bed.mean(in_live, live.savr))
    density = bed.bulk_density(dead, live, fuel.depth)
    packing = bed.packing_ratio(density)
    relative = packing / bed.optimum_packing_ratio(savr)
    dead_moisture, live_moisture = bed.mean(in_dead, dead.moisture), bed.mean(in_live, live.moisture)
    extinction = bed.live_extinction(dead, live, fuel.extinction)
    burning = bed.net_load(dead, in_dead) * fuel.heat_dead * moisture_damping(dead_moisture, fuel.extinction)
    burning += bed.net_load(live, in_live) * fuel.heat_live * moisture_damping(live_moisture, extinction)
    intensity = reaction_velocity(savr, relative) * burning * mineral_damping()
    intensity = jnp.where(burnable, intensity, 0.0)
    sink = density * both(bed.heat_per_mass(dead, in_dead), bed.heat_per_mass(live, in_live))
    flux = propagating_flux_ratio(savr, packing)
    stay = residence_time(savr)
    any_live = fuel.load[..., 3:].sum(axis=-1) > 0.0

    def where_burnable(x: Value) -> Value:
        return jnp.where(burnable, x, 0.0)

    return Bed(
        rate=safe_ratio(intensity * flux, sink),
        wind_scale=wind_scale(savr, relative),
        wind_exponent=wind_exponent(savr),
        slope_scale=slope_scale(packing),
        reaction_intensity=intensity,
        residence_time=where_burnable(stay),
        heat_per_area=intensity * stay,
        heat_sink=where_burnable(sink),
        propagating_flux=where_burnable(flux),
        savr=where_burnable(savr),
        dead_moisture=where_burnable(dead_moisture),
        live_moisture=where_burnable(live_moisture),
        live_extinction=jnp.where(burnable & any_live, extinction, 0.0),
    )


__all__ = [
    "Bed",
    "maximum_reaction_velocity",
    "mineral_damping",
    "moisture_damping",
    "prepare",
    "propagating_flux_ratio",
    "reaction_velocity",
    "residence_time",
    "slope_scale",
    "wind_exponent",
    "wind_scale",
]
