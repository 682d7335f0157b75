"""Whether burn probabilities can be called calibrated: slope, intercept and error, with cells that err together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import expit

from data.errors import ConfigError

from .score import Reliability, logit, pairs, reliability

INSIDE = 0.95
"""Share of the resampled values that intervals and bars hold."""
LEAST = 0.05
"""Cells that must burn, or be expected to, for a block to be counted."""
STEP = 0.02
"""Width of the logits that are fitted as one."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """A test of calibration; every range holds 95 % of resampled values.

    Attributes:
        slope: of the logit of what burned by that of the forecast [1], one where the forecast is as sure as it may be,
            below where it is too sure [@cox1958].
        intercept: likewise, at a slope of one [1]: zero where as much burns as was forecast, below where less does.
        slope_range: from blocks drawn with replacement, (2,).
        intercept_range: likewise.
        reliability: forecast and frequency by bin.
        low: of the frequency in each bin that a calibrated forecast of the same probabilities could have, (bin,).
        high: likewise; consistency bars [@brocker2007increasing].
        error_limit: of the expected calibration error of such a forecast, its 95th percentile [1].
        chance: probability of an error as great as that found, were the forecast calibrated [1].
        blocks: number of blocks that anything was forecast or burned in.
    """

    slope: float
    intercept: float
    slope_range: Float[np.ndarray, " end"]
    intercept_range: Float[np.ndarray, " end"]
    reliability: Reliability
    low: Float[np.ndarray, " bin"]
    high: Float[np.ndarray, " bin"]
    error_limit: float
    chance: float
    blocks: int

    @property
    def held(self) -> bool:
        """Whether nothing speaks against calibration: ranges hold one and zero, and the error is within its limit."""
        one, zero = self.slope_range, self.intercept_range
        return bool(
            one[0] <= 1.0 <= one[1]
            and zero[0] <= 0.0 <= zero[1]
            and self.reliability.error <= self.error_limit
        )


def calibration(
    probability: Any,
    observed: Any,
    where: Any = None,
    *,
    side: int,
    bins: int = 10,
    draws: int = 500,
    seed: int = 0,
) -> Calibration:
    """Test burn probabilities of one map or of several of the same ground.

    Cells of one fire are far from independent, so that square blocks of them are: they are drawn with replacement for
    the ranges of slope and intercept, and for consistency each block has one uniform number, below whose probability
    all of its cells burn, in all maps. Blocks should be as wide as errors of the front are alike or wider; a fire of
    few blocks passes more easily.

    Args:
        probability: of burning [1], (*map, y, x).
        observed: what burned, of that shape.
        where: cells that are judged, (y, x); all where it is not given.
        side: cells along the side of a block.
        bins: of probability.
        draws: of resampling.
        seed: of these draws.

    Raises:
        ConfigError: a side or number that cannot work.
        DataError: shapes that differ, probabilities outside of 0 to 1, or no cell.
    """
    if side < 1 or draws < 20:
        raise ConfigError(f"blocks of {side} cells and {draws} draws", "calibration", "give 1 and 20 or more")
    p, b = pairs(probability, observed, where)
    rows, columns = np.indices(np.shape(probability)[-2:]) // side
    block = np.broadcast_to(rows * (columns.max() + 1) + columns, np.shape(probability))
    if where is not None:
        block = block[np.broadcast_to(np.asarray(where) > 0, block.shape)]
    block = np.unique(block.ravel(), return_inverse=True)[1].ravel()
    told = reliability(p, b, None, bins)
    place = np.minimum((p * bins).astype(int), bins - 1)
    # blocks where nothing is forecast and nothing burns say nothing, and are many
    keep = (np.bincount(block, np.where(b, 1.0, p)) > LEAST)[block]
    if not keep.any():
        raise ConfigError("nothing was forecast and nothing burned", "calibration", "judge another forecast")
    inner = np.unique(block[keep], return_inverse=True)[1].ravel()
    number, rng = int(inner.max()) + 1, np.random.default_rng(seed)
    # cells of one block, bin and nearly one logit are counted as one
    kinds, at = np.unique(
        np.stack([place[keep], np.round(logit(p[keep]) / STEP)]), axis=1, return_inverse=True
    )
    held, x = kinds[0].astype(int), STEP * kinds[1]
    shape = number, x.size
    cells, burned_of = (
        np.bincount(inner * x.size + at.ravel(), w, shape[0] * shape[1]).reshape(shape)
        for w in (np.ones(inner.size), b[keep].astype(float))
    )
    weight = np.stack(
        [np.ones(number)]
        + [np.bincount(rng.integers(number, size=number), minlength=number) for _ in range(draws)]
    )
    burned, every = weight @ burned_of, weight @ cells
    # what all burns, or not at all, has no slope
    both = (burned.sum(axis=1) > 0.0) & (burned.sum(axis=1) < every.sum(axis=1))
    both[0] = True
    fits = _fit(x, burned[both], every[both])
    ends = np.array([0.5 * (1.0 - INSIDE), 0.5 * (1.0 + INSIDE)])
    ranges = np.quantile(fits[1:], ends, axis=0).T if len(fits) > 1 else np.full((2, 2), np.nan)
    count = told.count
    total = np.bincount(place, p, bins)
    inside, shares, errors = expit(x), [], []
    for _ in range(draws):
        alike = rng.uniform(size=(number, 1)) < inside
        burned = np.bincount(held, (cells * alike).sum(axis=0), bins)
        shares.append(burned / np.where(count > 0, count, np.nan))
        errors.append(float(np.abs(total - burned).sum() / count.sum()))
    low, high = np.quantile(np.array(shares), ends, axis=0)
    return Calibration(
        float(fits[0, 0]),
        float(fits[0, 1]),
        ranges[0],
        ranges[1],
        told,
        low,
        high,
        float(np.quantile(errors, INSIDE)),
        float(np.mean(np.array(errors) >= told.error)),
        number,
    )


def _fit(x: np.ndarray, burned: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Slopes with a free intercept, and intercepts at slope one, of greatest likelihood, (draw, 2)."""
    ones = np.ones_like(x)
    both = _newton(np.stack([ones, x], axis=1), burned, cells, np.zeros_like(x), np.array([0.0, 1.0]))
    return np.stack([both[:, 1], _newton(ones[:, None], burned, cells, x, np.zeros(1))[:, 0]], axis=1)


def _newton(
    design: np.ndarray, burned: np.ndarray, cells: np.ndarray, offset: np.ndarray, first: np.ndarray
) -> np.ndarray:
    """Coefficients of binomial regressions; a ridge as weak as a thousandth of a cell keeps them finite."""
    ridge, beta = 1e-3 * np.eye(first.size), np.tile(first, (len(burned), 1))
    for _ in range(60):
        p = expit(beta @ design.T + offset)
        slope = (burned - cells * p) @ design - beta @ ridge
        curvature = np.einsum("dk,ki,kj->dij", cells * p * (1.0 - p), design, design, optimize=True) + ridge
        step = np.linalg.solve(curvature, slope[..., None])[..., 0]
        step /= np.maximum(np.abs(step).max(axis=1, keepdims=True), 1.0)
        beta = beta + step
        if np.abs(step).max() < 1e-6:
            break
    return beta


__all__ = ["INSIDE", "Calibration", "calibration"]
