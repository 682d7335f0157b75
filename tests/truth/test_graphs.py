"""Worlds with known graphs: stationary, of the correlations that theory gives, and their seeds fix them."""

import numpy as np
import pytest

from data.errors import ConfigError
from data.synthetic.graphs import KINDS, PERIOD, null, values, world
from data.synthetic.scm import Model, bump, draw, marks, radius, run


@pytest.mark.parametrize("kind", KINDS)
def test_a_world_is_what_its_seed_says(kind):
    one, graph = world(kind, 2, 300, 5, seed=3)
    two, again = world(kind, 2, 300, 5, seed=3)
    assert one.equals(two)
    assert (graph == again).all()
    assert not one.equals(world(kind, 2, 300, 5, seed=4)[0])
    assert graph.dtype == np.dtype("<U3")
    size = 6 if kind == "panel" else 5
    assert graph.shape[:2] == (size, size)
    assert np.isfinite(values(one)).all()


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"panel"}))
def test_worlds_do_not_drift(kind):
    x = values(world(kind, 40, 400, 6, seed=1)[0])
    early, late = x[:, :200].std((0, 1)), x[:, 200:].std((0, 1))
    np.testing.assert_allclose(late, early, rtol=0.15)


def test_marks_point_both_ways_at_lag_zero():
    weight = np.zeros((2, 2, 2))
    weight[0, 1, 0] = weight[1, 0, 1] = 0.5
    graph = marks(weight)
    assert (graph[0, 1, 0], graph[1, 0, 0]) == ("-->", "<--")
    assert (graph[1, 0, 1], graph[0, 1, 1]) == ("-->", "")


def test_radius_is_the_largest_root():
    weight = np.zeros((1, 1, 3))
    weight[0, 0] = [0, 0.5, 0.3]  # z² = 0.5 z + 0.3
    assert radius(weight) == pytest.approx((0.5 + np.sqrt(0.25 + 1.2)) / 2)


def test_lag_zero_counts_in_the_radius():
    weight = np.zeros((2, 2, 2))
    weight[0, 1, 0], weight[1, 0, 1] = 0.8, 0.5  # x0(t) = 0.5 x1(t-1) = 0.4 x0(t-1)
    assert radius(weight) == pytest.approx(0.4)


def test_a_drawn_model_is_stable_with_the_links_asked_for():
    for seed in range(20):
        model = draw(np.random.default_rng(seed), 8, 3, 0.9, 10, contemporaneous=0.5)
        assert model.radius < 0.97
        off = ~np.eye(8, dtype=bool)
        assert (model.weight[off] != 0).sum() == 10
        assert (np.diagonal(model.weight[:, :, 1]) == 0.9).all()


def test_a_run_has_the_variance_of_theory():
    weight = np.zeros((2, 2, 2))
    weight[0, 0, 1], weight[0, 1, 1] = 0.8, 0.5
    noise = np.random.default_rng(0).normal(size=(50, 2300, 2))
    x = run(Model(weight, np.arange(2)), noise)
    own = 1 / (1 - 0.8**2)
    np.testing.assert_allclose(x.var((0, 1)), [own, 1 + 0.25 * own], rtol=0.03)


def test_the_nonlinear_effect_is_unseen_by_correlation():
    x = np.random.default_rng(0).normal(size=400_000)
    assert abs(bump(x).mean()) < 0.005
    assert abs(np.corrcoef(x, bump(x))[0, 1]) < 0.005
    assert bump(x).std() > 0.4


def test_latent_noise_joins_pairs_without_a_link():
    ds, graph = world("latent", 1, 4000, 5, seed=2)
    assert (graph == "<->").sum() == 2
    for i, j, k in np.argwhere(graph == "<->"):
        assert k == 1
        assert graph[j, i, 1] == ""
    assert "latent" in ds.attrs["kind"]


def test_regimes_average_to_no_correlation():
    ds, graph = world("regime", 100, 1000, 4, seed=0)
    x, regime = values(ds), ds["regime"].values
    i, j, _ = next(c for c in np.argwhere(graph == "-->") if c[0] != c[1])
    signs = [
        np.corrcoef(x[:, :-1, i][:, regime[1:] == r].ravel(), x[:, 1:, j][:, regime[1:] == r].ravel())[0, 1]
        for r in (0, 1)
    ]
    assert signs[0] * signs[1] < 0


def test_seasons_return():
    x = values(world("seasonal", 60, 240, 3, seed=0)[0]).mean(0)
    np.testing.assert_allclose(x[PERIOD:], x[:-PERIOD], atol=1.3)
    assert x.std(0).min() > 0.5  # the mean of 60 cells has an error of 0.2


@pytest.mark.parametrize("ar", [0.0, 0.8, 0.95])
def test_null_series_have_the_variance_and_memory_of_theory(ar):
    x = values(null(400, 150, 5, ar, seed=1)[0])
    np.testing.assert_allclose(x.var((0, 1)), 1 / (1 - ar**2), rtol=0.12)
    np.testing.assert_allclose(x[:, 0].var(), 1 / (1 - ar**2), rtol=0.12)  # stationary from the start
    r = np.corrcoef(x[:, 1:, 0].ravel(), x[:, :-1, 0].ravel())[0, 1]
    assert r == pytest.approx(ar, abs=0.02)
    between = np.corrcoef(x[:, :, 0].ravel(), x[:, :, 1].ravel())[0, 1]
    assert abs(between) < 4 * np.sqrt((1 + ar**2) / (1 - ar**2) / (400 * 150))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: world("lienar"), "no world"),
        (lambda: world("linear", cells=0), "make no world"),
        (lambda: null(1, 10, 2, 1.0), "not stationary"),
        (lambda: draw(np.random.default_rng(0), 3, 1, 0.5, 9), "no stable model"),
    ],
)
def test_impossible_worlds_are_refused(call, says):
    with pytest.raises(ConfigError, match=says):
        call()
