"""Sampled Shapley values: error beside shap's at equal evaluations, and what the standard error promises."""

from __future__ import annotations

import warnings

import jax
import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from experiments.benches.xai_accuracy import accuracy
from xai.games import exact
from xai.kernel_game import kernel
from xai.permutation_game import permutation

N, ROWS = 8, 20


@pytest.fixture(autouse=True)
def one_thread():
    """Small matrices: threads cost more than they give on a busy machine."""
    with threadpool_limits(1):
        yield


def test_error_is_at_most_half_of_shaps():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = accuracy(["trees"], 3, players=10, background_rows=50, evaluations=5000)
    assert {r.method for r in rows} == {"kernel", "permutation"}
    for row in rows:
        assert row.evaluations <= 5000 <= row.shap_evaluations
        assert row.rmse <= 0.5 * row.shap_rmse


@pytest.fixture(scope="module")
def game():
    """Worth (coalition, row) with interactions of all orders and rows that differ, and its Shapley values."""
    rng = np.random.default_rng(3)
    x, background = rng.normal(size=N), rng.normal(size=(ROWS, N))
    first, last = rng.normal(size=(N, 16)), rng.normal(size=16)
    z = (np.arange(2**N)[:, None] >> np.arange(N)) & 1 == 1
    put = np.where(z[:, None], x, background)
    table = np.tanh(put @ first) @ last
    code = 2 ** np.arange(N)
    with jax.enable_x64(True):
        return table, code, np.asarray(exact(lambda some: table[some @ code].mean(axis=1), N).attribution)


@pytest.mark.parametrize("orderings", [100, 60])
@pytest.mark.parametrize("absence", ["joint", "marginal"])
@pytest.mark.parametrize("method", ["kernel", "permutation"])
def test_95_percent_intervals_cover_92_to_98_percent(method, absence, orderings, game):
    """100 runs of 8 players; 800 intervals, of which those of one run are not independent.

    60 orderings are 30 pairs for 20 rows: half of the rows have one pair, which says nothing of its spread.
    """
    table, code, truth = game
    joint = absence == "joint"
    rows = ROWS if joint else None

    def v(z, row=None):
        return table[z @ code].mean(axis=1) if row is None else table[z @ code, row]

    inside = []
    with jax.enable_x64(True):
        for seed in range(100):
            key = jax.random.key(seed)
            if method == "kernel":
                found = kernel(v, N, key, 9 * orderings if joint else 120, rows)
            else:
                found = permutation(v, N, key, orderings, rows)
            inside.append(np.abs(np.asarray(found.attribution) - truth) <= 1.96 * np.asarray(found.stderr))
    assert 0.92 <= np.mean(inside) <= 0.98
