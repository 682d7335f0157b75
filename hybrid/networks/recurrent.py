"""Gated recurrent unit over whole series, with a gradient whose loop holds one product."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from ..fence import fence
from .perceptron import dropout, glorot

BLOCK = 256
"""Steps of a block. Of 64 to 512 the fastest for one member and for five: a third less time than all at once."""


def _sigmoid(x: Array) -> Array:
    # the compiler's tanh is vectorised, its exponential is slower
    return 0.5 * jnp.tanh(0.5 * x) + 0.5


def _gates(inputs: Array, recurrent: Array, bias: Array) -> tuple[Array, Array, Array, Array]:
    """Return reset, update, candidate and the recurrent part of the candidate."""
    h = recurrent.shape[-1] // 3
    r = _sigmoid(inputs[..., :h] + recurrent[..., :h])
    z = _sigmoid(inputs[..., h : 2 * h] + recurrent[..., h : 2 * h])
    part = recurrent[..., 2 * h :] + bias
    return r, z, jnp.tanh(inputs[..., 2 * h :] + r * part), part


def _thrice(one: Array, factors: Array) -> Array:
    """``one`` (..., width) times each gate's ``factors`` (..., 3 width)."""
    parts = factors.reshape(*one.shape[:-1], 3, one.shape[-1])
    return (parts * one[..., None, :]).reshape(factors.shape)


@jax.custom_vjp
def gru_scan(
    inputs: Float[Array, "time site gates"],
    weight: Float[Array, "width gates"],
    bias: Float[Array, " width"],
    start: Float[Array, "site width"],
) -> Float[Array, "time site width"]:
    """Hidden states of a gated recurrent unit [@cho2014].

    Args:
        inputs: projected inputs of the reset, update and candidate gates, (time, site, 3 width).
        weight: recurrent weight, (width, 3 width).
        bias: bias of the candidate's recurrent part, (width,).
        start: hidden state before the first step, (site, width).

    Returns:
        Hidden state after each step, (time, site, width).

    The gradient is written out: everything but the recursion of the adjoint is computed over all steps at
    once, so the reverse loop holds one matrix product and four element-wise products.
    """

    width = bias.shape[0]

    def step(carry, x):
        h, t = carry
        u = h @ weight
        gates = fence(_sigmoid(x[..., : 2 * width] + u[..., : 2 * width]), t)
        r, z = gates[..., :width], gates[..., width:]
        n = jnp.tanh(x[..., 2 * width :] + r * (u[..., 2 * width :] + bias))
        new = fence(n + z * (h - n), t)
        return (new, t + 1), new

    return jax.lax.scan(step, (start, jnp.int32(0)), inputs)[1]


def _forward(inputs, weight, bias, start):
    states = gru_scan(inputs, weight, bias, start)
    return states, (inputs, weight, bias, start, states)


def _backward(saved, cotangent):
    inputs, weight, bias, start, states = saved
    before = jnp.concatenate([start[None], states[:-1]])
    r, z, n, part = _gates(inputs, before @ weight, bias)
    d_candidate = (1.0 - z) * (1.0 - n * n)
    by_reset = d_candidate * part * r * (1.0 - r)
    by_update = (before - n) * z * (1.0 - z)
    by_part = d_candidate * r
    factors = jnp.concatenate([by_reset, by_update, by_part], axis=-1)
    transposed = weight.T

    def step(carry, x):
        adjoint, t = carry
        g, f, keep = x
        total = fence(adjoint + g, t)
        scaled = fence(_thrice(total, f), t)
        return (total * keep + scaled @ transposed, t + 1), total

    (d_start, _), total = jax.lax.scan(
        step, (jnp.zeros_like(start), jnp.int32(0)), (cotangent, factors, z), reverse=True
    )
    d_recurrent = _thrice(total, factors)
    d_inputs = jnp.concatenate([d_recurrent[..., : 2 * z.shape[-1]], total * d_candidate], axis=-1)
    d_weight = jnp.einsum("tsh,tsg->hg", before, d_recurrent)
    d_bias = d_recurrent[..., 2 * z.shape[-1] :].sum((0, 1))
    return d_inputs, d_weight, d_bias, d_start


gru_scan.defvjp(_forward, _backward)


class Recurrent(eqx.Module):
    """Encoder, gated recurrent unit and a head that reads both hidden state and present input."""

    encode: Float[Array, "inputs width"]
    encode_bias: Float[Array, " width"]
    project: Float[Array, "width gates"]
    project_bias: Float[Array, " gates"]
    weight: Float[Array, "width gates"]
    bias: Float[Array, " width"]
    hidden: Float[Array, "joint width"]
    hidden_bias: Float[Array, " width"]
    out: Float[Array, "width outputs"]
    rate: float = eqx.field(static=True)
    memory = True

    def __init__(
        self, inputs: int, outputs: int, width: int = 32, dropout: float = 0.0, *, key: PRNGKeyArray
    ) -> None:
        k = jr.split(key, 5)
        self.encode = glorot(k[0], inputs, width)
        self.encode_bias = jnp.zeros(width)
        self.project = glorot(k[1], width, 3 * width)
        self.project_bias = jnp.concatenate([jnp.zeros(width), jnp.ones(width), jnp.zeros(width)])
        self.weight = jnp.concatenate([jr.orthogonal(i, width) for i in jr.split(k[2], 3)], axis=1)
        self.bias = jnp.zeros(width)
        self.hidden = glorot(k[3], 2 * width, width)
        self.hidden_bias = jnp.zeros(width)
        self.out = 0.1 * glorot(k[4], width, outputs)
        self.rate = dropout

    def __call__(
        self, x: Float[Array, "time site inputs"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "time site outputs"]:
        """Outputs at every step from the inputs up to it; ``key`` turns dropout on.

        Time is cut into blocks, and a reverse sweep computes each block again: what all steps of a block need at
        once stays in the processor's cache, and memory holds one block's gates, not those of all time.
        """
        steps, sites = x.shape[:2]
        length = min(BLOCK, steps)
        blocks = -(-steps // length)
        padded = jnp.pad(x, ((0, blocks * length - steps), (0, 0), (0, 0)))

        def block(start, x):
            seen = jnp.tanh(x @ self.encode + self.encode_bias)
            states = gru_scan(seen @ self.project + self.project_bias, self.weight, self.bias, start)
            joint = dropout(jnp.concatenate([states, seen], axis=-1), self.rate, key)
            return states[-1], jax.nn.silu(joint @ self.hidden + self.hidden_bias) @ self.out

        _, found = jax.lax.scan(
            jax.checkpoint(block, prevent_cse=False),  # type: ignore[attr-defined]
            jnp.zeros((sites, self.bias.shape[0]), x.dtype),
            padded.reshape(blocks, length, sites, x.shape[-1]),
        )
        return found.reshape(blocks * length, sites, found.shape[-1])[:steps]
