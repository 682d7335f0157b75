"""Many tests at once: family-wise error over all that was tested, and whether a field holds more than chance."""

from __future__ import annotations

import numpy as np


def holm(p: np.ndarray) -> np.ndarray:
    """P-values adjusted so that any false rejection among all has at most the stated chance [@holm1979].

    Args:
        p: p-values of any shape; NaN are no tests and stay NaN.

    Returns:
        Adjusted p-values, same shape; valid whatever the tests' dependence.
    """
    from causal.multiple import holm as adjust

    p = np.asarray(p, float)
    out = np.full(p.shape, np.nan)
    tested = np.isfinite(p)
    if tested.any():
        out[tested] = adjust(p[tested])
    return out


def binomial_tail(count: int, tests: int, chance: float) -> float:
    """Chance of `count` or more rejections among independent true nulls, each rejected with `chance` (field test)."""
    from scipy.stats import binom

    return float(binom.sf(count - 1, tests, chance)) if tests else float("nan")


def within(values: np.ndarray, sweeps: int = 50) -> np.ndarray:
    """Values less the means of units and of steps, (unit, time), by turns until both are zero; NaN stay NaN."""
    out = np.array(values, float)
    known = np.isfinite(out)
    out = np.where(known, out, 0.0)
    rows, columns = np.maximum(known.sum(axis=1), 1)[:, None], np.maximum(known.sum(axis=0), 1)
    for _ in range(sweeps):
        out = np.where(known, out - out.sum(axis=1, keepdims=True) / rows, 0.0)
        out = np.where(known, out - out.sum(axis=0) / columns, 0.0)
        if np.abs(out.sum(axis=1)).max() < 1e-9 * max(out.size, 1):
            break
    return np.where(known, out, np.nan)
