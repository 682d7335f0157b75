"""The selection of conditions: PC1 of PCMCI, for all targets of all cells at once.

Per target and level d every candidate is tested given the d strongest others (one combination per level);
candidates that fail are removed after the level, the rest are ordered by the least absolute value so far
[@runge2019].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .evidence import Evidence
from .partial import critical, p_values

REQUIRED = "-->"
BACKWARD = ("<--", "<?-")


@dataclass(frozen=True)
class Selected:
    """Conditions chosen for every target.

    Attributes:
        parents: nodes ``lag * N + source`` by falling strength, then -1, ``(cell, target, rank)``.
        val: value of each lagged candidate at its largest p, ``(cell, target, candidate)``; empty unless asked for.
        p: largest p over its tests, same shape.
        candidates: node of each candidate, ``(candidate,)``.
    """

    parents: np.ndarray
    val: np.ndarray
    p: np.ndarray
    candidates: np.ndarray


def candidates_of(size: int, tau_min: int, tau_max: int) -> np.ndarray:
    """Nodes of all lagged candidates, by source and then by lag."""
    lags = np.arange(max(1, tau_min), tau_max + 1)
    return (lags[None, :] * size + np.arange(size)[:, None]).reshape(-1)


def select(
    evidence: Evidence,
    alpha: float,
    tau_min: int,
    tau_max: int,
    *,
    priors: np.ndarray | None = None,
    max_conds_dim: int | None = None,
    with_p: bool = False,
) -> Selected:
    """Choose the conditions of every target of every cell.

    Args:
        evidence: what partial correlations are made from.
        alpha: a candidate stays while its p-value is at most this.
        tau_min: least lag; lag 0 is never a candidate here.
        tau_max: largest lag.
        priors: marks of assumed links, ``(source, target, lag)``, or None for all free.
        max_conds_dim: largest level, or None.
        with_p: whether values and p-values are kept (PCMCI+ reports them).
    """
    cells, size = evidence.cells, evidence.size
    nodes = candidates_of(size, tau_min, tau_max)
    wide = nodes.size
    free, required = np.ones((size, wide), bool), np.zeros((size, wide), bool)
    if priors is not None:
        marks = priors[nodes % size, :, nodes // size].T  # (target, candidate)
        free = (marks != "") & ~np.isin(marks, BACKWARD)
        required = marks == REQUIRED
    rows = cells * size
    alive = np.tile(free, (cells, 1))
    needed = np.tile(required, (cells, 1))
    least = np.full((rows, wide), np.inf)
    most_p = np.full((rows, wide) if with_p else (0, 0), -1.0)
    at_most = np.zeros_like(most_p)
    cell, target = np.repeat(np.arange(cells), size), np.tile(np.arange(size), cells)
    order = np.tile(np.arange(wide), (rows, 1))
    limit = wide if max_conds_dim is None else max_conds_dim
    for level in range(limit + 1):
        number = alive.sum(1)
        busy = np.flatnonzero(number - 1 >= level)
        if not busy.size:
            break
        if level:
            key = np.where(alive[busy], -least[busy], np.inf)
            order[busy] = np.argsort(key, axis=1, kind="stable")
        elif priors is not None:
            order[busy] = np.argsort(~alive[busy], axis=1, kind="stable")
        row, rank = np.nonzero(np.arange(wide)[None, :] < number[busy, None])
        row = busy[row]
        column = order[row, rank]
        conditions = _conditions(order, nodes, row, rank, level)
        value, count = evidence.values(cell[row], nodes[column], target[row], conditions)
        freedom = evidence.freedom(cell[row], count, level)
        forced = needed[row, column]
        value[forced] = 1.0
        if with_p:
            p = p_values(value, freedom)
            gone = ~(p <= alpha)
        else:
            p = None
            gone = ~(np.abs(value) >= critical(alpha, freedom))
        least[row, column] = np.minimum(least[row, column], np.abs(value))
        if with_p and p is not None:
            better = p > most_p[row, column]
            most_p[row[better], column[better]] = p[better]
            at_most[row[better], column[better]] = value[better]
        alive[row[gone], column[gone]] = False
    key = np.where(alive, -least, np.inf)
    number = alive.sum(1)
    widest = int(number.max(initial=0))
    best = np.argsort(key, axis=1, kind="stable")[:, :widest]
    parents = np.where(np.arange(widest)[None, :] < number[:, None], nodes[best], -1)
    if with_p:
        most_p = np.where(most_p < 0, 1.0, most_p)
    return Selected(
        parents.reshape(cells, size, widest).astype(np.int32),
        at_most.reshape(cells, size, wide) if with_p else at_most,
        most_p.reshape(cells, size, wide) if with_p else most_p,
        nodes,
    )


def _conditions(
    order: np.ndarray, nodes: np.ndarray, row: np.ndarray, rank: np.ndarray, level: int
) -> np.ndarray:
    """Nodes of the ``level`` strongest candidates of each row, the tested one passed over."""
    if not level:
        return np.empty((row.size, 0), np.int32)
    places = np.arange(level)[None, :]
    return nodes[order[row[:, None], places + (places >= rank[:, None])]].astype(np.int32)


def best_of(
    evidence: Evidence, alphas: Sequence[float], found: Sequence[Selected]
) -> tuple[np.ndarray, np.ndarray]:
    """Choose per target the significance whose parents score best by Akaike's criterion.

    Args:
        evidence: what partial correlations are made from.
        alphas: the significances tried.
        found: their selections.

    Returns:
        The chosen parents, ``(cell, target, rank)``, and the index of the chosen significance, ``(cell, target)``.
    """
    cells, size = evidence.cells, evidence.size
    scores = np.stack([evidence.akaike(item.parents) for item in found])
    choice = scores.argmin(0)
    widest = max(item.parents.shape[2] for item in found)
    parents = np.full((cells, size, widest), -1, np.int32)
    for k in range(len(alphas)):
        here = choice == k
        parents[here, : found[k].parents.shape[2]] = found[k].parents[here]
    return parents, choice
