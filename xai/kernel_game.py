"""Shapley values by weighted least squares on pairs of coalitions, corrected by what the fit leaves."""

from __future__ import annotations

import numpy as np
from jaxtyping import PRNGKeyArray

from .coalition_design import Design, pairs_of_coalitions
from .explained import Explained
from .games import Worth, account, check_players, ends, generator, size_weights, worths
from .surrogate import fitted


def kernel(v: Worth, n: int, key: PRNGKeyArray, coalitions: int = 2048, rows: int | None = None) -> Explained:
    """Shapley values from coalitions drawn in pairs with their complements [@lundberg2017; @covert2021].

    Sizes of coalitions have equal numbers of draws, which are the leverage scores of the regression [@musco2025], drawn
    without replacement: small sizes are enumerated. With background rows each pair has one row, and rows and coalitions
    are crossed in balance. A model of the game whose Shapley values are known (each row's players add up, and triples
    interact alike in all rows) is fitted with the regression's weights under the constraint of efficiency; the
    unbiased estimate of the rest is added [@witter2025]. The standard error is that of the rest as a sample in two
    stages, coalitions and rows in them [@cochran1977], predicted by models that have not seen it. Where all is
    enumerated the values are exact and the error zero.

    Args:
        v: worth of coalitions, v(z) or with `rows` v(z, row).
        n: number of players.
        key: PRNG key.
        coalitions: calls of v beside those for nobody (one for each row) and for all (one).
        rows: number of background rows; None where v knows one kind of absence only.

    Returns:
        Explained with attribution and standard error (*out, player); the gap is rounding alone.

    Raises:
        ConfigError: too few coalitions for the number of players.
        ModelError: a worth that is not finite.
    """
    check_players(n, rows)
    none, every = ends(v, n, rows)
    base = none.mean(axis=0)
    if n == 1:
        return account((every - base)[None], None, base, every)
    rng = generator(key)
    count = rows or 1
    design = pairs_of_coalitions(n, count, coalitions // 2, rng)
    row2 = np.tile(design.row, 2) if rows is not None else None
    both = worths(v, np.concatenate([design.z, ~design.z]), row2)
    half = len(design.z)
    shape = every.shape
    less = (both[:half] - both[half:]).reshape(half, -1)
    gain = (every - none).reshape(count, -1)  # (row, out)
    sign = 2.0 * design.z - 1
    less = less - sign.sum(axis=1)[:, None] * gain[design.row] / n
    weight = _weights(design.z)
    if design.complete:
        values, rest, unseen = 0.0, less, less
    else:
        values, inside, outside = fitted(design, sign, less, weight, count, rng)
        rest, unseen = less - inside, less - outside
    values = values + np.einsum("mi,mo->io", design.weight[:, None] * weight, rest)
    error = np.sqrt(_variance(design, weight, unseen, count))
    values = values + gain.mean(axis=0) / n
    return account(values.reshape(n, *shape), error.reshape(n, *shape), base, every)


def _weights(z: np.ndarray) -> np.ndarray:
    """Weight of v(S) - v(complement) in each player's Shapley value, (pair, player), less the mean over players."""
    n = z.shape[1]
    share = size_weights(n)
    size = z.sum(axis=1)
    weight = np.where(z, share[size - 1][:, None], -share[size][:, None])
    return weight - weight.mean(axis=1, keepdims=True)


def _variance(design: Design, weight: np.ndarray, rest: np.ndarray, count: int) -> np.ndarray:
    """Variance of the sum of weighted rests, (player, out): coalitions are drawn, then rows in each."""
    out = np.zeros((weight.shape[1], rest.shape[1]))
    for size in np.unique(design.size):
        inside = design.size == size
        total = design.totals[size]
        _, where, drawn = np.unique(design.coalition[inside], return_inverse=True, return_counts=True)
        kinds = len(drawn)
        some = rest[inside]
        means = np.zeros((kinds, rest.shape[1]))
        np.add.at(means, where, some)
        means /= drawn[:, None]
        squares = np.zeros_like(means)
        np.add.at(squares, where, (some - means[where]) ** 2)
        first = np.zeros(kinds, dtype=int)
        first[where] = np.arange(len(where))
        w = weight[inside][first]  # (coalition, player)
        share = min(1.0, kinds / total)
        if share < 1 and kinds > 1:
            # Var over coalitions of w * mean, without an array (coalition, player, out).
            second, mean = (w**2).T @ means**2, w.T @ means / kinds
            between = np.maximum(second / kinds - mean**2, 0) * kinds / (kinds - 1)
            out += (1 - share) * total**2 / kinds * between
        more = drawn > 1
        if count > 1 and more.any():
            one = squares / np.maximum(drawn - 1, 1)[:, None]
            norm = (w**2).sum(axis=1)
            pooled = (norm[more, None] * one[more]).sum(axis=0) / norm[more].sum()
            one[~more] = pooled
            left = ((1 - drawn / count) / drawn)[:, None] * one
            out += share * (total / kinds) ** 2 * ((w**2).T @ left)
    return out
