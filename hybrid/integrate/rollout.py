"""A time loop whose gradient keeps only the adjoint recursion inside the loop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from ..fence import fence

Step = Callable[[PyTree[Array], PyTree[Array], PyTree[Array]], PyTree[Array]]


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def rollout(step: Step, start: PyTree[Array], series: PyTree[Array], constants: PyTree[Array]) -> Any:
    """States before each step, and the state after the last.

    Args:
        step: pure function ``(state, series at a step, constants) -> next state``.
        start: state before the first step.
        series: arrays with time leading.
        constants: arrays that every step reads (parameters, network weights).

    Returns:
        ``(states, last)``: states with time leading, aligned with ``series``, and the final state.

    The reverse loop carries the adjoint of the state alone. The gradients to ``series`` and ``constants``
    follow from the adjoints of all steps at once, outside the loop, with memory of one state per step.
    """

    def advance(state, x):
        return step(state, x, constants), state

    last, states = jax.lax.scan(advance, start, series)
    return states, last


def _forward(step, start, series, constants):
    states, last = rollout(step, start, series, constants)  # pyright: ignore[reportGeneralTypeIssues]
    return (states, last), (states, series, constants)


def _backward(step, saved, cotangents):
    states, series, constants = saved
    to_states, to_last = cotangents

    def back(carry, x):
        adjoint, t = carry
        state, now, added = x
        _, pull = jax.vjp(lambda s: step(s, now, constants), state)
        pull = fence(pull, t)
        (through,) = pull(adjoint)
        return (jax.tree.map(jnp.add, through, added), t + 1), adjoint

    (d_start, _), adjoints = jax.lax.scan(
        back, (to_last, jnp.int32(0)), (states, series, to_states), reverse=True
    )
    at_once = jax.vmap(step, in_axes=(0, 0, None))
    _, pull = jax.vjp(lambda x, c: at_once(states, x, c), series, constants)
    d_series, d_constants = pull(adjoints)
    return d_start, d_series, d_constants


rollout.defvjp(_forward, _backward)
