"""A loop over days whose result does not depend on how many there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp


def over_days(step: Callable[[Any, Any], tuple[Any, Any]], state: Any, days: Any) -> tuple[Any, Any]:
    """`jax.lax.scan`, with a single day run as the first of two.

    The compiler dissolves a loop of one step and rounds it otherwise; so a day of its own would differ from the same
    day among others in the last bit.

    Args:
        step: from a state and a day's values to the next state and a day's results.
        state: to start from.
        days: pytree of arrays (time, ...).

    Returns:
        The last state, and results (time, ...).
    """
    if len(jax.tree.leaves(days)[0]) != 1:
        return jax.lax.scan(step, state, days)

    def kept(s: Any, day: Any) -> tuple[Any, Any]:
        after, found = step(s, day)
        return after, (after, found)

    twice = jax.tree.map(lambda a: jnp.concatenate([a, a]), days)
    _, (states, found) = jax.lax.scan(kept, state, twice)
    return jax.tree.map(lambda a: a[0], states), jax.tree.map(lambda a: a[:1], found)


__all__ = ["over_days"]
