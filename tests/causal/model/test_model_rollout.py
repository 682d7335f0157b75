"""Rollouts under do(...): against the model's own recursion and known responses, over panels and drivers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from causal.model import fit
from causal.model.series import following
from data.errors import ConfigError, DataError, ModelError

NAMES = ("rain", "soil", "yield_")
SLOPES = {
    ("rain", "rain", 1): 0.5,
    ("rain", "soil", 0): 0.8,
    ("soil", "soil", 1): 0.6,
    ("soil", "yield_", 0): 0.5,
}
GRAPH = np.zeros((3, 3, 2), "<U3")
for _source, _target, _lag in SLOPES:
    GRAPH[NAMES.index(_source), NAMES.index(_target), _lag] = "-->"


def world(steps: int, seed: int = 0, noise: float = 0.3, level: float = 0.0) -> xr.Dataset:
    rng = np.random.default_rng(seed)
    x = np.zeros((steps + 50, 3))
    for t in range(1, len(x)):
        rain = 0.5 * x[t - 1, 0] + rng.normal()
        soil = 0.8 * rain + 0.6 * x[t - 1, 1] + noise * rng.normal()
        x[t] = rain, soil, 0.5 * soil + noise * rng.normal()
    time = pd.date_range("2001-01-01", periods=steps, freq="MS")
    units = {"rain": "mm", "soil": "m3 m-3", "yield_": "t ha-1"}
    return xr.Dataset(
        {n: ("time", level + x[50:, k], {"units": units[n]}) for k, n in enumerate(NAMES)}, {"time": time}
    )


@pytest.fixture(scope="module")
def model():
    return fit(GRAPH, world(300), names=NAMES, members=50)


def test_slopes_hold_the_truth_and_nothing_else(model):
    found = model.coefficients([0.001, 0.5, 0.999])
    for source in NAMES:
        for target in NAMES:
            for lag in (0, 1):
                low, _, high = found.sel(source=source, target=target, lag=lag).values
                true = SLOPES.get((source, target, lag))
                assert (low == high == 0.0) if true is None else (low < true < high)


def test_rollout_is_the_recursion_of_each_member(model):
    ds = world(300)
    run = model.rollout(
        ds, 6, do={"soil": [np.nan, 2.0, 2.0, np.nan, np.nan, np.nan]}, draws=50, quantiles=None
    )
    assert run.sizes == {"draw": 50, "time": 6}
    found = np.stack([run[n].values for n in NAMES], -1)
    np.testing.assert_allclose(found[:, 1:3, 1], 2.0)
    slope = np.asarray(model.mechanisms.slope).reshape(50, 3, 2, 3)
    constant = np.asarray(model.mechanisms.constant)
    z = (found - model.centre) / model.scale
    before = (np.array([ds[n].values[-1] for n in NAMES]) - model.centre[0]) / model.scale
    past = np.concatenate([np.broadcast_to(before, (50, 1, 3)), z[:, :-1]], axis=1)
    expected = np.einsum("dni,dti->dtn", slope[:, :, 0], z) + np.einsum("dni,dti->dtn", slope[:, :, 1], past)
    noise = z - expected - constant[:, None]
    # what is left is a residual of the record: rows of three that stand together in it
    rows = model.residuals[0]
    near = np.abs(noise[:, 0, None, :] - rows[None]).max(-1).min(1)
    assert near.max() < 1e-12
    assert np.abs(noise[:, 4, None, :] - rows[None]).max(-1).min(1).max() < 1e-12


def test_response_to_an_intervention_is_the_known_one():
    exact = fit(GRAPH, world(4000, noise=0.05), names=NAMES, members=4)
    ds = world(60, seed=5)
    runs = [exact.rollout(ds, 5, do={"rain": v}, draws=40, quantiles=None) for v in (0.0, 1.0)]
    # the same draws of noise, so that the difference is the step response of the equations
    change = (runs[1] - runs[0]).mean("draw")
    soil = 0.8 * np.cumsum(0.6 ** np.arange(5))
    np.testing.assert_allclose(change["soil"], soil, atol=0.03)
    np.testing.assert_allclose(change["yield_"], 0.5 * soil, atol=0.03)


def test_nothing_flows_against_the_arrows(model):
    runs = [model.rollout(world(60), 5, do={"soil": v}, draws=20, quantiles=None) for v in (0.0, 9.0)]
    xr.testing.assert_equal(runs[0]["rain"], runs[1]["rain"])
    assert (runs[0]["yield_"] != runs[1]["yield_"]).all()


def test_time_units_and_settings_go_along(model):
    run = model.rollout(world(60), 3, do={"soil": 0.0})
    assert run["rain"].attrs["units"] == "mm"
    assert run.attrs["do"] == "soil"
    assert [str(t)[:10] for t in run["time"].values] == ["2006-01-01", "2006-02-01", "2006-03-01"]
    assert (run["rain"].sel(quantile=0.05) < run["rain"].sel(quantile=0.95)).all()


def test_quantiles_are_those_of_the_noise(model):
    # one step ahead of a known history rain is normal with variance 1
    run = model.rollout(world(60), 1, draws=4000)
    width = float((run["rain"].sel(quantile=0.95) - run["rain"].sel(quantile=0.05)).item())
    assert width == pytest.approx(2 * 1.645, rel=0.12)


def test_times_that_follow():
    def after(*time: str) -> list[str]:
        return [str(t)[:10] for t in following(np.array(time, "datetime64[ns]"), 2)]

    assert after("2001-11-30", "2001-12-31") == ["2002-01-31", "2002-02-28"]
    assert after("2000-07-01", "2001-07-01") == ["2002-07-01", "2003-07-01"]
    assert after("2000-02-20", "2000-02-28") == ["2000-03-07", "2000-03-15"]
    assert following(np.array([3, 5]), 2).tolist() == [7, 9]


def test_drivers_and_functions_of_time(model):
    ds = world(60)
    given = model.rollout(
        ds, 4, drivers={"rain": lambda time: xr.ones_like(time, float)}, draws=5, quantiles=None
    )
    np.testing.assert_allclose(given["rain"], 1.0)
    with pytest.raises(ModelError, match="the driver 'soil' has causes"):
        model.rollout(ds, 4, drivers={"soil": 0.0})
    with pytest.raises(ModelError, match="both set and a driver"):
        model.rollout(ds, 4, do={"rain": 0.0}, drivers={"rain": 0.0})


def test_panel_members_run_by_themselves():
    panel = xr.concat([world(200, s, level=10.0 * s) for s in range(3)], "district").assign_coords(
        district=list("abc")
    )
    model = fit(GRAPH, panel, names=NAMES, members=20, centre="member")
    do = xr.DataArray([10.0, 20.0, 30.0], {"district": list("abc")}, "district")
    run = model.rollout(panel, 24, do={"rain": do}, draws=200)
    assert run["soil"].dims == ("quantile", "district", "time")
    np.testing.assert_allclose(run["rain"].isel(quantile=0, time=0), do)
    # rain 10 above a member's level raises soil by 0.8 / (1 - 0.6) of it
    rise = run["soil"].sel(quantile=0.5).isel(time=slice(16, None)).mean("time") - panel["soil"].mean("time")
    np.testing.assert_allclose(rise, 2.0 * (do - panel["rain"].mean("time")), rtol=0.12)
    whole, part = (
        model.rollout(panel, 3, draws=30, seed=1),
        model.rollout(panel.isel(district=[0]), 3, draws=30, seed=1),
    )
    np.testing.assert_allclose(part["rain"].isel(district=0), whole["rain"].isel(district=0))
    with pytest.raises(DataError, match="was not there"):
        model.rollout(panel.isel(district=0, drop=True), 3)


def test_samples_never_cross_a_border():
    # two members whose series jump at their border: one long series would see the jump, a panel must not
    a, b = world(60, 1), world(60, 2)
    panel = xr.concat([a, b.assign_coords(time=a["time"])], "site")
    alone = [fit(GRAPH, x, names=NAMES, members=2) for x in (a, b)]
    both = fit(GRAPH, panel, names=NAMES, members=2)
    assert both.residuals.shape == (2, 59, 3)
    assert sum(m.residuals.size for m in alone) == both.residuals.size


def test_missing_values_are_left_out():
    ds = world(300)
    holes = ds.copy(deep=True)
    holes["yield_"][::7] = np.nan
    holes["rain"][5] = np.nan
    found = fit(GRAPH, holes, names=NAMES, members=5)
    # rain at 5 is the target of 5, a cause of rain and soil at 5 and 6
    assert np.flatnonzero(np.isnan(found.residuals[0, :, 0])).tolist() == [4, 5]
    assert np.flatnonzero(np.isnan(found.residuals[0, :, 1])).tolist() == [4]
    one = fit(GRAPH, ds.isel(time=slice(None)), names=NAMES, members=5)
    np.testing.assert_allclose(found.coefficients([0.5]), one.coefficients([0.5]), atol=0.1)
    with pytest.raises(DataError, match="missing at the end of the history"):
        found.rollout(holes.isel(time=slice(0, 6)), 2)


def test_prediction_of_one_step(model):
    ds = world(400, seed=9)
    found = model.predict(ds)
    assert np.isnan(found["rain"].isel(time=0)).all()
    inside = [
        ((ds[n] >= found[n].isel(quantile=0)) & (ds[n] <= found[n].isel(quantile=-1)))
        .isel(time=slice(1, None))
        .mean()
        for n in NAMES
    ]
    # 1197 samples: four standard errors of 0.9
    assert abs(float(np.mean(inside)) - 0.9) < 0.035
    found = model.predict(ds.where(ds["time"] != ds["time"][20]))
    assert np.isnan(found["soil"].values[:, [20, 21]]).all()


def at_once(noise: float, steps: int = 400) -> xr.Dataset:
    """soil = 2 + 0.8 rain and yield = 1 - 0.5 soil, all in the same month."""
    rain, *errors = np.random.default_rng(4).normal(size=(3, steps))
    soil = 2.0 + 0.8 * rain + noise * errors[0]
    values = (rain, soil, 1.0 - 0.5 * soil + noise * errors[1])
    fields = {n: ("time", v) for n, v in zip(NAMES, values, strict=True)}
    return xr.Dataset(fields, {"time": pd.date_range("2001-01-01", periods=steps, freq="MS")})


def test_a_graph_without_lags():
    ds, graph = at_once(noise=0.0), GRAPH[:, :, :1]
    found = fit(graph, ds, names=NAMES, members=10)
    rain = np.array([1.0, -2.0, 5.0])
    run = found.rollout(ds, 3, do={"rain": rain}, draws=10, quantiles=None)
    np.testing.assert_allclose(run["soil"], np.tile(2.0 + 0.8 * rain, (10, 1)), atol=1e-9)
    np.testing.assert_allclose(run["yield_"], np.tile(-0.4 * rain, (10, 1)), atol=1e-9)
    held = found.rollout(ds, 3, do={"soil": 1.0}, draws=10, quantiles=None)
    np.testing.assert_allclose(held["yield_"], 0.5, atol=1e-9)
    told = found.predict(ds, draws=10)
    for name in ("soil", "yield_"):
        np.testing.assert_allclose(told[name], np.tile(ds[name], (3, 1)), atol=1e-9)
    other = found.counterfactual(ds, {"rain": lambda x: x + 1.0}, draws=10)
    np.testing.assert_allclose(other["soil_difference"], 0.8, atol=1e-9)
    np.testing.assert_allclose(other["yield__difference"], -0.4, atol=1e-9)


def test_noise_of_a_graph_without_lags_adds_along_its_links():
    """Spread of the draws: 0.3 for soil given rain, 0.3 (1 + 0.5^2)^(1/2) for the yield that follows it."""
    ds, graph = at_once(noise=0.3, steps=4000), GRAPH[:, :, :1]
    found = fit(graph, ds, names=NAMES, members=10)
    run = found.rollout(ds, 20, do={"rain": 1.0}, draws=400, quantiles=None)
    assert float(run["soil"].mean()) == pytest.approx(2.8, abs=0.03)
    assert float(run["yield_"].mean()) == pytest.approx(-0.4, abs=0.03)
    assert float(run["soil"].std()) == pytest.approx(0.3, rel=0.05)
    assert float(run["yield_"].std()) == pytest.approx(0.3 * 1.25**0.5, rel=0.05)
    told = found.predict(ds, draws=400)
    width = (told["yield_"].sel(quantile=0.95) - told["yield_"].sel(quantile=0.05)).mean()
    assert float(width) == pytest.approx(2 * 1.6449 * 0.3, rel=0.05)


def test_results_go_through_netcdf(model, tmp_path):
    run = model.counterfactual(world(40), {"rain": 0.0}, draws=10)
    run.to_netcdf(tmp_path / "run.nc")
    with xr.open_dataset(tmp_path / "run.nc") as back:
        xr.testing.assert_identical(back.load().drop_encoding(), run)


def test_large_panels_run_in_parts(model, monkeypatch):
    panel = xr.concat([world(40, s) for s in range(3)], "site").assign_coords(site=range(3))
    whole = model.rollout(panel, 2, do={"rain": 1.0}, draws=500)
    monkeypatch.setattr("causal.model.structural.LARGEST", 2 * 3 * 500)
    parts = model.rollout(panel, 2, do={"rain": 1.0}, draws=500)
    assert abs(whole["soil"] - parts["soil"]).max() < 0.2


BAD = {
    "unknown variable": (ModelError, {"do": {"sol": 0.0}}, "did you mean 'soil'?"),
    "other length": (ModelError, {"do": {"soil": [1.0, 2.0]}}, "2 values are given for 3 steps"),
    "infinite": (ModelError, {"do": {"soil": np.inf}}, "infinite"),
    "other dimension": (
        ModelError,
        {"do": {"soil": xr.DataArray([1.0], dims="site")}},
        "unknown dimension 'site'",
    ),
    "other times": (
        ModelError,
        {"do": {"soil": xr.DataArray(np.ones(3), {"time": [1, 2, 3]}, "time")}},
        "other coordinates along 'time'",
    ),
    "quantile": (ConfigError, {"quantiles": [5, 95]}, "numbers from 0 to 1"),
}


@pytest.mark.parametrize("case", BAD)
def test_refused(case, model):
    error, settings, words = BAD[case]
    with pytest.raises(error) as caught:
        model.rollout(world(60), 3, **settings)
    assert words in str(caught.value)


def test_data_and_settings_that_cannot_be_fitted():
    ds = world(60)
    wrong = {
        "the variable 'soil' is missing": (ds.drop_vars("soil"), {}),
        "time is not sorted": (ds.isel(time=slice(None, None, -1)), {}),
        "time has a gap": (ds.isel(time=[*range(20), *range(25, 60)]), {}),
        "infinite values in rain": (ds.assign(rain=ds["rain"] / 0.0), {}),
        "not numbers": (ds.assign(rain=ds["rain"].astype(str)), {}),
        "has no dimension 'time'": (ds.assign(rain=ds["rain"].mean()), {}),
        "has no value": (ds.assign(rain=ds["rain"] * np.nan), {}),
        "too short": (ds.isel(time=slice(0, 12)), {}),
        "complete sample": (ds.where(ds["time"] < ds["time"][8]), {}),
        "no mechanism": (ds, {"mechanism": "forest"}),
        "no centre": (ds, {"centre": "site"}),
        "members=1": (ds, {"members": 1}),
        "block=50": (ds, {"block": 50}),
    }
    for words, (data, settings) in wrong.items():
        with pytest.raises((DataError, ModelError, ConfigError)) as caught:
            fit(GRAPH, data, names=NAMES, **settings)
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)
