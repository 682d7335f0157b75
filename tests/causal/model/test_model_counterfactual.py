"""What would have been: the observed noise is kept, so that nothing moves but what an intervention moves."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from causal.model import fit
from data.synthetic.interventions import intervention_world

STEPS, START = 60, 30


@pytest.fixture(scope="module")
def known():
    world = intervention_world(3)
    model = fit(world.graph, world.observe(np.random.default_rng(0), 16000), names=world.names, members=20)
    noise = world.draw(np.random.default_rng(1), 1, STEPS)
    return world, model, noise, world.dataset(world.run(noise)[0])


def test_without_a_change_the_past_is_the_past(known):
    _, model, _, ds = known
    found = model.counterfactual(ds, {"follower": lambda x: x}, draws=50)
    for name in ds:
        np.testing.assert_allclose(found[name].sel(quantile=0.5), ds[name], atol=1e-12)
        assert abs(found[f"{name}_difference"]).max() < 1e-12


def test_truth_is_met_where_the_parameters_are_known_well(known):
    world, model, noise, ds = known
    held = np.where(np.arange(STEPS) < START, np.nan, ds["follower"].values - 1.5)
    truth = world.run(noise, do={"follower": held})[0]
    found = model.counterfactual(ds, {"follower": held}, draws=50)
    moved = np.abs(truth - np.stack([ds[n].values for n in world.names], -1)).max(0)
    assert moved[0] == 0.0
    assert moved[1:].max() > 0.5
    for k, name in enumerate(world.names):
        np.testing.assert_allclose(found[name].sel(quantile=0.5), truth[:, k], atol=0.05 * max(moved))
        # before the intervention nothing differs, and the driver never does
        assert abs(found[f"{name}_difference"].isel(time=slice(0, START))).max() < 1e-12
    assert abs(found["driver_difference"]).max() < 1e-12
    assert found["x2_difference"].attrs == {"units": "1", "long_name": "x2, counterfactual less factual"}


def test_gaps_are_drawn_and_widen_what_follows(known):
    _, model, _, ds = known
    holes = ds.copy(deep=True)
    holes["x2"][20:30] = np.nan
    holes["driver"][0] = np.nan
    found = model.counterfactual(holes, {"follower": lambda x: x}, draws=200)
    assert all(np.isfinite(found[n]).all() for n in found)
    width = found["x2"].sel(quantile=0.95) - found["x2"].sel(quantile=0.05)
    assert (width[20:30] > 0.5).all()
    np.testing.assert_allclose(width[31:], 0.0, atol=1e-12)
    inside = (ds["x2"] >= found["x2"].sel(quantile=0.05)) & (ds["x2"] <= found["x2"].sel(quantile=0.95))
    assert inside[20:30].mean() >= 0.6
    # what is not observed cannot differ for a change that does not reach it
    assert abs(found["x2_difference"]).max() < 1e-12


def test_an_intervention_may_begin_with_the_record(known):
    world, model, noise, ds = known
    found = model.counterfactual(ds, {"follower": 0.5}, draws=20)
    np.testing.assert_allclose(found["follower"], 0.5)
    # values of the first lags are taken as they are, then the set values rule
    past = np.stack([ds[n].values for n in world.names], -1)[: world.tau_max]
    past[:, 1] = 0.5
    truth = world.run(noise[:, world.tau_max :], past, {"follower": 0.5})[0]
    np.testing.assert_allclose(found["x4"].sel(quantile=0.5)[world.tau_max :], truth[:, 4], atol=0.1)


def test_over_a_panel_with_a_function_of_the_observed(known):
    world, model, _, _ = known
    paths = world.run(world.draw(np.random.default_rng(7), 3, 40))
    panel = xr.concat([world.dataset(p) for p in paths], "site").assign_coords(site=list("abc"))
    found = model.counterfactual(panel.transpose("time", "site"), {"follower": lambda x: 0.5 * x}, draws=10)
    assert found["follower"].dims == ("quantile", "site", "time")
    np.testing.assert_allclose(
        found["follower"].sel(quantile=0.5), 0.5 * panel["follower"].transpose("site", "time")
    )


def test_quantiles_without_gaps_are_those_of_the_members(known):
    """Of 20 members the k-th lowest bounds from below with probability k / 21, however many draws are asked for."""
    _, model, _, ds = known
    do = {"follower": lambda x: x - 1.0}
    paths = model.counterfactual(ds, do, draws=20, quantiles=None)
    found = model.counterfactual(ds, do, draws=400, quantiles=[1 / 21, 0.5, 20 / 21])
    assert found.attrs["draws"] == 20
    for name in ("x2", "x4", "x4_difference"):
        for k, edge in (
            (0, paths[name].min("draw")),
            (1, paths[name].median("draw")),
            (2, paths[name].max("draw")),
        ):
            np.testing.assert_allclose(found[name][k], edge, atol=1e-12)
