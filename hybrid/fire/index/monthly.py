"""Monthly Drought Code: the balance of deep layers where only months of weather are known."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from .drought import FULL

Value = Float[Array, "..."]


def monthly_evapotranspiration(tas: Value, day_factor: Value, days: Value) -> Value:
    """Potential evapotranspiration of a month E [0.254 mm], not below 0 [@girardin2009, eq. 2]: N (0.36 T + L).

    Args:
        tas: mean daily maximum air temperature [degC], taken as 0 below it.
        day_factor: adjustment for day length [1].
        days: days of the month [d].
    """
    return jnp.maximum(days * (0.36 * jnp.maximum(tas, 0.0) + day_factor), 0.0)


def wetting(code: Value, rain: Value, effective: Value | float = 0.83) -> Value:
    """Fall of the code by a month of rain [1] [@girardin2009, eq. 4]: 400 ln(1 + 3.937 a r / (800 exp(-D / 400))).

    Args:
        code: code at the start of the month [1].
        rain: rain of the month [mm].
        effective: a, share of the rain that reaches the layer [1], 0.83 as published.
    """
    return 400.0 * jnp.log1p(3.937 * effective * rain / (FULL * jnp.exp(code / -400.0)))


def next_monthly_code(code: Value, demand: Value, rain: Value, effective: Value | float = 0.83) -> Value:
    """Code at the end of a month [1] [@girardin2009, eqs. 3 to 6]: half the drying, rain, and half the drying.

    Args:
        code: code at the start of the month [1].
        demand: potential evapotranspiration of the month [0.254 mm].
        rain: rain of the month [mm].
        effective: share of the rain that reaches the layer [1].
    """
    return jnp.maximum(code + 0.25 * demand - wetting(code, rain, effective), 0.0) + 0.25 * demand


def mean_code(start: Value, end: Value) -> Value:
    """Monthly Drought Code [1], the mean of the codes at both ends of a month [@girardin2009, eq. 7]."""
    return 0.5 * (start + end)


__all__ = ["mean_code", "monthly_evapotranspiration", "next_monthly_code", "wetting"]
