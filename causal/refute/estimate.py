"""What a refuter is told of an estimator: a value, its error, and what is needed for bounds."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from scipy import stats

from data.errors import ModelError

Estimator = Callable[..., Any]
"""Called with a dataset, and with ``controls=[name, ...]`` where it can adjust for further variables. Returns an
`Estimate`, ``(value, standard error)`` or ``(value, (lower, upper))``."""


@dataclass(frozen=True)
class Estimate:
    """An effect with its interval.

    Attributes:
        value: the effect.
        stderr: its standard error, robust where the estimator's is; NaN where unknown.
        lower: lower end of its interval.
        upper: upper end.
        dof: degrees of freedom of the regression behind it; 0 where there is none.
        classical: its standard error under independent errors of one variance; NaN where there is none.
        unit: its unit.
    """

    value: float
    stderr: float
    lower: float
    upper: float
    dof: int = 0
    classical: float = float("nan")
    unit: str = ""

    @property
    def statistic(self) -> float:
        """Value over standard error, or the value where no error is known."""
        return self.value / self.stderr if np.isfinite(self.stderr) and self.stderr > 0 else self.value

    @property
    def told(self) -> bool:
        """Whether the interval leaves 0 out."""
        return bool(np.isfinite(self.lower) and (self.lower > 0 or self.upper < 0))

    @property
    def p(self) -> float:
        """Two-sided p-value of 0 by the normal distribution; NaN without a standard error."""
        return float(2 * stats.norm.sf(abs(self.statistic))) if np.isfinite(self.stderr) else float("nan")


def as_estimate(found: Any, level: float = 0.95) -> Estimate:
    """Read what an estimator returned.

    A standard error alone becomes a normal interval; an interval alone becomes a standard error by its width.

    Args:
        found: an `Estimate`, ``(value, standard error)`` or ``(value, (lower, upper))``.
        level: probability of intervals.

    Raises:
        ModelError: it is none of these.
    """
    if isinstance(found, Estimate):
        return found
    reach = float(stats.norm.ppf(0.5 + level / 2))
    try:
        value, second = found
        if np.ndim(second) == 1:
            low, high = (float(v) for v in second)
            return Estimate(float(value), (high - low) / (2 * reach), low, high)
        error = float(second)
        return Estimate(float(value), error, float(value) - reach * error, float(value) + reach * error)
    except (TypeError, ValueError):
        raise ModelError(
            f"the estimator returned {type(found).__name__}",
            "estimate",
            "return (value, standard error) or (value, (lower, upper))",
        ) from None


def takes_controls(estimate: Estimator) -> bool:
    """Whether an estimator can adjust for further variables."""
    parameters = inspect.signature(estimate).parameters
    return "controls" in parameters or any(p.kind == p.VAR_KEYWORD for p in parameters.values())


def run(estimate: Estimator, data: xr.Dataset, level: float = 0.95, controls: Sequence[str] = ()) -> Estimate:
    """Call an estimator and read what it returns."""
    return as_estimate(estimate(data, controls=list(controls)) if controls else estimate(data), level)
