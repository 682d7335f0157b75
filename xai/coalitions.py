"""Worth of coalitions of an input's cells: f with the cells of absent players taken from a background."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, PyTree

from data.errors import ConfigError, DataError

from .function import Function, Plain, Progress, finite
from .players import Players

ABSENCES = ("marginal", "joint")
BUDGET = 2**22
"""Numbers of the input that are held at once by default."""
BLOCKS = 64
"""Blocks of coalitions in one call of a program: between calls, progress is told."""


class Coalitions:
    """Worth v(z) or v(z, row) of coalitions, to be given to `exact`, `permutation` or `kernel`.

    Inputs are put together inside the compiled program from the players' numbers; none is held outside it.

    Args:
        f: function of one input that returns (*out).
        x: the input, leaves of any shape.
        background: leaves (row, *leaf): what cells of absent players take. One row is one fixed baseline.
        players: which player each cell belongs to; cells of none (-1) and cells missing in x stay as they are.
        absence: ``marginal``, the mean over all rows (one call of v is as many of f as there are rows), or ``joint``,
            where v(z, row) names the row.
        samples: whether the leaves of x lead with samples, which f is mapped over: the worth is (coalition, sample,
            *out). The background is shared, or has leaves (row, sample, *leaf).
        chunk: evaluations at once.
        progress: is told how many evaluations of a call of v are done, and of how many.

    Raises:
        ConfigError: an unknown absence, or a background that is empty.
        DataError: leaves of x, background and players that do not fit.
    """

    def __init__(
        self,
        f: Function,
        x: PyTree,
        background: PyTree,
        players: Players,
        *,
        absence: str = "marginal",
        samples: bool = False,
        chunk: int | None = None,
        progress: Progress = None,
    ) -> None:
        if absence not in ABSENCES:
            raise ConfigError(
                f"the absence {absence!r} is unknown", "absence", f"choose from {', '.join(ABSENCES)}"
            )
        self.n = len(players)
        self.background_rows = check_fit(x, background, players, samples)
        self.rows = self.background_rows if absence == "joint" else None
        self.f: Any = _plain_samples(f, x) if isinstance(f, Plain) and samples else _Each(f) if samples else f
        put = np.asarray if isinstance(f, Plain) else jnp.asarray
        self.x, self.background, self.ids = (jax.tree.map(put, t) for t in (x, background, players.ids))
        numbers = sum(int(np.size(leaf)) for leaf in jax.tree.leaves(x))
        self.chunk = chunk or max(1, min(512, BUDGET // max(numbers, 1)))
        self.progress = progress

    def __call__(self, z: np.ndarray, row: np.ndarray | None = None) -> np.ndarray:
        """Worth of coalitions z (coalition, player), (coalition, *out).

        Raises:
            ModelError: f is not finite for a coalition.
        """
        z = np.asarray(z, dtype=bool)
        if self.rows is not None:
            if row is None:
                raise ConfigError(
                    "a joint background needs the row of each coalition", "coalitions", "give rows"
                )
            return self._evaluated(z, np.asarray(row))
        many = self.background_rows
        if many == 1:
            return self._evaluated(z, np.zeros(len(z), dtype=int))
        block = max(1, self.chunk // many)
        if not isinstance(self.f, Plain):
            return self._means(z, min(block, len(z)))
        found = []
        for first in range(0, len(z), block):
            some = z[first : first + block]
            each = self._evaluated(
                np.repeat(some, many, axis=0), np.tile(np.arange(many), len(some)), block * many
            )
            found.append(each.reshape(len(some), many, *each.shape[1:]).mean(axis=1, dtype=np.float64))
            if self.progress is not None:
                self.progress(min(first + block, len(z)) * many, len(z) * many)
        return np.concatenate(found)

    def _means(self, z: np.ndarray, block: int) -> np.ndarray:
        """Mean over all rows, in one program that takes `block` coalitions at a time and returns the means alone."""
        count, many, parts = len(z), self.background_rows, []
        size = block * min(-(-count // block), BLOCKS)
        for first in range(0, count, size):
            some = z[first : first + size]
            padded = np.pad(some, ((0, size - len(some)), (0, 0)))
            values = _mean_program(self.f, self.x, self.background, self.ids, jnp.asarray(padded), block)
            parts.append(np.asarray(values)[: len(some)])
            if self.progress is not None:
                self.progress(min(first + size, count) * many, count * many)
        found = np.concatenate(parts)
        finite(jnp.asarray(found), "the prediction for a coalition")
        return found

    def _evaluated(self, z: np.ndarray, row: np.ndarray, whole: int | None = None) -> np.ndarray:
        """f for pairs of coalition and row; `whole`: evaluations that a short last call is filled up to."""
        count, parts = len(z), []
        size = min(self.chunk, max(count, whole or 0))
        for first in range(0, count, size):
            some, rows = z[first : first + size], row[first : first + size]
            if isinstance(self.f, Plain):
                parts.append(self.f.rows(_inputs(self.x, self.background, self.ids, some, rows)))
            else:
                short = size - len(some)
                padded = np.pad(some, ((0, short), (0, 0))), np.pad(rows, (0, short))
                values = _program(self.f, self.x, self.background, self.ids, *map(jnp.asarray, padded))
                parts.append(np.asarray(values)[: len(some)])
            if self.progress is not None and whole is None:
                self.progress(min(first + size, count), count)
        found = np.concatenate(parts)
        finite(jnp.asarray(found), "the prediction for a coalition")
        return found


class _Each(eqx.Module):
    f: Any

    def __call__(self, x: PyTree) -> Array:
        return jax.vmap(lambda one: jnp.asarray(self.f(one)))(x)


def _plain_samples(f: Plain, x: PyTree) -> Plain:
    """f over samples of inputs (batch, sample, *leaf)."""
    count = np.shape(jax.tree.leaves(x)[0])[0]

    def each(xs: PyTree) -> np.ndarray:
        found = f.rows(jax.tree.map(lambda a: a.reshape(-1, *a.shape[2:]), xs))
        return found.reshape(-1, count, *found.shape[1:])

    return Plain(each, batched=True)


@eqx.filter_jit
def _program(
    f: Any,
    x: PyTree,
    background: PyTree,
    ids: PyTree,
    z: Bool[Array, "batch player"],
    row: Int[Array, " batch"],
) -> Array:
    return jax.vmap(lambda present, which: _one(f, x, background, ids, present, which))(z, row)


@eqx.filter_jit
def _mean_program(
    f: Any, x: PyTree, background: PyTree, ids: PyTree, z: Bool[Array, "batch player"], block: int
) -> Array:
    """Means over all background rows, (batch, *out)."""
    every = jnp.arange(jax.tree.leaves(background)[0].shape[0])

    def one(present: Array) -> Array:
        return jax.vmap(lambda which: _one(f, x, background, ids, present, which))(every).mean(axis=0)

    return jax.lax.map(one, z, batch_size=block)


def _one(f: Any, x: PyTree, background: PyTree, ids: PyTree, present: Array, which: Array) -> Array:
    """f where absent players have the cells of one background row."""

    def cells(a: Array, b: Array, i: Array) -> Array:
        keep = (i < 0) | present[i]
        return jnp.where(keep | jnp.isnan(a), a, b[which].astype(a.dtype))

    return jnp.asarray(f(jax.tree.map(cells, x, background, ids)))


def _inputs(x: PyTree, background: PyTree, ids: PyTree, z: np.ndarray, row: np.ndarray) -> PyTree:
    """Inputs (batch, *leaf) of coalitions, for a function that JAX does not trace."""

    def cells(a: np.ndarray, b: np.ndarray, i: np.ndarray) -> np.ndarray:
        keep = (i < 0) | z[:, i]
        filled = b[row]
        missing = np.ndim(a) - np.ndim(i)  # leading samples, which share the players
        keep = keep.reshape(len(z), *[1] * missing, *i.shape)
        filled = filled.reshape(len(z), *[1] * (np.ndim(a) + 1 - np.ndim(filled)), *filled.shape[1:])
        return np.where(keep | np.isnan(a), a, filled)

    return jax.tree.map(cells, x, background, ids)


def check_fit(x: PyTree, background: PyTree, players: Players, samples: bool) -> int:
    """Number of background rows, of a background and players that fit the input.

    Raises:
        ConfigError: no row.
        DataError: leaves that do not fit.
    """
    trees = [jax.tree.structure(t) for t in (x, background, players.ids)]
    if trees[1] != trees[0] or trees[2] != trees[0]:
        raise DataError(
            "input, background and players have different variables", "coalitions", "give all the same"
        )
    named = jax.tree_util.tree_leaves_with_path(x)
    counts = set()
    for (path, a), b, i in zip(named, jax.tree.leaves(background), jax.tree.leaves(players.ids), strict=True):
        name = jax.tree_util.keystr(path).strip("[]'\"") or "the input"
        leaf = np.shape(a)[1:] if samples else np.shape(a)
        shapes = {np.shape(a), leaf}
        if not np.issubdtype(np.asarray(a).dtype if not isinstance(a, jax.Array) else a.dtype, np.floating):
            raise DataError(f"{name} is not of floats", "coalitions", "convert it with .astype(float)")
        if np.ndim(b) < 1 or np.shape(b)[1:] not in shapes:
            raise DataError(
                f"the background of {name} has shape {np.shape(b)} and the input {np.shape(a)}",
                "background",
                "give it the shape (row, *input)",
            )
        if np.shape(i) not in shapes:
            raise DataError(
                f"the players of {name} have shape {np.shape(i)} and the input {np.shape(a)}",
                "players",
                "make them from the same input",
            )
        if np.size(i) and np.max(i) >= len(players):
            raise DataError(
                f"{name} has cells of unknown players", "players", "make them from the same input"
            )
        counts.add(np.shape(b)[0])
    if len(counts) > 1:
        raise DataError(
            f"the background has {sorted(counts)} rows", "background", "give all variables as many"
        )
    if 0 in counts or not counts:
        raise ConfigError("the background has no row", "background", "give at least one")
    return counts.pop()
