"""Forecasts of the migration experiment: no look ahead, and parts whose answer is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from data.errors import DataError
from experiments.migration import backtest, features, intervals, judge, process
from experiments.migration.config import Config
from experiments.migration.prepare import clean, synthetic
from experiments.migration.settings import effective

RNG = np.random.default_rng(5)
NAN = np.nan


@pytest.fixture(scope="module")
def small():
    """Configuration and panel of a small run."""
    config = effective(Config(), True)
    config = config.model_copy(
        update={
            "synthetic": config.synthetic.model_copy(update={"districts": 8}),
            "trees": config.trees.model_copy(update={"iterations": 8, "refit_months": 6}),
            "forecast": config.forecast.model_copy(
                update={"gp_iterations": 1, "gp_window": 8, "test_months": 6, "validation_months": 6}
            ),
        }
    )
    return config, clean(synthetic(config), config)


def cut(ds, origin, rng):
    """The same file with everything after `origin` replaced by noise of another size."""
    out = ds.copy(deep=True)
    for name in ds.data_vars:
        if ds[name].dims == ("district", "time"):
            shape = (ds.sizes["district"], ds.sizes["time"] - origin - 1)
            out[name].values[:, origin + 1 :] = np.round(rng.gamma(1.0, 900.0, shape)) + 1.0
    return out


@pytest.mark.parametrize("back", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_forecasts_do_not_change_with_anything_after_their_origin(small, back):
    """From the file on: cleaning, features, regressions, trees and process see the past alone."""
    config, panel = small
    months = panel.shape[1]
    origin = months - 1 - back
    other = clean(cut(panel.raw, origin, np.random.default_rng(1)), config)
    one = backtest.run(panel, config, months - 6)
    two = backtest.run(other, config, months - 6)
    for i, lead in enumerate(one.leads):
        issued = slice(months - 6, origin + lead + 1)
        later = slice(origin + lead + 1, months)
        for name in backtest.MODELS:
            np.testing.assert_array_equal(one.mean[name][i][:, issued], two.mean[name][i][:, issued])
            if later.start < months and lead == 1:
                assert not np.array_equal(one.mean[name][i][:, later], two.mean[name][i][:, later])
        np.testing.assert_array_equal(one.spread[i][:, issued], two.spread[i][:, issued])


def test_intervals_and_chances_do_not_change_with_the_future():
    y = RNG.normal(size=(40, 40))
    mean, bar = RNG.normal(size=y.shape), np.zeros(40)
    spoilt = y.copy()
    spoilt[:, 31:] += 100.0
    for lead in (1, 3):
        months = range(30 + lead, 31 + lead)
        one = intervals.bounds(y, mean, lead, 0.8, months)
        two = intervals.bounds(spoilt, mean, lead, 0.8, months)
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(
            intervals.exceedance(y, mean, lead, bar, months),
            intervals.exceedance(spoilt, mean, lead, bar, months),
        )


def test_intervals_cover_what_they_state_and_chances_are_shares():
    y = RNG.standard_t(4, size=(60, 200))
    mean = np.zeros(y.shape)
    months = range(40, 200)
    low, high = intervals.bounds(y, mean, 1, 0.8, months)
    held = np.isfinite(low)
    assert not held[:, :40].any()
    assert np.mean((y >= low)[held] & (y <= high)[held]) == pytest.approx(0.8, abs=0.015)
    chance = intervals.exceedance(y, mean, 1, np.full(60, 1.0), months)
    assert np.nanmean(chance) == pytest.approx(np.mean(y > 1.0), abs=0.01)


def test_intervals_follow_a_world_that_grows_rougher():
    """Errors double for good: intervals that learn from misses come nearer to what they state."""
    y = RNG.normal(size=(60, 120))
    y[:, 60:] *= 2.0
    months = range(60, 90)

    def cover(adaption):
        low, high = intervals.bounds(y, np.zeros(y.shape), 1, 0.8, months, adaption)
        return np.mean(((y >= low) & (y <= high))[:, 60:90])

    assert cover(0.0) < 0.72
    assert cover(0.2) > cover(0.0) + 0.02


def test_a_forgetting_mean_is_the_weighted_mean():
    values = np.array([[4.0, NAN, 1.0]])
    got = features.forgetting(values, 1.0, shrink=0.0)
    np.testing.assert_allclose(got, [[4.0, 4.0, (4.0 * 0.25 + 1.0) / 1.25]])


def test_a_district_without_reports_has_the_national_mean():
    values = np.array([[NAN] * 3, [2.0, 2.0, 2.0], [6.0, 6.0, 6.0]])
    got = features.forgetting(values, 3.0, shrink=1.0)
    np.testing.assert_allclose(got[0], 4.0)
    assert (got[1] > 2.0).all()
    assert (np.diff(got[1]) < 0).all()


def test_distances_are_great_circles(small):
    _, panel = small
    spots = dataclasses.replace(panel, lat=np.array([0.0, 0.0, 1.0]), lon=np.array([42.0, 43.0, 42.0]))
    got = features.distances(spots)
    assert got[0, 1] == pytest.approx(111.19, abs=0.05)
    assert got[0, 2] == pytest.approx(111.19, abs=0.05)


def test_features_of_a_month_have_no_national_mean(small):
    config, panel = small
    _, x, names = features.features(panel, config.forecast.half_life, config.forecast.shrink)
    assert x.shape == (*panel.shape, len(names))
    assert np.isfinite(x).all()
    np.testing.assert_allclose(x.mean(axis=0), 0.0, atol=1e-9)


def test_r2_is_that_of_the_pooled_pairs():
    observed = RNG.normal(size=(8, 30))
    assert judge.r2(observed, observed) == 1.0
    assert judge.r2(np.full(observed.shape, observed.mean()), observed) == pytest.approx(0.0)
    observed[0, :] = NAN
    half = observed - 0.5
    assert judge.r2(half, observed) == pytest.approx(1 - 0.25 / np.nanvar(observed))


def test_pairs_are_observed_at_both_ends():
    y = np.array([[1.0, NAN, 3.0, 4.0]])
    np.testing.assert_array_equal(judge.paired(y, 1), [[NAN, NAN, NAN, 4.0]])
    np.testing.assert_array_equal(judge.paired(y, 2), [[NAN, NAN, 3.0, NAN]])


def test_auc_counts_pairs():
    happened = np.array([True, False, True, False, False])
    assert judge.auc(np.array([0.9, 0.1, 0.8, 0.2, 0.3]), happened) == 1.0
    assert judge.auc(np.full(5, 0.3), happened) == 0.5
    assert judge.auc(np.array([0.5, 0.6, 0.7, 0.1, 0.2]), happened) == pytest.approx(5 / 6)


def test_the_bootstrap_interval_of_a_difference_covers_the_truth():
    """Errors that months share: blocks keep them together and the interval is honest."""
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(120):
        truth = rng.normal(size=(30, 48))
        shared = rng.normal(size=(2, 1, 48))
        ours = truth + 0.6 * rng.normal(size=truth.shape) + 0.3 * shared[0]
        theirs = truth + 0.7 * rng.normal(size=truth.shape) + 0.3 * shared[1]
        _, low, high, _ = judge.difference(ours, theirs, truth, 3, 300, seed)
        covered += low <= 0.49 - 0.36 <= high
    assert 0.78 <= covered / 120 <= 0.97


def test_the_slope_of_the_likelihood_is_that_of_finite_differences():
    import jax
    import jax.numpy as jnp

    district, month = np.repeat(np.arange(6), 5), np.tile(np.arange(5), 6)
    apart = np.abs(np.subtract.outer(np.arange(6), np.arange(6))) * 80.0
    r = RNG.normal(size=30)
    with jax.enable_x64(True):
        given = [
            jnp.asarray(a)
            for a in (
                (district[:, None] == district).astype(float),
                apart[district[:, None], district],
                np.abs(month[:, None] - month).astype(float),
            )
        ]
        p = process.start() + 0.1
        _, slope = process.objective(p, given, r, 30)
        for k in range(len(p)):
            step = np.zeros(len(p))
            step[k] = 1e-5
            rise = process.objective(p + step, given, r, 30)[0] - process.objective(p - step, given, r, 30)[0]
            assert slope[k] == pytest.approx(rise / 2e-5, rel=1e-5, abs=1e-6)


def test_the_process_predicts_what_it_was_made_from():
    """Draws of a known process: forecasts are unbiased and their variance is that of the errors."""
    rng = np.random.default_rng(2)
    units, months = 12, 30
    apart = np.abs(np.subtract.outer(np.arange(units), np.arange(units))) * 120.0
    district, month = (a.ravel() for a in np.meshgrid(np.arange(units), np.arange(months), indexing="ij"))
    p = process.start()
    k = process.covariance(
        np.exp(p),
        (district[:, None] == district).astype(float),
        apart[district[:, None], district],
        np.abs(month[:, None] - month).astype(float),
    ) + 1.2**2 * np.eye(len(district))
    root = np.linalg.cholesky(k)
    z = []
    for _ in range(40):
        y = (root @ rng.standard_normal(len(district))).reshape(units, months)
        mean, variance = process.predict(y, apart, months - 3, [1, 2], months, p)
        z.append((y[:, months - 2 :].T - mean) / np.sqrt(variance))
    assert np.mean(z) == pytest.approx(0.0, abs=0.1)
    assert np.var(z) == pytest.approx(1.0, abs=0.12)


def test_fitting_finds_the_noise_of_a_known_process():
    rng = np.random.default_rng(4)
    y = 3.0 + rng.normal(size=(9, 1)) + 0.4 * rng.standard_normal((9, 20))
    apart = 100.0 * (1.0 - np.eye(9))
    p = process.fit(y, apart, 19, 20, 25, process.start())
    fast, noise = (float(np.exp(p[list(process.SCALES).index(n)])) for n in ("fast", "noise"))
    assert np.hypot(noise, fast if fast < 0.5 else 0.0) == pytest.approx(0.4, abs=0.12)
    np.testing.assert_array_equal(process.fit(y, apart, 19, 20, 0, process.start()), process.start())


def test_blank_as_zero_changes_what_is_forecast(small):
    config, _ = small
    zero = config.model_copy(update={"cleaning": config.cleaning.model_copy(update={"blank": "zero"})})
    one, two = clean(synthetic(config), config), clean(synthetic(zero), zero)
    late = slice(one.first, None)
    assert np.isnan(one.target[:, late]).any()
    assert not np.isnan(two.target[:, late]).any()
    assert np.isnan(two.target[:, : two.first]).all()


def test_a_short_record_is_one_sentence(small):
    config, panel = small
    with pytest.raises(DataError, match=r"19 months of reports before the test, 36 are needed"):
        clean(panel.raw.isel(time=slice(0, 60)), config)
