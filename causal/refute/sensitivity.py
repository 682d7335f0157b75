"""How strong a hidden confounder would have to be: partial R2 and robustness values of [@cinelli2020]."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from data.errors import ConfigError


@dataclass(frozen=True)
class Sensitivity:
    """What it takes to explain an effect away.

    Attributes:
        partial_r2: share of the outcome's residual variance that the treatment explains.
        robustness: share of the residual variance of both treatment and outcome that a confounder must explain to
            bring the effect down by the share q.
        robustness_alpha: the same, to bring it to where its interval holds that value.
    """

    partial_r2: float
    robustness: float
    robustness_alpha: float


def sensitivity(
    value: float, stderr: float, dof: int, q: float = 1.0, alpha: float = 0.05, inflation: float = 1.0
) -> Sensitivity:
    """Robustness values of a regression coefficient [@cinelli2020].

    ``f = |t| / sqrt(dof)``, ``RV = (sqrt(F^4 + 4 F^2) - F^2) / 2`` with ``F = q f``, for the interval with
    ``F = q f - t(alpha, dof - 1) / sqrt(dof - 1)``.

    Args:
        value: the coefficient.
        stderr: its classical standard error: partial R2 is a property of the regression, not of its clusters.
        dof: residual degrees of freedom.
        q: share of the effect to explain away.
        alpha: significance of the interval.
        inflation: robust over classical standard error; widens the interval that `robustness_alpha` speaks of.

    Raises:
        ConfigError: the standard error or the degrees of freedom are not positive.
    """
    if not stderr > 0 or dof < 2:
        raise ConfigError(
            f"standard error {stderr}, {dof} degrees of freedom", "sensitivity", "give positive ones"
        )
    f = abs(value / stderr) / np.sqrt(dof)
    critical = inflation * float(stats.t.ppf(1 - alpha / 2, dof - 1)) / np.sqrt(dof - 1)
    reduced = q * f - critical
    bounded = _robustness(reduced)
    if reduced > 0 and q * f > 1 / critical:
        bounded = (q**2 * f**2 - critical**2) / (1 + q**2 * f**2)
    return Sensitivity(float(f**2 / (1 + f**2)), _robustness(q * f), float(bounded))


def _robustness(f: float) -> float:
    return float((np.sqrt(f**4 + 4 * f**2) - f**2) / 2) if f > 0 else 0.0


def adjusted(
    value: float, stderr: float, dof: int, with_treatment: float, with_outcome: float
) -> tuple[float, float]:
    """Coefficient and classical error had a confounder of given strength been adjusted for [@cinelli2020].

    Args:
        value: the coefficient.
        stderr: its classical standard error.
        dof: residual degrees of freedom.
        with_treatment: partial R2 of the confounder with the treatment.
        with_outcome: partial R2 of the confounder with the outcome, the treatment given.

    Returns:
        The coefficient brought towards 0 by the bias (its sign turns where the bias is larger), and its error.
    """
    bias = stderr * np.sqrt(dof) * np.sqrt(with_outcome * with_treatment / (1 - with_treatment))
    error = stderr * np.sqrt((1 - with_outcome) / (1 - with_treatment) * dof / (dof - 1))
    return float(np.sign(value) * (abs(value) - bias)), float(error)


def as_strong_as(with_treatment: float, with_outcome: float, times: float = 1.0) -> tuple[float, float]:
    """Bounds on the strength of a confounder that is `times` as strong as an observed control [@cinelli2020].

    Args:
        with_treatment: partial R2 of the observed control with the treatment, the other controls given.
        with_outcome: partial R2 of it with the outcome, treatment and other controls given.
        times: how many times as strong, in both.

    Returns:
        Partial R2 of such a confounder with treatment and with outcome.

    Raises:
        ConfigError: no confounder can be that strong.
    """
    f_treatment = with_treatment / (1 - with_treatment)
    f_outcome = with_outcome / (1 - with_outcome)
    treatment = times * f_treatment
    inner = times * with_treatment**2 / ((1 - times * with_treatment) * (1 - with_treatment))
    if treatment >= 1 or inner >= 1:
        raise ConfigError(
            f"no confounder is {times:g} times as strong as one of partial R2 {with_treatment:.2g}",
            "as_strong_as",
            "lower `times`",
        )
    eta = (np.sqrt(times) + np.sqrt(inner)) / np.sqrt(1 - inner)
    return float(treatment), float(min(eta**2 * f_outcome, 1 - 1e-9))
