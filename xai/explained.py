"""What a method hands back: the attribution with its error and its account."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree


class Explained(eqx.Module):
    """An attribution of ``f(x)`` where f returns an array of any shape ``out`` (a scalar: ``()``).

    Attributes:
        attribution: like the input, each leaf (*out, *leaf); for a grouped game one array (*out, player).
        stderr: standard error of the attribution from sampling, of the same shapes; zero where a method does not draw.
        base_value: value that the attribution counts from, (*out).
        prediction: f at the input, (*out).
        efficiency_gap: prediction less base value less the sum of the attribution, (*out). A method that promises
            completeness (integrated gradients, Shapley values) is as exact as this is small.
    """

    attribution: PyTree[Float[Array, " ..."]]
    stderr: PyTree[Float[Array, " ..."]]
    base_value: Float[Array, "*out"]
    prediction: Float[Array, "*out"]
    efficiency_gap: Float[Array, "*out"]


def explained(
    attribution: PyTree, base_value: Array, prediction: Array, stderr: PyTree | None = None
) -> Explained:
    """Put an account together, with its gap; without ``stderr`` the method draws nothing.

    Args:
        attribution: leaves (*out, *leaf).
        base_value: (*out).
        prediction: (*out).
        stderr: leaves like the attribution's.
    """
    if stderr is None:
        stderr = jax.tree.map(jnp.zeros_like, attribution)
    gap = prediction - base_value - total(attribution, base_value.ndim)
    return Explained(attribution, stderr, base_value, prediction, gap)


def total(attribution: PyTree, rank: int) -> Float[Array, "*out"]:
    """Sum of an attribution over its leaves and cells, (*out).

    Args:
        attribution: leaves (*out, *leaf).
        rank: dimensions of the output, those that stay.
    """
    parts = [leaf.sum(axis=tuple(range(rank, leaf.ndim))) for leaf in jax.tree.leaves(attribution)]
    return jnp.asarray(sum(parts[1:], parts[0]))
