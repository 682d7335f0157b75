"""Scores of burned areas, and the choice on other fires."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float


def dice(found: Bool[np.ndarray, "*lead y x"], scar: Bool[np.ndarray, "y x"]) -> Float[np.ndarray, "*lead"]:
    """Dice coefficient of the burned class [1]: 2 |A and B| / (|A| + |B|) [@dice1945measures].

    Background does not count.
    """
    both = (found & scar).sum(axis=(-2, -1))
    return np.asarray(2.0 * both / (found.sum(axis=(-2, -1)) + scar.sum()), float)


def brier(chance: Float[np.ndarray, "y x"], scar: Bool[np.ndarray, "y x"]) -> float:
    """Brier score [1]: mean squared difference of burn probability and scar over the cells [@brier1950]."""
    return float(np.mean((chance - scar) ** 2))


def best_on_others(table: Float[np.ndarray, "fire choice"], left_out: int) -> int:
    """The choice of greatest mean Dice over all fires but one; its own row is not read."""
    others = np.delete(table, left_out, axis=0).mean(axis=0)
    return int(np.argmax(others))


def reliability(chance: Any, burned: Any, bins: int) -> dict[str, np.ndarray]:
    """Mean chance, share that burned and number of cells of each bin of chance; empty bins are not a number."""
    chance, burned = np.ravel(chance), np.ravel(burned).astype(float)
    place = np.minimum((chance * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins)
    some = np.where(count > 0, count, np.nan)
    return {
        "chance": np.bincount(place, chance, bins) / some,
        "share": np.bincount(place, burned, bins) / some,
        "count": count,
    }


def ece(chance: Any, burned: Any, bins: int) -> float:
    """Expected calibration error [1]: mean gap between chance and share over the cells, by bins [@naeini2015]."""
    curve = reliability(chance, burned, bins)
    held = curve["count"] > 0
    gap = np.abs(curve["chance"] - curve["share"])[held]
    return float(np.average(gap, weights=curve["count"][held]))


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
