"""Fine Fuel Moisture Code: litter and other fine fuels, wetted by rain, dried and wetted by the air of a day."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..safe import safe_power, safe_sqrt

Value = Float[Array, "..."]

WETTEST = 250.0
"""Greatest moisture content of fine fuel [%] [@vanwagner1985equations]."""


def moisture(ffmc: Value, scale: float) -> Value:
    """Moisture content [%] at a code [1] [@vanwagner1985equations, eq. 1]: scale (101 - F) / (59.5 + F)."""
    return scale * (101.0 - ffmc) / (59.5 + ffmc)


def code(moisture: Value, scale: float) -> Value:
    """Fine Fuel Moisture Code [1] at a moisture content [%] [@vanwagner1985equations, eq. 10].

    59.5 (250 - m) / (scale + m), at most 101, at least 0.
    """
    return jnp.clip(59.5 * (WETTEST - moisture) / (scale + moisture), 0.0, 101.0)


def net_rain(pr: Value) -> Value:
    """Rain that reaches fine fuels under a canopy [mm d-1] [@vanwagner1985equations, eq. 2]: less 0.5, or none."""
    return jnp.maximum(pr - 0.5, 0.0)


def wetted(moisture: Value, rain: Value) -> Value:
    """Moisture content [%] after net rain [mm] [@vanwagner1985equations, eqs. 3a and 3b], at most 250."""
    wet = rain > 0.0
    fallen = jnp.where(wet, rain, 1.0)
    dry = jnp.minimum(moisture, WETTEST)
    gain = 42.5 * fallen * jnp.exp(-100.0 / (251.0 - dry)) * (1.0 - jnp.exp(-6.93 / fallen))
    soaked = 0.0015 * jnp.maximum(moisture - 150.0, 0.0) ** 2 * jnp.sqrt(fallen)
    return jnp.where(wet, jnp.minimum(moisture + gain + soaked, WETTEST), moisture)


def _air(tas: Value, hurs: Value) -> Value:
    """Part of both equilibria that temperature moves [%]: 0.18 (21.1 - T) (1 - exp(-0.115 H))."""
    return 0.18 * (21.1 - tas) * (1.0 - jnp.exp(-0.115 * hurs))


def drying_equilibrium(tas: Value, hurs: Value) -> Value:
    """Moisture content [%] that drying tends to, in air of ``tas`` [degC] and ``hurs`` [%].

    0.942 H^0.679 + 11 exp((H - 100) / 10) + 0.18 (21.1 - T) (1 - exp(-0.115 H)) [@vanwagner1985equations, eq. 4].
    """
    return 0.942 * safe_power(hurs, 0.679) + 11.0 * jnp.exp(0.1 * (hurs - 100.0)) + _air(tas, hurs)


def wetting_equilibrium(tas: Value, hurs: Value) -> Value:
    """Moisture content [%] that wetting tends to, in air of ``tas`` [degC] and ``hurs`` [%].

    0.618 H^0.753 + 10 exp((H - 100) / 10) + 0.18 (21.1 - T) (1 - exp(-0.115 H)) [@vanwagner1985equations, eq. 5].
    """
    return 0.618 * safe_power(hurs, 0.753) + 10.0 * jnp.exp(0.1 * (hurs - 100.0)) + _air(tas, hurs)


def rate_at_21_degrees(share: Value, wind: Value) -> Value:
    """Log drying or wetting rate at 21.1 degC [log10 d-1] [@vanwagner1985equations, eqs. 6a and 7a].

    0.424 (1 - s^1.7) + 0.0694 W^0.5 (1 - s^8), W in km h-1.

    Args:
        share: s [1], relative humidity for drying, one less relative humidity for wetting.
        wind: wind speed at 10 m [km h-1].
    """
    eighth = (share * share) * (share * share)
    eighth = eighth * eighth
    return 0.424 * (1.0 - safe_power(share, 1.7)) + 0.0694 * safe_sqrt(wind) * (1.0 - eighth)


def daily_rate(at_21_degrees: Value, tas: Value) -> Value:
    """Log drying or wetting rate at ``tas`` [log10 d-1] [@vanwagner1985equations, eqs. 6b and 7b]."""
    return 0.581 * jnp.exp(0.0365 * tas) * at_21_degrees


def settled(moisture: Value, tas: Value, hurs: Value, wind: Value, slowness: float = 1.0) -> Value:
    """Moisture content [%] after one step in the air, tending to its equilibrium [@vanwagner1985equations, eqs. 8, 9].

    E + (m - E) 10^-k with the drying equilibrium and rate above it, the wetting ones below theirs; unchanged between.

    Args:
        moisture: before [%].
        tas: air temperature [degC].
        hurs: relative humidity [%].
        wind: wind speed at 10 m [km h-1].
        slowness: the rate's share of the daily rate [1]: one for a day.
    """
    down, up = drying_equilibrium(tas, hurs), wetting_equilibrium(tas, hurs)
    drying = moisture > down
    towards = jnp.where(drying, down, up)
    share = 0.01 * jnp.where(drying, hurs, 100.0 - hurs)
    rate = slowness * daily_rate(rate_at_21_degrees(share, wind), tas)
    after = towards + (moisture - towards) * jnp.exp(-2.302585092994046 * rate)
    return jnp.where(drying | (moisture < up), after, moisture)


def next_ffmc(ffmc: Value, tas: Value, hurs: Value, wind: Value, pr: Value, scale: float) -> Value:
    """Fine Fuel Moisture Code [1] of a day from that of the day before [@vanwagner1985equations].

    Args:
        ffmc: code of the day before [1].
        tas: air temperature at noon [degC].
        hurs: relative humidity at noon [%].
        wind: wind speed at 10 m at noon [km h-1].
        pr: precipitation of the 24 hours up to noon [mm d-1].
        scale: between code and moisture [%], see `family`.
    """
    wet = wetted(moisture(ffmc, scale), net_rain(pr))
    return code(settled(wet, tas, hurs, wind), scale)


__all__ = [
    "code",
    "daily_rate",
    "drying_equilibrium",
    "moisture",
    "net_rain",
    "next_ffmc",
    "rate_at_21_degrees",
    "settled",
    "wetted",
    "wetting_equilibrium",
]
