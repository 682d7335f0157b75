"""Simulated rivers: trees, water kept, and delay scores whose weights come from them alone."""

import numpy as np
import pytest

from causal.timing import SIZED_WEIGHTS, WEIGHTS
from data.errors import ConfigError
from data.synthetic.rivers import _route, _stores, river_network
from experiments.benches.truth import delays


@pytest.mark.parametrize("seed", range(4))
def test_every_gauge_but_one_has_one_below(seed):
    ds, truth = river_network(seed=seed)
    n = ds.sizes["station"]
    assert truth.shape == (n, n)
    assert sorted(truth.sum(1)) == [0] + [1] * (n - 1)
    assert not np.linalg.matrix_power(truth, n).any()  # no cycle
    assert bool((ds["discharge"] > 0).all())


def test_the_seed_fixes_the_network():
    one, two = river_network(seed=3)[0], river_network(seed=3)[0]
    assert one.equals(two)
    assert not one.equals(river_network(seed=4)[0])


def test_reaches_and_stores_keep_water_and_delay_it():
    pulse = np.zeros(8000)
    pulse[100] = 1.0
    time = np.arange(8000) * 0.25
    base = 10.0  # a reach's outflow dips before a sudden wave; above a base it need not be cut at zero
    for out, hours in (
        (_route(pulse + base, 12.0, 4, 0.25) - base, 12.0),
        (_stores(pulse, 6.0, 2, 0.25), 12.0),
    ):
        assert out.sum() == pytest.approx(1.0, abs=1e-6)
        assert (time * out).sum() - 25.0 == pytest.approx(hours, abs=0.3)


def test_a_network_needs_stations():
    with pytest.raises(ConfigError, match="no network"):
        river_network(stations=1)


def test_subgraphs_hang_together():
    chain = np.diag(np.ones(6), 1)
    assert delays.connected(chain, 5) == [[0, 1, 2, 3, 4], [1, 2, 3, 4, 5], [2, 3, 4, 5, 6]]


@pytest.mark.slow
def test_the_weights_are_those_of_simulated_rivers():
    found = delays.worlds(100, 1)
    np.testing.assert_allclose(delays.fit_weights(found, False), WEIGHTS, atol=0.01)
    np.testing.assert_allclose(delays.fit_weights(found, True), SIZED_WEIGHTS, atol=0.01)


def test_unseen_simulated_rivers_are_ranked_well():
    pairs, trees = delays.skill(delays.worlds(10, 7, 10), np.array(WEIGHTS))
    assert pairs > 0.75
    assert trees > pairs
