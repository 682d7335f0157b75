"""Adjustment sets against exact covariances of linear systems, and the textbook cases."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from effectworlds import coefficients, covariance, graph_with, population_coefficient, random_graph

from causal.effects.identify import identify, why_invalid
from causal.effects.paths import along_paths
from data.errors import ModelError

X, M, Y, C = 0, 1, 2, 3


def test_confounder_mediator_collider():
    """C -> X -> M -> Y <- C and a collider of X and Y behind both."""
    graph = graph_with(5, 2, (C, X, 0), (X, M, 0), (M, Y, 1), (C, Y, 1), (X, 4, 0), (Y, 4, 0))
    source, target = (X, -1), (Y, 0)
    found = identify(graph, source, target)
    assert found.identified
    assert found.adjustment == ((C, -1),)
    assert why_invalid(graph, source, target, [(C, -1)]) == ""
    assert why_invalid(graph, source, target, [(C, -1), (C, -2)]) == ""
    assert "stays open" in why_invalid(graph, source, target, [(C, -2)])
    assert "stays open" in why_invalid(graph, source, target, [])
    assert "causal path" in why_invalid(graph, source, target, [(C, -1), (M, -1)])
    assert "causal path" in why_invalid(graph, source, target, [(C, -1), (4, 0)])


def test_collider_opens_a_path():
    """M-bias: A -> Z <- B, A -> X, B -> Y; adjusting for Z alone opens what was closed."""
    x, y, z, a, b = range(5)
    graph = graph_with(5, 2, (a, z, 0), (b, z, 0), (a, x, 0), (b, y, 0), (x, y, 0))
    assert why_invalid(graph, (x, 0), (y, 0), []) == ""
    assert "stays open" in why_invalid(graph, (x, 0), (y, 0), [(z, 0)])
    assert why_invalid(graph, (x, 0), (y, 0), [(z, 0), (a, 0)]) == ""


def test_common_cause_far_back_is_seen():
    """A cause that reaches source and target only over long chains, 12 steps back."""
    chain = [(0, 1, 2), (1, 2, 2), (2, 3, 2), (0, 4, 2), (4, 5, 2), (5, 6, 2), (3, 6, 1)]
    graph = graph_with(7, 3, *chain)
    # 3(t-1) <- 2 <- 1 <- 0(t-7), and 6(t) <- 5 <- 4 <- 0(t-6): no fork in common, so nothing to adjust for
    assert why_invalid(graph, (3, -1), (6, 0), []) == ""
    graph[0, 0, 1] = "-->"
    assert "stays open" in why_invalid(graph, (3, -1), (6, 0), [])
    assert why_invalid(graph, (3, -1), (6, 0), [(5, -2)]) == ""


def test_hidden_cause_with_memory():
    """A hidden driver with memory: the driver's trace in its other effects does not close the path."""
    graph = graph_with(4, 2, (3, 3, 1), (3, 0, 0), (3, 1, 0), (3, 2, 0), (0, 1, 1))
    found = identify(graph, (0, -1), (1, 0), latent=[3])
    assert not found.identified
    blocked = graph_with(4, 2, (3, 3, 1), (3, 0, 0), (3, 2, 0), (2, 1, 1), (0, 1, 1))
    found = identify(blocked, (0, -1), (1, 0), latent=[3])
    assert found.identified
    assert max(-lag for _, lag in found.adjustment) <= 2


def test_no_causal_path_is_no_effect():
    graph = graph_with(2, 2, (0, 0, 1), (1, 0, 1))
    found = identify(graph, (0, -1), (1, 0))
    assert found.identified
    assert not found.causal


def test_hidden_common_cause_is_refused():
    graph = graph_with(3, 2, (0, 1, 1), (2, 0, 0), (2, 1, 1))
    assert identify(graph, (0, -1), (1, 0)).identified
    hidden = identify(graph, (0, -1), (1, 0), latent=[2])
    assert not hidden.identified
    assert "stays open" in hidden.sentence
    assert "not observed" in why_invalid(graph, (0, -1), (1, 0), [(2, -1)], latent=[2])


def test_bidirected_link_is_a_hidden_cause():
    graph = graph_with(2, 2, (0, 1, 1), (0, 1, 0, "<->"))
    with pytest.raises(ModelError, match="admg"):
        identify(graph, (0, -1), (1, 0))
    assert identify(graph, (0, -1), (1, 0), admg=True).identified
    lagged = graph_with(3, 2, (0, 2, 1), (2, 1, 1))
    lagged[0, 1, 1] = "<->"
    # 0(t-1) is tied to 1(t) by a hidden cause, so its effect on 1 two steps on is not, but that at lag 1 would be
    assert identify(lagged, (0, -2), (1, 0), admg=True).identified
    tied = graph_with(3, 3, (0, 2, 1), (2, 1, 1))
    tied[0, 1, 2] = "<->"
    assert not identify(tied, (0, -2), (1, 0), admg=True).identified


def test_undecided_link_that_matters_is_refused():
    """X o-o C, both cause Y: with C -> X the set needs C, with X -> C it must not hold C."""
    graph = graph_with(3, 2, (0, 1, 0), (2, 1, 0), (0, 2, 0, "o-o"))
    found = identify(graph, (0, 0), (1, 0))
    assert not found.identified
    assert "undecided links are directed" in found.sentence
    conflicting = graph_with(3, 2, (0, 1, 0), (2, 1, 0), (0, 2, 0, "x-x"))
    assert not identify(conflicting, (0, 0), (1, 0)).identified


def test_undecided_link_that_does_not_matter_is_passed():
    graph = graph_with(5, 2, (0, 1, 1), (2, 0, 0), (2, 1, 1), (1, 3, 0), (3, 3, 1), (3, 4, 0, "o-o"))
    found = identify(graph, (0, -1), (1, 0))
    assert found.identified
    assert found.adjustment == ((2, -1),)


def test_direct_effect_closes_the_mediated_path():
    graph = graph_with(3, 2, (0, 1, 0), (1, 2, 0), (0, 2, 0))
    found = identify(graph, (0, 0), (2, 0), kind="direct")
    assert found.adjustment == ((1, 0),)
    assert "stays open" in why_invalid(graph, (0, 0), (2, 0), [], kind="direct")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda g: g.__setitem__((0, 1, 0), "-->"), "both its ends"),
        (lambda g: g.__setitem__((0, 0, 0), "-->"), "causes itself"),
        (lambda g: g.__setitem__((0, 1, 1), "o->"), "hidden cause"),
    ],
)
def test_broken_graphs(change, match):
    graph = graph_with(2, 2, (0, 1, 1))
    change(graph)
    with pytest.raises(ModelError, match=match):
        identify(graph, (0, -1), (1, 0))


def test_cycle_of_lag_zero():
    graph = graph_with(3, 1, (0, 1, 0), (1, 2, 0), (2, 0, 0))
    with pytest.raises(ModelError, match="go round"):
        identify(graph, (0, 0), (1, 0))


@pytest.mark.parametrize("seed", range(30))
def test_identified_means_equal_to_the_truth(seed):
    """Without sampling error, regression on the set found gives the sum over causal paths."""
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, variables=5)
    phi = coefficients(rng, graph)
    cov, psi = covariance(phi), along_paths(phi, 4)
    latent = [int(rng.integers(5))] if seed % 2 else []
    named = 0
    for i in range(5):
        for lag in range(4):
            j = (i + 1 + lag) % 5
            if (i, -lag) == (j, 0) or {i, j} & set(latent):
                continue
            for kind, truth in (("total", psi[lag, j, i]), ("direct", phi[lag, j, i] if lag < 3 else 0.0)):
                found = identify(graph, (i, -lag), (j, 0), latent=latent, kind=kind)
                if found.identified and found.causal:
                    named += 1
                    value = population_coefficient(cov, 5, (i, -lag), (j, 0), found.adjustment)
                    assert value == pytest.approx(truth, abs=1e-9)
                elif found.identified:
                    assert truth == pytest.approx(0.0, abs=1e-12)
    assert latent or named > 5


@pytest.mark.parametrize("seed", range(6))
def test_valid_sets_and_only_they_give_the_truth(seed):
    """All sets of up to two of the nodes near by: valid ones give the truth, the others do not."""
    rng = np.random.default_rng(100 + seed)
    graph = random_graph(rng, variables=3, lags=2, density=0.4, now=0.4)
    phi = coefficients(rng, graph)
    cov, psi = covariance(phi), along_paths(phi, 2)
    counts = {True: 0, False: 0}
    for source, j in (((0, -1), 1), ((1, -1), 2), ((2, -2), 0), ((0, 0), 2)):
        truth = psi[-source[1], j, source[0]]
        nodes = [(v, -s) for s in range(4) for v in range(3) if (v, -s) not in (source, (j, 0))]
        for size in range(3):
            for given in combinations(nodes, size):
                valid = why_invalid(graph, source, (j, 0), given) == ""
                value = population_coefficient(cov, 3, source, (j, 0), given)
                assert (abs(value - truth) < 1e-9) == valid, (source, j, given)
                counts[valid] += 1
    assert min(counts.values()) > 10


def test_optimal_set_has_the_least_variance():
    """Among all valid sets of nodes near by none has a smaller asymptotic variance [@henckel2022]."""
    rng = np.random.default_rng(7)
    graph = graph_with(4, 2, (0, 0, 1), (1, 1, 1), (2, 0, 1), (2, 1, 1), (0, 1, 1), (3, 1, 0), (3, 3, 1))
    phi = coefficients(rng, graph)
    cov = covariance(phi)
    source, target = (0, -1), (1, 0)

    def variance(given):
        rows = [v - 4 * lag for v, lag in (source, *given)]
        rest = [1, *rows[1:]]
        both = np.linalg.inv(cov[np.ix_([1, *rows], [1, *rows])])
        alone = np.linalg.inv(cov[np.ix_(rows, rows)])
        assert len(rest) == len(rows)
        return (1 / both[0, 0]) * alone[0, 0]

    best = variance(identify(graph, source, target).adjustment)
    nodes = [(v, -s) for s in range(3) for v in range(4) if (v, -s) not in (source, target)]
    valid = [g for n in range(4) for g in combinations(nodes, n) if not why_invalid(graph, source, target, g)]
    assert len(valid) > 20
    assert all(variance(g) >= best - 1e-12 for g in valid)
