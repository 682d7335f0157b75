"""Weights of a moving-block bootstrap, and least squares under many of them at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.errors import ConfigError, DataError, counted

RESAMPLE = ("time", "units", "both")
CHUNK = 2**23
"""Numbers held at once while moments of replicates are made."""


@dataclass(frozen=True)
class Bootstrap:
    """How an interval is made.

    Attributes:
        replicates: number of replicates; 0 for no interval.
        level: the interval's probability.
        block: length of a block of time [steps]; None chooses from length and lags.
        resample: ``time`` (blocks of time, the same for all units, so that what units share stays shared),
            ``units`` or ``both``.
        seed: seed of the random draws.
    """

    replicates: int = 500
    level: float = 0.9
    block: int | None = None
    resample: str = "time"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.resample not in RESAMPLE:
            raise ConfigError(
                f"resample '{self.resample}' is unknown", "bootstrap", f"choose one of {RESAMPLE}"
            )
        if not 0 < self.level < 1:
            raise ConfigError(f"level is {self.level}", "bootstrap", "choose a probability between 0 and 1")
        if self.replicates < 0 or (self.block is not None and self.block < 1):
            raise ConfigError(
                "replicates or block is too small", "bootstrap", "give 0 or more replicates, blocks >= 1"
            )

    def weights(self, units: int, steps: int, lags: int) -> tuple[np.ndarray, np.ndarray]:
        """How often each unit and each step is drawn in each replicate.

        Args:
            units: number of units.
            steps: number of steps.
            lags: largest lag of the regression, which a block exceeds.

        Returns:
            Weights ``[replicate, unit]`` and ``[replicate, step]``.

        Raises:
            ConfigError: units are to be drawn and there are fewer than two.
        """
        rng = np.random.default_rng(self.seed)
        by_unit, by_step = np.ones((self.replicates, units)), np.ones((self.replicates, steps))
        if not self.replicates:
            return by_unit, by_step
        if self.resample != "units":
            block = self.block or block_length(steps, lags)
            by_step = block_weights(steps, min(block, steps), self.replicates, rng)
        if self.resample != "time":
            if units < 2:
                raise ConfigError("there is one unit to draw from", "resample", "choose 'time'")
            by_unit = rng.multinomial(units, np.full(units, 1 / units), self.replicates).astype(float)
        return by_unit, by_step

    def interval(self, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Percentile interval over the first axis; NaN where nothing was drawn."""
        if draws.shape[0] == 0:
            return np.full(draws.shape[1:], np.nan), np.full(draws.shape[1:], np.nan)
        low, high = np.quantile(draws, [(1 - self.level) / 2, (1 + self.level) / 2], axis=0)
        return low, high


def block_length(steps: int, lags: int) -> int:
    """Length of a block: 1.5 times the cube root of the series' length, and longer than the lags [@kunsch1989]."""
    return int(max(np.ceil(1.5 * steps ** (1 / 3)), lags + 1))


def block_weights(steps: int, block: int, replicates: int, rng: np.random.Generator) -> np.ndarray:
    """How often each step is drawn by a moving-block bootstrap [@kunsch1989].

    Args:
        steps: length of the series.
        block: length of a block.
        replicates: number of replicates.
        rng: source of the draws.

    Returns:
        Counts ``[replicate, step]``, each row summing to `steps`.
    """
    blocks = -(-steps // block)
    first = rng.integers(0, steps - block + 1, (replicates, blocks))
    drawn = (first[:, :, None] + np.arange(block)).reshape(replicates, -1)[:, :steps]
    flat = drawn + steps * np.arange(replicates)[:, None]
    return np.bincount(flat.ravel(), minlength=replicates * steps).reshape(replicates, steps).astype(float)


@dataclass(frozen=True)
class Fit:
    """Least squares with its replicates.

    Attributes:
        coefficients: ``[regressor]``, without the intercepts.
        stderr: their standard errors under independent errors of one variance ``[regressor]``.
        draws: coefficients under the replicates ``[replicate, regressor]``.
        samples: rows without a missing value.
    """

    coefficients: np.ndarray
    stderr: np.ndarray
    draws: np.ndarray
    samples: int


def least_squares(
    y: np.ndarray,
    x: np.ndarray,
    weights: tuple[np.ndarray, np.ndarray] | None = None,
    intercept: str = "unit",
) -> Fit:
    """Regress y on x with an intercept per unit or in common; rows with a missing value are left out.

    Replicates cost one product of weights and cross products each, not a new pass over the data.

    Args:
        y: target ``[unit, time]``.
        x: regressors ``[unit, time, column]``.
        weights: weights of replicates, see `Bootstrap.weights`; None for none.
        intercept: ``unit`` (each unit has its own level) or ``common``.

    Raises:
        DataError: fewer rows than coefficients, or regressors that are constant or repeat each other.
    """
    if intercept not in ("unit", "common"):
        raise ConfigError(f"intercept '{intercept}' is unknown", "intercept", "choose 'unit' or 'common'")
    held = np.isfinite(y) & np.isfinite(x).all(-1)
    table = np.where(held[..., None], np.concatenate([x, y[..., None]], -1), 0.0)
    rows, groups = int(held.sum()), held.any(1).sum() if intercept == "unit" else 1
    columns = x.shape[-1]
    if rows < columns + groups + 1:
        raise DataError(
            f"{counted(rows, 'complete sample')} for {columns + groups} coefficients",
            "regression",
            "give longer series, fewer lags or fewer gaps",
        )
    count = held.sum(1, keepdims=True) if intercept == "unit" else np.array([[rows]])
    axes = 1 if intercept == "unit" else (0, 1)
    mean = table.sum(axes, keepdims=True) / np.maximum(count, 1)[..., None]
    table = np.where(
        held[..., None], table - mean, 0.0
    )  # centred first, so that cross products lose no digits
    flat = table.reshape(-1, columns + 1)
    scale = np.sqrt((flat**2).mean(0))
    scale[scale == 0] = 1.0
    solution, _, rank, _ = np.linalg.lstsq(flat[:, :-1] / scale[:-1], flat[:, -1], rcond=1e-10)
    if rank < columns:
        raise DataError(
            "regressors are constant or repeat each other",
            "regression",
            "drop one of them or lengthen the series",
        )
    x_scaled = flat[:, :-1] / scale[:-1]
    residual = flat[:, -1] - x_scaled @ solution
    variance = residual @ residual / (rows - columns - groups)
    error = np.sqrt(variance * np.diag(np.linalg.inv(x_scaled.T @ x_scaled)))
    draws = np.empty((0, columns))
    if weights is not None and weights[0].shape[0] and columns:
        draws = _replicates(table / scale, held, weights, intercept) * (scale[-1] / scale[:-1])
    return Fit(solution / scale[:-1], error / scale[:-1], draws, rows)


def _replicates(table: np.ndarray, held: np.ndarray, weights: tuple[np.ndarray, np.ndarray], intercept: str):
    """Coefficients ``[replicate, column]`` from weighted cross products, means of each replicate taken out."""
    by_unit, by_step = weights
    full = np.concatenate([table, held[..., None].astype(float)], -1)
    units, steps, k = full.shape
    one, other = np.triu_indices(k)
    products = (full[..., one] * full[..., other]).transpose(1, 0, 2).reshape(steps, -1)
    found = []
    size = max(1, CHUNK // max(1, products.shape[1]))
    for begin in range(0, by_step.shape[0], size):
        part = slice(begin, begin + size)
        if (by_step[part] == 1).all():
            upper = np.broadcast_to(products.sum(0), (by_step[part].shape[0], products.shape[1]))
        else:
            upper = by_step[part] @ products
        upper = upper.reshape(-1, units, one.size) * by_unit[part, :, None]
        if intercept == "common":
            upper = upper.sum(1, keepdims=True)
        cross = np.zeros((*upper.shape[:2], k, k))
        cross[..., one, other] = upper
        cross[..., other, one] = upper
        sums, counts = cross[..., :-1, -1], cross[..., -1, -1]
        taken = sums[..., :, None] * sums[..., None, :] / np.maximum(counts, 1e-300)[..., None, None]
        within = (cross[..., :-1, :-1] - taken).sum(1)
        found.append(_solve(within[:, :-1, :-1], within[:, :-1, -1]))
    return np.concatenate(found)


def _solve(gram: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve many normal equations; the least-norm solution where a replicate has lost rank."""
    try:
        return np.linalg.solve(gram, right[..., None])[..., 0]
    except np.linalg.LinAlgError:
        return (np.linalg.pinv(gram, hermitian=True) @ right[..., None])[..., 0]
