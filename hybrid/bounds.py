"""Maps between a parameter's bounds and the whole real line."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .process import Parameter

EDGE = 1e-4
"""A start on a bound is moved inside by this share of the span, where its gradient is alive."""


def logarithmic(parameter: Parameter) -> bool:
    """Whether a parameter spans decades, so that its logarithm is what is learned."""
    return parameter.lower > 0 and parameter.upper / parameter.lower >= 20.0


def to_bounded(parameter: Parameter, raw: Float[Array, ...]) -> Float[Array, ...]:
    """Value inside the bounds, in the parameter's unit, of an unconstrained number."""
    share = jax.nn.sigmoid(raw)
    if logarithmic(parameter):
        low, high = float(np.log(parameter.lower)), float(np.log(parameter.upper))
        return jnp.exp(low + (high - low) * share)
    return parameter.lower + (parameter.upper - parameter.lower) * share


def to_raw(parameter: Parameter, value: float) -> float:
    """Unconstrained number of a value inside the bounds; a value outside is moved to just inside."""
    low, high = parameter.lower, parameter.upper
    if logarithmic(parameter):
        low, high, value = np.log(low), np.log(high), np.log(max(value, low))
    share = float(np.clip((value - low) / (high - low), EDGE, 1.0 - EDGE))
    return float(np.log(share) - np.log1p(-share))
