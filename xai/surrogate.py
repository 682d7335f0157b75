"""A model of a game whose Shapley values are known, fitted to the coalitions that were evaluated."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np

from .coalition_design import Design

FOLDS = 10
TRIPLES = 1200
"""Most triples of players that are given an interaction."""


def fitted(
    design: Design,
    sign: np.ndarray,
    less: np.ndarray,
    weight: np.ndarray,
    rows: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit v(S) - v(complement), less the equal share, by players that add up in each row and triples that interact.

    Args:
        design: the pairs.
        sign: 1 for members and -1 for others, (pair, player).
        less: what is fitted, (pair, out).
        weight: weight of each pair in the Shapley values, (pair, player).
        rows: background rows.
        rng: generator, for the folds.

    Returns:
        Shapley values of the model (player, out), which sum to zero; its prediction (pair, out); and the prediction of
        models that have not seen the pair.
    """
    n = sign.shape[1]
    w = np.sqrt((weight**2).sum(axis=1)) * design.weight
    w = w / np.median(w)
    free = _sum_zero(n)
    flat = sign @ free
    fold = rng.permutation(len(sign)) % FOLDS
    everything = np.ones(len(sign), dtype=bool)
    sets = [everything, *(fold != k for k in range(FOLDS))]
    additive, outside = _drawn_in(flat, less, w, design.row, sets, rows)
    values, inside = free @ additive[0][0], additive[0][1]
    triples = _triples(sign, len(sign))
    if triples is None:
        return values, inside, outside
    parts = [_gram(triples[fold == k], w[fold == k]) for k in range(FOLDS)]
    for k, seen in enumerate(sets):
        found = additive[k][1]
        square = np.sum([g for j, g in enumerate(parts) if j != k - 1], axis=0)
        square = square + 1e-2 * np.trace(square) / len(square) * np.eye(len(square))
        more = triples @ np.linalg.solve(square, triples[seen].T @ (w[seen, None] * (less - found)[seen]))
        if k == 0:
            inside = inside + more
        else:
            outside[~seen] += more[~seen]
    return values, inside, outside


def _drawn_in(
    flat: np.ndarray, less: np.ndarray, w: np.ndarray, row: np.ndarray, sets: list[np.ndarray], rows: int
) -> tuple[list[tuple[np.ndarray, np.ndarray]], np.ndarray]:
    """Fit of each set by players that add up, and what sets that lack a pair say of it.

    How far rows are drawn to what they share is the strength that predicts unseen pairs best.
    """
    best, least = None, np.inf
    for strength in (1e-9, 0.1, 1.0) if rows > 1 else (0.0,):
        fits = [_additive(flat, less, w, row, seen, rows, strength) for seen in sets]
        outside = np.zeros_like(less)
        for (_, found), seen in zip(fits[1:], sets[1:], strict=True):
            outside[~seen] = found[~seen]
        error = float((w[:, None] * (less - outside) ** 2).sum())
        if best is None or error < least:
            best, least = (fits, outside), error
    assert best is not None
    return best


def _additive(
    flat: np.ndarray,
    less: np.ndarray,
    w: np.ndarray,
    row: np.ndarray,
    seen: np.ndarray,
    rows: int,
    strength: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Mean coefficients over rows (free, out), and the prediction (pair, out)."""
    a, y, u = flat[seen], less[seen], w[seen, None]
    shared = np.linalg.lstsq(a * np.sqrt(u), y * np.sqrt(u), rcond=None)[0]
    found = flat @ shared
    if rows == 1:
        return shared, found
    rest = y - found[seen]
    size = a.shape[1]
    square, right = np.zeros((rows, size, size)), np.zeros((rows, size, y.shape[1]))
    order = np.argsort(row[seen], kind="stable")
    starts = np.searchsorted(row[seen][order], np.arange(rows + 1))
    for r in range(rows):
        one = order[starts[r] : starts[r + 1]]
        square[r], right[r] = (u[one] * a[one]).T @ a[one], (u[one] * a[one]).T @ rest[one]
    own = np.linalg.solve(square + strength * (size + 1) * np.eye(size), right)
    return shared + own.mean(axis=0), found + np.einsum("mi,mio->mo", flat, own[row])


def _triples(sign: np.ndarray, pairs: int) -> np.ndarray | None:
    """Interaction of each three players, less its additive part, (pair, triple); None where they are too many.

    In a difference of complements only interactions of odd order are left; a product of three signs is the third part
    of its players' signs in the grand coalition, which is taken off so that its Shapley values are zero.
    """
    n = sign.shape[1]
    if n < 4 or comb(n, 3) > min(TRIPLES, pairs // 5):
        return None
    three = np.array(list(combinations(range(n), 3)))
    a, b, c = (sign[:, three[:, i]] for i in range(3))
    return a * b * c - (a + b + c) / 3


def _gram(a: np.ndarray, w: np.ndarray) -> np.ndarray:
    return (a * w[:, None]).T @ a


def _sum_zero(n: int) -> np.ndarray:
    """Orthonormal basis (player, n - 1) of the vectors that sum to zero."""
    return np.linalg.qr(np.concatenate([np.ones((n, 1)), np.eye(n)[:, :-1]], axis=1))[0][:, 1:]
