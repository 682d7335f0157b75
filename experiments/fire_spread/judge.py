"""Scores of burned areas, and the choice on other fires."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from hybrid.fire.assimilation import brier, dice, reliability


def best_on_others(table: Float[np.ndarray, "fire choice"], left_out: int) -> int:
    """The choice of greatest mean Dice over all fires but one; its own row is not read."""
    others = np.delete(table, left_out, axis=0).mean(axis=0)
    return int(np.argmax(others))


def ece(chance: Any, burned: Any, bins: int) -> float:
    """Expected calibration error [1]: mean gap between chance and share over the cells, by bins [@naeini2015]."""
    return reliability(chance, burned, bins=bins).error


def crps(values: Float[np.ndarray, " member"], weight: Float[np.ndarray, " member"], known: float) -> float:
    """Continuous ranked probability score of a weighed ensemble, in its unit [@gneiting2007strictly].

    Mean distance from what happened, less half the mean distance of two members.
    """
    order = np.argsort(values)
    x, w = values[order], weight[order] / weight.sum()
    below = np.cumsum(w) - w
    # the mean distance of two members: each is above those before it and below those behind it
    apart = 2.0 * float(np.sum(w * x * (2.0 * below + w - 1.0)))
    return float(np.sum(w * np.abs(x - known))) - 0.5 * apart


def interval(
    values: Float[np.ndarray, " member"], weight: Float[np.ndarray, " member"], share: float
) -> tuple[float, float]:
    """Central interval of a weighed ensemble that holds a share of its weight."""
    order = np.argsort(values)
    heap = np.cumsum(weight[order]) / weight.sum()
    tails = (0.5 * (1.0 - share), 0.5 * (1.0 + share))
    low, high = (values[order][min(int(np.searchsorted(heap, t)), len(heap) - 1)] for t in tails)
    return float(low), float(high)


__all__ = ["best_on_others", "brier", "crps", "dice", "ece", "interval", "reliability"]
