"""The networks of the attribution bench, in JAX and in PyTorch with the same weights."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


class Perceptron(eqx.Module):
    """Layers with tanh between them, (input,) to one number."""

    layers: list[tuple[Array, Array]]

    def __call__(self, x: Float[Array, " input"]) -> Float[Array, ""]:
        """One output."""
        for weight, bias in self.layers[:-1]:
            x = jnp.tanh(weight @ x + bias)
        weight, bias = self.layers[-1]
        return (weight @ x + bias)[0]


class Lstm(eqx.Module):
    """One recurrent layer [@hochreiter1997] and a linear output of its last state, (time, input) to one number.

    The three sigmoids are written as tanh, so that each step has one call of it for all gates, and a step is computed
    again on the way back instead of kept: on a processor, memory is what such a network waits for.
    """

    into: Float[Array, "gates input"]
    back: Float[Array, "gates hidden"]
    bias: Float[Array, " gates"]
    out: Float[Array, "1 hidden"]
    shift: Float[Array, " 1"]

    def __call__(self, x: Float[Array, "time input"]) -> Float[Array, ""]:
        """One output."""
        hidden = self.back.shape[1]
        half = jnp.repeat(jnp.array([0.5, 0.5, 1.0, 0.5], x.dtype), hidden)
        into, back, bias = self.into.T * half, self.back.T * half, self.bias * half

        def step(carry: tuple[Array, Array], now: Array) -> tuple[tuple[Array, Array], None]:
            h, c = carry
            i, f, g, o = jnp.split(jnp.tanh(now @ into + h @ back + bias), 4)
            c = 0.5 * ((f + 1.0) * c + (i + 1.0) * g)
            return (0.5 * (o + 1.0) * jnp.tanh(c), c), None

        start = jnp.zeros(hidden, x.dtype), jnp.zeros(hidden, x.dtype)
        (h, _), _ = jax.lax.scan(jax.checkpoint(step, prevent_cse=False), start, x)
        return (self.out @ h + self.shift)[0]


def perceptron(widths: Sequence[int], seed: int) -> Perceptron:
    """Random weights of unit gain for layers of the given widths, the input's first."""
    rng = np.random.default_rng(seed)
    layers = [(rng.normal(size=(b, a)) / a**0.5, 0.1 * rng.normal(size=b)) for a, b in pairwise(widths)]
    return Perceptron([(jnp.asarray(w, jnp.float32), jnp.asarray(b, jnp.float32)) for w, b in layers])


def lstm(inputs: int, hidden: int, seed: int) -> Lstm:
    """Random weights as PyTorch draws them: uniform within one over the root of the width."""
    rng = np.random.default_rng(seed)
    bound = hidden**-0.5
    shapes = ((4 * hidden, inputs), (4 * hidden, hidden), (4 * hidden,), (1, hidden), (1,))
    return Lstm(*(jnp.asarray(rng.uniform(-bound, bound, s), jnp.float32) for s in shapes))


def in_torch(model: Perceptron | Lstm) -> Any:
    """The same network as a PyTorch module, (batch, ...) to (batch, 1)."""
    import torch  # pyright: ignore[reportMissingImports]

    def put(parameter: Any, values: Array) -> None:
        with torch.no_grad():
            parameter.copy_(torch.tensor(np.asarray(values)))

    if isinstance(model, Perceptron):
        parts: list[Any] = []
        for weight, bias in model.layers:
            layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
            put(layer.weight, weight)
            put(layer.bias, bias)
            parts += [layer, torch.nn.Tanh()]
        return torch.nn.Sequential(*parts[:-1])

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            gates, inputs = model.into.shape
            self.core = torch.nn.LSTM(inputs, gates // 4, batch_first=True)
            self.out = torch.nn.Linear(gates // 4, 1)
            put(self.core.weight_ih_l0, model.into)
            put(self.core.weight_hh_l0, model.back)
            put(self.core.bias_ih_l0, model.bias)
            put(self.core.bias_hh_l0, jnp.zeros_like(model.bias))
            put(self.out.weight, model.out)
            put(self.out.bias, model.shift)

        def forward(self, x: Any) -> Any:
            return self.out(self.core(x)[0][:, -1])

    return Net()
