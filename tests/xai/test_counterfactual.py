"""Least changes of an input against projections and KKT points in closed form."""

from __future__ import annotations

from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from data.errors import ConfigError, DataError, ModelError
from xai.counterfactual import counterfactual
from xai.function import Plain

W = {"a": np.array([1.0, -2.0, 0.5, 0.0]), "b": np.array([3.0, 0.0, 1.0, 1.0])}
SPREAD = {"a": 2.0, "b": 0.5}


def weather() -> xr.Dataset:
    return xr.Dataset(
        {
            "a": ("time", np.array([1.0, 2.0, -1.0, 0.5]), {"units": "degC"}),
            "b": ("time", np.array([0.5, 1.0, 0.0, 2.0]), {"units": "mm"}),
        },
        {"time": np.arange(4)},
    )


def linear(x):
    return x["a"] @ jnp.asarray(W["a"], x["a"].dtype) + x["b"] @ jnp.asarray(W["b"], x["b"].dtype)


def slopes() -> np.ndarray:
    """Gradient of the linear function by changes in spreads."""
    return np.concatenate([W["a"] * 2.0, W["b"] * 0.5])


def at_start() -> float:
    ds = weather()
    return float(ds["a"].values @ W["a"] + ds["b"].values @ W["b"])


def moves(found: xr.Dataset, k: int = 0) -> np.ndarray:
    """Changes in spreads."""
    return np.concatenate([found["a_change"][k] / 2.0, found["b_change"][k] / 0.5])


def test_linear_function_is_projected():
    target = at_start() - 6.0
    found = counterfactual(linear, weather(), ("at most", target), spread=SPREAD)
    g = slopes()
    np.testing.assert_allclose(moves(found), -6.0 * g / (g @ g), atol=1e-8)
    assert bool(found["reached"][0])
    assert float(found["prediction"][0]) == pytest.approx(target, abs=1e-7)
    assert float(found["distance"][0]) == pytest.approx(6.0 / np.linalg.norm(g), rel=1e-8)
    assert found["a_change"].attrs["units"] == "degC"


def test_single_precision_comes_as_near_as_it_can():
    found = counterfactual(linear, weather(), ("equal", at_start() + 6.0), spread=SPREAD, dtype="float32")
    g = slopes()
    np.testing.assert_allclose(moves(found), 6.0 * g / (g @ g), atol=1e-4)
    assert bool(found["reached"][0])


def test_absolute_distance_moves_the_steepest_cell_alone():
    found = counterfactual(linear, weather(), ("at least", at_start() + 6.0), spread=SPREAD, norm="l1")
    truth = np.zeros(8)
    truth[1] = -6.0 / 4.0
    np.testing.assert_allclose(moves(found), truth, atol=1e-7)


def test_active_bounds_are_a_kkt_point():
    """Cells at their bound stay there; the rest share what is missing: d = clip(t g), g.d = 6 for one t."""
    g = slopes()
    bounds = {"a": (1.5 - 3.0, 2.3), "b": (0.0, 1.1 + 0.9)}
    ds = weather()
    found = counterfactual(linear, ds, ("at least", at_start() + 12.0), spread=SPREAD, bounds=bounds)
    x = np.concatenate([ds["a"], ds["b"]])
    s = np.repeat([2.0, 0.5], 4)
    low = (np.repeat([-1.5, 0.0], 4) - x) / s
    high = (np.repeat([2.3, 2.0], 4) - x) / s
    left, right = 0.0, 100.0
    for _ in range(200):
        middle = (left + right) / 2
        left, right = (middle, right) if g @ np.clip(middle * g, low, high) < 12.0 else (left, middle)
    truth = np.clip(left * g, low, high)
    assert (np.isclose(truth, high) & (g > 0)).sum() >= 2
    np.testing.assert_allclose(moves(found), truth, atol=1e-7)


def test_a_target_out_of_reach_is_told_with_the_best_value():
    bounds = {"a": (-1.5, 2.3), "b": (0.0, 2.0)}
    options = {"spread": SPREAD, "bounds": bounds}
    found = counterfactual(linear, weather(), ("at least", 100.0), **options)
    best = 2.3 * 1.5 + 2 * 1.5 + 2.0 * 5.0  # every cell at the better of its bounds
    assert not bool(found["reached"][0])
    assert float(found["prediction"][0]) == pytest.approx(best, abs=1e-6)
    assert float(found["shortfall"][0]) == pytest.approx(100.0 - best, abs=1e-6)
    assert "is not reached by 1 of 1" in found.attrs["note"]
    with pytest.raises(ModelError, match=r"the nearest value is 16\.45"):
        counterfactual(linear, weather(), ("at least", 100.0), strict=True, **options)


def test_frozen_variables_and_cells_stay_and_a_met_target_changes_nothing():
    stay = xr.DataArray([True, False, False, False], dims="time")
    found = counterfactual(linear, weather(), ("at least", 9.0), spread=SPREAD, frozen={"a": True, "b": stay})
    g = np.concatenate([np.zeros(5), [0.0, 0.5, 0.5]])
    np.testing.assert_allclose(moves(found), (9.0 - at_start()) * g / (g @ g), atol=1e-8)
    met = counterfactual(linear, weather(), ("at most", 100.0), spread=SPREAD)
    assert bool(met["reached"][0])
    assert float(met["distance"][0]) == 0.0


def test_smooth_change_solves_its_normal_equations():
    """min |d|^2/2 + w |D d|^2/2 with g.d = r: d = r M g / (g M g), M = (1 + w D'D)^-1."""
    ds = xr.Dataset({"pr": ("time", np.linspace(0, 3, 9))})
    g = np.zeros(9)
    g[4] = 1.5
    weights = jnp.asarray(g)
    found = counterfactual(
        lambda x: weights.astype(x["pr"].dtype) @ x["pr"],
        ds,
        ("equal", 4.0),
        spread={"pr": 1.0},
        smooth={"time": 5.0},
    )
    d = np.diff(np.eye(9), axis=0)
    m = np.linalg.solve(np.eye(9) + 5.0 * d.T @ d, g)
    truth = (4.0 - 1.5 * 1.5) * m / (g @ m)
    np.testing.assert_allclose(found["pr_change"][0], truth, atol=1e-7)


def test_relations_between_variables_are_kept():
    """Cooling the maximum below the minimum takes the minimum with it."""
    ds = xr.Dataset({"tas_min": ("time", [10.0, 12.0]), "tas_max": ("time", [12.0, 20.0])})
    found = counterfactual(
        lambda x: x["tas_max"].sum(),
        ds,
        ("equal", 22.0),
        spread={"tas_min": 1.0, "tas_max": 1.0},
        relations=["tas_min <= tas_max", "tas_max >= 0"],
    )
    # min m^2 + a^2 + b^2 with a + b = -10 and 12 + a = 10 + m, by its Lagrangian.
    system = np.array(
        [[1, 0, 0, 0, 1], [0, 1, 0, -1, -1], [0, 0, 1, -1, 0], [0, 1, 1, 0, 0], [-1, 1, 0, 0, 0.0]]
    )
    m, a, b, *_ = np.linalg.solve(system, [0, 0, 0, -10.0, -2.0])
    np.testing.assert_allclose(found["tas_min_change"][0], [m, 0.0], atol=1e-6)
    np.testing.assert_allclose(found["tas_max_change"][0], [a, b], atol=1e-6)
    assert float(found["relation_gap"][0]) < 1e-6


def seasons() -> SimpleNamespace:
    return SimpleNamespace(
        names=("early, a", "late, a", "all, b"),
        ids={"a": np.array([0, 0, 1, 1]), "b": np.full(4, 2)},
        coords={"season": ("early", "late", "all")},
    )


def test_groups_change_by_one_factor_each_with_and_without_gradients():
    """f = w.x and x' = x (1 + p): least sum of squares of x p / s with w.x p = r in closed form."""
    ds = weather()
    x, s, w = (np.concatenate(v) for v in ([ds["a"], ds["b"]], [[2.0] * 4, [0.5] * 4], [W["a"], W["b"]]))
    group = np.array([0, 0, 1, 1, 2, 2, 2, 2])
    cost = np.bincount(group, (x / s) ** 2)
    gain = np.bincount(group, w * x)
    truth = 1.5 * (gain / cost) / (gain @ (gain / cost))
    plain = Plain(lambda v: v["a"] @ W["a"] + v["b"] @ W["b"])
    for f, accuracy in ((linear, 1e-8), (plain, 1e-4)):
        found = counterfactual(
            f, ds, ("at least", at_start() + 1.5), spread=SPREAD, groups=seasons(), change="factor"
        )
        np.testing.assert_allclose(found["amount"][0], truth, atol=accuracy)
        assert found["season"].values.tolist() == ["early", "late", "all"]
        np.testing.assert_allclose(found["a"][0], ds["a"] * (1 + truth[[0, 0, 1, 1]]), atol=4 * accuracy)
    lost = counterfactual(
        plain, ds, ("at least", 1e3), spread=SPREAD, groups=seasons(), bounds={"a": (-2, 3), "b": (0, 4)}
    )
    assert not bool(lost["reached"][0])
    assert float(lost["shortfall"][0]) == pytest.approx(1e3 - float(lost["prediction"][0]))


def test_further_solutions_differ_meet_the_target_and_are_farther():
    def f(x):
        return (x["a"] ** 2).sum() + jnp.tanh(x["b"]).sum() * 2

    found = counterfactual(
        f, weather(), ("at least", 12.0), spread=SPREAD, bounds={"b": (0.0, 6.0)}, solutions=4, seed=3
    )
    assert found["reached"].values.all()
    assert (found["distance"].values[1:] >= found["distance"].values[0] - 1e-6).all()
    apart = [np.linalg.norm(moves(found, i) - moves(found, j)) for i in range(4) for j in range(i)]
    assert min(apart) > 0.02
    same = counterfactual(
        f, weather(), ("at least", 12.0), spread=SPREAD, bounds={"b": (0.0, 6.0)}, solutions=4, seed=3
    )
    xr.testing.assert_identical(found, same)


def test_a_flat_start_is_left():
    """At 0 the gradient of a square is 0; the nearest points with a^2 = 4 are -2 and 2."""
    ds = xr.Dataset({"a": ((), 0.0)})
    found = counterfactual(lambda x: x["a"] ** 2, ds, ("equal", 4.0), spread={"a": 1.0})
    assert abs(float(found["a"][0])) == pytest.approx(2.0, abs=1e-5)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"target": ("below", 3.0)}, ConfigError, "cannot be read"),
        ({"target": ("at most", np.nan)}, ConfigError, "cannot be read"),
        ({"norm": "l0"}, ConfigError, "norm 'l0'"),
        ({"change": "times"}, ConfigError, "'times' is unknown"),
        ({"bounds": {"c": (0, 1)}}, ConfigError, "`bounds` names 'c'"),
        ({"bounds": {"a": (0, None)}}, DataError, "1 cell of 'a' of the input itself"),
        ({"relations": ["a < b"]}, ConfigError, "cannot be read"),
        ({"relations": ["a <= b"]}, DataError, "the input itself breaks 'a <= b' in 2 cells"),
        ({"frozen": ["a", "b"]}, DataError, "nothing is left"),
        ({"spread": {"a": 0.0}}, DataError, "spread of 'a' is not above 0"),
        ({"smooth": {"lat": 1.0}}, ConfigError, "no dimension 'lat'"),
        ({"solutions": 0}, ConfigError, "0 solutions"),
    ],
)
def test_broken_requests_give_one_sentence(options, error, words):
    target = options.pop("target", ("at least", 9.0)) if "target" in options else ("at least", 9.0)
    with pytest.raises(error, match=words) as caught:
        counterfactual(linear, weather(), target, **options)
    assert str(caught.value).endswith(".")


def test_outputs_and_sizes_that_cannot_be_used():
    with pytest.raises(ModelError, match="returns 4 numbers"):
        counterfactual(lambda x: x["a"], weather(), ("at least", 9.0))
    with pytest.raises(ModelError, match="40 free parameters"):
        counterfactual(
            Plain(lambda x: x["a"].sum()), xr.Dataset({"a": ("time", np.arange(40.0))}), ("at least", 9.0)
        )
    with pytest.raises(DataError, match="one value"):
        counterfactual(linear, weather() * 0 + 1, ("at least", 9.0))
