"""Least squares on parents against a reference, residuals whose variance is the noise's, and blocks of time."""

from __future__ import annotations

import numpy as np
import pytest

from causal.model import blocks
from causal.model.linear import residuals, solve


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 6))
    y = rng.normal(size=(60, 2)) + x[:, :2]
    mask = np.array([[1, 0, 1, 0, 0, 1], [0, 1, 0, 0, 0, 0]], bool)
    return x, y, mask


def test_slopes_are_those_of_a_reference(sample):
    x, y, mask = sample
    weight = np.random.default_rng(1).integers(0, 4, size=(3, 2, 60)).astype(float)
    slope, constant = solve(x, y, mask, weight)
    assert (slope[:, ~mask] == 0.0).all()
    for m in range(3):
        for n in range(2):
            # a weight is how often a row stands in the sample
            rows = np.repeat(np.arange(60), weight[m, n].astype(int))
            design = np.column_stack([np.ones(rows.size), x[np.ix_(rows, mask[n])]])
            expected = np.linalg.lstsq(design, y[rows, n])[0]
            np.testing.assert_allclose([constant[m, n], *slope[m, n, mask[n]]], expected, atol=1e-12)


def test_collinear_parents_share_their_slope(sample):
    x, y, _ = sample
    doubled = np.column_stack([x[:, 0], x[:, 0]])
    slope, _ = solve(doubled, y[:, :1], np.ones((1, 2), bool), np.ones((1, 1, 60)))
    single, _ = solve(doubled, y[:, :1], np.array([[True, False]]), np.ones((1, 1, 60)))
    np.testing.assert_allclose(slope[0, 0], single[0, 0, 0] / 2, atol=1e-10)


def test_ridge_leaves_the_constant_alone():
    x, y = np.arange(10.0)[:, None] - 4.5, np.full((10, 1), 7.0)
    y[:, 0] += 2.0 * x[:, 0]
    slope, constant = solve(x, y, np.ones((1, 1), bool), np.ones((1, 1, 10)), ridge=np.mean(x**2))
    assert constant[0, 0] == pytest.approx(7.0)
    assert slope[0, 0, 0] == pytest.approx(1.0)


def test_residuals_have_the_variance_of_the_noise():
    # 16 rows, 8 parents and a constant: plain residuals have 7/16 of the noise's variance
    rng = np.random.default_rng(2)
    mask, valid, found = np.ones((1, 8), bool), np.ones((1, 16), bool), []
    for _ in range(1500):
        x, noise = rng.normal(size=(16, 8)), rng.normal(size=(16, 1))
        found.append(np.mean(residuals(x, x.sum(1, keepdims=True) + noise, mask, valid)[0] ** 2))
    assert np.mean(found) == pytest.approx(1.0, abs=4 * np.std(found) / np.sqrt(1500))


def test_rows_that_are_not_valid_have_no_residual(sample):
    x, y, mask = sample
    valid = np.ones((2, 60), bool)
    valid[1, :10] = False
    error, _, _ = residuals(x, y, mask, valid)
    assert np.isnan(error[:10, 1]).all()
    assert np.isfinite(error[10:]).all()
    assert np.isfinite(error[:, 0]).all()


def test_bootstrap_of_blocks_has_the_variance_of_the_mean():
    # for an AR(1) of 0.6 the mean of T values has variance 1 / (T (1 - 0.6)^2); rows drawn alone give 2.5 times less
    rng = np.random.default_rng(3)
    steps, found = 400, []
    for _ in range(150):
        x, e = np.zeros(steps), rng.normal(size=steps)
        for t in range(1, steps):
            x[t] = 0.6 * x[t - 1] + e[t]
        count = blocks.counts(rng, steps, 20, 100)
        found.append(((count @ x) / count.sum(1)).var(ddof=1))
    exact = 1.0 / (steps * 0.4**2)
    # blocks end, so that they see a little less: for a block of 20 at 0.6 about 0.9 of it
    assert 0.8 * exact < np.mean(found) < 1.05 * exact


def test_steps_not_drawn_are_parted_once():
    rng = np.random.default_rng(4)
    drawn = blocks.counts(rng, 200, 8, 12)
    validation, test = blocks.halves(rng, drawn, 8)
    assert ((drawn > 0).astype(int) + validation + test == 1).all()
    assert (validation.sum(1) > 10).all()
    assert (test.sum(1) > 10).all()


def test_noise_keeps_rows_together_and_fills_holes():
    time = np.arange(100.0)
    rows = np.stack([time, 1000.0 + time], axis=-1)[None]
    found = blocks.noise(np.random.default_rng(5), rows, 10, 50, 25, np.array([0, -1]))
    assert found.shape == (50, 2, 25, 2)
    np.testing.assert_array_equal(found[..., 1] - found[..., 0], 1000.0)
    inside = np.diff(found[..., 0], axis=2)
    assert (inside[:, :, [k for k in range(24) if (k + 1) % 10]] == 1.0).all()
    rows[0, ::3, 0] = np.nan
    found = blocks.noise(np.random.default_rng(6), rows, 10, 50, 25, np.array([0]))
    assert np.isfinite(found).all()
    assert np.isin(found[..., 0], rows[0, :, 0]).all()


def test_members_draw_their_own_noise_where_they_have_enough():
    rows = np.zeros((2, 100, 1))
    rows[1] = 1.0
    rng = np.random.default_rng(7)
    found = blocks.noise(rng, rows, 5, 40, 10, np.array([0, 1, -1]))
    assert (found[:, 0] == 0.0).all()
    assert (found[:, 1] == 1.0).all()
    assert 0.2 < found[:, 2].mean() < 0.8
    rows[1, 20:] = np.nan
    assert (blocks.noise(rng, rows, 5, 40, 10, np.array([1])) == 0.0).any()
