"""Spread through two fuels that share a place: means, and the expected rate over random arrangements."""

from __future__ import annotations

from itertools import product
from typing import Literal

import jax.numpy as jnp
from jaxtyping import Array, Float

from data.errors import ConfigError

from ..ellipse import Ellipse, rate_towards

Value = Float[Array, "..."]

_NEVER = 1e12
"""Time to cross a cell that fire does not cross [s m-1]."""


def arithmetic_mean(first: Value, second: Value, cover: Value) -> Value:
    """Mean rate of spread weighted by cover [m s-1] [@andrews2018rothermel]."""
    return cover * first + (1.0 - cover) * second


def harmonic_mean(first: Value, second: Value, cover: Value) -> Value:
    """Rate of spread across strips of both fuels [m s-1], zero where one has none [@finney2003calculation]."""
    time = cover * _slowness(first) + (1.0 - cover) * _slowness(second)
    return jnp.where(time < _NEVER * 1e-6, 1.0 / time, 0.0)


def expected_rate(first: Value, second: Value, cover: Value, length_to_width: Value) -> Value:
    """Expected greatest rate through blocks of two by two cells [m s-1] [@finney2003calculation].

    Each cell is of the first fuel with probability ``cover``. Fire enters below, and leaves above by the faster of
    paths straight on or, from the middle of a cell's base past its upper corner, into the next column; all 16
    arrangements are summed. The way to the corner is at the ellipse's rate in that direction.

    Args:
        first: rate of spread in the first fuel [m s-1].
        second: rate of spread in the second fuel [m s-1].
        cover: share of the area that the first fuel covers [1].
        length_to_width: of the ellipse [1]; BehavePlus takes the second fuel's.
    """
    unit = Ellipse(jnp.ones_like(length_to_width), length_to_width, jnp.zeros_like(length_to_width))
    aslant = 0.5 * jnp.sqrt(5.0) / rate_towards(unit, jnp.arctan(jnp.asarray(0.5)))
    times, shares = (_slowness(first), _slowness(second)), (cover, 1.0 - cover)
    total = jnp.zeros(())
    for cells in product((0, 1), repeat=4):  # lower left, lower right, upper left, upper right
        below, above = cells[:2], cells[2:]
        paths = [
            jnp.minimum(times[below[k]] + times[above[k]], aslant * times[below[k]] + times[above[1 - k]])
            for k in (0, 1)
        ]
        fastest = jnp.minimum(*paths)
        share = shares[cells[0]] * shares[cells[1]] * shares[cells[2]] * shares[cells[3]]
        total = total + share * jnp.where(fastest < _NEVER, 2.0 / fastest, 0.0)
    return total


def two_fuel_rate(
    first: Value,
    second: Value,
    cover: Value,
    length_to_width: Value,
    method: Literal["expected", "arithmetic", "harmonic"] = "expected",
) -> Value:
    """Rate of spread in two fuels [m s-1] by one of three methods.

    Raises:
        ConfigError: the method is unknown.
    """
    if method == "expected":
        return expected_rate(first, second, cover, length_to_width)
    if method not in ("arithmetic", "harmonic"):
        raise ConfigError(
            f"the method is {method!r}", "two fuels", "use 'expected', 'arithmetic' or 'harmonic'"
        )
    return (arithmetic_mean if method == "arithmetic" else harmonic_mean)(first, second, cover)


def _slowness(rate: Value) -> Value:
    """Time per distance [s m-1], great where there is no spread."""
    some = rate > 0.0
    return jnp.where(some, 1.0 / jnp.where(some, rate, 1.0), _NEVER)


__all__ = ["arithmetic_mean", "expected_rate", "harmonic_mean", "two_fuel_rate"]
