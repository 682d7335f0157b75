"""Whether a hidden confounder as strong as an observed one would explain an effect away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from scipy import stats

from ..effects import two_way
from .estimate import Estimate
from .refuters import Row
from .sensitivity import adjusted, as_strong_as, sensitivity

NAME = "hidden confounder"


def strongest(
    data: xr.Dataset,
    outcome: str,
    treatment: str,
    observed: Sequence[str],
    effects: Sequence[str] = ("unit", "time"),
) -> tuple[str, float, float]:
    """The observed confounder that moves the effect most, in a two-way regression.

    Args:
        data: panel over ``time`` and one further dimension.
        outcome: the outcome.
        treatment: the treatment.
        observed: observed confounders.
        effects: fixed effects.

    Returns:
        Its name, its partial R2 with the treatment and its partial R2 with the outcome.
    """
    on_outcome = two_way(data, outcome, treatment, observed, effects=effects, cluster="none")
    on_treatment = two_way(data, treatment, list(observed), effects=effects, cluster="none")
    found = []
    for k, name in enumerate(observed):
        y = _partial(
            on_outcome.coefficients[k + 1], on_outcome.classical[k + 1, k + 1], on_outcome.residual_dof
        )
        d = _partial(on_treatment.coefficients[k], on_treatment.classical[k, k], on_treatment.residual_dof)
        found.append((y * d / (1 - d), name, d, y))
    _, name, d, y = max(found)
    return name, d, y


def _partial(value: float, variance: float, dof: int) -> float:
    t = value**2 / variance
    return float(t / (t + dof))


def hidden_confounder(
    data: xr.Dataset,
    original: Estimate,
    treatment: str,
    outcome: str,
    observed: Sequence[str] = (),
    *,
    strength: tuple[float, float] | None = None,
    times: float = 1.0,
    alpha: float = 0.05,
) -> Row:
    """Bound what a hidden confounder could do to a linear effect [@cinelli2020].

    There is no strength that fits all studies, so the effect is judged only where a yardstick is given; else the
    robustness value is reported: the share of what is left of treatment and outcome that a confounder would have to
    explain.

    Args:
        data: the dataset.
        original: the effect with ``dof`` and ``classical`` of its regression.
        treatment: name of the treatment.
        outcome: name of the outcome.
        observed: observed confounders, the strongest of which is the yardstick.
        strength: partial R2 of a confounder with treatment and with outcome, instead.
        times: how many times as strong as the strongest observed one.
        alpha: significance of the interval that must leave 0 out.

    Returns:
        A row whose estimate and interval are those after adjusting for such a confounder, whose ``share`` is the
        robustness value of the interval, and whose note says both robustness values.
    """
    if not np.isfinite(original.classical) or original.classical <= 0 or original.dof < 2:
        return Row(NAME, note="the estimator gives no residual degrees of freedom")
    inflation = original.stderr / original.classical if np.isfinite(original.stderr) else 1.0
    found = sensitivity(original.value, original.classical, original.dof, alpha=alpha, inflation=inflation)
    note = (
        f"partial R2 {100 * found.partial_r2:.2g} %; it takes {100 * found.robustness:.2g} % of both to explain the "
        f"effect away, {100 * found.robustness_alpha:.2g} % for its interval"
    )
    if strength is None and observed:
        name, d, y = strongest(data, outcome, treatment, observed)
        strength = as_strong_as(d, y, times)
        note += f"; judged by one {'' if times == 1 else f'{times:g} times '}as strong as {name}"
    if strength is None:
        return Row(
            NAME, original.value, original.lower, original.upper, share=found.robustness_alpha, note=note
        )
    value, error = adjusted(original.value, original.classical, original.dof, *strength)
    reach = float(stats.t.ppf(1 - alpha / 2, original.dof)) * error * inflation
    low, high = value - reach, value + reach
    stands = low > 0 if original.value > 0 else high < 0
    return Row(NAME, value, low, high, share=found.robustness_alpha, passed=bool(stands), note=note)
