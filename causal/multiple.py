"""Many tests: false discovery rates within a graph or over a field, and whether a field holds anything at all."""

from __future__ import annotations

import numpy as np


def benjamini_hochberg(p: np.ndarray, tested: np.ndarray) -> np.ndarray:
    """Adjusted p-values by Benjamini and Hochberg [@benjamini1995], over the last axis.

    Args:
        p: p-values, ``(family, test)``.
        tested: whether each counts, ``(test,)`` or as ``p``; the others keep their p.

    Returns:
        The least false discovery rate at which each test would be rejected; same shape.
    """
    tested = np.broadcast_to(tested, p.shape)
    number = tested.sum(-1, keepdims=True)
    order = np.argsort(np.where(tested, p, np.inf), axis=-1, kind="stable")
    ranked = np.take_along_axis(np.where(tested, p, np.inf), order, -1)
    rank = np.arange(1, p.shape[-1] + 1)
    with np.errstate(invalid="ignore"):
        scaled = ranked / (rank / np.maximum(number, 1))
    least = np.minimum.accumulate(scaled[..., ::-1], axis=-1)[..., ::-1]
    q = np.empty_like(p)
    np.put_along_axis(q, order, np.minimum(least, 1.0), -1)
    return np.where(tested, q, p)


def holm(p: np.ndarray) -> np.ndarray:
    """Adjusted p-values by Holm [@holm1979]: the chance of any false rejection is held, ``(test,)``."""
    order = np.argsort(p, kind="stable")
    scaled = p[order] * np.arange(p.size, 0, -1)
    adjusted = np.empty_like(p, dtype=float)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted


def walker(p: np.ndarray, tested: np.ndarray) -> np.ndarray:
    """Chance of a p-value as small as the least of a field where no cell has a link (Walker's test [@wilks2006]).

    Args:
        p: p-values, ``(cell, ...)``.
        tested: whether each cell was tested, ``(cell,)``.

    Returns:
        p-value of the field for each link; holds where cells are independent, and is cautious where they go together.
    """
    number = int(tested.sum())
    if not number:
        return np.ones(p.shape[1:])
    least = np.min(p, axis=0, where=tested.reshape(-1, *[1] * (p.ndim - 1)), initial=1.0)
    return -np.expm1(number * np.log1p(-np.minimum(least, 1 - 1e-16)))
