"""Scores of ordered pairs by methods of others, each from its own library, and by ours."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np

from causal.settings import Settings

from .search import search

PC_ALPHA = 0.05
"""Significance of the selection of conditions; the null worlds' choice."""


def standardised(x: np.ndarray) -> np.ndarray:
    """Series [T, N] of mean 0 and variance 1."""
    return (x - x.mean(0)) / x.std(0)


def var_granger(x: np.ndarray, lags: int, signed: bool = True) -> np.ndarray:
    """Largest coefficient of a vector autoregression (statsmodels) over lags, [N, N], source first.

    Args:
        x: series [T, N].
        lags: order of the regression.
        signed: the largest as it is, as published on river networks [@stein2025causalrivers]; else the largest in size.
    """
    from statsmodels.tsa.api import VAR

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        coefficients = VAR(x).fit(lags).coefs  # lag, target, source
    return (coefficients if signed else np.abs(coefficients)).max(0).T


def has_lingam() -> bool:
    """Whether lingam is installed; says so where it is not. Its dependencies refuse Python 3.12 and later."""
    if find_spec("lingam") is not None:
        return True
    print("VARLiNGAM is left out: lingam is not installed", file=sys.stderr)
    return False


def var_lingam(x: np.ndarray, lags: int) -> np.ndarray:
    """Largest coefficient in size of VARLiNGAM (lingam), lag 0 included, [N, N], source first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lingam import VARLiNGAM  # its import warns, too

        model = VARLiNGAM(lags=lags, criterion=None, prune=False, random_state=0)  # type: ignore[arg-type]
        model.fit(x)
    return np.abs(np.asarray(model.adjacency_matrices_)).max(0).T


def momentary(
    x: Sequence[np.ndarray], lags: int, method: str, outside: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Largest partial correlation of PCMCI or PCMCI+ over lags, in size and as it is, [cell, N, N], source first.

    PCMCI's lag 0 has no direction and is left out; of PCMCI+'s lag 0 only the direction that its graph gives counts.

    Args:
        x: series [T, N] of each cell.
        lags: largest lag.
        method: ``pcmci`` or ``pcmci+``.
        outside: True at times whose targets are left out, [T], or None.
    """
    values = np.stack(list(x))
    mask = None if outside is None else np.broadcast_to(outside[None, :, None], values.shape)
    settings = Settings(method=method, tau_max=lags, pc_alpha=PC_ALPHA if method == "pcmci" else 0.01)
    found = search(values, settings, mask)
    value = found.val[..., 1:]
    if method == "pcmci+":
        now = np.where(found.graph[..., 0] == "<--", 0.0, found.val[..., 0])
        value = np.concatenate([now[..., None], value], -1)
    return np.abs(value).max(-1), value.max(-1)


def by_tigramite(x: np.ndarray, lags: int) -> np.ndarray:
    """As `momentary` with PCMCI, by tigramite itself, for one cell [T, N]."""
    from tigramite.data_processing import DataFrame
    from tigramite.independence_tests.parcorr import ParCorr
    from tigramite.pcmci import PCMCI

    result = PCMCI(DataFrame(x), ParCorr(), verbosity=0).run_pcmci(tau_max=lags, pc_alpha=PC_ALPHA)
    return np.abs(result["val_matrix"])[..., 1:].max(-1)
