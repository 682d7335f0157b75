"""Multilayer perceptron, applied at each step and site alone."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray


def glorot(key: PRNGKeyArray, rows: int, columns: int) -> Float[Array, "rows columns"]:
    """Weights of Glorot's normal initialisation [@glorot2010]."""
    return jr.normal(key, (rows, columns)) * jnp.sqrt(2.0 / (rows + columns))


def dropout(x: Float[Array, "time site features"], rate: float, key: PRNGKeyArray | None) -> Array:
    """Drop features with one mask per site, held over time [@gal2016]; no change where ``key`` is None."""
    if key is None or rate <= 0.0:
        return x
    shape = (1, *x.shape[1:]) if x.ndim > 2 else x.shape
    return x * jr.bernoulli(key, 1.0 - rate, shape) / (1.0 - rate)


class Perceptron(eqx.Module):
    """Perceptron with SiLU layers; its last layer starts near zero, so a model starts at its physics."""

    weights: list[Array]
    biases: list[Array]
    out: Float[Array, "width outputs"]
    rate: float = eqx.field(static=True)
    memory = False

    def __init__(
        self,
        inputs: int,
        outputs: int,
        width: int = 16,
        depth: int = 2,
        dropout: float = 0.0,
        *,
        key: PRNGKeyArray,
    ) -> None:
        keys = jr.split(key, depth + 1)
        sizes = [inputs] + [width] * depth
        self.weights = [glorot(k, a, b) for k, a, b in zip(keys, sizes[:-1], sizes[1:], strict=False)]
        self.biases = [jnp.zeros(b) for b in sizes[1:]]
        self.out = 0.1 * glorot(keys[-1], sizes[-1], outputs)
        self.rate = dropout

    def __call__(self, x: Float[Array, "*batch inputs"], *, key: PRNGKeyArray | None = None) -> Array:
        """Outputs (*batch, outputs); ``key`` turns dropout on."""
        for weight, bias in zip(self.weights, self.biases, strict=True):
            x = jax.nn.silu(x @ weight + bias)
        return dropout(x, self.rate, key) @ self.out


class Table(eqx.Module):
    """Linear map without bias that starts at zero: one free value per site of a one-hot input.

    With numeric attributes it is a linear regression. It trains at the rate of physical values, and the penalty on
    outputs draws each site's value to the global one (partial pooling [@gelman2006]).
    """

    table: Float[Array, "inputs outputs"]
    memory = False

    def __init__(self, inputs: int, outputs: int, *, key: PRNGKeyArray) -> None:
        del key
        self.table = jnp.zeros((inputs, outputs))

    def __call__(self, x: Float[Array, "*batch inputs"], *, key: PRNGKeyArray | None = None) -> Array:
        """Outputs (*batch, outputs)."""
        return x @ self.table
