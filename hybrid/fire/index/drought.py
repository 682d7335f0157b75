"""Drought Code: deep, compact organic layers, and how winter wets them."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

Value = Float[Array, "..."]

FULL = 800.0
"""Moisture equivalent of a layer that holds all it can, in hundredths of an inch of water [@vanwagner1985equations]."""


def net_rain(pr: Value) -> Value:
    """Rain that reaches deep layers [mm d-1] [@vanwagner1985equations, eq. 18]: 0.83 r - 1.27 above 2.8 mm."""
    return jnp.where(pr > 2.8, 0.83 * pr - 1.27, 0.0)


def moisture_equivalent(dc: Value) -> Value:
    """Moisture equivalent [1] at a code [1] [@vanwagner1985equations, eq. 19]: 800 exp(-D / 400)."""
    return FULL * jnp.exp(dc / -400.0)


def code(equivalent: Value) -> Value:
    """Drought Code [1] at a moisture equivalent [1], not below 0 [@vanwagner1985equations, eq. 21]: 400 ln(800 / Q)."""
    return jnp.maximum(400.0 * jnp.log(FULL / equivalent), 0.0)


def wetted(dc: Value, rain: Value) -> Value:
    """Drought Code [1] after net rain [mm] [@vanwagner1985equations, eqs. 20 and 21]: Q rises by 3.937 r."""
    return jnp.where(rain > 0.0, code(moisture_equivalent(dc) + 3.937 * rain), dc)


def evapotranspiration(tas: Value, day_factor: Value) -> Value:
    """Potential evapotranspiration V [0.254 mm d-1], not below 0 [@vanwagner1985equations, eq. 22].

    0.36 (T + 2.8) + L, with T not below -2.8 degC.

    Args:
        tas: air temperature at noon [degC].
        day_factor: adjustment for day length [1], see `daylength`.
    """
    return jnp.maximum(0.36 * jnp.maximum(tas + 2.8, 0.0) + day_factor, 0.0)


def next_dc(dc: Value, tas: Value, pr: Value, day_factor: Value) -> Value:
    """Drought Code [1] of a day from that of the day before [@vanwagner1985equations, eq. 23]: D + V / 2.

    Args:
        dc: code of the day before [1].
        tas: air temperature at noon [degC].
        pr: precipitation of the 24 hours up to noon [mm d-1].
        day_factor: adjustment for day length [1].
    """
    return wetted(dc, net_rain(pr)) + 0.5 * evapotranspiration(tas, day_factor)


def overwintered(
    dc: Value, winter_rain: Value, carried: Value | float = 0.75, effective: Value | float = 0.75
) -> Value:
    """Drought Code [1] at the start of a season after a winter, not below 15 [@lawson2008weather].

    Q = a 800 exp(-D / 400) + b 3.94 r, D = 400 ln(800 / Q).

    Args:
        dc: code of the last day before winter [1].
        winter_rain: precipitation of the winter [mm].
        carried: a, share of autumn moisture carried over [1]: 1 where calculated up to freeze-up, 0.75 where the
            season was closed before, 0.5 in places of winters with rain or deep drying.
        effective: b, share of winter precipitation that wets the layer [1]: 0.9 poorly drained and boggy, 0.75 well
            drained, 0.5 dry, steep and stony, or where snow blows away.
    """
    left = carried * moisture_equivalent(dc) + effective * 3.94 * winter_rain
    return jnp.maximum(code(left), 15.0)


__all__ = [
    "code",
    "evapotranspiration",
    "moisture_equivalent",
    "net_rain",
    "next_dc",
    "overwintered",
    "wetted",
]
