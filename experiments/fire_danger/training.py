"""Members trained one after another in one program, each on its own resampling of the years that fit."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import numpy as np
import optax
from jaxtyping import Array, Float

from .windows import Windows


@eqx.filter_jit
def train(
    models: Any,
    w: Windows,
    burned: Float[Array, "time cell"],
    use: Float[Array, "time cell"],
    times: Float[Array, "member time"],
    steps: int,
    rate: float,
    decay: float,
    ridge: Float[Array, " member"],
    shrink: float,
) -> Any:
    """Members (stacked pytree) that minimise their loss plus their penalty.

    Args:
        models: members, stacked.
        w: windows.
        burned: 1 where something burned.
        use: 1 where a cell-month fits, else 0.
        times: how often each member counts a month.
        steps: of the optimisation.
        rate: learning rate, which falls along a cosine.
        decay: weight decay, decoupled.
        ridge: of each model's penalty.
        shrink: of the model's penalty.
    """
    arrays, static = eqx.partition(models, eqx.is_inexact_array)
    schedule = optax.cosine_decay_schedule(rate, steps, 0.05)
    optimiser = optax.chain(optax.clip_by_global_norm(5.0), optax.adamw(schedule, weight_decay=decay))

    def loss(params: Any, count: Array, ridge: Array) -> Array:
        model = eqx.combine(params, static)
        return (model.loss(w, burned, use, count) + model.penalty(w, ridge, shrink)) / 100.0

    def one(given: tuple[Any, Array, Array]) -> Any:
        params, count, ridge = given

        def step(carry, _):
            params, state = carry
            updates, state = optimiser.update(jax.grad(loss)(params, count, ridge), state, params)
            return (optax.apply_updates(params, updates), state), None

        return jax.lax.scan(step, (params, optimiser.init(params)), length=steps)[0][0]

    return eqx.combine(jax.lax.map(one, (arrays, times, ridge)), static)


@eqx.filter_jit
def predict(models: Any, w: Windows) -> Float[Array, "member time cell"]:
    """Chances of fire of every member."""
    arrays, static = eqx.partition(models, eqx.is_inexact_array)
    return jax.lax.map(lambda a: eqx.combine(a, static).chance(w), arrays)


def member_times(years: np.ndarray, known: np.ndarray, members: int, seed: int) -> np.ndarray:
    """Times (member, time) of each month: the first member sees a year once, others draw years with replacement.

    Args:
        years: calendar year of each month (time,).
        known: years that fit.
        members: how many.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    out = np.zeros((members, len(years)), np.float32)
    for m in range(members):
        drawn = known if m == 0 else rng.choice(known, len(known))
        out[m] = [(drawn == y).sum() for y in years]
    return out
