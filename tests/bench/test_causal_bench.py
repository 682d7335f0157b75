"""The bench of the causal engine: its cells, its targets, and one cell of its comparison."""

import numpy as np
import pytest

from experiments.benches import causal as bench
from experiments.benches.causal_cells import cells, tigramite
from experiments.benches.causal_measure import ours


def test_cells_are_stable_and_of_full_rank():
    x = cells(30, 6, seed=3)
    assert x.shape == (30, 500, 6)
    assert x.std(1).max() < 20
    assert min(np.linalg.matrix_rank(cell) for cell in x) == 6
    first, second = x[:, :250].std(1), x[:, 250:].std(1)
    assert np.median(second / first) == pytest.approx(1.0, abs=0.1)


def test_cells_are_the_same_again_and_differ_by_seed():
    assert (cells(2, 3, seed=1) == cells(2, 3, seed=1)).all()
    assert (cells(2, 3, seed=1) != cells(2, 3, seed=2)).any()


@pytest.mark.parametrize(
    ("name", "target", "at_most"),
    [
        ("pcmci, N=5, differing marks", 0.0, True),
        ("pcmci+, N=20, largest |d val|", 1e-10, True),
        ("pcmci, N=5, warm", 300.0, False),
        ("pcmci+, N=5, warm", 100.0, False),
        ("pcmci+, N=10, with compilation", 50.0, False),
        ("pcmci, N=10, bootstrap of 100", 150.0, False),
        ("pcmci, N=10, 3 % missing", None, False),
    ],
)
def test_targets(name, target, at_most):
    assert bench.target_of(name) == (target, at_most)


@pytest.mark.parametrize("method", ["pcmci", "pcmci+"])
def test_a_cell_of_the_bench_is_the_same_in_both_engines(method):
    x = cells(3, 4, seed=5, length=200)
    links, parents = ours(x, method)
    for c in range(3):
        peer = tigramite(x[c], method)
        assert (links.graph[c] == peer.graph).all()
        assert np.abs(links.val[c] - peer.val).max() < 1e-10
        assert [[int(n) for n in row if n >= 0] for row in parents[c]] == peer.parents
