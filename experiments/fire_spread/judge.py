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


def kept_on_others(
    table: Float[np.ndarray, "fire draw"], left_out: int, share: float
) -> Bool[np.ndarray, " draw"]:
    """The best share of the draws by mean Dice over all fires but one; its own row is not read."""
    others = np.delete(table, left_out, axis=0).mean(axis=0)
    number = max(1, round(share * others.size))
    out = np.zeros(others.size, bool)
    out[np.argsort(-others, kind="stable")[:number]] = True
    return out


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
