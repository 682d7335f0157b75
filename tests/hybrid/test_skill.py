"""Metrics against hand values and the definitions they cite."""

from __future__ import annotations

import numpy as np
import pytest

from hybrid.skill import FEWEST, METRICS, bias, kge, nse, rmse, scores

OBSERVED = np.tile([1.0, 2.0, 3.0, 4.0], 10)


def test_perfect():
    assert scores(OBSERVED, OBSERVED) == pytest.approx({"nse": 1.0, "rmse": 0.0, "bias": 0.0, "kge": 1.0})


def test_mean_of_observations_has_no_efficiency():
    mean = np.full(OBSERVED.shape, 2.5)
    assert nse(mean, OBSERVED) == pytest.approx(0.0)
    assert np.isnan(kge(mean, OBSERVED))


def test_hand_values():
    """All too high by one: squared error 1, variance 1.25, so NSE = 1 - 1 / 1.25."""
    assert nse(OBSERVED + 1, OBSERVED) == pytest.approx(0.2)
    assert rmse(OBSERVED + 1, OBSERVED) == pytest.approx(1.0)
    assert bias(OBSERVED + 1, OBSERVED) == pytest.approx(1.0)
    # correlation 1, same spread, ratio of means 3.5 / 2.5 [@gupta2009, eq. 9]
    assert kge(OBSERVED + 1, OBSERVED) == pytest.approx(1.0 - 0.4)
    # twice as large: ratio of spreads and of means both 2
    assert kge(2 * OBSERVED, OBSERVED) == pytest.approx(1.0 - np.sqrt(2.0))
    assert nse(2 * OBSERVED, OBSERVED) == pytest.approx(1.0 - 7.5 / 1.25)


def test_decomposition_of_efficiency():
    """NSE = 2 a r - a^2 - b^2, with a the ratio of spreads, b bias over spread [@gupta2009, eq. 4]."""
    rng = np.random.default_rng(0)
    observed = rng.gamma(2.0, 2.0, 500)
    simulated = 0.7 * observed + rng.normal(1.0, 1.0, 500)
    r = np.corrcoef(simulated, observed)[0, 1]
    a = simulated.std() / observed.std()
    b = (simulated.mean() - observed.mean()) / observed.std()
    assert nse(simulated, observed) == pytest.approx(2 * a * r - a**2 - b**2)


def test_mean_square_error_is_bias_and_scatter():
    rng = np.random.default_rng(1)
    observed, error = rng.normal(size=200), rng.normal(0.3, 0.5, 200)
    both = scores(observed + error, observed)
    assert both["rmse"] ** 2 == pytest.approx(both["bias"] ** 2 + error.var())


def test_gaps_in_observations_do_not_count():
    observed = OBSERVED.copy()
    observed[::4] = np.nan
    simulated = np.where(np.isnan(observed), 1e9, OBSERVED)
    assert nse(simulated, observed) == pytest.approx(1.0)


def test_lacking_simulation_is_not_forgiven():
    simulated = OBSERVED.copy()
    simulated[3] = np.nan
    assert all(np.isnan(v) for v in scores(simulated, OBSERVED).values())


@pytest.mark.parametrize("observed", [OBSERVED[: FEWEST - 1], np.full(40, np.nan), []])
def test_too_few_give_no_score(observed):
    found = scores(np.ones(len(observed)), observed)
    assert tuple(found) == METRICS
    assert all(np.isnan(v) for v in found.values())


def test_constant_observations_have_no_efficiency():
    constant = np.ones(50)
    assert np.isnan(nse(constant, constant))
    assert np.isnan(kge(OBSERVED, np.ones(OBSERVED.size)))
    assert rmse(constant + 2, constant) == pytest.approx(2.0)


def test_series_of_any_shape_and_type():
    block = OBSERVED.reshape(10, 4).astype(np.float32)
    assert nse(block + 1, block) == pytest.approx(0.2)
    assert isinstance(nse(block, block), float)
