"""Permutation importance: how much worse a model predicts when one input is shuffled among the samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Float, PRNGKeyArray, PyTree

from data.errors import ConfigError, DataError

from .function import Function, Progress, evaluate

Score = Callable[[np.ndarray, np.ndarray], float]
"""Error of predictions against what was observed, both (sample, *out); less is better."""


class Importance(NamedTuple):
    """Rise of the error with each part shuffled.

    Attributes:
        value: mean over repeats, (part,).
        stderr: its standard error over repeats, (part,).
        error: error with nothing shuffled.
    """

    value: Float[np.ndarray, " part"]
    stderr: Float[np.ndarray, " part"]
    error: float


def mean_square(predicted: np.ndarray, observed: np.ndarray) -> float:
    """Mean square error over all finite pairs, in the square of the output's unit."""
    held = np.isfinite(observed)
    return float(np.mean((predicted[held] - observed[held]) ** 2))


def permutation_importance(
    f: Function,
    xs: PyTree,
    observed: np.ndarray,
    *,
    key: PRNGKeyArray,
    parts: Sequence[PyTree],
    blocks: np.ndarray | None = None,
    repeats: int = 10,
    score: Score = mean_square,
    chunk: int | None = None,
    progress: Progress = None,
) -> Importance:
    """How much the error rises when a part of the input is exchanged among the samples [@breiman2001; @fisher2019].

    Samples of a block (a year, a site) are exchanged with samples of other blocks as a whole, so that what is shuffled
    keeps its course within the block; samples that resemble their neighbours in time make importances too small
    otherwise.

    Args:
        f: function of one input that returns an array of shape (*out).
        xs: inputs, leaves with a leading axis of samples.
        observed: what the predictions are judged against, (sample, *out); NaN is left out.
        key: of the shuffles.
        parts: for each part, truth values like one input: the cells that are shuffled together.
        blocks: label of each sample, (sample,); blocks of equal size are exchanged whole. Each sample is a block where
            None.
        repeats: shuffles of each part.
        score: error of predictions against `observed`.
        chunk: inputs at once.
        progress: is told how many shuffles are done.

    Raises:
        ConfigError: fewer than two repeats.
        DataError: samples that do not fit together, fewer than two blocks, or blocks of unequal size.
        ModelError: f is not finite.
    """
    if repeats < 2:
        raise ConfigError(
            f"{repeats} repeats have no standard error", "permutation_importance", "choose 2 or more"
        )
    count = int(jax.tree.leaves(xs)[0].shape[0])
    observed = np.asarray(observed)
    if len(observed) != count:
        raise DataError(
            f"{len(observed)} observations stand beside {count} inputs",
            "permutation_importance",
            "give one for each",
        )
    members = _members(np.arange(count) if blocks is None else np.asarray(blocks), count)
    usual = score(np.asarray(evaluate(f, xs, chunk)), observed)
    found = np.zeros((len(parts), repeats))
    for p, part in enumerate(parts):
        for r in range(repeats):
            drawn = np.asarray(jr.permutation(jr.fold_in(jr.fold_in(key, p), r), len(members)))
            order = np.empty(count, int)
            order[members.ravel()] = members[drawn].ravel()
            mixed = jax.tree.map(lambda a, m, o=order: jnp.where(jnp.asarray(m), a[o], a), xs, part)
            found[p, r] = score(np.asarray(evaluate(f, mixed, chunk)), observed) - usual
            if progress is not None:
                progress(p * repeats + r + 1, len(parts) * repeats)
    return Importance(found.mean(axis=1), found.std(axis=1, ddof=1) / repeats**0.5, usual)


def _members(blocks: np.ndarray, count: int) -> np.ndarray:
    """Samples of each block in order, (block, member)."""
    if blocks.shape != (count,):
        raise DataError(
            f"the block labels have shape {blocks.shape}", "permutation_importance", f"give {count} labels"
        )
    names, sizes = np.unique(blocks, return_counts=True)
    if len(names) < 2:
        raise DataError("all samples are of one block", "permutation_importance", "give at least two blocks")
    if len(set(sizes.tolist())) > 1:
        raise DataError(
            f"blocks have between {sizes.min()} and {sizes.max()} samples",
            "permutation_importance",
            "cut them to equal sizes, or give no blocks",
        )
    return np.stack([np.flatnonzero(blocks == name) for name in names])
