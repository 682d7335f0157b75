"""Two-way fixed effects against a regression on dummies, distributed lags against simulated truth."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from causal.effects import Bootstrap, distributed_lags, two_way
from data.errors import ConfigError, DataError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import statsmodels.formula.api as smf


def panel(seed=0, units=12, steps=20, effects=(0.5, 0.3, -0.2), gaps=0.05) -> xr.Dataset:
    """Outcome = lagged treatment + unit level + common shocks that drive the treatment too + unit's own red noise."""
    rng = np.random.default_rng(seed)
    level, shock = rng.normal(0, 2, (units, 1)), rng.normal(0, 1, steps)
    treatment = rng.normal(size=(units, steps)) + 0.5 * level + shock
    control = rng.normal(size=(units, steps))
    noise = rng.normal(size=(units, steps))
    for t in range(1, steps):
        noise[:, t] += 0.6 * noise[:, t - 1]
    outcome = level + 2 * shock + 0.4 * control + noise
    for h, size in enumerate(effects):
        outcome[:, h:] += size * treatment[:, : steps - h]
    outcome[rng.random(outcome.shape) < gaps] = np.nan
    dims = ("district", "time")
    return xr.Dataset(
        {
            "arrivals": (dims, outcome, {"units": "persons"}),
            "drought": (dims, treatment, {"units": "1"}),
            "price": (dims, control, {"units": "USD"}),
        },
        coords={
            "district": [f"d{k:02d}" for k in range(units)],
            "time": pd.date_range("2015", periods=steps, freq="MS"),
        },
    )


def frame(ds: xr.Dataset, lags=0) -> pd.DataFrame:
    for h in range(1, lags + 1):
        ds = ds.assign({f"drought{h}": ds["drought"].shift(time=h)})
    table = ds.to_dataframe().reset_index().dropna()
    table["unit"], table["step"] = pd.factorize(table["district"])[0], pd.factorize(table["time"])[0]
    return table


@pytest.mark.parametrize("cluster", ["unit", "time", "both", "none"])
@pytest.mark.parametrize("effects", [("unit", "time"), ("unit",), ("time",)])
@pytest.mark.parametrize("gaps", [0.0, 0.05])
def test_agrees_with_a_regression_on_dummies(cluster, effects, gaps):
    ds = panel(gaps=gaps)
    table = frame(ds)
    formula = "arrivals ~ drought + price" + "".join(f" + C({'step' if e == 'time' else e})" for e in effects)
    model = smf.ols(formula, table)
    if cluster == "none":
        peer = model.fit()
    else:
        groups = {"unit": table["unit"], "time": table["step"], "both": table[["unit", "step"]].to_numpy()}[
            cluster
        ]
        peer = model.fit(cov_type="cluster", cov_kwds={"groups": groups})
    ours = two_way(ds, "arrivals", "drought", ["price"], effects=effects, cluster=cluster)
    assert ours.samples == len(table)
    np.testing.assert_allclose(ours.coefficients, peer.params[["drought", "price"]], rtol=1e-9)
    if cluster == "both":  # the two-way formula's intersection is the sample itself
        groups = np.arange(len(table))
        alone = [
            model.fit(cov_type="cluster", cov_kwds={"groups": g})
            for g in (table["unit"], table["step"], groups)
        ]
        parts = [f.cov_params().loc[["drought", "price"], ["drought", "price"]].to_numpy() for f in alone]
        np.testing.assert_allclose(ours.covariance, parts[0] + parts[1] - parts[2], rtol=1e-7)
    else:
        np.testing.assert_allclose(ours.stderr, peer.bse[["drought", "price"]], rtol=1e-9)
    assert ours.residual_dof == peer.model.df_resid


def test_t_statistics_use_clusters_less_one():
    ours = two_way(panel(), "arrivals", "drought")
    assert ours.dof == 11
    assert ours.table().loc["drought", "unit"] == "persons"


def test_lags_agree_with_a_regression_on_dummies():
    ds = panel(steps=30)
    table = frame(ds, 3)
    peer = smf.ols("arrivals ~ drought + drought1 + drought2 + drought3 + C(unit) + C(step)", table).fit(
        cov_type="cluster", cov_kwds={"groups": table["unit"]}
    )
    names = ["drought", "drought1", "drought2", "drought3"]
    ours = distributed_lags(ds, "arrivals", "drought", 3)
    np.testing.assert_allclose(ours["effect"], peer.params[names], rtol=1e-9)
    total = peer.t_test(np.array([[1.0 if n in names else 0.0 for n in peer.params.index]]))
    assert float(ours["cumulative"][-1]) == pytest.approx(float(np.squeeze(total.effect)), rel=1e-9)
    assert float(ours["cumulative_stderr"][-1]) == pytest.approx(float(np.squeeze(total.sd)), rel=1e-9)
    assert ours["cumulative"].attrs["units"] == "persons"


def test_intervals_cover_and_the_plain_regression_is_biased():
    """95 % intervals of lags and of their sum over 200 panels of 40 units; levels and shocks bias pooled slopes."""
    truth = np.array([0.5, 0.3, -0.2, 0.0])
    hits, sums, values, plain = [], [], [], []
    for seed in range(200):
        ds = panel(seed, units=40, steps=40)
        found = distributed_lags(ds, "arrivals", "drought", 3)
        hits.append((found["lower"].values <= truth) & (truth <= found["upper"].values))
        sums.append(float(found["cumulative_lower"][-1]) <= 0.6 <= float(found["cumulative_upper"][-1]))
        values.append(found["effect"].values)
        x, y = ds["drought"].values.ravel(), ds["arrivals"].values.ravel()
        held = np.isfinite(y)
        plain.append(np.polyfit(x[held], y[held], 1)[0])
    error = np.std(values, axis=0) / np.sqrt(200)
    assert (np.abs(np.mean(values, axis=0) - truth) < 4 * error).all()
    assert 0.925 <= np.mean(hits) <= 0.97
    assert 0.91 <= np.mean(sums) <= 0.985
    assert np.mean(plain) > 1.0


@pytest.mark.parametrize("resample", ["units", "time"])
@pytest.mark.parametrize("effects", [("unit", "time"), ("unit",), ("time",)])
def test_draws_equal_weighted_regressions_on_dummies(resample, effects):
    ds = panel(units=6, steps=12)
    bootstrap = Bootstrap(4, resample=resample, block=3)
    found = two_way(ds, "arrivals", "drought", ["price"], effects=effects, bootstrap=bootstrap).draws
    by_unit, by_step = bootstrap.weights(6, 12, 0)
    table = frame(ds)
    formula = "arrivals ~ drought + price" + "".join(f" + C({'step' if e == 'time' else e})" for e in effects)
    for b in range(4):
        drawn = by_unit[b][table["unit"]] if resample == "units" else by_step[b][table["step"]]
        held = table.assign(weight=drawn)[drawn > 0]
        peer = smf.wls(formula, held, weights=held["weight"]).fit()
        np.testing.assert_allclose(found[b], peer.params[["drought", "price"]], rtol=1e-7)


def test_bootstrap_of_units_agrees_with_clustered_errors():
    ds = panel(units=60, steps=30)
    found = two_way(ds, "arrivals", "drought", ["price"], bootstrap=Bootstrap(600, resample="units"))
    np.testing.assert_allclose(found.draws.std(0), found.stderr, rtol=0.15)


def test_bootstrap_of_a_large_panel_is_quick():
    ds = panel(units=64, steps=96)
    begin = time.process_time()
    found = distributed_lags(
        ds, "arrivals", "drought", 6, ["price"], bootstrap=Bootstrap(500, resample="units")
    )
    assert time.process_time() - begin < 5.0
    assert (found["lower"] < found["effect"]).all()


def test_bad_questions():
    ds = panel()
    with pytest.raises(DataError, match="fixed effects explain 'level'"):
        two_way(ds.assign(level=ds["arrivals"].mean("time")), "arrivals", "level")
    with pytest.raises(DataError, match="fixed effects explain 'shock'"):
        two_way(ds.assign(shock=ds["drought"].mean("district")), "arrivals", "shock")
    with pytest.raises(DataError, match="repeat each other"):
        two_way(ds.assign(twice=2 * ds["drought"]), "arrivals", ["drought", "twice"])
    with pytest.raises(DataError, match="no panel dimension"):
        two_way(ds.isel(district=0, drop=True), "arrivals", "drought")
    with pytest.raises(DataError, match="'rain' is missing"):
        two_way(ds, "arrivals", "rain")
    with pytest.raises(ConfigError, match="cluster"):
        two_way(ds, "arrivals", "drought", cluster="village")
    with pytest.raises(ConfigError, match="fixed effects"):
        two_way(ds, "arrivals", "drought", effects=())
    with pytest.raises(ConfigError, match="lag"):
        two_way(ds, "arrivals", ("drought", 1))
    with pytest.raises(DataError, match="complete sample"):
        distributed_lags(ds.isel(time=slice(0, 8)), "arrivals", "drought", 7)
    with pytest.raises(ConfigError, match="at once"):
        two_way(ds, "arrivals", "drought", bootstrap=Bootstrap(5, resample="both"))
