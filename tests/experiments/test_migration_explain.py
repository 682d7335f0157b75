"""What drove the forecasts: exact values, the forecast as issued, causal draws, and tables whose answer is known."""

from __future__ import annotations

import jax
import numpy as np
import pytest
import xarray as xr

from experiments.migration import backtest, explain_causal, explain_run, explain_tables, process
from experiments.migration.config import Config
from experiments.migration.explain_model import FAMILIES, Issued, family_names, process_parts
from experiments.migration.explain_trees import Forest, forest_of, grouped_tree_shapley
from experiments.migration.features import distances
from experiments.migration.prepare import clean, synthetic
from experiments.migration.settings import effective
from experiments.runfolder import RunFolder
from xai.games import exact

RNG = np.random.default_rng(3)


@pytest.fixture(scope="module")
def small():
    """Panel, configuration and forecasts of a small run."""
    config = effective(Config(), True)
    config = config.model_copy(
        update={
            "synthetic": config.synthetic.model_copy(update={"districts": 8}),
            "trees": config.trees.model_copy(update={"iterations": 5, "refit_months": 4}),
            "forecast": config.forecast.model_copy(
                update={"gp_iterations": 0, "gp_window": 8, "test_months": 6, "validation_months": 6}
            ),
            "explain": config.explain.model_copy(
                update={"background": 8, "pairs": 2, "draws": 4, "trusted": 2}
            ),
        }
    )
    panel = clean(synthetic(config), config)
    return panel, config, backtest.run(panel, config, backtest.first_month(panel, config))


@pytest.fixture(scope="module")
def case(small):
    return explain_run.make_case(*small)


def test_what_is_explained_is_the_forecast_that_was_issued(small, case):
    ds = explain_run.attributed(case, *small, lambda: None)
    found = small[2]
    months = {str(m): i for i, m in enumerate(small[0].months)}
    assert ds.sizes == {"lead": 2, "origin": 4, "district": 8, "player": 8}
    for lead in (1, 3):
        for origin in ds["origin"].values:
            at = months[str(origin)[:7]] + lead
            issued = found.mean["terrax"][found.leads.index(lead), :, at]
            np.testing.assert_allclose(
                ds["prediction"].sel(lead=lead, origin=origin), issued, rtol=0, atol=1e-9
            )
    whole = ds["base_value"] + ds["attribution"].sum("player")
    np.testing.assert_allclose(whole, ds["prediction"], rtol=0, atol=1e-12)
    assert float(np.abs(ds["attribution"]).max()) > 0.1
    assert case.past.max() + 3 < small[0].shape[1] - 6


def test_values_are_those_of_all_coalitions(case):
    assert explain_run.engine_gap(case) < 1e-12


def test_parts_of_the_process_add_up(small):
    panel = small[0]
    p = process.start() + 0.2
    given = panel.target, distances(panel), 80, [1, 3], 12, p
    parts = process_parts(*given)
    np.testing.assert_allclose(sum(parts.values()), process.predict(*given)[0], rtol=0, atol=1e-10)
    np.testing.assert_allclose(parts["nation"].std(axis=1), 0.0, atol=1e-10)
    assert parts["own"].std() > 0.1


@pytest.mark.parametrize("leaves", [2, 3, 9])
def test_trees_by_closed_form_and_by_all_coalitions(leaves):
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    x = RNG.normal(size=(300, 7))
    y = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + 0.3 * x[:, 5] * (x[:, 0] > 0)
    model = HistGradientBoostingRegressor(max_iter=6, max_leaf_nodes=leaves, min_samples_leaf=10)
    with threadpool_limits(1):
        model.fit(x, y)
    forest = forest_of(model)
    new, background = RNG.normal(size=(4, 7)), RNG.normal(size=(5, 7))
    np.testing.assert_allclose(forest(new), model.predict(new), rtol=0, atol=1e-12)
    player = np.array([0, 1, 0, 2, 2, 3, 3])
    found = grouped_tree_shapley(forest, new, background, player, 5)
    assert not found[..., 4].any()
    for i, row in enumerate(new):
        for j, other in enumerate(background):
            with jax.enable_x64(True):
                games = exact(lambda z, r=row, o=other: model.predict(np.where(z[:, player], r, o)), 5)
            np.testing.assert_allclose(found[i, j], games.attribution, rtol=0, atol=1e-12)


def test_a_model_without_trees_is_a_sum_and_an_unused_family_has_nothing():
    player = np.array([0, 1, 3])
    slope = np.array([2.0, -1.0, 0.0])
    model = Issued(0.25, 0.5, slope, Forest(*[np.empty(0, int)] * 4, np.empty(0), 0.7), player)
    rows = {n: RNG.normal(size=(3,)) for n in ("own", "nation", "shared", "level")} | {
        "x": RNG.normal(size=(3, 3))
    }
    zero = {n: np.zeros_like(v) for n, v in rows.items()}
    value = model.shapley(rows, zero).mean(axis=1)
    named = dict(zip(FAMILIES, value.T, strict=True))
    np.testing.assert_allclose(named["rain"], 0.75 * 0.5 * 2.0 * rows["x"][:, 0])
    np.testing.assert_allclose(named["drought index"], -0.75 * 0.5 * rows["x"][:, 1])
    np.testing.assert_allclose(named["own history"], 0.25 * rows["own"] + 0.75 * rows["level"])
    np.testing.assert_allclose(named["neighbours"], 0.25 * rows["shared"])
    for unused in ("conflict", "vegetation", "other count"):
        assert not named[unused].any()


def inputs(count, districts=6, lasting=5.0):
    """Rain that raises own counts by 2 in a district, and lasting levels that go with lasting rain."""
    district = np.tile(np.arange(districts), count // districts)
    level = np.arange(districts) - 2.5
    rain = RNG.normal(size=count) + level[district]
    own = 2.0 * rain + lasting * level[district] + 0.1 * RNG.normal(size=count)
    nothing = np.zeros(count)
    past = {"level": nothing, "nation": nothing, "own": own, "shared": nothing, "x": rain[:, None]}
    return past, district


def test_draws_follow_a_cause_and_not_what_lasts_in_a_district():
    past, district = inputs(240)
    rows = np.array([3, 40, 100])
    columns = np.array([7, 4, 7, 5, 0])
    draw = explain_causal.Drawn(past, district, rows, columns, [("rain", "own history")])
    x = {n: v[0] for n, v in past.items()}
    none = draw(None, np.zeros(8, bool), x, 3)
    np.testing.assert_allclose(none["own"], past["own"][rows], atol=1e-9)
    np.testing.assert_allclose(none["x"], past["x"][rows], atol=1e-9)
    higher = dict(x, x=x["x"] + 1.0)
    known = np.array([n == "rain" for n in FAMILIES])
    one = draw(None, known, x, 3)["own"]
    two = draw(None, known, higher, 3)["own"]
    np.testing.assert_allclose(two - one, 2.0, atol=0.05)


def test_the_penalty_of_an_equation_is_chosen_by_left_out_folds():
    x = RNG.normal(size=(400, 3)) * [1.0, 10.0, 0.1]
    y = x @ np.array([[1.0], [-0.2], [30.0]]) + 0.1 * RNG.normal(size=(400, 1))
    found = explain_causal.ridge_slopes(x, y, np.arange(400) % 5)
    np.testing.assert_allclose(found[:, 0], [1.0, -0.2, 30.0], rtol=0.02)
    noise = explain_causal.ridge_slopes(
        RNG.normal(size=(60, 20)), RNG.normal(size=(60, 1)), np.arange(60) % 5
    )
    assert np.abs(noise).max() < 0.05
    assert explain_causal.ridge_slopes(np.empty((9, 0)), np.ones((9, 2)), np.arange(9)).shape == (0, 2)


def test_links_that_pass_are_edges_and_prices_are_passed_through():
    def link(source, target, holm=0.01, mark="-->"):
        return {"source": source, "target": target, "holm": holm, "mark": mark}

    links = [
        link("drought", "vegetation"),
        link("drought", "cereal"),
        link("cereal", "departures"),
        link("conflict", "departures", holm=0.2),
        link("arrivals", "departures", mark="o-o"),
        link("departures", "departures", holm=None),
    ]
    found = explain_causal.found_graph({"pooled": {"links": links}}, Config())
    assert found == [("drought index", "own history"), ("drought index", "vegetation")]
    assert explain_causal.found_graph(None, Config()) is None


def made(small, value):
    """Attributions of all families (lead, origin, district, player) at the last four origins."""
    panel, config, _ = small
    months = panel.months[-7:-3].astype("datetime64[ns]")
    return xr.Dataset(
        {"attribution": (("lead", "origin", "district", "player"), value)},
        {
            "lead": [1],
            "origin": months,
            "district": list(panel.districts),
            "player": list(family_names(config)),
        },
    )


def test_known_drivers_that_are_used_as_they_act_are_told_so(small):
    panel, config, _ = small
    total, drought = panel.raw["effect_true"].values, panel.raw["drought_true"].values
    at = np.arange(panel.shape[1] - 7, panel.shape[1] - 3)
    value = np.zeros((1, 4, 8, 8))
    added = sum(total[k] * drought[:, at + 1 - k] for k in range(1, 7))
    value[0, :, :, 1] = 0.5 * added.T
    value[0, :, :, 3] = 0.4 * np.log1p(panel.raw["insecurity_fatalities"].values[:, at]).T
    rows = {
        (r["cause"], r["family"]): r for r in explain_tables.truth(made(small, value), panel, config)["rows"]
    }
    assert rows["drought", "drought index"]["correlation"] == pytest.approx(1.0)
    assert rows["drought", "all climate"]["slope"] == pytest.approx(0.5)
    assert rows["conflict", "conflict"]["slope"] == pytest.approx(1.0)
    assert rows["drought", "rain"]["correlation"] is None


def test_attribution_per_drought_month_is_compared_with_the_effect_of_as_many_months(small):
    panel, config, _ = small
    at = np.arange(panel.shape[1] - 7, panel.shape[1] - 3)
    drought = (panel.cdi < config.effect.threshold).astype(float)
    value = np.zeros((1, 4, 8, 8))
    value[0, :, :, 1] = (0.5 * drought[:, at] + 0.3 * drought[:, at - 1] - 0.2 * drought[:, at - 2]).T
    value[0] += RNG.normal(size=(4, 1, 1))
    lags = range(7)
    effect = {"lag": list(lags), "effect": [0.0, 0.5, 1.0, 0.0, 0, 0, 0], "level": 0.9}
    effect |= {"lower": [e - 0.1 for e in effect["effect"]], "upper": [e + 0.1 for e in effect["effect"]]}
    told = explain_tables.agreements(made(small, value), panel, config, {"main": effect})
    rows = {r["lag"]: r for r in told["rows"] if r["driver"] == "drought index, 1 ahead"}
    assert [rows[k]["attribution"] for k in (1, 2, 3)] == pytest.approx([0.5, 0.3, -0.2], abs=1e-9)
    assert [rows[k]["finding"] for k in (1, 2, 3)] == ["agrees", "weaker", "used, not shown to act"]


def test_the_stage_writes_values_tables_and_adds_up(small, tmp_path):
    panel, config, found = small
    folder = RunFolder(tmp_path)
    (tmp_path / "tables").mkdir()
    told = []
    explain_run.run(folder, panel, config, found, lambda done, whole: told.append((done, whole)))
    assert told[-1] == (6, 6)
    tables = folder.read_json(tmp_path / "tables" / "explain.json")
    assert tables["checks"]["issued"] < 1e-9
    assert tables["checks"]["gap"] < 1e-9
    assert tables["causal"]["gap"] < 1e-9
    for lead in (1, 3):
        rows = [r for r in tables["families"] if r["lead"] == lead]
        assert sum(r["spread"] for r in rows) == pytest.approx(1.0)
        assert sum(r["part"] for r in rows) == pytest.approx(1.0)
    with xr.open_dataset(tmp_path / "explain.nc") as ds:
        causal = ds["causal_attribution"].load()
    split = causal.sel(kind="direct") + causal.sel(kind="indirect")
    np.testing.assert_allclose(split, causal.sel(kind="causal"), atol=1e-9)
    # all kinds share out the same difference of the prediction from the same base
    for kind in ("causal", "asymmetric"):
        np.testing.assert_allclose(
            causal.sel(kind=kind).sum("player"), causal.sel(kind="symmetric").sum("player"), atol=1e-9
        )
    scores = {r["score"]: r["value"] for r in tables["trust"]["rows"]}
    assert scores["efficiency_gap"] < 1e-9
    assert {"faithfulness_correlation", "member_rank_correlation", "randomisation"} <= set(scores)
