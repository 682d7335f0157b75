"""The bench of truth and calibration on the real sets: stated numbers, and no score that scale alone explains."""

import numpy as np
import pytest

from causal.timing import delay_scores
from experiments.benches.truth import delays, networks, peers, rivers


@pytest.fixture(scope="module")
def elbe(shared_data):
    if not (shared_data / "causal").is_dir():
        pytest.skip("no real data: the folder 'causal' is missing")
    return rivers.load(shared_data)


def test_the_river_set_is_the_one_described(elbe):
    x, truth = elbe
    assert x.shape == (3010, 18)
    assert np.isfinite(x).all()
    assert truth.sum() == 17
    assert len(delays.connected(truth)) == 458


@pytest.mark.slow
def test_regression_rides_on_the_size_of_the_river(elbe):
    x, truth = elbe
    sets = delays.connected(truth)[::10]
    raw = rivers.mean_auroc(truth, sets, lambda c: peers.var_granger(x[:, c], 5))
    y = peers.standardised(x)
    scaled = rivers.mean_auroc(truth, sets, lambda c: peers.var_granger(y[:, c], 5))
    assert raw > 0.85
    assert scaled < 0.25


@pytest.mark.slow
def test_regression_scores_as_the_description_of_the_data_states(elbe):
    x, truth = elbe
    sets = delays.connected(truth)
    for unit, y in (("raw", x), ("standardised", peers.standardised(x))):
        value = rivers.mean_auroc(truth, sets, lambda c, y=y: peers.var_granger(y[:, c], 5))
        assert value == pytest.approx(rivers.STATED[unit], abs=5e-4)


def test_delays_order_rivers_whatever_their_units(elbe):
    x, truth = elbe
    hourly, sets = delays.hourly(x), delays.connected(truth)
    factor = np.exp(np.random.default_rng(0).normal(0, 5, x.shape[1]))
    one, two = delay_scores(hourly, delays.MAX_LAG), delay_scores(hourly * factor, delays.MAX_LAG)
    value = rivers.mean_auroc(truth, sets, rivers.subset(one.odds))
    assert rivers.mean_auroc(truth, sets, rivers.subset(two.odds)) == pytest.approx(value, abs=1e-6)
    assert value > 0.5


@pytest.mark.slow
def test_the_danube_flows_from_kempten_to_dillingen(shared_data):
    if not (shared_data / "causal").is_dir():
        pytest.skip("no real data: the folder 'causal' is missing")
    found = networks.danube(shared_data)
    assert {r.unit for r in found} == {"AUROC"}
    assert all(0 <= r.value <= 1 for r in found)
    assert next(r for r in found if "PCMCI, raw" in r.name).value == 1.0
