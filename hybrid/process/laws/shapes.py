"""Curves that laws share, written so that value and gradient take few operations."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

Value = Float[Array, "..."]


def at_most(a: Value, b: Value | float) -> Value:
    """Lesser of two values; where they are equal the gradient is that of ``b``."""
    return jnp.where(a < b, a, b)


def at_least(a: Value, b: Value | float) -> Value:
    """Greater of two values; where they are equal the gradient is that of ``b``."""
    return jnp.where(a > b, a, b)


def power(base: Value, exponent: Value | float) -> Value:
    """``base`` to the power ``exponent``, for a base above zero, by exponential and logarithm."""
    return jnp.exp(exponent * jnp.log(base))


def logistic(x: Value) -> Value:
    """1 / (1 + exp(-x)), by the hyperbolic tangent, which is the faster of the two on processors."""
    return 0.5 * jnp.tanh(0.5 * x) + 0.5


def softplus(x: Value) -> Value:
    """log(1 + exp(x)), the smooth positive part of x."""
    return at_least(x, 0.0) + jnp.log1p(jnp.exp(-jnp.abs(x)))


def saturating(amount: Value, half: Value | float) -> Value:
    """amount / (amount + half): from zero, half way at ``half``, towards one."""
    return amount / (amount + half)


def smooth_minimum(a: Value, b: Value) -> Value:
    """Lesser of two non-negative rates, co-limited: a b (a^4 + b^4)^(-1/4), zero where either is zero."""
    a2, b2 = (a + 1e-6) * (a + 1e-6), (b + 1e-6) * (b + 1e-6)
    return a * b / jnp.sqrt(jnp.sqrt(a2 * a2 + b2 * b2))
