"""The synthetic world of the respiration experiment against what is known of it."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import ConfigError
from data.solar import day_of_year, extraterrestrial
from experiments.respiration.config import World
from experiments.respiration.world import base_rate, make_world, potential_radiation, respiration

DAYS = np.arange("2001-01-01", "2003-01-01", dtype="datetime64[D]")


@pytest.fixture(scope="module")
def world():
    return make_world(World(climates=["temperate_deciduous", "boreal"], years=3, train_years=2), seed=3)


def test_radiation_is_a_mean_over_ten_days_and_its_change_the_difference():
    mean, change = potential_radiation(np.array([45.0, -20.0]), DAYS)
    daily = extraterrestrial(np.array([45.0, -20.0])[:, None], day_of_year(DAYS)[None]) / 0.0864
    np.testing.assert_allclose(mean[:, 100], daily[:, 95:105].mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(np.diff(mean, axis=1), change[:, :-1], atol=1e-9)


def test_radiation_is_least_at_midwinter_and_changes_least_there():
    mean, change = potential_radiation(np.array([50.0]), DAYS[:365])
    winter = int(np.argmin(mean[0]))
    assert str(DAYS[winter])[5:] in {"12-20", "12-21", "12-22", "12-23"}
    assert abs(change[0, winter]) < 0.1 < np.abs(change[0]).max()


def test_base_rate_is_that_of_the_benchmark():
    # x = 0.01 * 100 = 1 and 0.01 * 200 - 0.005 * (4.8 / 48 * 10 000) = 2 - 5 = -3 (umol m-2 s-1)
    found = base_rate(np.array([[100.0, 200.0]]), np.array([[0.0, 4.8]]))
    grams = 12.011 * 86400 / 1e6
    expected = 0.75 * (np.array([[4.0, 0.0]]) + 0.314159265) * grams
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_respiration_rises_by_q10_over_ten_kelvin():
    low, middle, high = respiration(np.full(3, 2.0), np.array([5.0, 15.0, 25.0]), 1.5)
    assert middle == 2.0
    assert high / middle == pytest.approx(1.5)
    assert middle / low == pytest.approx(1.5)


def test_the_equation_of_the_world_is_that_of_the_hybrid(world):
    import hybrid
    from data.batches import pack
    from hybrid.inputs import from_panel

    roles = {"q10": hybrid.Fixed(1.5), "base_respiration": hybrid.Fixed(4.0)}
    model = hybrid.Model(hybrid.process.respiration_q10(), roles)
    panel = pack(world, ("tas_min", "tas_max"))
    simulated = np.asarray(model.simulate(from_panel(panel, {})).observables["reco"]).T
    expected = world["reco_true"] / world["base_respiration_true"] * 4.0
    np.testing.assert_allclose(simulated, expected.values, rtol=2e-5)


def test_without_noise_the_truth_is_a_straight_line(world):
    tas = 0.5 * (world["tas_min"] + world["tas_max"]).values
    ratio = np.log(world["reco_true"] / world["base_respiration_true"]).values
    slope, offset = np.polyfit((0.1 * (tas - 15.0)).ravel(), ratio.ravel(), 1)
    assert np.exp(slope) == pytest.approx(1.5, abs=1e-5)
    assert offset == pytest.approx(0.0, abs=1e-5)


def test_noise_and_gaps_are_as_stated(world):
    error = (world["reco"] / world["reco_true"] - 1.0).values
    seen = np.isfinite(error)
    count = seen.sum()
    assert np.nanstd(error) == pytest.approx(0.1, abs=4 * 0.1 / np.sqrt(2 * count))
    assert np.nanmean(error) == pytest.approx(0.0, abs=4 * 0.1 / np.sqrt(count))
    assert 1.0 - count / error.size == pytest.approx(0.1, abs=0.04)


def test_the_seed_alone_decides():
    small = World(climates=["boreal"], years=2, train_years=1)
    one, same, other = (make_world(small, seed=s) for s in (1, 1, 2))
    assert one.identical(same)
    assert not np.array_equal(one["reco_true"], other["reco_true"])


def test_an_unknown_climate_is_refused():
    with pytest.raises(ConfigError, match="boreal"):
        make_world(World(climates=["boreel"], years=2, train_years=1), seed=0)
