"""Worlds with interventions: their graph, their noise, and what an intervention does and does not move."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import ConfigError
from data.synthetic.interventions import FORMS, STEEPEST, Link, World, intervention_world

CHAIN = World(("a", "b"), (Link(0, 1, 0, 2.0), Link(1, 1, 1, 0.5)), (("normal", 1.0), ("normal", 1.0)), 1)


def test_equations_are_carried_out():
    noise = np.zeros((1, 4, 2))
    noise[0, 0] = 1.0, 0.0
    np.testing.assert_array_equal(CHAIN.run(noise)[0], [[1, 2], [0, 1], [0, 0.5], [0, 0.25]])
    held = CHAIN.run(noise, do={"b": [np.nan, 4.0, np.nan, np.nan]})[0]
    np.testing.assert_array_equal(held[:, 1], [2, 4, 2, 1])
    np.testing.assert_array_equal(held[:, 0], [1, 0, 0, 0])
    np.testing.assert_array_equal(CHAIN.run(noise, np.array([[0.0, 8.0]]))[0, :, 1], [6, 3, 1.5, 0.75])


def test_graph_has_both_ends_of_a_link_without_lag():
    graph = CHAIN.graph
    assert graph[0, 1, 0] == "-->"
    assert graph[1, 0, 0] == "<--"
    assert graph[1, 1, 1] == "-->"
    assert (graph != "").sum() == 3


@pytest.mark.parametrize("kind", ["normal", "laplace", "skewed"])
def test_noise_has_mean_zero_and_the_stated_spread(kind):
    world = World(("a",), (), ((kind, 0.7),), 1)
    noise = world.draw(np.random.default_rng(0), 1, 40000)
    assert abs(noise.mean()) < 4 * 0.7 / 200
    assert noise.std() == pytest.approx(0.7, rel=0.03)


@pytest.mark.parametrize("kind", ["linear", "nonlinear"])
def test_worlds_are_as_said(kind):
    for seed in range(6):
        world = intervention_world(seed, kind)
        pairs = [(x.source, x.target, x.lag) for x in world.links]
        assert len(set(pairs)) == len(pairs)
        assert all(x.source < x.target for x in world.links if x.lag == 0)
        assert [x.target for x in world.links if x.source == 1] == [4]
        assert {x.source for x in world.links if x.target < 2} == {0}
        assert any(x.lag == 0 and x.source > 1 for x in world.links)
        assert all((x.form == "line") == (kind == "linear") for x in world.links if x.source != x.target > 1)
        ds = world.observe(np.random.default_rng(seed), 1500)
        found = np.corrcoef(ds["driver"], ds["follower"])[0, 1]
        assert found == pytest.approx(0.9, abs=0.04)
        assert float(ds["driver"].std()) == pytest.approx(1.0, abs=0.15)


def test_forms_are_no_steeper_than_said():
    x = np.linspace(-6, 6, 24001)
    for name, form in FORMS.items():
        assert np.abs(np.gradient(form(x), x)).max() <= STEEPEST[name] + 1e-6


def test_an_intervention_moves_what_follows_alone():
    world = intervention_world(5, "nonlinear")
    noise = world.draw(np.random.default_rng(0), 2, 20)
    one, other = world.run(noise), world.run(noise, do={"follower": 2.0})
    np.testing.assert_array_equal(one[..., 0], other[..., 0])
    assert np.abs(one[..., 4] - other[..., 4]).max() > 0.1
    with pytest.raises(ConfigError, match="did you mean 'follower'"):
        world.run(noise, do={"folower": 1.0})


def test_settings_out_of_bounds():
    for settings in ({"kind": "cubic"}, {"variables": 2}, {"tau_max": 0}, {"coupling": 1.0}):
        with pytest.raises(ConfigError):
            intervention_world(0, **settings)
