"""A function of which parts of an input are there: the others take the baseline's values."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PyTree

from data.errors import DataError, ModelError

from .function import Function, Plain, evaluate, finite
from .occlusion import own_parts

BUDGET = 2**22
"""Numbers of the input that are held at once."""
MOST = 128
"""Evaluations at once."""


class Removal(eqx.Module):
    """Mean prediction with some parts of the input present and the others from each row of a background.

    Attributes:
        f: function of one input that returns a number.
        x: the input.
        background: inputs that stand in, each leaf with a leading axis of rows.
        ids: part of each cell, integers like x, -1 where a cell always stays.
        parts: number of parts.
    """

    f: Any
    x: PyTree
    background: PyTree
    ids: PyTree
    parts: int = eqx.field(static=True)

    def __call__(self, keep: Bool[Array, " part"]) -> Float[Array, ""]:
        """Prediction with the parts that are kept."""
        kept = jax.tree.map(lambda i: (i < 0) | keep[i], self.ids)

        def against(row: PyTree) -> Array:
            return jnp.asarray(self.f(jax.tree.map(jnp.where, kept, self.x, row)))

        return jax.vmap(against)(self.background).mean(axis=0)


def removal(
    f: Function,
    x: PyTree,
    *,
    baseline: PyTree | None = None,
    background: PyTree | None = None,
    ids: PyTree[Int[np.ndarray, " ..."]] | None = None,
    parts: int | None = None,
) -> Removal:
    """Make a :class:`Removal`, of single cells where `ids` is None.

    Args:
        f: function of one input that returns a number.
        x: the input.
        baseline: what stands in for parts that are removed, like x.
        background: or several of them, each leaf with a leading axis of rows.
        ids: part of each cell, integers like x, -1 where a cell always stays.
        parts: number of parts, where the last ones may have no cell.

    Raises:
        DataError: neither a baseline nor a background, or both; or one of another shape.
    """
    if (baseline is None) == (background is None):
        raise DataError(
            "removal needs a baseline or a background, and not both", "trust", "give one of the two"
        )
    rows = jax.tree.map(lambda b: np.asarray(b)[None], baseline) if background is None else background
    x, rows = jax.tree.map(np.asarray, x), jax.tree.map(np.asarray, rows)
    if jax.tree.structure(x) != jax.tree.structure(rows):
        raise DataError("the baseline has other variables than the input", "trust", "give one like the input")
    for a, b in zip(jax.tree.leaves(x), jax.tree.leaves(rows), strict=True):
        if b.shape[1:] != a.shape:
            raise DataError(
                f"the baseline has shape {b.shape[1:]} and the input {a.shape}",
                "trust",
                "give one like the input",
            )
    ids = own_parts(x) if ids is None else jax.tree.map(np.asarray, ids)
    return Removal(f, x, rows, ids, count_parts(ids) if parts is None else parts)


def values(game: Removal, keep: Bool[np.ndarray, "coalition part"]) -> Float[np.ndarray, " coalition"]:
    """Predictions with the parts that each row of `keep` holds, in chunks of one compiled size.

    Raises:
        ModelError: f does not return one number, or one that is not finite.
    """
    count = len(keep)
    if isinstance(game.f, Plain):
        found = np.asarray(finite(jnp.asarray([_plainly(game, z) for z in keep])))
    else:
        numbers = sum(int(np.size(b)) for b in jax.tree.leaves(game.background))
        chunk = int(np.clip(BUDGET // max(1, numbers), 1, MOST))
        padded = np.concatenate([keep, np.repeat(keep[-1:], -count % chunk, axis=0)])
        found = np.asarray(evaluate(game, padded, chunk))[:count]
    if found.ndim != 1:
        raise ModelError(
            f"the function returns shape {found.shape[1:]} and trust is of one number",
            "trust",
            "choose one output, such as lambda x: f(x)[0]",
        )
    return found.astype(float)


def by_part(
    attribution: Any, ids: PyTree[Int[np.ndarray, " ..."]], parts: int | None = None
) -> Float[np.ndarray, " part"]:
    """An attribution of one number summed over the cells of each part; one of parts already stays as it is.

    Args:
        attribution: like the input, or (part,).
        ids: part of each cell.
        parts: number of parts; from `ids` where None.

    Raises:
        DataError: it has neither shape.
    """
    count = count_parts(ids) if parts is None else parts
    if jax.tree.structure(attribution) == jax.tree.structure(ids):
        pairs = list(zip(jax.tree.leaves(attribution), jax.tree.leaves(ids), strict=True))
        if all(np.shape(a) == np.shape(i) for a, i in pairs):
            out = np.zeros(count)
            for a, i in pairs:
                held = np.asarray(i) >= 0
                np.add.at(out, np.asarray(i)[held], np.asarray(a, float)[held])
            return out
    leaves = jax.tree.leaves(attribution)
    if len(leaves) == 1 and np.shape(leaves[0]) == (count,):
        return np.asarray(leaves[0], float)
    shapes = ", ".join(str(np.shape(a)) for a in leaves)
    raise DataError(
        f"the attribution has shape {shapes}", "trust", f"give it like the input, or over {count} parts"
    )


def count_parts(ids: PyTree) -> int:
    """Number of parts."""
    return max((int(np.max(i, initial=-1)) for i in jax.tree.leaves(ids)), default=-1) + 1


def _plainly(game: Removal, keep: np.ndarray) -> Any:
    kept = jax.tree.map(lambda i: (i < 0) | keep[i], game.ids)
    rows = len(jax.tree.leaves(game.background)[0])
    put = jax.tree.map(
        lambda k, a, b: np.where(k, np.broadcast_to(a, (rows, *np.shape(a))), b),
        kept,
        game.x,
        game.background,
    )
    return game.f.rows(put).mean(axis=0)
