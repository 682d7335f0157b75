"""Duff Moisture Code: loosely packed organic matter of moderate depth."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

Value = Float[Array, "..."]


def net_rain(pr: Value) -> Value:
    """Rain that reaches duff [mm d-1] [@vanwagner1985equations, eq. 11]: 0.92 r - 1.27 above 1.5 mm, else none."""
    return jnp.where(pr > 1.5, 0.92 * pr - 1.27, 0.0)


def moisture(dmc: Value, printed: bool = False) -> Value:
    """Moisture content of duff [%] at a code [1], 20 + 280 exp(-0.023 P) [@wang2017cffdrs].

    Args:
        dmc: Duff Moisture Code [1].
        printed: take 20 + exp(5.6348 - P / 43.43) as in print [@vanwagner1985equations, eq. 12], from which the
            codes of most programs differ by up to two percent after rain.
    """
    return 20.0 + (jnp.exp(5.6348 - dmc / 43.43) if printed else 280.0 * jnp.exp(-0.023 * dmc))


def rain_slope(dmc: Value) -> Value:
    """Slope b of the effect of rain [1], which falls with dryness [@vanwagner1985equations, eqs. 13a to 13c].

    100 / (0.5 + 0.3 P) up to 33, 14 - 1.3 ln P up to 65, 6.2 ln P - 17.2 above.
    """
    log = jnp.log(jnp.maximum(dmc, 33.0))
    high = jnp.where(dmc > 65.0, 6.2 * log - 17.2, 14.0 - 1.3 * log)
    return jnp.where(dmc > 33.0, high, 100.0 / (0.5 + 0.3 * jnp.minimum(dmc, 33.0)))


def code(moisture: Value, printed: bool = False) -> Value:
    """Duff Moisture Code [1] at a moisture content [%], not below 0: 43.43 (5.6348 - ln(m - 20)) [@wang2017cffdrs].

    Args:
        moisture: content [%], above 20.
        printed: take 244.72 - 43.43 ln(m - 20) as in print [@vanwagner1985equations, eq. 15].
    """
    dry = 244.72 if printed else 43.43 * 5.6348
    return jnp.maximum(dry - 43.43 * jnp.log(moisture - 20.0), 0.0)


def wetted(dmc: Value, rain: Value, printed: bool = False) -> Value:
    """Duff Moisture Code [1] after net rain [mm] [@vanwagner1985equations, eqs. 14 and 15].

    The moisture rises by 1000 r / (48.77 + b r).
    """
    after = moisture(dmc, printed) + 1000.0 * rain / (48.77 + rain_slope(dmc) * rain)
    return jnp.where(rain > 0.0, code(after, printed), dmc)


def drying(tas: Value, hurs: Value, hours: Value) -> Value:
    """What a day of drying adds to the code [1] [@vanwagner1985equations, eq. 16].

    100 K = 1.894e-4 (T + 1.1) (100 - H) L, with T not below -1.1 degC.

    Args:
        tas: air temperature at noon [degC].
        hurs: relative humidity at noon [%].
        hours: effective day length [h], see `daylength`.
    """
    return 1.894e-4 * jnp.maximum(tas + 1.1, 0.0) * (100.0 - hurs) * hours


def next_dmc(dmc: Value, tas: Value, hurs: Value, pr: Value, hours: Value, printed: bool = False) -> Value:
    """Duff Moisture Code [1] of a day from that of the day before [@vanwagner1985equations, eq. 17].

    Args:
        dmc: code of the day before [1].
        tas: air temperature at noon [degC].
        hurs: relative humidity at noon [%].
        pr: precipitation of the 24 hours up to noon [mm d-1].
        hours: effective day length [h].
        printed: see `moisture`.
    """
    return wetted(dmc, net_rain(pr), printed) + drying(tas, hurs, hours)


__all__ = ["code", "drying", "moisture", "net_rain", "next_dmc", "rain_slope", "wetted"]
