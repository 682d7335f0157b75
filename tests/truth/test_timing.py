"""Directed delay scores: free of scale, right on planted delays, trees counted exactly."""

from itertools import product

import numpy as np
import pytest
from scipy.signal import lfilter

from causal.timing import causal_fit, delay_scores, increment_lag, tree_marginals, tree_sum
from data.errors import DataError


def routed(delay: int, seed: int = 0, steps: int = 1500) -> np.ndarray:
    """A pulse-like series and the same routed through a store and a delay."""
    rng = np.random.default_rng(seed)
    source = lfilter([1], [1, -0.7], rng.gamma(0.1, 10, steps))
    late = np.r_[np.full(delay, source[0]), source[: steps - delay]]
    return np.stack([source, lfilter([0.05], [1, -0.95], late)], axis=1)


@pytest.mark.parametrize("seed", range(5))
def test_scale_and_shift_change_nothing(seed):
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.normal(size=(600, 4)), axis=0) + routed(5, seed, 600)[:, [0, 1, 1, 0]]
    factor, shift = np.exp(rng.normal(0, 3, 4)), rng.normal(0, 100, 4)
    one, two = delay_scores(x, 40), delay_scores(x * factor + shift, 40)
    off = ~np.eye(4, dtype=bool)
    np.testing.assert_allclose(two.odds[off], one.odds[off], atol=1e-8)
    np.testing.assert_array_equal(two.lag, one.lag)


def test_size_is_the_only_term_that_a_factor_changes():
    x = routed(5) + 1.0
    one, two = delay_scores(x, 40, True), delay_scores(x * [1.0, 1000.0], 40, True)
    np.testing.assert_allclose(two.terms[:3], one.terms[:3], atol=1e-8)
    assert two.odds[0, 1] > one.odds[0, 1]
    assert two.odds[1, 0] < one.odds[1, 0]


def test_a_pure_delay_is_found_and_fitted():
    rng = np.random.default_rng(1)
    source = lfilter([1], [1, -0.9], rng.normal(size=3000))
    x = np.stack([source[20:], source[:-20]], axis=1)
    assert increment_lag(x, 50)[0, 1] == 20
    assert increment_lag(x, 50)[1, 0] == -20
    share = causal_fit((x - x.mean(0)) / x.std(0), 50)
    # the series at the delay correlates by 1; a cause fitted from its effect alone has 0.9^(2*20) of it
    assert share[0, 1] > 0.5
    assert share[1, 0] < 0.05


@pytest.mark.parametrize("delay", [1, 5, 15])
def test_a_routed_wave_scores_downstream(delay):
    for seed in range(5):
        found = delay_scores(routed(delay, seed), 60)
        assert found.odds[0, 1] > found.odds[1, 0] + 1
        assert found.spread[0, 1] > 0


@pytest.mark.parametrize("n", [2, 3, 4])
def test_trees_are_summed_as_by_enumeration(n):
    odds = np.random.default_rng(n).normal(size=(n, n))
    total, share = 0.0, np.zeros((n, n))
    for below in product(range(-1, n), repeat=n):
        links = [(i, j) for i, j in enumerate(below) if j >= 0]
        if len(links) != n - 1 or any(i == j for i, j in links):
            continue
        root = below.index(-1)
        if all(_reaches(below, i, root) for i in range(n)):
            weight = np.exp(sum(odds[i, j] for i, j in links))
            total += weight
            for i, j in links:
                share[i, j] += weight
    value, found = tree_sum(odds)
    np.testing.assert_allclose(value, np.log(total), rtol=1e-12)
    np.testing.assert_allclose(found, share / total, atol=1e-12)
    np.testing.assert_allclose(found.sum(), n - 1)


def _reaches(below, i, root):
    for _ in range(len(below)):
        if i == root:
            return True
        i = below[i]
    return i == root


def test_tree_shares_are_the_slope_of_the_sum():
    rng = np.random.default_rng(3)
    odds, step = rng.normal(size=(6, 6)), 1e-6
    share = tree_marginals(odds)
    for i, j in ((0, 1), (4, 2), (5, 0)):
        up, down = odds.copy(), odds.copy()
        up[i, j] += step
        down[i, j] -= step
        assert (tree_sum(up)[0] - tree_sum(down)[0]) / (2 * step) == pytest.approx(share[i, j], abs=1e-7)


@pytest.mark.parametrize(
    ("x", "lag", "says"),
    [
        (np.zeros((100, 1)), 5, "shape"),
        (np.random.default_rng(0).normal(size=(100, 2)), 50, "too few"),
        (np.where(np.arange(200)[:, None] == 3, np.nan, 1.0) * np.ones((1, 2)), 5, "missing"),
        (np.ones((100, 2)) * [1.0, 3.0], 5, "constant"),
    ],
)
def test_unusable_series_are_named(x, lag, says):
    with pytest.raises(DataError, match=says):
        delay_scores(x, lag)


def test_sizes_need_positive_means():
    with pytest.raises(DataError, match="positive mean"):
        delay_scores(np.random.default_rng(0).normal(size=(400, 2)) - 5, 10, with_size=True)


def test_odds_must_be_finite():
    with pytest.raises(DataError, match="not finite"):
        tree_marginals(np.array([[0.0, np.inf], [0.0, 0.0]]))
