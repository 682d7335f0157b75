"""Burn probability of an ensemble: weights by other fires, recalibration, likely area, and scores of burned area."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.fire_spread import judge, weighing


def discs(rng: np.random.Generator, draws: int, grow: float) -> weighing.Ensemble:
    """Circular fires of different speed on 31 x 31 cells; scars are those of speeds ``grow`` times as spread out."""
    away = np.hypot(*(np.mgrid[:31, :31] - 15.0))
    ends = np.array([0.3, 0.6, 1.0])
    speeds = np.exp(rng.normal(0.0, 0.4, draws)) * 12.0
    arrival = (away / speeds[:, None, None]).astype(np.float32)
    scars = [away <= 7.0 * np.exp(rng.normal(0.0, 0.4 * grow)) for _ in range(4)]
    dice = np.stack([np.stack([judge.dice(arrival <= e, s) for e in ends], axis=-1) for s in scars])
    return weighing.Ensemble([arrival] * 4, ends, dice, scars)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_left_out_fire_has_no_part_in_what_is_told_of_it(rng):
    whole = discs(rng, 20, 1.0)
    for i in range(4):
        scars = list(whole.scars)
        scars[i] = rng.random((31, 31)) < 0.5
        dice = whole.dice.copy()
        dice[i] = rng.random(dice[i].shape)
        one, other = weighing.tell(whole, i), weighing.tell(whole._replace(scars=scars, dice=dice), i)
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_weights_are_a_mixture_of_fires_and_keep_the_prior_at_no_sharpness(rng):
    dice = rng.random((2, 5, 3))
    np.testing.assert_allclose(weighing.weights(dice, 0.0), 1.0 / 15.0)
    sharp = weighing.weights(dice, 1e4)
    # each fire has half of the weight, all of it on its own best member
    for one in dice:
        assert sharp.ravel()[np.argmax(one)] == pytest.approx(0.5)
    assert sharp.sum() == pytest.approx(1.0)


def test_burn_probability_counts_each_member_once(rng):
    arrival = rng.random((6, 4, 5)).astype(np.float32)
    arrival[arrival > 0.8] = np.inf
    ends, weight = np.array([0.2, 0.5, 0.9]), rng.random((6, 3))
    weight /= weight.sum()
    wanted = sum(weight[k, e] * (arrival[k] <= end) for k in range(6) for e, end in enumerate(ends))
    np.testing.assert_allclose(weighing.chance_of(arrival, ends, weight), wanted, atol=1e-12)


def test_recalibration_finds_what_was_bent(rng):
    truth = rng.random(200_000)
    burned = rng.random(truth.size) < truth
    logit = np.log(truth / (1.0 - truth))
    # told as if half as sure and too low
    told = 1.0 / (1.0 + np.exp(-(0.5 * logit - 1.0)))
    intercept, slope = weighing.fit_recalibration([told], [burned], 1e-6)
    assert slope == pytest.approx(2.0, rel=0.05)
    assert intercept == pytest.approx(2.0, rel=0.05)
    again = weighing.recalibrated(told, intercept, slope, 1e-6)
    assert judge.ece(told, burned, 10) > 0.1
    assert judge.ece(again, burned, 10) < 0.01


def test_likely_area_is_that_of_the_members_where_they_agree(rng):
    arrival = np.where(rng.random((1, 9, 9)) < 0.3, 0.1, np.inf).repeat(5, axis=0).astype(np.float32)
    ends, weight = np.array([0.5, 1.0]), np.full((5, 2), 0.1)
    chance = weighing.chance_of(arrival, ends, weight)
    np.testing.assert_array_equal(
        weighing.likely_area(chance, arrival, ends, weight), np.isfinite(arrival[0])
    )


def test_burning_by_distance_is_that_of_rings():
    away = np.hypot(*(np.mgrid[:21, :21] - 10.0))
    can = np.ones_like(away, bool)
    can[:, 0] = False
    found = weighing.by_distance([away <= 3.9], [can], [away], 2.0, away, can)
    assert (found[can & (away < 2.0)] == 1.0).all()
    assert (found[can & (away >= 4.0)] == 0.0).all()
    assert not found[:, 0].any()


def test_crps_is_the_integral_of_squared_differences(rng):
    values, weight = rng.normal(size=7), rng.random(7)
    grid = np.linspace(-8.0, 8.0, 400_001)
    share = (weight / weight.sum()) @ (values[:, None] <= grid)
    for known in (-1.0, 0.3, 4.0):
        wanted = np.sum((share - (known <= grid)) ** 2) * (grid[1] - grid[0])
        assert judge.crps(values, weight, known) == pytest.approx(wanted, abs=1e-3)


def test_an_interval_holds_its_share(rng):
    values = rng.normal(size=20_000)
    low, high = judge.interval(values, np.ones(values.size), 0.9)
    assert np.mean((values >= low) & (values <= high)) == pytest.approx(0.9, abs=0.01)
    # all weight on one member leaves no width
    assert judge.interval(values, (np.arange(values.size) == 5).astype(float), 0.9) == (values[5], values[5])
