"""What is lost when a part of the input is replaced by the baseline, one part at a time."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PyTree

from .explained import Explained, explained
from .function import Function, Plain, Progress, evaluate, finite


def occlusion(
    f: Function,
    x: PyTree,
    *,
    baseline: PyTree,
    ids: PyTree[Int[Array, " ..."]] | None = None,
    chunk: int | None = None,
    progress: Progress = None,
) -> Explained:
    """Prediction less that with one part at the baseline, for each part [@zeiler2014].

    Parts that act together are each charged with what they do together, so the sum is not the prediction's distance
    from the base value but for additive functions: the efficiency gap is the interaction.

    Args:
        f: function of a pytree that returns an array of shape (*out).
        x: the input.
        baseline: what replaces a part, like x.
        ids: part of each cell from 0 on, integers like x, -1 where a cell is in none; each cell a part where None.
        chunk: inputs at once; 256 where None.
        progress: is told how many parts are done.

    Returns:
        Explained: where `ids` is given, its attribution is an array (*out, part), else like x.

    Raises:
        ModelError: f is not finite.
    """
    each = ids is None
    ids = own_parts(x) if ids is None else jax.tree.map(np.asarray, ids)
    parts = max((int(i.max(initial=-1)) for i in jax.tree.leaves(ids)), default=-1) + 1
    prediction, base = evaluate(f, jax.tree.map(lambda a, b: np.stack([a, b]), _numpy(x), _numpy(baseline)))
    size = min(chunk or 256, max(parts, 1))
    lost: list[Any] = []
    for first in range(0, parts, size):
        number = np.minimum(np.arange(first, first + size), parts - 1)
        if isinstance(f, Plain):
            several = jax.tree.map(
                lambda a, b, i, n=number: np.where(i == n.reshape(-1, *[1] * i.ndim), b, a),
                _numpy(x),
                _numpy(baseline),
                ids,
            )
            values = evaluate(f, several)
        else:
            values = _without(f, x, baseline, ids, jnp.asarray(number))
        lost.append(prediction - finite(values)[: min(size, parts - first)])
        if progress is not None:
            progress(min(first + size, parts), parts)
    found = jnp.moveaxis(jnp.concatenate(lost), 0, -1)
    if not each:
        return explained(found, base, prediction)
    return explained(
        jax.tree.map(lambda i: found[..., i.ravel()].reshape(*prediction.shape, *i.shape), ids),
        base,
        prediction,
    )


def own_parts(x: PyTree) -> PyTree:
    """A number of its own for each cell, from 0 on, integers like x."""
    leaves, tree = jax.tree.flatten(x)
    sizes = [int(np.size(a)) for a in leaves]
    starts = np.cumsum([0, *sizes[:-1]])
    numbered = [s + np.arange(n).reshape(np.shape(a)) for s, n, a in zip(starts, sizes, leaves, strict=True)]
    return jax.tree.unflatten(tree, numbered)


@eqx.filter_jit
def _without(f: Any, x: PyTree, baseline: PyTree, ids: PyTree, number: Array) -> Array:
    def one(n: Array) -> Array:
        return jnp.asarray(f(jax.tree.map(lambda a, b, i: jnp.where(i == n, b, a), x, baseline, ids)))

    return jax.vmap(one)(number)


def _numpy(x: PyTree) -> PyTree:
    return jax.tree.map(np.asarray, x)
