"""discover: dimensions, masks, seasons, pools, priors, corrections, flags, and the choice of the engine."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from causal import Flag, Priors, discover
from data.errors import ConfigError, DataError


def chain(times=200, seed=0, names="abc", **dims):
    """Each variable drives the next after one step; the first remembers itself."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(*dims.values(), times, len(names)))
    for t in range(1, times):
        x[..., t, 0] += 0.5 * x[..., t - 1, 0]
        for j in range(1, len(names)):
            x[..., t, j] += 0.7 * x[..., t - 1, j - 1]
    when = pd.date_range("1980-01-01", periods=times, freq="MS")
    return xr.Dataset({n: ((*dims, "time"), x[..., k]) for k, n in enumerate(names)}, coords={"time": when})


def one_by_one(ds, dims, **arguments):
    """Search every cell on its own."""
    stacked = ds.stack(cell=dims)
    for k in range(stacked.sizes["cell"]):
        yield k, discover(stacked.isel(cell=k).drop_vars(["cell", *dims], errors="ignore"), **arguments)


def same_links(found, other):
    assert (found["graph"].values == other["graph"].values).all()
    for name in ("val", "p", "q"):
        np.testing.assert_allclose(found[name].values, other[name].values, rtol=1e-9, atol=1e-12)


# Dimensions and coordinates


def test_the_links_of_a_chain():
    found = discover(chain(400), method="pcmci+", tau_max=2)
    assert found["graph"].dims == ("source", "target", "lag")
    marks = {
        (str(i), str(j), int(lag))
        for i in "abc"
        for j in "abc"
        for lag in range(3)
        if found["graph"].sel(source=i, target=j, lag=lag) != ""
    }
    assert marks == {("a", "a", 1), ("a", "b", 1), ("b", "c", 1)}
    assert found["samples"] == 400 - 2 * 2
    assert found["flag"] == 0


def test_cells_keep_their_dimensions_and_coordinates():
    ds = chain(80, lat=2, member=3).assign_coords(
        lat=[10.0, 20.0],
        member=list("xyz"),
        height=(("lat", "member"), np.arange(6.0).reshape(2, 3)),
        run="r1",
    )
    found = discover(ds, tau_max=1)
    assert found["graph"].dims == ("lat", "member", "source", "target", "lag")
    assert found["flag"].dims == ("lat", "member")
    assert set(found.coords) == {"lat", "member", "height", "run", "source", "target", "lag"}
    xr.testing.assert_identical(found["height"], ds["height"])
    assert found["run"] == "r1"
    for k, alone in one_by_one(ds, ("lat", "member"), tau_max=1):
        same_links(
            found.stack(cell=("lat", "member")).isel(cell=k).transpose(..., "source", "target", "lag"), alone
        )


def test_the_order_of_dimensions_and_variables_is_that_asked_for():
    ds = chain(80, site=3).transpose("time", "site")
    found = discover(ds, ["c", "a"], tau_max=1)
    assert list(found["source"].values) == ["c", "a"]
    other = discover(chain(80, site=3)[["c", "a"]], "c, a", tau_max=1)
    xr.testing.assert_identical(found, other)


def test_a_variable_that_lacks_a_dimension_is_the_same_all_along_it():
    ds = chain(80, lat=2, lon=3)
    ds["a"] = ds["a"].isel(lat=0, lon=0, drop=True)
    ds["b"] = ds["b"].isel(lat=1, drop=True)
    full = ds.copy()
    full["a"] = ds["a"].expand_dims(lat=2, lon=3)
    full["b"] = ds["b"].expand_dims(lat=2)
    found, other = discover(ds, tau_max=1), discover(full, ["a", "b", "c"], tau_max=1)
    other = other.transpose(*found["graph"].dims)
    same_links(found, other)


@pytest.mark.parametrize("when", ["15", "ends", "dekads", "composites", "cftime", "days", "numbers"])
def test_times_with_a_rule_of_their_own(when):
    """Months are of unequal length, and composites of 8 days begin anew each year."""
    ds = chain(138)
    months = pd.date_range("1980-01-01", periods=138, freq="MS")
    axes = {
        "15": months + pd.Timedelta(days=14),
        "ends": pd.date_range("1980-01-31", periods=138, freq="ME"),
        "dekads": [pd.Timestamp(m.year, m.month, d) for m in months for d in (1, 11, 21)][:138],
        "composites": [
            pd.Timestamp(y, 1, 1) + pd.Timedelta(days=8 * k) for y in (2001, 2002, 2003) for k in range(46)
        ],
        "cftime": xr.date_range("2000-01-01", periods=138, freq="MS", calendar="360_day", use_cftime=True),
        "days": pd.date_range("1980-01-01", periods=138),
        "numbers": np.arange(138) * 0.1,
    }
    found = discover(ds.assign_coords(time=axes[when]), tau_max=1)
    same_links(found, discover(ds, tau_max=1))


# Masks, seasons, regimes


def test_a_mask_of_any_shape_is_spread_over_what_it_lacks():
    ds = chain(120, lat=2, lon=3)
    out = xr.DataArray(np.random.default_rng(1).random(120) < 0.3, dims="time")
    full = out.expand_dims(lat=2, lon=3)
    reference = discover(ds, tau_max=1, mask=full)
    for mask in (
        out,
        out.expand_dims(lon=3).transpose("time", "lon"),
        out.expand_dims(variable=list("abc")),
        {n: out for n in "abc"},
    ):
        xr.testing.assert_identical(discover(ds, tau_max=1, mask=mask), reference)
    assert (reference["samples"] == int((~out[2:]).sum())).all()
    assert not np.allclose(reference["val"], discover(ds, tau_max=1)["val"])


def test_a_mask_of_one_variable_leaves_the_others_their_samples():
    ds = chain(120)
    out = xr.DataArray(np.arange(120) < 60, dims="time")
    found, whole = discover(ds, tau_max=1, mask={"c": out}), discover(ds, tau_max=1)
    for target in "ab":
        lagged = {"target": target, "lag": 1}
        np.testing.assert_allclose(found["p"].sel(lagged), whole["p"].sel(lagged), rtol=1e-9)
    assert (found["p"].sel(target="c", lag=1) != whole["p"].sel(target="c", lag=1)).all()


def test_a_mask_of_space_alone_leaves_cells_without_links():
    found = discover(chain(80, lat=3), tau_max=1, mask=xr.DataArray([False, True, False], dims="lat"))
    assert (found["graph"].isel(lat=1) == "").all()
    assert (found["p"].isel(lat=1) == 1).all()
    assert int(found["flag"].isel(lat=1)) & int(Flag.SHORT | Flag.EMPTY)
    assert (found["flag"].isel(lat=[0, 2]) == 0).all()
    assert (found["graph"].isel(lat=0) != "").any()


def test_a_season_is_a_mask_of_the_other_months():
    ds = chain(240, lat=2)
    winter = ds["time"].dt.month.isin([12, 1, 2])
    found = discover(ds, tau_max=2, seasons="DJF")
    other = discover(ds, tau_max=2, mask=~winter)
    same_links(found, other)
    assert (found["samples"] == int(winter[4:].sum())).all()
    for given in ((12, 1, 2), "djf"):
        same_links(discover(ds, tau_max=2, seasons=given), found)


def test_several_seasons_are_a_dimension():
    ds = chain(240, lat=2)
    found = discover(ds, tau_max=1, seasons={"winter": "DJF", "summer": [6, 7, 8]})
    assert found["graph"].dims == ("season", "lat", "source", "target", "lag")
    assert list(found["season"].values) == ["winter", "summer"]
    same_links(found.sel(season="summer"), discover(ds, tau_max=1, seasons="JJA"))
    assert list(discover(ds, tau_max=1, seasons=["DJF", "JJA"])["season"].values) == ["DJF", "JJA"]


def test_regimes_are_a_dimension():
    ds = chain(240)
    labels = xr.DataArray(np.where(np.arange(240) % 40 < 20, "wet", "dry"), dims="time")
    found = discover(ds, tau_max=1, regimes=labels)
    assert list(found["regime"].values) == ["wet", "dry"]
    same_links(found.sel(regime="dry"), discover(ds, tau_max=1, mask=labels == "wet"))


# Pools and contexts


def test_a_pool_is_one_graph_of_all_samples():
    ds = chain(60, district=8, member=2)
    found = discover(ds, tau_max=1, pool="district")
    assert found["graph"].dims == ("member", "source", "target", "lag")
    assert (found["samples"] == 8 * 58).all()
    assert found.attrs["pooled"] == "district"
    assert found.attrs["members"] == 8
    other = discover(ds.isel(member=1), tau_max=1, pool="district", engine="tigramite")
    np.testing.assert_allclose(found["val"].isel(member=1), other["val"], atol=1e-10)
    assert discover(ds, tau_max=1, pool=("district", "member"))["samples"] == 16 * 58


def test_members_without_values_are_left_out_of_a_pool():
    ds = chain(60, district=8)
    ds["b"][3] = np.nan
    found = discover(ds, tau_max=1, pool="district")
    same_links(found, discover(ds.drop_isel(district=3), tau_max=1, pool="district"))


def test_contexts_drive_a_panel():
    """A known context leads to the variables it drives, by its name, and nothing leads to it."""
    ds = chain(60, names="ab", district=20)
    height = xr.DataArray(np.linspace(-2, 2, 20), dims="district")
    index = xr.DataArray(np.random.default_rng(5).normal(size=60), dims="time")
    ds["a"], ds["b"] = ds["a"] + 2 * height, ds["b"] + 2 * index
    ds = ds.assign(height=height, index=index)
    found = discover(
        ds, ["a", "b"], method="j-pcmci+", tau_max=1, pool="district", context=["height", "index"]
    )
    assert list(found["source"].values) == ["a", "b", "height", "index"]
    assert found["graph"].sel(source="height", target="a", lag=0) == "-->"
    assert found["graph"].sel(source="index", target="b", lag=0) == "-->"
    assert (found["graph"].sel(target=["height", "index"], lag=1) == "").all()
    assert found.attrs["context"] == "height, index"
    dummy = discover(ds, ["a", "b"], method="j-pcmci+", tau_max=1, pool="district", dummies=["space"])
    assert list(json.loads(dummy.attrs["depends_on_dummies"])) == ["space"]
    assert list(dummy["source"].values) == ["a", "b"]


def test_contexts_that_are_not_whole_are_refused():
    ds = chain(40, names="ab", district=5)
    ds = ds.assign(h=("district", [1.0, np.nan, 2.0, 3.0, 4.0]), w=("district", list("abcde")))
    given = {"method": "j-pcmci+", "pool": "district", "variables": ["a", "b"]}
    with pytest.raises(DataError, match="the context 'h' has missing or infinite values"):
        discover(ds, context="h", **given)
    with pytest.raises(DataError, match="the context 'w' is not numeric"):
        discover(ds, context="w", **given)


# Priors


PRIORS = Priors(
    required=[("a", "c", 1)],
    forbidden=[("b", "c"), ("c", "a", 0)],
    lags={("a", "b"): (0, 1)},
    exogenous=["a"],
)


@pytest.mark.parametrize("method", ["pcmci", "pcmci+"])
def test_priors_are_the_same_in_both_engines(method):
    ds = chain(150, lat=3)
    ours = discover(ds, method=method, tau_max=2, priors=PRIORS, engine="jax")
    theirs = discover(ds, method=method, tau_max=2, priors=PRIORS, engine="tigramite")
    assert (ours["graph"].values == theirs["graph"].values).all()
    np.testing.assert_allclose(ours["val"], theirs["val"], rtol=0, atol=1e-10)
    np.testing.assert_allclose(ours["p"], theirs["p"], rtol=1e-8)
    assert (ours["graph"].sel(source="a", target="c", lag=1) == "-->").all()
    assert (ours["graph"].sel(source="b", target="c") == "").all()
    assert (ours["graph"].sel(source=["b", "c"], target="a", lag=[1, 2]) == "").all()
    assert json.loads(ours.attrs["priors"])["lags"] == {"a, b": [0, 1]}


# Flags


def test_flags_tell_what_is_amiss_and_no_number_is_missing():
    rng = np.random.default_rng(2)
    ds = chain(80, cell=6)
    ds["b"][1] = 5.0
    ds["b"][2] = np.nan
    ds["c"][3] = ds["a"][3]
    ds["c"][4, rng.random(80) < 0.2] = np.nan
    for method in ("pcmci", "pcmci+"):
        found = discover(ds, method=method, tau_max=2)
        flags = [Flag(int(f)) for f in found["flag"].values]
        assert flags[0] == flags[5] == Flag(0)
        assert flags[1] & Flag.CONSTANT
        assert flags[2] & Flag.EMPTY
        assert flags[2] & Flag.MISSING
        assert flags[3] & Flag.DEPENDENT
        assert flags[4] == Flag.MISSING
        for name in ("val", "p", "q"):
            assert np.isfinite(found[name].values).all()
        for cell in (1, 2):
            links = found.isel(cell=cell)
            for part in (links.sel(source="b"), links.sel(target="b")):
                assert (part["graph"] == "").all()
                assert (part["val"] == 0).all()
                assert (part["p"] == 1).all()
            assert links["graph"].sel(source="a", target="a", lag=1) == "-->"


def test_constant_and_empty_cells_are_flagged_by_the_other_engine_too():
    ds = chain(80, cell=3)
    ds["b"][1] = 5.0
    ds["b"][2] = np.nan
    found = discover(ds, tau_max=1, engine="tigramite")
    assert [Flag(int(f)) for f in found["flag"].values] == [Flag(0), Flag.CONSTANT, Flag.EMPTY | Flag.MISSING]
    for part in (found.isel(cell=1).sel(source="b"), found.isel(cell=2)):
        assert (part["graph"] == "").all()
        assert np.isfinite(part["p"].values).all()


def test_too_few_samples_for_the_conditions_are_flagged():
    ds = chain(26, names="abcd", cell=2)
    found = discover(ds, tau_max=4, pc_alpha=1.0, max_conds_dim=0)  # all lagged variables are conditions
    assert (found["flag"].values & int(Flag.SHORT) > 0).all()
    assert np.isfinite(found["p"].values).all()
    assert (found["graph"].values == "").all()


# Corrections


def test_q_within_each_graph_is_that_of_benjamini_and_hochberg():
    from statsmodels.stats.multitest import multipletests

    for contemporaneous, first in ((False, 1), (True, 0)):
        found = discover(
            chain(80, lat=3), tau_max=2, fdr="graph", alpha=0.1, fdr_contemporaneous=contemporaneous
        )
        tested = np.zeros((3, 3, 3), bool)
        tested[:, :, first:] = True
        tested[np.arange(3), np.arange(3), 0] = False
        for cell in range(3):
            p, q = found["p"].values[cell], found["q"].values[cell]
            np.testing.assert_allclose(q[tested], multipletests(p[tested], method="fdr_bh")[1], rtol=1e-12)
            np.testing.assert_allclose(q[~tested], p[~tested], rtol=1e-12)
        assert ((found["graph"] != "").values == (found["q"] <= 0.1).values).all()


def test_q_over_the_field_is_that_of_benjamini_and_hochberg():
    from statsmodels.stats.multitest import multipletests

    ds = chain(60, lat=5, lon=4)
    ds["b"][0, 0] = np.nan
    found = discover(ds, tau_max=1, fdr="field")
    p = found["p"].values.reshape(20, 3, 3, 2)
    q = found["q"].values.reshape(20, 3, 3, 2)
    for i in range(3):
        for j in range(3):
            expected = multipletests(p[1:, i, j, 1], method="fdr_bh")[1]
            np.testing.assert_allclose(q[1:, i, j, 1], expected, rtol=1e-12)
    assert ((found["graph"].values[..., 1] != "") == (found["q"].values[..., 1] <= 0.05)).all()


def test_the_field_as_a_whole():
    """Walker: one less the chance that no cell of independent ones reaches the least p."""
    found = discover(chain(60, lat=7), tau_max=1)
    least = found["p"].min("lat")
    np.testing.assert_allclose(found["field_p"], 1 - (1 - least) ** 7, atol=1e-12)
    xr.testing.assert_equal(
        found["field_share"].drop_attrs(),
        (found["graph"] != "").mean("lat").rename("field_share").drop_attrs(),
    )


def test_the_field_is_significant_by_chance_as_often_as_it_should():
    """Of many fields of noise, 5 per cent of links have a field p below 0.05."""
    rng = np.random.default_rng(8)
    values = rng.normal(size=(60, 15, 120, 2))
    below = []
    for field in values:
        ds = xr.Dataset({n: (("cell", "time"), field[..., k]) for k, n in enumerate("ab")})
        below.append(discover(ds, tau_max=2, pc_alpha=0.05)["field_p"].values[:, :, 1:] < 0.05)
    share = np.mean(below)  # of 480 fields, so that the standard error is 0.01
    assert 0.02 < share < 0.08


# Engines


def test_the_engine_is_chosen_and_why():
    ds, gaps = chain(60), chain(60)
    gaps["a"][5] = np.nan
    expected = [
        (ds, {}, "jax", "all cells at once"),
        (ds, {"method": "pcmci+", "test": "robust_parcorr"}, "jax", "all cells at once"),
        (ds, {"engine": "tigramite"}, "tigramite", "asked for"),
        (ds, {"engine": "jax"}, "jax", "asked for"),
        (ds, {"method": "lpcmci"}, "tigramite", "the method 'lpcmci' is tigramite's"),
        (ds, {"test": "parcorr_wls"}, "tigramite", "the test 'parcorr_wls' is tigramite's"),
        (gaps, {"test": "robust_parcorr"}, "tigramite", "ranks every test's own samples"),
        (gaps, {}, "jax", "all cells at once"),
    ]
    for data, arguments, engine, why in expected:
        found = discover(data, tau_max=1, **arguments)
        assert found.attrs["engine"] == engine, arguments
        assert why in found.attrs["engine_reason"]


def test_engines_agree_on_a_cube():
    ds = chain(100, lat=2, lon=2)
    ds["b"][0, 1, 7:9] = np.nan
    for method in ("pcmci", "pcmci+"):
        ours, theirs = (discover(ds, method=method, tau_max=2, engine=e) for e in ("jax", "tigramite"))
        assert (ours["graph"].values == theirs["graph"].values).all()
        np.testing.assert_allclose(ours["val"], theirs["val"], rtol=0, atol=1e-10)
        np.testing.assert_allclose(ours["p"], theirs["p"], rtol=1e-8)
        np.testing.assert_allclose(ours["q"], theirs["q"], rtol=1e-8)
        assert (ours["samples"].values == theirs["samples"].values).all()
        assert (ours["flag"].values == theirs["flag"].values).all()


def test_settings_are_in_the_attributes():
    found = discover(
        chain(60), method="pcmci+", tau_max=np.int64(2), pc_alpha=[0.01, 0.05], seasons="ONDJF", seed=3
    )
    told = {k: found.attrs[k] for k in ("method", "test", "tau_min", "tau_max", "seed", "seasons", "priors")}
    assert told == {
        "method": "pcmci+",
        "test": "parcorr",
        "tau_min": 0,
        "tau_max": 2,
        "seed": 3,
        "seasons": "ONDJF",
        "priors": "none",
    }
    assert found.attrs["pc_alpha"] == [0.01, 0.05]


# What cannot be


def test_a_cube_that_no_memory_holds_is_refused_at_once():
    wide = np.broadcast_to(np.zeros(50, "f4"), (300_000, 300_000, 50))
    ds = xr.Dataset({n: (("lat", "lon", "time"), wide) for n in "ab"})
    with pytest.raises(ConfigError, match=r"the result of 90000000000 cells needs .* GiB are free"):
        discover(ds, tau_max=1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"variables": 5}, "variables are a int"),
        ({"priors": {"required": []}}, "priors are a dict"),
        ({"options": [1]}, "options are a list"),
        ({"mask": np.zeros(60, bool)}, "the mask of 'a' is a ndarray"),
        ({"mask": xr.DataArray(np.zeros(60), dims="time")}, "is not of true and false"),
        ({"mask": {"z": xr.DataArray(np.zeros(60, bool), dims="time")}}, "the mask names 'z'"),
        ({"seasons": {}}, "there are no seasons"),
        ({"seasons": 13}, r"months \(13,\) are not from 1 to 12"),
        ({"regimes": xr.DataArray(np.zeros(5), dims="time")}, "regimes are not one label per time step"),
        ({"regimes": xr.DataArray(np.full(60, np.nan), dims="time")}, "there are no regimes"),
        (
            {"regimes": xr.DataArray(np.r_[np.zeros(55), np.ones(5)], dims="time")},
            "the regime '1.0' has 5 time",
        ),
        ({"seasons": "DJF", "regimes": xr.DataArray(np.zeros(60), dims="time")}, "both given"),
        ({"pc_alpha": "some"}, "pc_alpha is 'some'"),
        ({"pc_alpha": ["a"]}, "pc_alpha is 'a'"),
        ({"pc_alpha": []}, "pc_alpha is empty"),
        ({"tau_max": 1.5}, "tau_max is 1.5"),
        ({"tau_max": True}, "tau_max is True"),
        ({"max_conds_dim": -1}, "max_conds_dim is -1"),
        ({"collider_rule": "majorty"}, "did you mean 'majority'"),
    ],
)
def test_what_cannot_be_is_one_sentence(arguments, words):
    with pytest.raises((ConfigError, DataError), match=words) as error:
        discover(chain(60), **arguments)
    assert error.value.remedy
    assert "\n" not in str(error.value)


def test_a_dataset_is_wanted():
    with pytest.raises(DataError, match="a DataArray was given"):
        discover(chain(60)["a"])  # pyright: ignore[reportArgumentType]
    with pytest.raises(DataError, match="a ndarray was given"):
        discover(np.zeros((60, 3)))  # pyright: ignore[reportArgumentType]
