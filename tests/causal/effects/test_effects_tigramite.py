"""Agreement with tigramite: optimal sets and effects by adjustment, path coefficients, mediated effects."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from effectworlds import coefficients, random_graph, simulate

from causal.effects import Bootstrap, effect_of, mediation, path_coefficients

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from sklearn.linear_model import LinearRegression
    from tigramite.causal_effects import CausalEffects
    from tigramite.data_processing import DataFrame
    from tigramite.models import LinearMediation

NONE = Bootstrap(replicates=0)
CLOSE = 1e-8


def world(seed, variables, lags, steps=150):
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, variables, lags)
    return rng, graph, simulate(rng, coefficients(rng, graph), steps)


def values(ds):
    return np.stack([ds[v].values for v in ds], axis=-1)


def total_by_tigramite(graph, frame, source, target):
    peer = CausalEffects(graph, "stationary_dag", X=[source], Y=[target])
    if peer.no_causal_path:
        return None, 0.0
    best = peer.get_optimal_set()
    peer.fit_total_effect(frame, LinearRegression())
    at = peer.predict_total_effect(np.array([[0.0], [1.0]]))
    return set(best), float((at[1] - at[0]).item())


def compare(seed, variables, lags, missing):
    rng, graph, ds = world(seed, variables, lags)
    source = (int(rng.integers(variables)), -int(rng.integers(1, lags + 1)))
    target = ((source[0] + 1) % variables, 0)
    data = values(ds)
    if missing:
        data[rng.random(data.shape) < 0.02] = np.nan
        ds = ds.copy(data={v: data[:, k] for k, v in enumerate(ds)})
    frame = DataFrame(np.where(np.isnan(data), 999.0, data), missing_flag=999.0)
    best, truth = total_by_tigramite(graph, frame, source, target)
    found = effect_of(graph, ds, source, target, bootstrap=NONE)
    assert found.identified
    assert found.estimate == pytest.approx(truth, abs=CLOSE)
    names = list(ds)
    if best is not None:
        assert {(names.index(v), lag) for v, lag in found.adjustment} == best


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_total_effect_by_the_optimal_set(seed, missing):
    compare(seed, 3, 3, missing)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 140))
def test_total_effect_by_the_optimal_set_on_many_graphs(seed):
    compare(seed, 4 + seed % 2, 3, False)


@pytest.mark.parametrize("seed", range(12))
def test_paths_and_mediators(seed):
    """Path coefficients, total effects, effects through one or two mediators, to lags beyond the graph's."""
    _, graph, ds = world(seed, 5, 3)
    horizon = 6
    parents = {j: [(i, -s) for i in range(5) for s in range(3) if graph[i, j, s] == "-->"] for j in range(5)}
    peer = LinearMediation(DataFrame(values(ds)), data_transform=None)
    peer.fit_model(all_parents=parents, tau_max=horizon)
    model = path_coefficients(graph, ds, bootstrap=NONE, start=horizon)
    np.testing.assert_allclose(model.coefficients, peer.phi[:3], atol=CLOSE)
    np.testing.assert_allclose(model.total(horizon), peer.psi, atol=CLOSE)
    for k in range(5):
        np.testing.assert_allclose(model.total(horizon, [k]), peer.all_psi_k[k], atol=CLOSE)
    for lag in (1, 4):
        table = mediation(model, (0, -lag), (1, 0), through=[2, 3, 4])
        assert table.loc["total", "estimate"] == pytest.approx(peer.get_ce(0, -lag, 1), abs=CLOSE)
        assert table.loc["direct", "estimate"] == pytest.approx(peer.get_coeff(0, -lag, 1), abs=CLOSE)
        for k in (2, 3, 4):
            mediated = peer.get_mce(0, -lag, 1, k)
            assert table.loc[f"through v{k}", "estimate"] == pytest.approx(mediated, abs=CLOSE)
