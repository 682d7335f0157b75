"""Directed delay scores: which of two series passes its signal on to the other, whatever their units.

A wave that travels along a network arrives later, is spread by every store that it passes, and is a causal,
nonnegative convolution of what came in. Three measures follow, none of which changes where a series is multiplied
by a positive number or shifted. Their sum, with weights fixed on simulated river networks
(`data.synthetic.rivers`), is the log odds of a link; where every series passes on to at most one other, the
odds of all spanning trees share them out. The scores say nothing of significance: they order pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import nnls

from data.errors import DataError

WEIGHTS = (0.58, 1.39, 1.54)
"""Weights of the explained share, the lag and the spread (`experiments.benches.truth.delays.fit_weights`)."""
SIZED_WEIGHTS = (0.65, 0.92, 0.87, 2.55)
"""The same with the size as the fourth."""
LAG_SCALE = 3.0
"""Lag at which its sign is taken as almost sure [steps]."""
SPREAD_STEPS = 16
"""Increments over so many steps measure the spread [steps]."""
BASIS = 14
"""Intervals, spaced in geometric progression, that a kernel is constant over."""
_FLOOR = 1e-3


@dataclass(frozen=True)
class DelayScores:
    """What is known of each ordered pair; every array is [N, N], source first.

    Attributes:
        odds: log odds of a link up to a constant; -inf on the diagonal.
        terms: what the odds are the weighted sum of, [3, N, N] or with the size [4, N, N].
        fit: share of the target's variance that a nonnegative causal kernel of the source explains [1].
        lag: lag of the target's increments behind the source's, at their largest correlation [steps].
        spread: how much rougher the source is than the target, in log mean-square increments of standardised
            series [1].
    """

    odds: np.ndarray
    terms: np.ndarray
    fit: np.ndarray
    lag: np.ndarray
    spread: np.ndarray


def delay_scores(x: np.ndarray, max_lag: int, with_size: bool = False) -> DelayScores:
    """Score every ordered pair of series by delay, spread and causal fit.

    Args:
        x: series [T, N], no gaps, at a step that resolves the delays.
        max_lag: longest delay that is looked for [steps].
        with_size: whether to add the log ratio of mean levels, target over source: downstream carries more water.
            The score is then no longer free of scale, and asks for one unit throughout and positive means.

    Returns:
        The scores of the pairs.

    Raises:
        DataError: for values that are not finite, a constant series, fewer than 2 series, a record that is shorter
            than four times ``max_lag``, or a mean that is not positive where sizes are asked for.
    """
    z, level = _standardised(x, max_lag)
    fit = causal_fit(z, max_lag)
    lag = increment_lag(z, max_lag)
    rough = np.log(np.mean((z[SPREAD_STEPS:] - z[:-SPREAD_STEPS]) ** 2, axis=0) + 1e-12)
    spread = rough[:, None] - rough[None, :]
    terms = [-np.log(1 - np.clip(fit, 0, 1) + _FLOOR), np.tanh(lag / LAG_SCALE), np.tanh(spread)]
    if with_size:
        if not np.all(level > 0):
            raise DataError(
                f"series {int(np.argmin(level))} has no positive mean",
                "delay_scores",
                "leave sizes out, or give series of one positive quantity",
            )
        terms.append(np.tanh(np.log(level[None, :] / level[:, None])))
    found = np.stack(terms)
    odds = np.tensordot(SIZED_WEIGHTS if with_size else WEIGHTS, found, axes=1)
    np.fill_diagonal(odds, -np.inf)
    return DelayScores(odds, found, fit, lag, spread)


def causal_fit(z: np.ndarray, max_lag: int) -> np.ndarray:
    """Share of each target's variance that a nonnegative causal kernel of one source explains.

    The kernel is constant over intervals of lags that grow in geometric progression from 0 to ``max_lag``; its
    weights are nonnegative least squares [@lawson1974solving], so a routed wave fits and its cause, which comes
    earlier, does not.

    Args:
        z: series [T, N].
        max_lag: length of the kernel [steps].

    Returns:
        Shares [N, N], source first, 0 on the diagonal.
    """
    n, steps = z.shape[1], np.arange(max_lag, len(z))
    ends = np.unique(np.round(np.r_[0, np.geomspace(1, max_lag, BASIS)]).astype(int))
    sums = np.vstack([np.zeros(n), np.cumsum(z, axis=0)])
    targets = z[steps] - z[steps].mean(0)
    power = (targets**2).sum(0)
    share = np.zeros((n, n))
    for i in range(n):
        basis = np.stack(
            [(sums[steps - a + 1, i] - sums[steps - b + 1, i]) / (b - a) for a, b in pairwise(ends)],
            axis=1,
        )
        basis -= basis.mean(0)
        root = cholesky(basis.T @ basis + 1e-8 * len(steps) * np.eye(basis.shape[1]), lower=True)
        seen = solve_triangular(root, basis.T @ targets, lower=True)
        for j in range(n):
            if i != j and power[j] > 0:
                weights, _ = nnls(root.T, seen[:, j])
                rest = targets[:, j] - basis @ weights
                share[i, j] = 1 - rest @ rest / power[j]
    return share


def increment_lag(z: np.ndarray, max_lag: int, window: int = 7) -> np.ndarray:
    """Lag of each target's increments behind each source's, at their largest correlation.

    Args:
        z: series [T, N].
        max_lag: largest lag on either side [steps].
        window: steps of the Hann window that smooths the series before increments are taken.

    Returns:
        Lags [N, N] [steps], source first, positive where the target is later; antisymmetric.
    """
    kernel = np.hanning(window + 2)[1:-1]
    smooth = np.stack([np.convolve(v, kernel / kernel.sum(), "valid") for v in z.T], axis=1)
    dz = np.diff(smooth, axis=0)
    dz = dz - dz.mean(0)
    waves = np.fft.rfft(dz, 2 * len(dz), axis=0)
    n = z.shape[1]
    lag = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1, n):
            c = np.fft.irfft(np.conj(waves[:, i]) * waves[:, j])
            lag[i, j] = int(np.argmax(np.r_[c[-max_lag:], c[: max_lag + 1]])) - max_lag
            lag[j, i] = -lag[i, j]
    return lag


def tree_marginals(odds: np.ndarray) -> np.ndarray:
    """Probability of each link where all series form one tree that flows to a single, unknown outlet.

    Trees have the probability of the product of their links' odds; the sum over all trees is a determinant of the
    directed Laplacian [@tutte1948dissection], and its derivative gives each link's share.

    Args:
        odds: log odds [N, N], source first; the diagonal is not read.

    Returns:
        Probabilities [N, N]; they add to N - 1, and each row to the probability that the series is not the outlet.

    Raises:
        DataError: for odds off the diagonal that are not finite.
    """
    return tree_sum(odds)[1]


def tree_sum(odds: np.ndarray) -> tuple[float, np.ndarray]:
    """Log of the sum over all trees of their odds, and `tree_marginals`, which is its gradient.

    Args:
        odds: log odds [N, N], source first; the diagonal is not read.

    Returns:
        The log sum, and the probabilities [N, N].

    Raises:
        DataError: for odds off the diagonal that are not finite.
    """
    n = len(odds)
    off = ~np.eye(n, dtype=bool)
    if not np.isfinite(odds[off]).all():
        raise DataError("odds of links are not finite", "tree_sum", "give finite odds off the diagonal")
    most = odds[off].max()
    weight = np.where(off, np.exp(np.where(off, odds, 0) - most), 0)
    laplacian = np.diag(weight.sum(1)) - weight
    logs, parts = np.empty(n), np.zeros((n, n, n))
    for root in range(n):
        rest = np.delete(np.arange(n), root)
        minor = laplacian[np.ix_(rest, rest)]
        logs[root] = np.linalg.slogdet(minor)[1]
        inverse = np.zeros((n, n))
        inverse[np.ix_(rest, rest)] = np.linalg.inv(minor)
        # the derivative of log det by weight[i, j] is inverse[i, i] - inverse[j, i]; the outlet passes nothing on
        parts[root] = weight * (np.diag(inverse)[:, None] - inverse.T)
        parts[root, root] = 0
    share = np.exp(logs - logs.max())
    total = float(logs.max() + np.log(share.sum()) + (n - 1) * most)
    return total, np.einsum("r,rij->ij", share / share.sum(), parts)


def _standardised(x: np.ndarray, max_lag: int) -> tuple[np.ndarray, np.ndarray]:
    """Return series of mean 0 and variance 1, and their means; raise DataError where there are none."""
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] < 2:
        raise DataError(
            f"series have the shape {x.shape}", "delay_scores", "give an array (time, series >= 2)"
        )
    if len(x) < 4 * max_lag or max_lag < 1:
        raise DataError(
            f"{len(x)} steps are too few for delays of {max_lag}",
            "delay_scores",
            "give at least four times as many steps as max_lag, and max_lag of at least 1",
        )
    if not np.isfinite(x).all():
        column = int(np.argmin(np.isfinite(x).all(0)))
        raise DataError(f"series {column} has missing values", "delay_scores", "fill short gaps first")
    spread = x.std(0)
    flat = spread <= 1e-12 * np.abs(x).max(0)
    if flat.any():
        raise DataError(f"series {int(np.argmax(flat))} is constant", "delay_scores", "leave it out")
    return (x - x.mean(0)) / spread, x.mean(0)
