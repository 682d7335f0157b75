"""Moisture of dead fuel by time lags: each class follows the equilibrium of the air, and rain."""

from __future__ import annotations

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .equilibrium import vanwagner_equilibria

Value = Float[Array, "..."]
Classes = Float[Array, "... fuel"]

LAGS = (1.0, 10.0, 100.0)
"""Time lags of 1-h, 10-h and 100-h fuel [h]: the time in which 63 % of a change is made [@fosberg1971derivation]."""
HUNDRED_HOUR_RESPONSE = 1.0 - 0.87 * math.exp(-0.24)
"""Share of the way that 100-h fuel goes in a day [1] [@cohen1985national]."""
THOUSAND_HOUR_RESPONSE = 1.0 - 0.82 * math.exp(-0.168)
"""Share of the way that 1000-h fuel goes in a week [1] [@cohen1985national]."""


class Rain(NamedTuple):
    """How rain wets dead fuel [@mandel2014recent].

    Attributes:
        saturated: moisture that rain tends to [1].
        threshold: rain rate that wets nothing [mm h-1].
        saturating: rain rate above the threshold at which wetting goes 63 % as fast as it can [mm h-1].
        lag: least time lag of wetting [h].
    """

    saturated: Value | float = 2.5
    threshold: Value | float = 0.05
    saturating: Value | float = 8.0
    lag: Value | float = 14.0


def relax(moisture: Value, towards: Value, lag: Value, time: Value | float) -> Value:
    """Moisture [1] after a time [h] of following ``towards`` [1]: the solution of dm/dt = (towards - m) / lag [h]."""
    return moisture + (towards - moisture) * -jnp.expm1(-time / lag)


def wetting_rate(pr: Value, rain: Rain) -> Value:
    """Rate at which rain [mm h-1] wets fuel [h-1]: (1 - exp((r0 - r) / rk)) / lag, r > r0 [@mandel2014recent]."""
    return -jnp.expm1(-jnp.maximum(pr - rain.threshold, 0.0) / rain.saturating) / rain.lag


def timelag_step(
    moisture: Classes,
    tas: Value,
    hurs: Value,
    pr: Value,
    time: float = 1.0,
    lags: Value | tuple[float, ...] = LAGS,
    rain: Rain = Rain(),
) -> Classes:
    """Moisture of dead fuel classes after a time of constant weather [@mandel2014recent].

    In rain each class tends to saturation. Else it dries to the drying or wets to the wetting equilibrium by its lag,
    and keeps its moisture between the two. The solution over the time is exact.

    Args:
        moisture: moistures [1], last axis the class.
        tas: air temperature [degC].
        hurs: relative humidity [%].
        pr: rain [mm h-1].
        time: how long [h].
        lags: time lags of the classes [h].
        rain: how rain wets.
    """
    dry, wet = (e[..., None] for e in vanwagner_equilibria(tas, hurs))
    rate = wetting_rate(pr, rain)[..., None]
    raining = rate > 0.0
    towards = jnp.clip(moisture, wet, dry)
    by_air = relax(moisture, towards, jnp.asarray(lags), time)
    saturated = jnp.maximum(jnp.asarray(rain.saturated, moisture.dtype), moisture)
    by_rain = moisture + (saturated - moisture) * -jnp.expm1(-rate * time)
    return jnp.where(raining, by_rain, by_air)


def timelag_series(
    start: Classes,
    tas: Float[Array, "time ..."],
    hurs: Float[Array, "time ..."],
    pr: Float[Array, "time ..."],
    time: float = 1.0,
    lags: Value | tuple[float, ...] = LAGS,
    rain: Rain = Rain(),
) -> Float[Array, "time ... fuel"]:
    """Moistures of dead fuel classes at the end of each step of a weather series (see ``timelag_step``)."""

    def one(moisture: Classes, weather: tuple[Value, Value, Value]) -> tuple[Classes, Classes]:
        new = timelag_step(moisture, *weather, time, lags, rain)
        return new, new

    return jax.lax.scan(one, start, (tas, hurs, pr))[1]


def one_hour(equilibrium: Value) -> Value:
    """Moisture of 1-h fuel [1] at an equilibrium [1]: 1.03 of it [@cohen1985national]."""
    return 1.03 * equilibrium


def ten_hour(equilibrium: Value) -> Value:
    """Moisture of 10-h fuel [1] at an equilibrium [1], without a stick: 1.28 of it [@cohen1985national]."""
    return 1.28 * equilibrium


def day_equilibrium(driest: Value, dampest: Value, day_length: Value) -> Value:
    """Equilibrium of a day [1] from those of its driest and dampest hours, by day length [h] [@cohen1985national]."""
    return (day_length * driest + (24.0 - day_length) * dampest) / 24.0


def hundred_hour_boundary(equilibrium: Value, rain_hours: Value) -> Value:
    """What 100-h fuel tends to in a day [1], of which it rains some hours [@cohen1985national].

    ((24 - P) E + P (0.005 P + 0.41)) / 24.
    """
    return ((24.0 - rain_hours) * equilibrium + rain_hours * (0.005 * rain_hours + 0.41)) / 24.0


def thousand_hour_boundary(equilibrium: Value, rain_hours: Value) -> Value:
    """What 1000-h fuel tends to in a day [1]: ((24 - P) E + P (0.027 P + 0.76)) / 24 [@cohen1985national]."""
    return ((24.0 - rain_hours) * equilibrium + rain_hours * (0.027 * rain_hours + 0.76)) / 24.0


def hundred_hour(yesterday: Value, boundary: Value) -> Value:
    """Moisture of 100-h fuel [1] a day later: m + (B - m) (1 - 0.87 exp(-0.24)) [@cohen1985national]."""
    return yesterday + (boundary - yesterday) * HUNDRED_HOUR_RESPONSE


def thousand_hour(last_week: Value, boundary: Value) -> Value:
    """Moisture of 1000-h fuel [1] a week later [@cohen1985national]: m + (B - m) (1 - 0.82 exp(-0.168)).

    ``boundary`` B is the week's mean.
    """
    return last_week + (boundary - last_week) * THOUSAND_HOUR_RESPONSE


__all__ = [
    "LAGS",
    "Rain",
    "day_equilibrium",
    "hundred_hour",
    "hundred_hour_boundary",
    "one_hour",
    "relax",
    "ten_hour",
    "thousand_hour",
    "thousand_hour_boundary",
    "timelag_series",
    "timelag_step",
    "wetting_rate",
]
