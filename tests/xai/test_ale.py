"""Accumulated local effects and partial dependence against what is known in closed form."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from data.errors import ConfigError, DataError, ModelError
from xai.ale import ale
from xai.ale_interaction import ale_interaction
from xai.dependence import partial_dependence
from xai.function import Plain


def table(count: int = 400, rho: float = 0.0, seed: int = 0) -> xr.Dataset:
    """Two standard normal inputs with correlation rho."""
    rng = np.random.default_rng(seed)
    a = rng.standard_normal(count)
    b = rho * a + np.sqrt(1 - rho**2) * rng.standard_normal(count)
    return xr.Dataset({"a": ("sample", a, {"units": "degC"}), "b": ("sample", b, {"units": "mm"})})


def additive(x):
    return jnp.sin(x["a"]) + x["b"] ** 2


plain_product = Plain(lambda x: x["a"] * x["b"], batched=True)
plain_additive = Plain(lambda x: np.sin(x["a"]) + x["b"] ** 2, batched=True)


def product(x):
    return x["a"] * x["b"]


@pytest.mark.parametrize("spacing", ["quantile", "equal"])
def test_additive_function_has_its_centred_component(spacing):
    ds = table()
    found = ale(additive, ds, "a", bins=7, spacing=spacing, bootstrap=5, dtype="float64", min_count=1)
    truth = np.sin(found["a"].values) - np.sin(ds["a"].values).mean()
    np.testing.assert_allclose(found["ale"], truth, atol=1e-13)
    assert found["a"].attrs["units"] == "degC"
    assert int(found["count"].sum()) == 400


def test_gradients_of_a_linear_function_are_exact_and_of_a_curved_one_converge():
    ds = table(4000)
    line = ale(lambda x: 3.0 * x["a"] - x["b"], ds, "a", bins=5, gradient=True, bootstrap=0, dtype="float64")
    np.testing.assert_allclose(line["ale"], 3 * (line["a"] - ds["a"].values.mean()), atol=1e-12)
    errors = []
    for bins in (5, 10, 20):
        curve = ale(
            additive,
            ds,
            "a",
            bins=np.linspace(-1.5, 1.5, bins + 1),
            gradient=True,
            bootstrap=0,
            dtype="float64",
        )
        inside = ds["a"].values[np.abs(ds["a"].values) <= 1.5]
        truth = np.sin(curve["a"].values) - np.sin(inside).mean()
        errors.append(np.abs(curve["ale"].values - truth).max())
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.01


@pytest.mark.parametrize("gradient", [False, True])
def test_correlated_inputs_keep_the_main_effect_where_partial_dependence_leaves_the_data(gradient):
    """f = a + 10 max(0, |a - b| - 1.5)^2 with b close to a: the second part is never seen in the data."""

    def f(x):
        return x["a"] + 10 * jnp.maximum(0.0, jnp.abs(x["a"] - x["b"]) - 1.5) ** 2

    ds = table(2000, rho=0.98)
    assert float(np.abs(ds["a"] - ds["b"]).max()) < 1.0
    found = ale(f, ds, "a", bins=np.linspace(-2, 2, 21), bootstrap=0, gradient=gradient, dtype="float64")
    inside = ds["a"].values[np.abs(ds["a"].values) <= 2]
    np.testing.assert_allclose(found["ale"], found["a"] - inside.mean(), atol=1e-12)
    pd = partial_dependence(f, ds, "a", values=[-2.0, 0.0, 2.0], curves=0, dtype="float64")["pd"].values
    assert pd[0] + pd[2] - 2 * pd[1] > 5.0


def test_product_of_correlated_inputs_has_the_closed_form_and_its_interval_covers_it():
    """E[b | a] = rho a, so the effect of a in a*b is rho (a^2 - 1) / 2."""
    rho, edges = 0.6, np.linspace(-3.2, 3.2, 33)
    hits, worst = [], []
    for seed in range(60):
        found = ale(plain_product, table(1500, rho, seed), "a", bins=edges, bootstrap=120, seed=seed)
        seen = found.sel(a=[-1.2, 0.0, 0.8], method="nearest")
        truth = rho * (seen["a"].values ** 2 - 1) / 2
        hits.append((seen["lower"].values <= truth) & (truth <= seen["upper"].values))
        worst.append(seen["ale"].values - truth)
    # 180 intervals, correlated in threes: at least 60 independent ones.
    assert 0.87 <= np.mean(hits) <= 1.0
    assert np.abs(np.mean(worst, axis=0)).max() < 0.02


def test_blocks_are_drawn_whole():
    """A sample repeated ten times tells no more than once: the interval must not shrink."""
    once = table(200, 0.5)
    tenfold = xr.concat([once] * 10, "sample").assign_coords(day=("sample", np.tile(np.arange(200), 10)))
    options = {"bins": [-2.0, -1.0, 0.0, 1.0, 2.0], "bootstrap": 300}
    alone = ale(plain_product, once, "a", **options)["stderr"].values
    blocked = ale(plain_product, tenfold, "a", blocks="day", **options)["stderr"].values
    naive = ale(plain_product, tenfold, "a", **options)["stderr"].values
    np.testing.assert_allclose(blocked, alone, rtol=0.25)
    assert (naive < 0.5 * alone).all()


def test_a_gap_breaks_the_curve():
    a = np.concatenate([np.linspace(0.0, 1.0, 60), np.linspace(2.9, 4.0, 40)])
    ds = xr.Dataset({"a": ("sample", a)})
    found = ale(
        Plain(lambda x: x["a"] ** 2, batched=True), ds, "a", bins=np.arange(0, 4.1, 0.5), bootstrap=10
    )
    assert found["count"].values.tolist()[2:5] == [0, 0, 0]
    assert found["piece"].values.tolist() == [0, 0, 0, -1, -1, 1, 1, 1, 1]
    assert np.isnan(found["ale"].values[3:5]).all()
    for inside in (found["piece"] == 0, found["piece"] == 1):
        edge = found["a"].values[inside]
        own = a[(a >= edge[0]) & (a <= edge[-1])]
        np.testing.assert_allclose(found["ale"].values[inside], edge**2 - (own**2).mean(), atol=1e-12)


def test_groups_have_curves_of_their_own_and_missing_samples_are_counted():
    ds = table(600).assign_coords(season=("sample", np.repeat(["JJA", "DJF"], 300)))
    ds["b"] = xr.where(ds["season"] == "JJA", 2.0, -1.0) + 0.1 * ds["b"]
    ds["a"][:7] = np.nan
    found = ale(plain_product, ds, "a", by="season", bins=[-1.0, 0.0, 1.0], bootstrap=0)
    slope = {s: float(found["slope"].sel(season=s).mean()) for s in ("JJA", "DJF")}
    assert slope["JJA"] == pytest.approx(2.0, abs=0.05)
    assert slope["DJF"] == pytest.approx(-1.0, abs=0.05)
    assert found.attrs["left_out_missing"] == 7
    pd = partial_dependence(plain_product, ds, "a", by="season", values=[0.0, 1.0], curves=3)
    means = ds["b"].isel(sample=slice(7, None)).groupby("season").mean()
    np.testing.assert_allclose(pd["pd"].sel(a=1.0), means.sel(season=pd["season"]), atol=1e-12)
    assert pd.attrs["left_out_missing"] == 7


@pytest.mark.parametrize("gradient", [False, True])
def test_interaction_of_a_product_is_its_closed_form(gradient):
    a, b = np.meshgrid(np.linspace(0, 4, 21), np.linspace(-1, 2, 16), indexing="ij")
    ds = xr.Dataset({"a": ("sample", a.ravel()), "b": ("sample", b.ravel())})
    found = ale_interaction(
        product, ds, ("a", "b"), bins=(5, 6), gradient=gradient, bootstrap=0, dtype="float64"
    )
    truth = (found["a"] - a.mean()) * (found["b"] - b.mean())
    np.testing.assert_allclose(found["ale"], truth.transpose("a", "b"), atol=1e-12)


def test_interaction_of_correlated_inputs():
    """a b - rho (a^2 + b^2) / 2, which has zero conditional slopes and zero mean; missing where nothing is known."""
    rho = 0.7
    edges = np.linspace(-2.4, 2.4, 17)
    ds = table(40_000, rho)
    f = Plain(lambda x: x["a"] * x["b"] + 5 * np.sin(x["a"]) - x["b"] ** 3, batched=True)
    found = ale_interaction(f, ds, ("a", "b"), bins=(edges, edges), bootstrap=20, chunk=None)
    truth = (
        (found["a"] * found["b"] - rho * (found["a"] ** 2 + found["b"] ** 2) / 2).transpose("a", "b").values
    )
    near = (np.abs(found["a"]) <= 1.5) & (np.abs(found["b"]) <= 1.5) & found["ale"].notnull()
    near &= np.abs(found["a"] - found["b"]) <= 1.5
    error = np.abs(found["ale"].values - truth)[near.transpose("a", "b").values]
    assert error.max() < 0.12
    assert np.isnan(found["ale"].sel(a=2.4, b=-2.4, method="nearest"))
    assert found.attrs["cells_without_data"] > 10
    none = ale_interaction(plain_additive, ds, ("a", "b"), bins=(edges, edges), bootstrap=0, chunk=None)
    assert float(np.abs(none["ale"]).max()) < 1e-12


def test_partial_dependence_of_a_product_of_independent_inputs():
    ds = table(300)
    found = partial_dependence(product, ds, "a", values=[-1.0, 0.0, 2.0], curves=300, dtype="float64")
    np.testing.assert_allclose(found["pd"], ds["b"].values.mean() * np.array([-1.0, 0.0, 2.0]), atol=1e-13)
    np.testing.assert_allclose(found["stderr"].sel(a=2.0), 2 * ds["b"].std(ddof=1) / np.sqrt(300), rtol=1e-12)
    np.testing.assert_allclose(found["ice"], np.outer(ds["b"], [-1.0, 0.0, 2.0]), atol=1e-13)
    centred = partial_dependence(additive, ds, "a", values=5, centred=True, curves=9, dtype="float64")
    assert float(np.ptp(centred["ice"].values, axis=0).max()) < 1e-13
    assert float(centred["spread"].max()) < 1e-13


def test_dimensions_are_stacked_and_a_cell_is_chosen():
    rng = np.random.default_rng(1)
    ds = xr.Dataset(
        {
            "pr": (("site", "time", "lag"), rng.random((3, 50, 4)), {"units": "mm d-1"}),
            "soil": ("site", [1.0, 2.0, 4.0]),
        },
        {"lag": [0, 1, 2, 3]},
    )

    def f(x):
        return {"gpp": x["soil"] * x["pr"] @ jnp.array([0.0, 0.0, 3.0, 1.0]), "two": x["pr"][:2]}

    found = ale(
        f, ds, "pr", at={"lag": 2}, over=("site", "time"), of="gpp", bins=4, bootstrap=0, dtype="float64"
    )
    assert found.attrs["samples"] == 150
    per_site = ale(
        f,
        ds.assign_coords(site=list("xyz")),
        "pr",
        at={"lag": 2},
        over=("site", "time"),
        of="gpp",
        by="site",
        bins=4,
        bootstrap=0,
        dtype="float64",
    )
    np.testing.assert_allclose(per_site["slope"], np.outer([3.0, 6.0, 12.0], np.ones(4)), rtol=1e-12)
    both = ale(
        f, ds, "pr", at={"lag": 1}, over=("site", "time"), of="two", bins=4, bootstrap=0, dtype="float64"
    )
    np.testing.assert_allclose(both["slope"], [[0] * 4, [1] * 4], atol=1e-12)


@pytest.mark.parametrize(
    ("change", "options", "error", "words"),
    [
        ({}, {"variable": "c"}, DataError, "there is no variable 'c'"),
        ({"c": ("sample", list("xy") * 200)}, {"variable": "c"}, DataError, "is of type|categorical"),
        ({"c": ("sample", np.ones(400))}, {"variable": "c"}, DataError, "one value 1 in all 400 samples"),
        ({"c": ("sample", np.arange(400))}, {"variable": "c"}, DataError, "may be a code"),
        ({"c": ("sample", np.arange(400) > 3)}, {"variable": "c"}, DataError, "categorical"),
        (
            {"b": ("sample", np.full(400, np.nan))},
            {},
            DataError,
            "every one of 400 samples has a missing value",
        ),
        ({}, {"bins": 0}, ConfigError, "0 bins are too few"),
        ({}, {"bins": [1.0, 1.0]}, ConfigError, "do not ascend"),
        ({}, {"bins": [50.0, 60.0]}, ConfigError, "no sample lies between"),
        ({}, {"spacing": "log"}, ConfigError, "spacing 'log' is unknown"),
        ({}, {"level": 95.0}, ConfigError, "not between 0 and 1"),
        ({}, {"over": "time"}, DataError, "no dimension 'time'"),
        ({}, {"by": "season"}, DataError, "no coordinate 'season'"),
        ({}, {"at": {"lag": 1}}, DataError, "`at` names lag"),
        ({}, {"gradient": True}, ModelError, "cannot be differentiated"),
        ({"b": ("sample", np.full(400, 1e200))}, {}, ModelError, "is not finite"),
    ],
)
def test_broken_input_gives_one_sentence(change, options, error, words):
    ds = table().assign(change)
    options = {"variable": "a"} | options
    f = Plain(lambda x: np.where(x["b"] > 1e100, np.inf, x["a"]), batched=True)
    with pytest.raises(error, match=words) as caught:
        ale(f, ds, options.pop("variable"), **options)
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text
