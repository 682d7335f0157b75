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
    weights: Float[Array, "member time cell"],
    steps: int,
    rate: float,
    decay: float,
    ridge: float,
    shrink: float,
) -> Any:
    """Members (stacked pytree) that minimise the summed log loss of weighted cell-months plus their penalty."""
    arrays, static = eqx.partition(models, eqx.is_inexact_array)
    schedule = optax.cosine_decay_schedule(rate, steps, 0.05)
    optimiser = optax.chain(optax.clip_by_global_norm(5.0), optax.adamw(schedule, weight_decay=decay))

    def loss(params: Any, weight: Array) -> Array:
        model = eqx.combine(params, static)
        each = optax.sigmoid_binary_cross_entropy(model(w), burned)
        return ((each * weight).sum() + model.penalty(w, ridge, shrink)) / 100.0

    def one(given: tuple[Any, Array]) -> Any:
        params, weight = given

        def step(carry, _):
            params, state = carry
            updates, state = optimiser.update(jax.grad(loss)(params, weight), state, params)
            return (optax.apply_updates(params, updates), state), None

        return jax.lax.scan(step, (params, optimiser.init(params)), length=steps)[0][0]

    return eqx.combine(jax.lax.map(one, (arrays, weights)), static)


@eqx.filter_jit
def predict(models: Any, w: Windows) -> Float[Array, "member time cell"]:
    """Logits of every member."""
    arrays, static = eqx.partition(models, eqx.is_inexact_array)
    return jax.lax.map(lambda a: eqx.combine(a, static)(w), arrays)


def member_weights(years: np.ndarray, use: np.ndarray, members: int, seed: int) -> np.ndarray:
    """Weights (member, time, cell): the first member sees each year once, the others draw years with replacement.

    Args:
        years: calendar year of each month (time,).
        use: cell-months that fit, bool (time, cell).
        members: how many.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    known = np.unique(years[use.any(axis=1)])
    out = np.zeros((members, *use.shape), np.float32)
    for m in range(members):
        drawn = known if m == 0 else rng.choice(known, len(known))
        times = np.array([(drawn == y).sum() for y in years])
        out[m] = times[:, None] * use
    return out
