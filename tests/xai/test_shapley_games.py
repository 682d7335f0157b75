"""Shapley values of games whose solution is known."""

from __future__ import annotations

from itertools import combinations, permutations
from math import factorial

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import ConfigError, ModelError
from xai.games import every_coalition, exact
from xai.kernel_game import kernel
from xai.permutation_game import permutation


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def glove(z):
    """Players 0 and 1 hold left gloves and 2 a right one: a pair is worth 1."""
    return ((z[:, 0] | z[:, 1]) & z[:, 2]).astype(float)


def airport(z):
    """A runway costs what its largest aircraft needs."""
    return (z * np.array([1.0, 2.0, 3.0])).max(axis=1)


def three_of_four(z):
    """6 if B, C and D are all present."""
    return 6.0 * z[:, 1:].all(axis=1)


def tabled(values):
    n = int(np.log2(len(values)))
    table, code = np.asarray(values, dtype=float), 2 ** np.arange(n)
    return lambda z: table[z @ code]


def by_orderings(v, n):
    found = np.zeros(n)
    for order in permutations(range(n)):
        z = np.zeros(n, dtype=bool)
        for i in order:
            before = v(z[None])[0]
            z[i] = True
            found[i] += v(z[None])[0] - before
    return found / factorial(n)


def by_subsets(v, n):
    found = np.zeros(n)
    for i in range(n):
        others = [j for j in range(n) if j != i]
        for size in range(n):
            z = np.zeros((0, n), dtype=bool)
            for some in combinations(others, size):
                row = np.zeros((1, n), dtype=bool)
                row[0, list(some)] = True
                z = np.concatenate([z, row])
            with_i = z.copy()
            with_i[:, i] = True
            found[i] += factorial(size) * factorial(n - size - 1) / factorial(n) * (v(with_i) - v(z)).sum()
    return found


GAMES = [
    (glove, 3, [1 / 6, 1 / 6, 2 / 3]),
    (airport, 3, [1 / 3, 5 / 6, 11 / 6]),
    (three_of_four, 4, [0, 2, 2, 2]),
]


@pytest.mark.parametrize(("game", "n", "truth"), GAMES)
def test_published_games(game, n, truth):
    found = exact(game, n)
    np.testing.assert_allclose(found.attribution, truth, rtol=0, atol=1e-15)
    assert abs(float(found.efficiency_gap)) <= 1e-15
    everything = kernel(game, n, jax.random.key(0), 2**n)
    np.testing.assert_allclose(everything.attribution, truth, rtol=0, atol=1e-14)
    np.testing.assert_array_equal(everything.stderr, 0)
    drawn = permutation(game, n, jax.random.key(1), 400)
    assert np.all(np.abs(np.asarray(drawn.attribution) - truth) <= 4 * np.asarray(drawn.stderr) + 1e-12)


@pytest.mark.parametrize("n", [1, 2, 5, 7])
def test_exact_equals_brute_force_over_orderings(n):
    v = tabled(np.random.default_rng(n).normal(size=2**n))
    np.testing.assert_allclose(exact(v, n).attribution, by_orderings(v, n), rtol=0, atol=1e-13)


@pytest.mark.parametrize("n", [9, 12])
def test_exact_equals_the_subset_formula(n):
    v = tabled(np.random.default_rng(n).normal(size=2**n))
    np.testing.assert_allclose(exact(v, n).attribution, by_subsets(v, n), rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    ("method", "bound"),
    [
        (lambda v, n: kernel(v, n, jax.random.key(3), 90, 3), 1e-7),
        (lambda v, n: permutation(v, n, jax.random.key(3), 12, 3), 1e-13),
    ],
)
def test_additive_games_with_rows(method, bound):
    """Players add up within each background row, by other amounts in every row."""
    worth = np.random.default_rng(0).normal(size=(3, 6))
    found = method(lambda z, row: 2.0 - worth[row].sum(axis=1) + (z * worth[row]).sum(axis=1), 6)
    np.testing.assert_allclose(found.base_value, 2 - worth.sum(axis=1).mean(), atol=1e-14)
    error = np.abs(np.asarray(found.attribution) - worth.mean(axis=0)).max()
    assert error <= bound
    assert abs(float(found.efficiency_gap)) <= 1e-13


def test_pairs_of_orderings_are_exact_for_two_way_interactions():
    rng = np.random.default_rng(4)
    single, pair = rng.normal(size=5), np.triu(rng.normal(size=(5, 5)), 1)
    v = lambda z: z @ single + np.einsum("mi,ij,mj->m", z, pair, z)  # noqa: E731
    truth = single + (pair.sum(axis=0) + pair.sum(axis=1)) / 2
    for found in (permutation(v, 5, jax.random.key(0), 4), exact(v, 5), kernel(v, 5, jax.random.key(0), 20)):
        np.testing.assert_allclose(found.attribution, truth, rtol=0, atol=1e-13)


def test_outputs_are_explained_each():
    tables = np.random.default_rng(2).normal(size=(32, 2, 3))
    code = 2 ** np.arange(5)
    together = exact(lambda z: tables[z @ code], 5)
    assert together.attribution.shape == (2, 3, 5)
    for i in range(2):
        for j in range(3):
            one = exact(tabled(tables[:, i, j]), 5).attribution
            np.testing.assert_allclose(together.attribution[i, j], one, rtol=0, atol=1e-14)
    drawn = kernel(lambda z: tables[z @ code], 5, jax.random.key(0), 20)
    assert drawn.attribution.shape == drawn.stderr.shape == (2, 3, 5)


tables = st.lists(st.floats(-10, 10), min_size=16, max_size=16)
METHODS = {
    "exact": lambda v: exact(v, 4),
    "permutation": lambda v: permutation(v, 4, jax.random.key(5), 8),
    "kernel": lambda v: kernel(v, 4, jax.random.key(5), 12),
}


@settings(max_examples=30, deadline=None)
@given(tables)
def test_efficiency(values):
    v = tabled(values)
    for method in METHODS.values():
        found = method(v)
        total = float(np.sum(found.attribution))
        assert abs(total - (values[-1] - values[0])) <= 1e-11


@settings(max_examples=30, deadline=None)
@given(tables)
def test_a_dummy_has_nothing_and_twins_share(values):
    """Player 2 adds nothing; players 0 and 1 are alike: both hold for every estimator that enumerates."""
    table = np.asarray(values)
    z = every_coalition(4)
    alike = np.stack([z[:, 0] | z[:, 1], z[:, 0] & z[:, 1], np.zeros(16, bool), z[:, 3]], axis=1)
    v = tabled(table[alike @ (2 ** np.arange(4))])
    found = np.asarray(exact(v, 4).attribution)
    assert found[2] == 0
    assert abs(found[0] - found[1]) <= 1e-12
    drawn = np.asarray(kernel(v, 4, jax.random.key(0), 16).attribution)
    np.testing.assert_allclose(drawn, found, rtol=0, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(tables, tables, st.floats(-3, 3))
def test_linearity(first, second, factor):
    """Holds for every estimator with the same key, since none adapts its draws to the game."""
    a, b = tabled(first), tabled(second)
    for method in METHODS.values():
        both = method(lambda z: a(z) + factor * b(z)).attribution
        apart = method(a).attribution + factor * method(b).attribution
        np.testing.assert_allclose(both, apart, rtol=0, atol=1e-11)


def test_bad_games():
    with pytest.raises(ConfigError, match="15 players have 32768 coalitions"):
        exact(glove, 15)
    with pytest.raises(ConfigError, match="no player"):
        exact(glove, 0)
    with pytest.raises(ConfigError, match="even number"):
        permutation(glove, 3, jax.random.key(0), 5)
    with pytest.raises(ConfigError, match="too few for 30 players"):
        kernel(lambda z: z.sum(axis=1), 30, jax.random.key(0), 20)
    with pytest.raises(ConfigError, match="background has no row"):
        kernel(lambda z, r: z.sum(axis=1), 3, jax.random.key(0), 20, 0)
    with pytest.raises(ModelError, match="not finite"):
        exact(lambda z: np.full(len(z), np.nan), 3)
    with pytest.raises(ModelError, match="shape"):
        exact(lambda z: np.ones(1), 3)


def test_large_games_are_sampled_without_listing_coalitions():
    """60 players have 10**17 coalitions of size 30; an additive game leaves no rest."""
    worth = np.linspace(-1, 1, 60)
    found = kernel(lambda z: z @ worth, 60, jax.random.key(0), 600)
    np.testing.assert_allclose(found.attribution, worth, rtol=0, atol=1e-10)
    assert np.max(found.stderr) <= 1e-10
