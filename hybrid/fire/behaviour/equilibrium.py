"""Moisture that dead fuel tends to in air of a temperature and humidity."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..index.fine_fuel import drying_equilibrium, wetting_equilibrium
from ..safe import safe_power

Value = Float[Array, "..."]


def simard_equilibrium(tas: Value, hurs: Value) -> Value:
    """Equilibrium moisture content of wood [1] in air of ``tas`` [degC] and ``hurs`` [%] [@simard1968moisture].

    In percent, T in degF: 0.03229 + 0.281073 H - 0.000578 H T below 10 %, 2.22749 + 0.160107 H - 0.014784 T below
    50 %, 21.0606 + 0.005565 H^2 - 0.00035 H T - 0.483199 H above, as in the National Fire Danger Rating System
    [@cohen1985national]. The pieces do not quite meet.
    """
    t = 1.8 * tas + 32.0
    low = 0.03229 + hurs * (0.281073 - 0.000578 * t)
    middle = 2.22749 + 0.160107 * hurs - 0.014784 * t
    high = 21.0606 + hurs * (0.005565 * hurs - 0.00035 * t - 0.483199)
    return 0.01 * jnp.where(hurs < 10.0, low, jnp.where(hurs < 50.0, middle, high))


def nelson_equilibrium(tas: Value, hurs: Value) -> Value:
    """Equilibrium moisture content of wood [1] in air of ``tas`` [degC] and ``hurs`` [%] [@nelson2000prediction].

    c (-ln(1 - h))^d, c = 0.1617 - 0.001419 T, d = 0.4657 + 0.003578 T, h the humidity as a fraction, at most 0.99.
    """
    h = jnp.minimum(0.01 * hurs, 0.99)
    return (0.1617 - 0.001419 * tas) * safe_power(-jnp.log1p(-h), 0.4657 + 0.003578 * tas)


def vanwagner_equilibria(tas: Value, hurs: Value) -> tuple[Value, Value]:
    """Equilibria that drying and wetting tend to [1], by which fuel between them keeps its moisture.

    Those of the Fine Fuel Moisture Code [@vanwagner1985equations].
    """
    return 0.01 * drying_equilibrium(tas, hurs), 0.01 * wetting_equilibrium(tas, hurs)


__all__ = ["nelson_equilibrium", "simard_equilibrium", "vanwagner_equilibria"]
