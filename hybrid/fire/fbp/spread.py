"""Rate of spread: of the surface by fuel type, its buildup effect, crowns and the plantation of its own kind."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..index.indices import fuel_function
from ..safe import safe_power, safe_ratio
from .fuels import ASPEN, TABLE, Fuel

Value = Float[Array, "..."]


def curve(isi: Value, a: Value, b: Value, c: Value) -> Value:
    """Rate of spread [m min-1] of an Initial Spread Index [1] [@forestrycanada1992development, eq. 26].

    a (1 - exp(-b R))^c.
    """
    return a * safe_power(-jnp.expm1(-b * isi), c)


def aspen_curve(isi: Value) -> Value:
    """Rate of spread of leafless aspen, D-1 [m min-1], of an Initial Spread Index [1]."""
    return curve(isi, *(jnp.asarray(column[ASPEN], isi.dtype) for column in (TABLE.a, TABLE.b, TABLE.c)))


def share_of_main(fuel: Fuel, conifer: Value, dead: Value) -> Value:
    """Share of a mixture that is not aspen [1]: conifer in M-1 and M-2, dead fir in M-3 and M-4 [%], else one."""
    return 1.0 - fuel.conifer_mix * (1.0 - 0.01 * conifer) - fuel.dead_mix * (1.0 - 0.01 * dead)


def curing_factor(curing: Value) -> Value:
    """Effect of the curing of grass [%] on spread [1] [@wotton2009updates, eqs. 35a and 35b].

    0.005 (exp(0.061 C) - 1) below 58.8 %, 0.176 + 0.02 (C - 58.8) from there.
    """
    return jnp.where(curing < 58.8, 0.005 * jnp.expm1(0.061 * curing), 0.176 + 0.02 * (curing - 58.8))


def initial(fuel: Fuel, isi: Value, conifer: Value, dead: Value, curing: Value) -> Value:
    """Rate of spread before the buildup effect [m min-1].

    Eq. 26 for most types; mixtures add the aspen's share, a fifth of it in leaf [@forestrycanada1992development,
    eqs. 27 and 28; @wotton2009updates]; grass by its curing (eq. 36).

    Args:
        fuel: columns of the type.
        isi: Initial Spread Index [1].
        conifer: conifer in M-1 and M-2 [%].
        dead: dead fir in M-3 and M-4 [%].
        curing: of grass [%].
    """
    share = share_of_main(fuel, conifer, dead)
    own = curve(isi, fuel.a, fuel.b, fuel.c)
    mixed = share * own + (1.0 - share) * fuel.aspen * aspen_curve(isi)
    return mixed * jnp.where(fuel.grass > 0.0, curing_factor(curing), 1.0)


def buildup_effect(fuel: Fuel, bui: Value) -> Value:
    """Effect of the fuel available on spread [1], one at BUI0 and for no buildup at all.

    exp(50 ln q (1 / BUI - 1 / BUI0)) [@forestrycanada1992development, eq. 54].
    """
    some = bui > 0.0
    inverse = 1.0 / jnp.where(some, bui, 1.0)
    return jnp.where(some, jnp.exp(50.0 * jnp.log(fuel.q) * (inverse - 1.0 / fuel.bui0)), 1.0)


def wind_function(wind: Value) -> Value:
    """Effect of wind on spread in fire behaviour [1] [@forestrycanada1992development, eqs. 53 and 53a].

    exp(0.05039 W) up to 40 km h-1, 12 (1 - exp(-0.0818 (W - 28))) above.
    """
    strong = wind > 40.0
    high = -12.0 * jnp.expm1(-0.0818 * (jnp.where(strong, wind, 41.0) - 28.0))
    return jnp.where(strong, high, jnp.exp(0.05039 * jnp.minimum(wind, 40.0)))


def initial_spread(ffmc: Value, wind: Value, scale: float) -> Value:
    """Initial Spread Index of fire behaviour [1]: 0.208 f(W) f(F) [@forestrycanada1992development, eq. 52]."""
    return 0.208 * wind_function(wind) * fuel_function(ffmc, scale)


def back_spread_index(ffmc: Value, wind: Value, scale: float) -> Value:
    """Initial Spread Index of the back of a fire [1]: 0.208 exp(-0.05039 W) f(F).

    [@forestrycanada1992development, eqs. 75 and 76], W in km h-1.
    """
    return 0.208 * jnp.exp(-0.05039 * wind) * fuel_function(ffmc, scale)


def critical_intensity(foliar: Value, base: Value) -> Value:
    """Surface intensity that ignites crowns [kW m-1]: 0.001 z^1.5 (460 + 25.9 FMC)^1.5.

    [@vanwagner1977conditions; @forestrycanada1992development, eq. 56].

    Args:
        foliar: foliar moisture [%].
        base: height of the crown base [m].
    """
    return 0.001 * safe_power(base * (460.0 + 25.9 * foliar), 1.5)


def critical_rate(critical: Value, consumption: Value) -> Value:
    """Rate of spread at which crowns ignite [m min-1]: CSI / (300 SFC) [@forestrycanada1992development, eq. 57]."""
    return safe_ratio(critical, 300.0 * consumption)


def crown_fraction(rate: Value, critical: Value) -> Value:
    """Crown fraction burned [1]: 1 - exp(-0.23 (ROS - RSO)), 0 below RSO [@forestrycanada1992development, eq. 58]."""
    return -jnp.expm1(-0.23 * jnp.maximum(rate - critical, 0.0))


def foliar_effect(foliar: Value) -> Value:
    """Effect of foliar moisture [%] on the spread of crown fire [1] [@forestrycanada1992development, eq. 61].

    1000 (1.5 - 0.00275 FMC)^4 / (460 + 25.9 FMC).
    """
    return 1000.0 * (1.5 - 0.00275 * foliar) ** 4 / (460.0 + 25.9 * foliar)


def plantation_base(height: Value, density: Value) -> Value:
    """Height of the crown base of C-6 [m], at least 0: -11.2 + 1.06 h + 0.0017 n [@forestrycanada1992development].

    Args:
        height: of the stand [m].
        density: of the stand [trees per hectare].
    """
    return jnp.maximum(-11.2 + 1.06 * height + 0.0017 * density, 0.0)


def plantation_crown_rate(isi: Value, foliar: Value) -> Value:
    """Rate of spread of crown fire in C-6 [m min-1]: 60 (1 - exp(-0.0497 R)) FME / 0.778.

    [@forestrycanada1992development, eq. 64].
    """
    return -60.0 * jnp.expm1(-0.0497 * isi) * foliar_effect(foliar) / 0.778


def plantation(surface: Value, crown: Value, burned: Value) -> Value:
    """Rate of spread of C-6 [m min-1] between surface and crown fire [@forestrycanada1992development, eq. 65]."""
    return surface + burned * jnp.maximum(crown - surface, 0.0)


__all__ = [
    "aspen_curve",
    "back_spread_index",
    "buildup_effect",
    "critical_intensity",
    "critical_rate",
    "crown_fraction",
    "curing_factor",
    "curve",
    "foliar_effect",
    "initial",
    "initial_spread",
    "plantation",
    "plantation_base",
    "plantation_crown_rate",
    "share_of_main",
    "wind_function",
]
