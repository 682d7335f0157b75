"""Causal Shapley values against closed forms of small linear models."""

from __future__ import annotations

from itertools import permutations

import jax
import numpy as np
import pytest

from data.errors import ConfigError, DataError
from xai.causal_graph import components
from xai.causal_shapley import causal_shapley, ordering_weights
from xai.games import every_coalition
from xai.grouped import grouped_shapley
from xai.players import per_cell

B1, B2 = 2.0, -3.0
X = {"a": np.array(1.5), "b": np.array(0.5)}


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def linear(x):
    return B1 * x["a"] + B2 * x["b"]


def background(slope):
    """Rows with mean zero in which b follows a with a given slope, exactly; and the slope of a on b."""
    rng = np.random.default_rng(0)
    a, e = rng.normal(size=(2, 50))
    a -= a.mean()
    e -= e.mean()
    e -= a * (a @ e) / (a @ a)
    b = slope * a + e
    return {"a": a, "b": b}, (a @ b) / (b @ b)


SLOPE = 0.7
ROWS, BACK = background(SLOPE)
A, B = float(X["a"]), float(X["b"])
# Of f = B1 a + B2 b with zero means: (value, direct) of a and of b, from v({a}), v({b}) and v({a, b}) by hand.
CASES = {
    "chain": ([("a", "b")], (), (B1 * A + B2 * SLOPE * A / 2, B2 * B - B2 * SLOPE * A / 2), (B1 * A, None)),
    "fork": ({"a": ["b"]}, (), (B1 * A - B1 * BACK * B / 2, B2 * B + B1 * BACK * B / 2), (None, B2 * B)),
    "confounder": ([["a", "b"]], [("a", "b")], (B1 * A, B2 * B), (B1 * A, B2 * B)),
    "cycle": (
        [("a", "b"), ("b", "a")],
        (),
        (
            B1 * A + (B2 * SLOPE * A - B1 * BACK * B) / 2,
            B2 * B + (B1 * BACK * B - B2 * SLOPE * A) / 2,
        ),
        (B1 * A - B1 * BACK * B / 2, B2 * B - B2 * SLOPE * A / 2),
    ),
    "none": ({}, (), (B1 * A, B2 * B), (B1 * A, B2 * B)),
}


@pytest.mark.parametrize("noise", ["residuals", "gaussian"])
@pytest.mark.parametrize("name", CASES)
def test_linear_models_of_two_players(name, noise):
    graph, confounded, value, direct = CASES[name]
    found = causal_shapley(
        linear,
        X,
        background=ROWS,
        graph=graph,
        confounded=confounded,
        noise=noise,
        draws=20,
        key=jax.random.key(0),
    )
    np.testing.assert_allclose(found.explained.attribution, value, rtol=0, atol=1e-12)
    # What is not stated has no followers: all of it is direct.
    expected = [v if d is None else d for v, d in zip(value, direct, strict=True)]
    np.testing.assert_allclose(found.direct, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.direct + found.indirect, value, rtol=0, atol=1e-12)
    assert abs(float(found.explained.efficiency_gap)) <= 1e-12


def test_asymmetric_values_of_a_chain_give_the_cause_its_whole_effect():
    found = causal_shapley(linear, X, background=ROWS, graph=[("a", "b")], asymmetric=True).explained
    np.testing.assert_allclose(found.attribution, [B1 * A + B2 * SLOPE * A, B2 * (B - SLOPE * A)], atol=1e-12)


def test_groups_in_time_are_a_chain_of_components():
    found = causal_shapley(linear, X, background=ROWS, graph=[["a"], ["b"]]).explained.attribution
    np.testing.assert_allclose(found, CASES["chain"][2], rtol=0, atol=1e-12)


def test_without_edges_they_are_marginal_values():
    """For any function and background: the noise of the equations is the background itself."""
    rng = np.random.default_rng(1)
    rows, x = rng.exponential(size=(30, 5)), rng.normal(size=5)
    f = lambda z: np.pi * z[0] * z[1] + jax.numpy.sin(z[2] * z[3]) * z[4]  # noqa: E731
    causal = causal_shapley(f, x, background=rows, graph={})
    marginal = grouped_shapley(f, x, background=rows, players=per_cell(x))
    np.testing.assert_allclose(causal.explained.attribution, marginal.attribution, rtol=0, atol=1e-12)
    np.testing.assert_allclose(causal.indirect, 0, atol=1e-12)


def test_a_sampler_takes_the_place_of_linear_equations():
    """b = a ** 2 without noise, f = b: setting a moves b, setting b moves nothing else."""

    def sampler(key, known, x, n):
        a = np.full(n, x["a"]) if known[0] else np.tile([-1.0, 1.0], n // 2)
        return {"a": a, "b": np.full(n, x["b"]) if known[1] else a**2}

    x = {"a": np.array(3.0), "b": np.array(9.0)}
    found = causal_shapley(
        lambda z: z["b"],
        x,
        background=ROWS,
        graph=[("a", "b")],
        sampler=sampler,
        draws=4,
        key=jax.random.key(0),
    )
    # v() = 1, v(a) = 9, v(b) = 9, v(ab) = 9
    np.testing.assert_allclose(found.explained.attribution, [4, 4], atol=1e-12)
    np.testing.assert_allclose(found.direct, [0, 4], atol=1e-12)


def test_weights_are_shares_of_the_orderings_that_a_graph_allows():
    """a before c, b before c, c before d; e anywhere."""
    n, edges = 5, [(0, 2), (1, 2), (2, 3), (0, 3), (1, 3)]
    before = np.zeros((n, n), dtype=bool)
    for cause, effect in edges:
        before[effect, cause] = True
    counted, allowed = np.zeros((2**n, n)), 0
    for order in permutations(range(n)):
        if all(order.index(a) < order.index(b) for a, b in edges):
            allowed += 1
            for k, i in enumerate(order):
                counted[sum(1 << j for j in order[:k]), i] += 1
    np.testing.assert_allclose(ordering_weights(n, before), counted / allowed, rtol=0, atol=1e-15)
    free = ordering_weights(4, np.zeros((4, 4), dtype=bool))
    assert free[0, 0] == pytest.approx(1 / 4)
    assert free[every_coalition(4).sum(axis=1) == 1][1:, 0] == pytest.approx(1 / 12)


def test_components_are_in_causal_order():
    parts = components(("a", "b", "c", "d"), [("d", "b"), ("b", "c"), ("c", "b"), ("b", "a")])
    assert [p.members for p in parts] == [(3,), (1, 2), (0,)]
    assert [p.parents for p in parts] == [(), (3,), (1,)]


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"graph": [("a", "z")]}, ConfigError, "'z' is unknown"),
        ({"graph": [("a", "a")]}, ConfigError, "acts on itself"),
        ({"graph": [["a"]]}, ConfigError, "not in exactly one group"),
        ({"graph": "ab"}, ConfigError, "cannot be read"),
        ({"graph": [("a", "b")], "confounded": [("a", "b")]}, ConfigError, "share a hidden cause"),
        ({"graph": {}, "noise": "gaussian"}, ConfigError, "no key"),
        ({"graph": {}, "noise": "uniform"}, ConfigError, "is unknown"),
        ({"graph": [("a", "b")], "background": {"a": np.ones(2), "b": np.ones(2)}}, DataError, "2 rows"),
        ({"graph": {}, "background": {"a": np.ones(3)}}, DataError, "different variables"),
    ],
)
def test_bad_input_is_one_sentence(options, error, says):
    with pytest.raises(error, match=says):
        causal_shapley(linear, X, **{"background": ROWS, **options})
