"""Effects from data: refusals, panels, units, horizons, intervals."""

from __future__ import annotations

import time

import numpy as np
import pytest
import xarray as xr
from effectworlds import coefficients, graph_with, random_graph, simulate

from causal.effects import Bootstrap, effect_of, effects_over, mediation, path_coefficients
from causal.effects.paths import along_paths
from causal.effects.resample import block_weights, least_squares
from data.errors import ConfigError, DataError, ModelError

NONE = Bootstrap(replicates=0)
CHAIN = graph_with(3, 2, (0, 0, 1), (1, 1, 1), (0, 1, 1), (1, 2, 0), (2, 2, 1), (0, 2, 1))
"""v0 -> v1 -> v2 and v0 -> v2, all with memory."""


def chain(seed=0, steps=400, units=None):
    rng = np.random.default_rng(seed)
    return simulate(rng, coefficients(np.random.default_rng(1), CHAIN), steps, units)


def confounded():
    """v2 drives v0 and v1; v0 causes v1; v3 hears of both."""
    graph = graph_with(4, 2, (2, 0, 1), (2, 1, 1), (0, 1, 0), (0, 3, 0), (1, 3, 0))
    return graph, simulate(np.random.default_rng(2), coefficients(np.random.default_rng(3), graph), 300)


@pytest.mark.parametrize(
    ("adjustment", "why"),
    [
        ([], "stays open"),
        ([("v3", 0)], "causal path"),
        ([("v2", -1), ("v3", 0)], "causal path"),
        ([("v2", 0)], "open"),
    ],
)
def test_unadjusted_regression_is_never_an_effect(adjustment, why):
    graph, ds = confounded()
    with pytest.raises(ModelError, match=why) as error:
        effect_of(graph, ds, ("v0", 0), ("v1", 0), adjustment=adjustment)
    assert error.value.where
    assert "v2(t-1)" in error.value.remedy


def test_mediator_is_refused():
    ds = chain()
    with pytest.raises(ModelError, match="lies on a causal path"):
        effect_of(CHAIN, ds, ("v0", -1), ("v2", 0), adjustment=[("v1", 0), ("v0", -2)])


def test_valid_set_of_the_user_is_taken():
    graph, ds = confounded()
    own = effect_of(graph, ds, ("v0", 0), ("v1", 0), adjustment=[("v2", -1)], bootstrap=NONE)
    best = effect_of(graph, ds, ("v0", 0), ("v1", 0), bootstrap=NONE)
    assert own.estimate == pytest.approx(best.estimate, abs=1e-12)


def test_not_identified_gives_no_number():
    graph, ds = confounded()
    found = effect_of(
        graph, ds.drop_vars("v2"), ("v0", 0), ("v1", 0), latent=["v2"], variables=["v0", "v1", "v2", "v3"]
    )
    assert not found.identified
    assert np.isnan(found.estimate)
    assert np.isnan(found.lower)
    assert "not identified" in str(found)


def test_latent_that_does_not_matter():
    """What is hidden lies on the causal path: the effect is still found."""
    ds = chain(steps=20000)
    phi = coefficients(np.random.default_rng(1), CHAIN)
    names = ["v0", "v1", "v2"]
    found = effect_of(
        CHAIN, ds.drop_vars("v1"), ("v0", -1), ("v2", 0), latent=["v1"], variables=names, bootstrap=NONE
    )
    assert found.identified
    assert found.estimate == pytest.approx(along_paths(phi, 1)[1, 2, 0], abs=0.04)


def test_units_and_names():
    graph = xr.DataArray(
        CHAIN, dims=("source", "target", "lag"), coords={"source": ["c", "b", "a"], "target": ["c", "b", "a"]}
    )
    ds = chain().rename(v0="c", v1="b", v2="a")
    ds["c"].attrs["units"], ds["a"].attrs["units"] = "K", "persons d-1"
    found = effect_of(graph, ds[["a", "b", "c"]], ("c", -1), ("a", 0), bootstrap=NONE)
    assert found.unit == "(persons d-1) / K"
    assert found.estimate == pytest.approx(
        effect_of(CHAIN, chain(), (0, -1), (2, 0), bootstrap=NONE).estimate
    )
    tenfold = effect_of(graph, ds.assign(c=10 * ds["c"]), ("c", -1), ("a", 0), bootstrap=NONE)
    assert tenfold.estimate == pytest.approx(found.estimate / 10)


def test_panel_pools_and_never_crosses_a_border():
    ds = chain(units=3, steps=50)
    found = effect_of(CHAIN, ds, (0, -1), (2, 0), intercept="common", bootstrap=NONE, start=1)
    gap = xr.full_like(ds.isel(district=0, time=slice(0, 6)), np.nan)
    one = xr.concat([part for u in range(3) for part in (ds.isel(district=u), gap)], "time")
    flat = effect_of(CHAIN, one.drop_vars("time", errors="ignore"), (0, -1), (2, 0), start=1, bootstrap=NONE)
    assert found.samples == flat.samples
    assert found.estimate == pytest.approx(flat.estimate, abs=1e-12)


def test_levels_of_units_do_not_confound():
    graph = graph_with(2, 2, (0, 1, 1))
    ds = simulate(np.random.default_rng(5), coefficients(np.random.default_rng(6), graph), 100, 40)
    level = xr.DataArray(np.linspace(-20, 20, 40), dims="district")
    tilted = ds.assign({v: ds[v] + level for v in ds})
    same = effect_of(graph, ds, (0, -1), (1, 0), bootstrap=NONE).estimate
    assert effect_of(graph, tilted, (0, -1), (1, 0), bootstrap=NONE).estimate == pytest.approx(same, abs=1e-9)
    pooled = effect_of(graph, tilted, (0, -1), (1, 0), bootstrap=NONE, intercept="common").estimate
    assert abs(pooled - same) > 0.1


def test_horizons_by_both_methods_meet_the_truth():
    phi = coefficients(np.random.default_rng(1), CHAIN)
    ds = chain(units=30, steps=600)
    truth = along_paths(phi, 4)[:, 2, 0]
    for method in ("adjustment", "paths"):
        found = effects_over(CHAIN, ds, "v0", "v2", 4, method=method, bootstrap=Bootstrap(replicates=100))
        np.testing.assert_allclose(found["effect"], truth, atol=0.03)
        np.testing.assert_allclose(found["cumulative"], np.cumsum(truth), atol=0.06)
        assert (found["cumulative_lower"] <= found["cumulative"]).all()
        assert (found["cumulative_upper"] >= found["cumulative"]).all()
        assert found["identified"].all()


def test_sum_knows_how_lags_vary_together():
    """The spread of the sum is the spread of the replicates' sums, not the sum of the lags' spreads."""
    found = effects_over(CHAIN, chain(steps=300), "v0", "v2", 3)
    apart = float(np.sqrt((found["stderr"] ** 2).sum()))
    assert 0 < float(found["cumulative_stderr"][-1]) < float(found["stderr"].sum()) + 1e-12
    assert float(found["cumulative_stderr"][-1]) != pytest.approx(apart, rel=1e-3)


def test_mediation_of_a_chain_adds_up():
    model = path_coefficients(CHAIN, chain(), bootstrap=Bootstrap(replicates=50))
    table = mediation(model, ("v0", -1), ("v2", 0))
    assert list(table.index) == ["total", "direct", "through v1"]
    # at lag 1 the rest goes by v0's and v2's own memory: v0(t-1) -> v0(t) has no link to v2(t)
    total, direct, through = table["estimate"]
    assert total == pytest.approx(direct + through, abs=1e-12)
    assert (table["lower"] <= table["estimate"]).all()


def test_mediation_refuses_undecided_links():
    graph = CHAIN.copy()
    graph[1, 2, 0] = graph[2, 1, 0] = "o-o"
    model = path_coefficients(graph, chain(), bootstrap=NONE)
    with pytest.raises(ModelError, match="not directed"):
        mediation(model, ("v0", -1), ("v2", 0))


def test_interval_covers_at_its_level():
    """90 % intervals of 400 series hold the truth in 85 to 94 %."""
    phi = coefficients(np.random.default_rng(1), CHAIN)
    truth = along_paths(phi, 2)[2, 2, 0]
    hits = 0
    for seed in range(400):
        found = effect_of(CHAIN, chain(seed, 250), (0, -2), (2, 0), bootstrap=Bootstrap(200, seed=seed))
        hits += found.lower <= truth <= found.upper
    assert 0.85 <= hits / 400 <= 0.94


@pytest.mark.parametrize("intercept", ["unit", "common"])
def test_replicates_equal_a_regression_on_the_rows_drawn(intercept):
    rng = np.random.default_rng(4)
    y, x = rng.normal(size=(3, 30)), rng.normal(5.0, 2.0, size=(3, 30, 2))
    x[1, 4, 0] = np.nan
    y[2, :5] = np.nan
    weights = Bootstrap(5, resample="both", block=4).weights(3, 30, 1)
    fit = least_squares(y, x, weights, intercept)
    for b in range(5):
        times = (weights[0][b][:, None] * weights[1][b][None, :]).astype(int).ravel()
        units = np.repeat(np.arange(3), 30)
        held = np.isfinite(y.ravel()) & np.isfinite(x.reshape(-1, 2)).all(1)
        rows = np.repeat(np.arange(90), np.where(held, times, 0))
        levels = np.eye(3)[units[rows]] if intercept == "unit" else np.ones((rows.size, 1))
        design = np.concatenate([x.reshape(-1, 2)[rows], levels], axis=1)
        expected = np.linalg.lstsq(design, y.ravel()[rows], rcond=None)[0][:2]
        np.testing.assert_allclose(fit.draws[b], expected, atol=1e-9)


def test_blocks_keep_neighbours_together():
    counts = block_weights(20, 5, 300, np.random.default_rng(0))
    assert (counts.sum(1) == 20).all()
    runs = (np.diff(counts, axis=1) != 0).sum(1)
    assert runs.max() <= 8  # at most two borders for each of four blocks


def test_bootstrap_of_a_panel_is_quick():
    rng = np.random.default_rng(0)
    graph = random_graph(rng, 6, 3)
    ds = simulate(rng, coefficients(rng, graph), 96, 64)
    begin = time.process_time()
    effect_of(graph, ds, (0, -2), (1, 0), bootstrap=Bootstrap(500, resample="both"))
    assert time.process_time() - begin < 5.0


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        (lambda ds: ds.drop_vars("v1"), DataError, "'v1' is missing"),
        (lambda ds: ds.isel(time=slice(0, 4)), DataError, "complete sample"),
        (lambda ds: ds.assign_coords(time=np.arange(400)[::-1]), DataError, "does not increase"),
        (lambda ds: ds.assign_coords(time=np.r_[:200, 300:500]), DataError, "steps of time are missing"),
        (lambda ds: ds.expand_dims(a=2, b=2), DataError, "2 dimensions beside time"),
        (lambda ds: ds.assign(v1=ds["v1"].astype(str)), DataError, "not numeric"),
        (lambda ds: ds.assign(v0=0 * ds["v0"]), DataError, "constant"),
    ],
)
def test_bad_data(change, error, match):
    with pytest.raises(error, match=match):
        effect_of(CHAIN, change(chain()), ("v0", -1), ("v2", 0), variables=["v0", "v1", "v2"], bootstrap=NONE)


def test_bad_questions():
    ds = chain()
    with pytest.raises(ModelError, match="no variable 'rain'"):
        effect_of(CHAIN, ds, ("rain", -1), ("v2", 0))
    with pytest.raises(ModelError, match="lag 0"):
        effect_of(CHAIN, ds, ("v0", 1), ("v2", 0))
    with pytest.raises(ModelError, match="kind"):
        effect_of(CHAIN, ds, ("v0", -1), ("v2", 0), kind="partial")
    with pytest.raises(ConfigError, match="method"):
        effects_over(CHAIN, ds, "v0", "v2", 3, method="magic")
    with pytest.raises(ConfigError, match="one unit"):
        effect_of(CHAIN, ds, ("v0", -1), ("v2", 0), bootstrap=Bootstrap(resample="units"))
    with pytest.raises(ModelError, match="2 names"):
        effect_of(CHAIN, ds, ("v0", -1), ("v2", 0), variables=["v0", "v2"])


def test_classical_error_is_that_of_the_textbook():
    sm = pytest.importorskip("statsmodels.api")
    ds = chain()
    found = effect_of(CHAIN, ds, ("v0", -1), ("v1", 0), kind="direct", bootstrap=NONE)
    v = {k: ds[k].values for k in ds}
    peer = sm.OLS(v["v1"][2:], sm.add_constant(np.stack([v["v0"][1:-1], v["v1"][1:-1]], 1))).fit()
    assert found.adjustment == (("v1", -1),)
    assert found.classical == pytest.approx(peer.bse[1], rel=1e-9)
    assert found.dof == peer.df_resid


def test_graph_that_was_discovered(tmp_path):
    """What discover returns, also from a file, is a graph; the effects in it are those of the world."""
    import causal

    phi = coefficients(np.random.default_rng(1), CHAIN)
    ds = chain(seed=3, steps=1500)
    found = causal.discover(ds, ["v0", "v1", "v2"], method="pcmci+", tau_max=2, pc_alpha=0.01)
    effect = effect_of(found, ds, ("v0", -1), ("v2", 0), bootstrap=Bootstrap(200, 0.99))
    assert effect.identified
    assert effect.lower <= along_paths(phi, 1)[1, 2, 0] <= effect.upper
    found[["graph"]].to_netcdf(tmp_path / "graph.nc")
    with xr.open_dataset(tmp_path / "graph.nc") as back:
        same = effect_of(back.load(), ds, ("v0", -1), ("v2", 0), bootstrap=NONE)
    assert same.estimate == pytest.approx(effect.estimate, abs=1e-12)
