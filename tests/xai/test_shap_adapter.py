"""shap's explainers behind our inputs and outputs, against our own exact values."""

from __future__ import annotations

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from threadpoolctl import threadpool_limits

from data.errors import ConfigError, DataError, ModelError
from xai.function import Plain
from xai.grouped import grouped_shapley
from xai.players import per_cell
from xai.shap_adapter import shap_dataset, shap_values, tree_shap

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pytest.importorskip("shap")

RNG = np.random.default_rng(0)
X = {"pr": RNG.normal(size=(2, 2)), "tas": np.asarray(RNG.normal())}
ROWS = {"pr": RNG.normal(size=(110, 2, 2)), "tas": RNG.normal(size=110)}


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True), warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="shap")
        warnings.filterwarnings("ignore", module="numba")
        yield


@pytest.fixture(autouse=True)
def one_thread():
    """Small matrices: threads cost more than they give on a busy machine."""
    with threadpool_limits(1):
        yield


def f(x):
    rain = jnp.asarray(x["pr"])
    return jnp.sin(rain[0, 0] * rain[1, 1]) + rain[0, 1] ** 2 * x["tas"] + rain.sum()


def cells_of(values):
    return np.append(np.ravel(values["pr"]), values["tas"])


@pytest.fixture(scope="module")
def truth():
    with jax.enable_x64(True):
        return grouped_shapley(f, X, background=ROWS, players=per_cell(X))


@pytest.mark.parametrize(
    ("method", "options", "bound"),
    [
        ("exact", {}, 1e-10),
        ("kernel", {"coalitions": 62}, 1e-9),
        ("permutation", {"permutations": 400}, 0.05),
    ],
)
def test_shap_agrees_with_our_exact_values_on_all_rows(method, options, bound, truth):
    """110 rows: shap's maskers would keep 100 of them, which is another game."""
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    found = shap_values(f, X, background=ROWS, method=method, **options)
    error = np.abs(cells_of(found.attribution) - np.asarray(truth.attribution)).max()
    assert error <= bound
    np.testing.assert_allclose(found.base_value, truth.base_value, atol=1e-12)
    assert abs(float(found.efficiency_gap)) <= 1e-9
    assert np.isnan(cells_of(found.stderr)).all() == (method != "exact")
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


@pytest.mark.parametrize("kind", ["forest", "boosting", "histogram"])
def test_tree_explainer_agrees_with_our_exact_interventional_values(kind):
    """Where shap's values for a model do not add up (histogram boosting, in some versions) it is an error."""
    from sklearn.ensemble import (
        GradientBoostingRegressor,
        HistGradientBoostingRegressor,
        RandomForestRegressor,
    )

    rng = np.random.default_rng(1)
    features = rng.normal(size=(200, 4)).astype(np.float32).astype(float)
    target = features[:, 0] * features[:, 1] + np.abs(features[:, 2]) + features[:, 3]
    model = {
        "forest": RandomForestRegressor(10, max_depth=4, random_state=0),
        "boosting": GradientBoostingRegressor(n_estimators=20, random_state=0),
        "histogram": HistGradientBoostingRegressor(max_iter=20, random_state=0),
    }[kind]
    model.fit(features, target)
    x, rows = (
        {"a": features[:3, :2], "b": features[:3, 2:]},
        {"a": features[:120, :2], "b": features[:120, 2:]},
    )
    plain = Plain(lambda z: model.predict(np.concatenate([z["a"], z["b"]], axis=1)), batched=True)
    ours = grouped_shapley(
        plain, x, background=rows, players=per_cell({n: v[0] for n, v in x.items()}), samples=True
    )
    try:
        found = tree_shap(model, x, background=rows)
    except ModelError:
        assert kind == "histogram"
        return
    together = np.concatenate([found.attribution["a"], found.attribution["b"]], axis=1)
    np.testing.assert_allclose(together, ours.attribution, rtol=0, atol=1e-6)
    assert np.abs(found.efficiency_gap).max() <= 1e-6


def test_datasets_in_and_out(truth):
    ds = xr.Dataset({"pr": (("lat", "lon"), X["pr"]), "tas": ((), float(X["tas"]))}, {"lat": [50.0, 51.0]})
    rows = xr.Dataset({"pr": (("background", "lat", "lon"), ROWS["pr"]), "tas": ("background", ROWS["tas"])})
    found = shap_dataset(f, ds, background=rows, method="exact")
    assert found["attribution_pr"].dims == ("lat", "lon")
    assert found.attrs["background_rows"] == 110
    np.testing.assert_allclose(np.ravel(found["attribution_pr"]), truth.attribution[:4], atol=1e-10)


def test_nothing_is_assumed():
    with pytest.raises(ConfigError, match="no number of coalitions"):
        shap_values(f, X, background=ROWS, method="kernel")
    with pytest.raises(ConfigError, match="even number of orderings"):
        shap_values(f, X, background=ROWS, method="permutation")
    with pytest.raises(ConfigError, match="unknown"):
        shap_values(f, X, background=ROWS, method="sampling")
    with pytest.raises(DataError, match="every variable the shape"):
        shap_values(f, X, background={"pr": ROWS["pr"], "tas": ROWS["pr"]}, method="exact")
