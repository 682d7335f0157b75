"""Scores of forecasts and their recalibration, against values worked by hand and known truth."""

from __future__ import annotations

import numpy as np
import pytest

from hybrid.fire.assimilation import Forecast, brier, dice, new_growth, recalibrate, reliability

THEN = np.array([[1, 1, 0, 0, 0, 0]])
NOW = np.array([[1, 1, 1, 1, 0, 0]])


def test_only_new_growth_counts():
    found = np.array([[1, 1, 1, 0, 1, 0]])
    growth, truth = new_growth(THEN, found), new_growth(THEN, NOW)
    assert growth.tolist() == [[False, False, True, False, True, False]]
    assert float(dice(growth, truth)) == pytest.approx(0.5)
    # with what had burned before it would look better
    assert float(dice(found, NOW)) == pytest.approx(6.0 / 8.0)
    assert float(dice(growth, truth, np.array([[1, 1, 1, 1, 0, 0]]))) == pytest.approx(2.0 / 3.0)
    assert dice(np.stack([growth, truth]), truth).tolist() == [0.5, 1.0]
    assert np.isnan(dice(THEN * 0, NOW * 0))


def test_the_brier_score_is_the_mean_square():
    chance = np.array([[1.0, 1.0, 0.8, 0.5, 0.3, 0.0]])
    assert brier(chance, NOW) == pytest.approx((0.04 + 0.25 + 0.09) / 6.0)
    assert brier(chance, NOW, ~(THEN > 0)) == pytest.approx((0.04 + 0.25 + 0.09) / 4.0)


def test_reliability_of_sure_and_unsure_forecasts():
    rng = np.random.default_rng(0)
    chance = rng.uniform(size=40000)
    burned = rng.uniform(size=40000) < chance
    told = reliability(chance, burned)
    assert told.error < 0.02
    assert told.count.sum() == 40000
    np.testing.assert_allclose(told.forecast, np.arange(0.05, 1.0, 0.1), atol=0.01)
    # a forecast that is too sure by a known amount: the mean of |p - p^2 (3 - 2 p)| is 1 / 16
    sharp = chance**2 * (3.0 - 2.0 * chance)
    assert reliability(sharp, burned).error == pytest.approx(1.0 / 16.0, abs=0.01)
    assert np.isnan(reliability(np.array([0.05, 0.95]), np.array([0, 1])).forecast[5])


@pytest.mark.parametrize("kind", ["logistic", "isotonic"])
def test_a_forecast_that_is_too_sure_is_corrected_on_what_it_has_not_seen(kind):
    rng = np.random.default_rng(1)
    logit = rng.normal(size=(2, 20000))
    chance = 1.0 / (1.0 + np.exp(-logit))
    burned = rng.uniform(size=chance.shape) < chance
    told = 1.0 / (1.0 + np.exp(-(3.0 * logit + 1.0)))
    fixed = recalibrate(told[0], burned[0], kind=kind)
    assert (np.diff(fixed.corrected) >= 0.0).all()
    assert reliability(told[1], burned[1]).error > 0.15
    assert reliability(fixed(told[1]), burned[1]).error < 0.03
    assert brier(fixed(told[1]), burned[1]) < brier(told[1], burned[1])
    if kind == "logistic":
        inside = np.abs(logit[1]) < 2.0
        np.testing.assert_allclose(fixed(told[1])[inside], chance[1][inside], atol=0.03)


def test_trust_keeps_a_map_of_little_evidence_near_the_identity():
    chance = np.array([0.2, 0.6, 0.7, 0.9])
    burned = np.array([1, 0, 0, 1])
    free, held = recalibrate(chance, burned), recalibrate(chance, burned, trust=1e6)
    assert np.abs(held(chance) - chance).max() < 1e-3
    assert np.abs(free(chance) - chance).max() > 0.1


def test_a_smeared_front_burns_with_the_normal_probability():
    from scipy.stats import norm

    x = 10.0 * (np.arange(41) - 20.0)
    level = np.broadcast_to(x, (1, 2, 41, 41)).astype(np.float32)
    found = Forecast(np.array([1.0, 2.0]), level, level[:, 0], 10.0).probability([0.0, 50.0])
    np.testing.assert_allclose(found[1, 20], norm.cdf(-x / 50.0), atol=0.005)
    assert found[0, 20, 19] > 0.99
    assert found[0, 20, 21] < 0.01
