"""Weights of the directed delay score, from simulated rivers alone, and its skill on others."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
from scipy.optimize import minimize

from causal.timing import delay_scores, tree_marginals, tree_sum
from data.synthetic.rivers import river_network

from .scores import auroc

STEPS = 4
"""Records of a quarter of an hour are averaged to an hour."""
MAX_LAG = 120
"""Longest delay that is looked for [h]."""
NODES = 5
"""Stations of a subgraph, as in CausalRivers."""

Progress = Callable[[int, int], None] | None


def hourly(x: np.ndarray) -> np.ndarray:
    """Average [T, N] quarter-hours to hours."""
    return x[: len(x) // STEPS * STEPS].reshape(-1, STEPS, x.shape[1]).mean(1)


def record(seed: int, number: int) -> np.ndarray:
    """Discharge [T, N] of a simulated network of the set of a seed, by the quarter-hour."""
    return river_network(seed=(seed, number))[0]["discharge"].transpose("time", "station").values


def connected(truth: np.ndarray, nodes: int = NODES) -> list[list[int]]:
    """All sets of ``nodes`` stations that the links of ``truth`` hold together, in lexical order."""
    near = (truth + truth.T) > 0
    return [list(c) for c in combinations(range(len(truth)), nodes) if _joined(near[np.ix_(c, c)])]


def worlds(
    count: int, seed: int, per_world: int = 25, progress: Progress = None
) -> list[tuple[np.ndarray, ...]]:
    """Terms of the score (4, with the size) and truth of connected subgraphs of simulated rivers.

    Args:
        count: number of networks.
        seed: seed of the set.
        per_world: at most so many subgraphs of a network.
        progress: called with networks done and all.

    Returns:
        Per network its hourly record [T, N], the subgraphs [S, 5], terms [S, 4, 5, 5] and truth [S, 5, 5].
    """
    found = []
    for k in range(count):
        truth = river_network(seed=(seed, k))[1]
        x = hourly(record(seed, k))
        sets = np.array(connected(truth))
        rng = np.random.default_rng((seed, k, 1))
        if len(sets) > per_world:
            sets = sets[np.sort(rng.choice(len(sets), per_world, replace=False))]
        terms = delay_scores(x, MAX_LAG, with_size=True).terms
        found.append(
            (
                x,
                sets,
                np.stack([terms[:, c][:, :, c] for c in sets]),
                np.stack([truth[np.ix_(c, c)] for c in sets]),
            )
        )
        if progress:
            progress(k + 1, count)
    return found


def fit_weights(found: list[tuple[np.ndarray, ...]], with_size: bool, ridge: float = 0.01) -> np.ndarray:
    """Weights under which the true trees of simulated rivers are most likely.

    Args:
        found: result of `worlds`.
        with_size: whether the size is a term.
        ridge: penalty on the squares of weights of terms of unit variance.

    Returns:
        Weights of `causal.timing.WEIGHTS` or `SIZED_WEIGHTS`.
    """
    terms = np.concatenate([w[2] for w in found])[:, : 4 if with_size else 3]
    truth = np.concatenate([w[3] for w in found])
    scale = terms[..., ~np.eye(NODES, dtype=bool)].std((0, 2))
    terms = terms / scale[:, None, None]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = ridge * weights @ weights, 2 * ridge * weights
        for t, a in zip(terms, truth, strict=True):
            total, share = tree_sum(np.tensordot(weights, t, axes=1))
            value += (total - np.sum(np.tensordot(weights, t, axes=1) * a)) / len(terms)
            slope = slope + np.sum(t * (share - a), axis=(1, 2)) / len(terms)
        return float(value), np.asarray(slope)

    return minimize(loss, np.zeros(terms.shape[1]), jac=True).x / scale


def skill(found: list[tuple[np.ndarray, ...]], weights: np.ndarray) -> tuple[float, float]:
    """Mean AUROC of pairs alone and of the tree's shares, over the subgraphs of simulated rivers."""
    pairs, trees = [], []
    for _, _, terms, truth in found:
        for t, a in zip(terms, truth, strict=True):
            odds = np.tensordot(weights, t[: len(weights)], axes=1)
            pairs.append(auroc(a, odds))
            trees.append(auroc(a, tree_marginals(odds)))
    return float(np.mean(pairs)), float(np.mean(trees))


def _joined(near: np.ndarray) -> bool:
    """Whether an undirected graph hangs together."""
    seen, todo = {0}, [0]
    while todo:
        for j in np.flatnonzero(near[todo.pop()]):
            if int(j) not in seen:
                seen.add(int(j))
                todo.append(int(j))
    return len(seen) == len(near)
