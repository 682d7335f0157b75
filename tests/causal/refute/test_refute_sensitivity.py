"""Robustness values against the published example, and against confounders that are really adjusted for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from causal.refute import Estimate, adjusted, as_strong_as, hidden_confounder, sensitivity, strongest
from causal.refute.rates import world
from data.errors import ConfigError

DARFUR = (0.09731582, 0.02325654, 783)
"""Harm by violence on attitude to peace: estimate, error, degrees of freedom of the example of [@cinelli2020]."""
AS_STRONG_AS_FEMALE = (
    (1, 0.00916428667504862, 0.12464092303637, 0.0752202698486415, 0.0218733298036818),
    (2, 0.0183285733500972, 0.249324064199975, 0.0529151689180575, 0.0203500639944344),
    (3, 0.0274928600251459, 0.374050471038094, 0.0303960178770157, 0.0186700665753491),
)
"""Times as strong as being female, strength with treatment and with outcome, estimate and error then.

Digits as in the tests of the authors' own package for these estimate, error and degrees of freedom.
"""


def test_published_robustness_values():
    """2.2 %, 13.9 % and 7.6 % in the paper; here to the digits that the rounded estimate and error allow."""
    found = sensitivity(*DARFUR)
    assert found.partial_r2 == pytest.approx(0.02187309, abs=1e-7)
    assert found.robustness == pytest.approx(0.1387764, abs=1e-7)
    assert found.robustness_alpha == pytest.approx(0.07625797, abs=1e-7)


def test_published_estimates_under_confounding():
    for _, with_treatment, with_outcome, estimate, error in AS_STRONG_AS_FEMALE:
        found = adjusted(*DARFUR, with_treatment, with_outcome)
        assert found == pytest.approx((estimate, error), rel=1e-9)


def test_published_bounds_of_being_female():
    """The control's own strengths follow from the bound of one times; those of two and three times are published."""
    _, first, outcome, _, _ = AS_STRONG_AS_FEMALE[0]
    treatment = first / (1 + first)
    inner = first**2
    f_outcome = outcome * (1 - inner) / (1 + first) ** 2
    for times, *published, _, _ in AS_STRONG_AS_FEMALE:
        found = as_strong_as(treatment, f_outcome / (1 + f_outcome), times)
        assert found == pytest.approx(tuple(published), rel=1e-9)


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
