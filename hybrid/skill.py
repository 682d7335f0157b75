"""Skill of simulated against observed series: Nash-Sutcliffe, root mean square, bias, Kling-Gupta."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

METRICS = ("nse", "rmse", "bias", "kge")
FEWEST = 30
"""Fewest pairs from which a score is given; with fewer it is not a number."""


def _pairs(simulated: ArrayLike, observed: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    s, o = np.asarray(simulated, float).ravel(), np.asarray(observed, float).ravel()
    held = np.isfinite(o)
    return s[held], o[held]


def nse(simulated: ArrayLike, observed: ArrayLike) -> float:
    """Nash-Sutcliffe efficiency [1] over the finite observations [@nash1970]."""
    s, o = _pairs(simulated, observed)
    if o.size < FEWEST or np.var(o) == 0:
        return float("nan")
    return float(1.0 - np.sum((s - o) ** 2) / np.sum((o - o.mean()) ** 2))


def rmse(simulated: ArrayLike, observed: ArrayLike) -> float:
    """Root mean square error [unit of the variable] over the finite observations."""
    s, o = _pairs(simulated, observed)
    return float(np.sqrt(np.mean((s - o) ** 2))) if o.size >= FEWEST else float("nan")


def bias(simulated: ArrayLike, observed: ArrayLike) -> float:
    """Mean of simulated less observed [unit of the variable] over the finite observations."""
    s, o = _pairs(simulated, observed)
    return float(np.mean(s - o)) if o.size >= FEWEST else float("nan")


def kge(simulated: ArrayLike, observed: ArrayLike) -> float:
    """Kling-Gupta efficiency [1] over the finite observations [@gupta2009]."""
    s, o = _pairs(simulated, observed)
    if o.size < FEWEST or np.std(o) == 0 or np.std(s) == 0 or o.mean() == 0:
        return float("nan")
    r = np.corrcoef(s, o)[0, 1]
    return float(1.0 - np.sqrt((r - 1) ** 2 + (s.std() / o.std() - 1) ** 2 + (s.mean() / o.mean() - 1) ** 2))


def scores(simulated: ArrayLike, observed: ArrayLike) -> dict[str, float]:
    """All metrics by name."""
    return {m: f(simulated, observed) for m, f in zip(METRICS, (nse, rmse, bias, kge), strict=True)}
