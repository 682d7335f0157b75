"""Robustness values against the published example, and against confounders that are really adjusted for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from causal.refute import Estimate, adjusted, as_strong_as, hidden_confounder, sensitivity, strongest
from causal.refute.rates import world
from data.errors import ConfigError

DARFUR = (0.09725763, 0.02325654, 783)
"""Harm by violence on attitude to peace, Table 1 of the published example: estimate, error, degrees of freedom."""


def test_published_robustness_values():
    found = sensitivity(*DARFUR)
    assert round(100 * found.partial_r2, 1) == 2.2
    assert round(100 * found.robustness, 1) == 13.9
    assert round(100 * found.robustness_alpha, 1) == 7.6


def test_published_bounds_of_being_female():
    """Once, twice and three times as strong: estimates 0.075, 0.053, 0.030, strengths in proportion."""
    once = (0.0092, 0.1246)
    treatment = once[0] / (1 + once[0])

    def gap(y):
        return as_strong_as(treatment, y)[1] - once[1]

    low, high = 1e-6, 0.5
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) < 0 else (low, middle)
    for times, estimate, outcome in ((1, 0.0752, 0.1246), (2, 0.0529, 0.2493), (3, 0.0304, 0.3741)):
        strength = as_strong_as(treatment, low, times)
        assert strength[0] == pytest.approx(times * once[0], rel=1e-6)
        assert strength[1] == pytest.approx(outcome, abs=2e-4)
        assert adjusted(*DARFUR, *strength)[0] == pytest.approx(estimate, abs=2e-4)


def ols(y, *columns):
    x = np.column_stack([*columns, np.ones_like(y)])
    beta = np.linalg.lstsq(x, y, rcond=None)[0]
    residual = y - x @ beta
    dof = y.size - x.shape[1]
    error = np.sqrt(residual @ residual / dof * np.diag(np.linalg.inv(x.T @ x)))
    return beta, error, dof


def partial_r2(y, x, *rest):
    beta, error, dof = ols(y, x, *rest)
    t = (beta[0] / error[0]) ** 2
    return t / (t + dof)


@pytest.mark.parametrize("seed", range(5))
def test_adjusting_by_formula_is_adjusting(seed):
    """With a confounder's true strengths the formula gives the regression that holds it, error and all."""
    rng = np.random.default_rng(seed)
    z, x = rng.normal(size=(2, 300))
    d = 0.6 * z + 0.4 * x + rng.normal(size=300)
    y = 0.9 * d + 0.5 * z + x + rng.normal(size=300)
    short, error, dof = ols(y, d, x)
    long, long_error, _ = ols(y, d, z, x)
    value, changed = adjusted(short[0], error[0], dof, partial_r2(d, z, x), partial_r2(y, z, d, x))
    assert value == pytest.approx(long[0], rel=1e-9)
    assert changed == pytest.approx(long_error[0], rel=1e-9)


@pytest.mark.parametrize("value", [0.1, -0.1, 0.5])
def test_robustness_value_is_where_the_effect_is_gone(value):
    strength = sensitivity(value, 0.02, 400).robustness
    assert adjusted(value, 0.02, 400, strength, strength)[0] == pytest.approx(0.0, abs=1e-12)


def test_robustness_of_the_interval_is_where_t_is_critical():
    """Exact where the confounder explains as much of both (published appendix); also with clustered errors."""
    for inflation in (1.0, 1.7):
        strength = sensitivity(0.1, 0.02, 400, inflation=inflation).robustness_alpha
        value, error = adjusted(0.1, 0.02, 400, strength, strength)
        critical = stats.t.ppf(0.975, 399)
        assert value / (error * inflation) == pytest.approx(critical, rel=1e-9)


def test_an_effect_within_its_error_has_no_robustness():
    assert sensitivity(0.01, 0.02, 400).robustness_alpha == 0.0
    with pytest.raises(ConfigError, match="positive"):
        sensitivity(0.1, 0.0, 400)
    with pytest.raises(ConfigError, match="times as strong"):
        as_strong_as(0.6, 0.2, 2.0)


def test_yardstick_is_the_strongest_observed_confounder():
    ds = world("true", np.random.default_rng(0))
    weak = ds["observed"].copy(data=np.random.default_rng(1).normal(size=ds["observed"].shape))
    name, with_treatment, with_outcome = strongest(
        ds.assign(weak=weak), "outcome", "treatment", ["weak", "observed"]
    )
    assert name == "observed"
    assert with_treatment == pytest.approx(0.09 / 1.09, abs=0.03)
    assert with_outcome == pytest.approx(0.09 / 1.09, abs=0.03)


def test_row_is_judged_only_with_a_yardstick():
    ds = world("true", np.random.default_rng(0))
    effect = Estimate(0.3, 0.02, 0.26, 0.34, 3000, 0.018)
    assert hidden_confounder(ds, effect, "treatment", "outcome").passed is None
    assert hidden_confounder(ds, effect, "treatment", "outcome", ["observed"]).passed is True
    assert hidden_confounder(ds, effect, "treatment", "outcome", strength=(0.4, 0.4)).passed is False
    assert hidden_confounder(ds, Estimate(0.3, 0.02, 0.26, 0.34), "treatment", "outcome").passed is None
    down = Estimate(-0.3, 0.02, -0.34, -0.26, 3000, 0.018)
    assert hidden_confounder(ds, down, "treatment", "outcome", ["observed"]).passed is True
