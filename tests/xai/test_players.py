"""Groups of cells named by coordinates, and the game they play."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from data.errors import ConfigError, DataError, ModelError
from xai.coalitions import Coalitions
from xai.function import Plain
from xai.games import every_coalition
from xai.grouped import grouped_shapley
from xai.players import Players, per_cell, players

TIME = pd.date_range("2001-01-01", periods=730)
DS = xr.Dataset(
    {
        "pr": (("time", "lat"), np.random.default_rng(0).normal(size=(730, 2))),
        "tas": (("time",), np.random.default_rng(1).normal(size=730)),
    },
    {"time": TIME, "lat": [60.0, 40.0]},
)


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def test_seasons_return_every_year_and_are_crossed_with_variables():
    found = players(DS, ["season", "variable"])
    assert found.names[:3] == ("DJF, pr", "DJF, tas", "MAM, pr")
    assert found.coords["season"] == ("DJF", "DJF", "MAM", "MAM", "JJA", "JJA", "SON", "SON")
    assert found.coords["variable"] == ("pr", "tas") * 4
    winter = np.isin(TIME.month, [12, 1, 2])
    np.testing.assert_array_equal(found.ids["tas"] == 1, winter)
    assert found.ids["pr"].shape == (730, 2)
    assert set(np.unique(found.ids["pr"])) == {0, 2, 4, 6}


def test_calendars_other_than_the_common_one():
    times = xr.date_range("2001-01-01", periods=720, calendar="360_day", use_cftime=True)
    ds = xr.Dataset({"pr": ("time", np.ones(720))}, {"time": times})
    found = players(ds, {"season": [[12, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]})
    assert found.names == ("DJF", "MAM", "JJA", "SON")
    np.testing.assert_array_equal(np.bincount(found.ids["pr"]), 180)
    assert players(ds, "month").names[0] == "Jan"
    assert players(ds, "year").names == ("2001", "2002")


def test_lags_regions_and_selections():
    lagged = players(DS, {"lag": [(0, 30), (31, 729)]})
    assert lagged.names == ("0-30", "31-729")
    np.testing.assert_array_equal(np.flatnonzero(lagged.ids["tas"] == 0), np.arange(699, 730))
    before = players(DS, {"lag": [(0, 9)]}, at="2001-01-20", rest="fixed")
    np.testing.assert_array_equal(np.flatnonzero(before.ids["tas"] == 0), np.arange(10, 20))
    regions = players(DS, ["variable", {"region": xr.DataArray(["north", "south"], dims="lat")}])
    assert regions.names == ("pr, north", "pr, south", "tas")
    assert regions.coords["region"] == ("north", "south", "all")
    chosen = players(
        DS,
        {
            "part": {
                "early": {"time": slice("2001-01-01", "2001-12-31")},
                "late": {"time": slice("2002-01-01", None)},
            }
        },
    )
    assert np.bincount(chosen.ids["tas"]).tolist() == [365, 365]
    north = players(DS, {"part": {"n": {"lat": slice(50, 70)}}}, rest="fixed")
    assert north.ids["pr"][0].tolist() == [0, -1]
    assert np.all(north.ids["tas"] == -1)


def test_missing_and_masked_cells_are_no_players_and_samples_share_them():
    ds = DS.copy(deep=True)
    ds["pr"][3, 0] = np.nan
    mask = xr.DataArray([True, False], dims="lat")
    found = players(ds, "variable", mask=mask)
    assert found.ids["pr"][3, 0] == -1
    assert np.all(found.ids["pr"][:, 1] == -1)
    assert np.all(found.ids["tas"] == 1)
    assert players(DS, "variable", over="time").ids["pr"].shape == (2,)


@pytest.mark.parametrize(
    ("groups", "options", "error", "says"),
    [
        ({"season": [[12, 1, 2], [2, 3]]}, {}, ConfigError, "Feb is in two groups"),
        ({"season": [[12, 1, 2]]}, {}, ConfigError, "are in no group"),
        ({"season": [[13]]}, {}, ConfigError, "months are 1 to 12"),
        ("saeson", {}, ConfigError, "did you mean 'season'"),
        (3, {}, ConfigError, "cannot be read"),
        (["variable", "variable"], {}, ConfigError, "given twice"),
        ({"lag": [(0, 10), (5, 729)]}, {}, ConfigError, "overlap"),
        ({"lag": [(0, 10)]}, {}, ConfigError, "are in no group"),
        ({"lag": [(0, 729), (800, 900)]}, {}, ConfigError, "has no cell"),
        ({"lag": [(0, 9)]}, {"at": 1000}, DataError, "is not along 'time'"),
        ({"p": {"a": {"variable": "rain"}}}, {}, DataError, "'rain' is unknown"),
        ({"p": {"a": {"depth": [1]}}}, {}, DataError, "'depth' is unknown"),
        ({"p": {"a": {"lat": [55.0]}}}, {}, DataError, "55.0 is not along 'lat'"),
        (
            {"p": {"a": {"lat": [60.0]}, "b": {"lat": [60.0, 40.0]}}},
            {"rest": "fixed"},
            ConfigError,
            "overlap in 'pr'",
        ),
        ({"region": xr.DataArray([1, 2, 3], dims="lat")}, {}, DataError, "is not the input's"),
        ({"region": xr.DataArray([1, 2], dims="basin")}, {}, DataError, "no variable has"),
        ("variable", {"mask": xr.DataArray([False, False], dims="lat")}, DataError, "masked or missing"),
        ("variable", {"mask": xr.DataArray([1, 0], dims="lat")}, DataError, "give truth values"),
        ("variable", {"rest": "drop"}, ConfigError, "rest='drop'"),
        ("season", {"over": "time"}, DataError, "no dimension has dates"),
    ],
)
def test_bad_groups_are_one_sentence(groups, options, error, says):
    with pytest.raises(error, match=says):
        players(DS, groups, **options)


WEIGHTS = {"a": np.arange(1.0, 5.0), "b": np.array(-2.0)}
X = {"a": np.array([0.3, -1.0, 2.0, 0.5]), "b": np.array(1.7)}
ROWS = {"a": np.random.default_rng(3).normal(size=(7, 4)), "b": np.random.default_rng(4).normal(size=7)}


def linear(x):
    return (WEIGHTS["a"] * x["a"]).sum() + WEIGHTS["b"] * x["b"]


@pytest.mark.parametrize("method", ["exact", "kernel", "permutation"])
@pytest.mark.parametrize("f", [linear, Plain(linear)])
def test_linear_models_have_weight_times_distance_from_the_mean(f, method):
    found = grouped_shapley(
        f,
        X,
        players=per_cell(X),
        background=ROWS,
        method=method,
        key=jax.random.key(0),
        coalitions=250,
        permutations=28,
    )
    truth = np.append(
        WEIGHTS["a"] * (X["a"] - ROWS["a"].mean(axis=0)), WEIGHTS["b"] * (X["b"] - ROWS["b"].mean())
    )
    np.testing.assert_allclose(found.attribution, truth, rtol=0, atol=1e-12)
    assert per_cell(X).names == ("a[0]", "a[1]", "a[2]", "a[3]", "b")


def test_groups_are_a_game_of_their_own():
    """6 if B, C and D are all present: 0, 2, 2, 2 for players, but 3 each for {A, B, C} and {D}."""
    f = lambda x: 6.0 * x[1] * x[2] * x[3]  # noqa: E731
    single = grouped_shapley(f, jnp.ones(4), baseline=jnp.zeros(4), players=per_cell(np.ones(4)))
    np.testing.assert_allclose(single.attribution, [0, 2, 2, 2], atol=1e-14)
    two = Players(("ABC", "D"), np.array([0, 0, 0, 1]), {})
    grouped = grouped_shapley(f, jnp.ones(4), baseline=jnp.zeros(4), players=two)
    np.testing.assert_allclose(grouped.attribution, [3, 3], atol=1e-14)


def test_samples_at_once_are_as_each_alone():
    f = lambda x: jnp.stack([jnp.prod(x["a"]) * x["b"], x["a"].sum()])  # noqa: E731
    xs = {"a": np.random.default_rng(5).normal(size=(3, 4)), "b": np.random.default_rng(6).normal(size=3)}
    xs["a"][1, 2] = 0.5
    together = grouped_shapley(f, xs, players=per_cell(X), background=ROWS, samples=True)
    assert together.attribution.shape == (3, 2, 5)
    plain = grouped_shapley(Plain(f), xs, players=per_cell(X), background=ROWS, samples=True)
    np.testing.assert_allclose(plain.attribution, together.attribution, atol=1e-13)
    for i in range(3):
        one = grouped_shapley(f, {n: v[i] for n, v in xs.items()}, players=per_cell(X), background=ROWS)
        np.testing.assert_allclose(together.attribution[i], one.attribution, rtol=0, atol=1e-13)


def test_cells_of_no_player_stay_and_chunks_change_nothing():
    fixed = Players(("x",), {"a": np.array([0, 0, -1, 0]), "b": np.array(-1)}, {})
    told = []
    v = Coalitions(
        linear,
        X,
        ROWS,
        fixed,
        absence="joint",
        chunk=3,
        progress=lambda done, total: told.append((done, total)),
    )
    rows = np.arange(7)
    found = v(np.zeros((7, 1), bool), rows)
    held = [linear({"a": np.where([1, 1, 0, 1], ROWS["a"][r], X["a"]), "b": X["b"]}) for r in rows]
    np.testing.assert_allclose(found, held, atol=1e-13)
    assert told == [(3, 7), (6, 7), (7, 7)]
    z = every_coalition(5)
    whole = Coalitions(linear, X, ROWS, per_cell(X))(z)
    for chunk in (1, 10, 64):
        np.testing.assert_allclose(
            Coalitions(linear, X, ROWS, per_cell(X), chunk=chunk)(z), whole, atol=1e-13
        )


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"baseline": None}, ConfigError, "not both"),
        ({"method": "kernal"}, ConfigError, "unknown"),
        ({"method": "kernel"}, ConfigError, "no key"),
        ({"absence": "joint"}, ConfigError, "no joint background"),
        ({"baseline": {"a": np.zeros(3), "b": np.zeros(())}}, DataError, "background of a has shape"),
        ({"baseline": {"a": np.zeros(4)}}, DataError, "different variables"),
        ({"players": per_cell({"a": np.zeros(3), "b": np.zeros(())})}, DataError, "players of a have shape"),
        ({"baseline": {"a": np.full(4, np.inf), "b": np.zeros(())}}, ModelError, "not finite"),
    ],
)
def test_bad_games_are_one_sentence(options, error, says):
    settings = {"players": per_cell(X), "baseline": {"a": np.zeros(4), "b": np.zeros(())}, **options}
    with pytest.raises(error, match=says):
        grouped_shapley(linear, X, **settings)


def test_integer_inputs_are_refused():
    with pytest.raises(DataError, match="not of floats"):
        grouped_shapley(jnp.sum, np.arange(3), players=per_cell(np.arange(3)), baseline=np.zeros(3))
