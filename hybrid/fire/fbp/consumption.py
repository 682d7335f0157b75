"""Fuel consumed by the flaming front: at the surface, in crowns, in all."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..safe import safe_power, safe_sqrt
from .fuels import Fuel

Value = Float[Array, "..."]


def _share(bui: Value, rate: Value) -> Value:
    return -jnp.expm1(-rate * bui)


def by_buildup(fuel: Fuel, bui: Value) -> Value:
    """Surface fuel consumption [kg m-2] that follows the Buildup Index.

    A (1 - exp(-k BUI))^p + A2 (1 - exp(-k2 BUI)) [@forestrycanada1992development, eqs. 10 to 16 and 19 to 25].
    """
    floor = fuel.surface * safe_power(_share(bui, fuel.surface_rate), fuel.surface_power)
    return floor + fuel.wood * _share(bui, fuel.wood_rate)


def lichen(ffmc: Value) -> Value:
    """Surface fuel consumption of C-1 [kg m-2] [@wotton2009updates, eqs. 9a and 9b].

    0.75 + 0.75 (1 - exp(-0.23 (F - 84)))^0.5 above a code of 84, 0.75 - 0.75 (1 - exp(0.23 (F - 84)))^0.5 below.
    """
    off = ffmc - 84.0
    return 0.75 + 0.75 * jnp.sign(off) * safe_sqrt(-jnp.expm1(-0.23 * jnp.abs(off)))


def pine_floor(ffmc: Value) -> Value:
    """Forest floor consumption of C-7 [kg m-2]: 2 (1 - exp(-0.104 (F - 70))), at least 0.

    [@forestrycanada1992development, eq. 13]
    """
    return jnp.maximum(-2.0 * jnp.expm1(-0.104 * (ffmc - 70.0)), 0.0)


def aspen(bui: Value) -> Value:
    """Surface fuel consumption of D-1 [kg m-2]: 1.5 (1 - exp(-0.0183 BUI)) [@forestrycanada1992development, eq. 16]."""
    return 1.5 * _share(bui, jnp.asarray(0.0183))


def surface(fuel: Fuel, ffmc: Value, bui: Value, conifer: Value, grass_load: Value) -> Value:
    """Surface fuel consumption [kg m-2] of any type.

    Mixedwood M-1 and M-2 share that of C-2 and D-1 by per cent conifer [@forestrycanada1992development, eq. 17];
    grass burns whole (eq. 18).

    Args:
        fuel: columns of the type.
        ffmc: Fine Fuel Moisture Code [1].
        bui: Buildup Index [1].
        conifer: conifer in mixedwood [%].
        grass_load: load of grass [kg m-2].
    """
    own = by_buildup(fuel, bui) + fuel.lichen * lichen(ffmc) + fuel.pine * pine_floor(ffmc)
    share = 0.01 * conifer
    mixed = share * own + (1.0 - share) * aspen(bui)
    return jnp.where(fuel.conifer_mix > 0.0, mixed, own) + fuel.grass * grass_load


def crown(fuel: Fuel, load: Value, burned: Value, conifer: Value, dead: Value) -> Value:
    """Crown fuel consumption [kg m-2]: load times fraction burned [@forestrycanada1992development, eqs. 66a to 66c].

    In mixtures times the share of conifer or of dead fir.

    Args:
        fuel: columns of the type.
        load: crown fuel load [kg m-2].
        burned: crown fraction burned [1].
        conifer: conifer in M-1 and M-2 [%].
        dead: dead fir in M-3 and M-4 [%].
    """
    share = 1.0 - fuel.conifer_mix * (1.0 - 0.01 * conifer) - fuel.dead_mix * (1.0 - 0.01 * dead)
    return load * burned * share


def intensity(consumption: Value, rate: Value) -> Value:
    """Fireline intensity [kW m-1]: 300 times consumption [kg m-2] times rate of spread [m min-1].

    Byram's, with 18000 kJ kg-1 [@forestrycanada1992development, eq. 69].
    """
    return 300.0 * consumption * rate


__all__ = ["aspen", "by_buildup", "crown", "intensity", "lichen", "pine_floor", "surface"]
