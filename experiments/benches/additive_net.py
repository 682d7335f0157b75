"""The network of the additive benchmark: two hidden layers, trained on fields and their number."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
from jaxtyping import Array, Float

SAMPLES = 60_000
WIDTHS = (128, 64)
EPOCHS = 15
BATCH = 256
RATE = 3e-3
"""Settled on one world (seed 0 of the slopes, another seed of the fields) before the bench was run."""


class Net(eqx.Module):
    """A perceptron with relu, (cell,) to one number in the unit of what it was trained on."""

    layers: list[tuple[Array, Array]]
    mean: Float[Array, ""]
    scale: Float[Array, ""]

    def __call__(self, x: Float[Array, " cell"]) -> Float[Array, ""]:
        """The number that a field brings about."""
        return self.mean + self.scale * _forward(self.layers, x)


def _forward(layers: list[tuple[Array, Array]], x: Array) -> Array:
    for weight, bias in layers[:-1]:
        x = jax.nn.relu(x @ weight + bias)
    weight, bias = layers[-1]
    return (x @ weight + bias)[..., 0]


def trained(x: Float[np.ndarray, "sample cell"], y: Float[np.ndarray, " sample"], seed: int) -> Net:
    """Train on all samples by AdamW with one cycle of the rate.

    Args:
        x: fields.
        y: their number.
        seed: of the first weights and of the order of samples.
    """
    widths = (x.shape[1], *WIDTHS, 1)
    keys = jr.split(jr.key(seed), len(widths))
    layers = [
        (jr.normal(k, (a, b)) * (2 / a) ** 0.5, jnp.zeros(b))
        for k, a, b in zip(keys, widths[:-1], widths[1:], strict=False)
    ]
    mean, scale = float(y.mean()), float(y.std())
    layers = _fitted(layers, jnp.asarray(x), jnp.asarray((y - mean) / scale, jnp.float32), keys[-1])
    return Net(layers, jnp.asarray(mean, jnp.float32), jnp.asarray(scale, jnp.float32))


@jax.jit
def _fitted(layers: list[tuple[Array, Array]], x: Array, y: Array, key: Array) -> list[tuple[Array, Array]]:
    steps = x.shape[0] // BATCH
    optimiser = optax.adamw(optax.cosine_onecycle_schedule(EPOCHS * steps, RATE), weight_decay=1e-4)

    def loss(layers: list[tuple[Array, Array]], some: Array) -> Array:
        return jnp.mean((_forward(layers, x[some]) - y[some]) ** 2)

    def step(carry: Any, some: Array) -> tuple[Any, None]:
        layers, state = carry
        update, state = optimiser.update(jax.grad(loss)(layers, some), state, layers)
        return (optax.apply_updates(layers, update), state), None

    def epoch(carry: Any, key: Array) -> tuple[Any, None]:
        order = jr.permutation(key, x.shape[0])[: steps * BATCH].reshape(steps, BATCH)
        return jax.lax.scan(step, carry, order)[0], None

    start: Any = (layers, optimiser.init(layers))
    (fitted, _), _ = jax.lax.scan(epoch, start, jr.split(key, EPOCHS))
    return fitted


def correlations(found: np.ndarray, truth: np.ndarray) -> float:
    """Mean over samples of the correlation of two maps, (sample, cell) each."""
    return float(np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(found, truth, strict=True)]))
