"""Running an ensemble: every member as it runs alone, means over members, closure, and starts."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from tinyhybrid import bucket, days, weather

import hybrid
from hybrid.closure import worst
from hybrid.train import stack


@pytest.fixture(scope="module")
def members():
    """Two buckets that differ in what drives their capacity, untrained."""
    roles = {"capacity": hybrid.Dynamic(("rsds", "pr"), options={"width": 4, "depth": 1})}
    model = hybrid.Model(bucket(), roles)
    model = model.normalised(model.inputs(weather()), days(weather(), 0, 300))
    return [model.renewed(k) for k in jr.split(jr.key(0), 2)]


@pytest.fixture(scope="module")
def alone(members):
    """Each member's own trajectory."""
    simulate = eqx.filter_jit(lambda m: m.simulate(weather()))
    return [simulate(m) for m in members]


def test_each_member_runs_as_alone(members, alone):
    runs = hybrid.run_members(stack(members), members[0].inputs(weather()))
    for m, run in enumerate(alone):
        for name, value in (run.observables | run.pools).items():
            held = (runs.observables | runs.pools)[name][m]
            assert np.asarray(held) == pytest.approx(np.asarray(value), rel=1e-5, abs=1e-5), name
        assert float(runs.closure[m]) == pytest.approx(float(worst(members[m].process, run)[1]), abs=1e-6)
    assert set(runs.driven) == {"capacity"}
    apart = np.abs(np.asarray(alone[0].values["capacity"]) - np.asarray(alone[1].values["capacity"]))
    assert apart.max() > 0


def test_fluxes_and_driven_parameters_are_means_over_members(members, alone):
    runs = hybrid.run_members(stack(members), members[0].inputs(weather()))
    for name, mean in runs.fluxes.items():
        wanted = np.mean([np.asarray(run.fluxes[name]) for run in alone], axis=0)
        assert np.asarray(mean) == pytest.approx(wanted, rel=1e-5, abs=1e-6), name
    wanted = np.mean([np.asarray(run.values["capacity"]) for run in alone], axis=0)
    assert np.asarray(runs.driven["capacity"]) == pytest.approx(wanted, rel=1e-5)


def test_members_start_where_told(members):
    panel = weather()
    start = {"water": jnp.full(panel.shape[1], 33.0)}
    runs = hybrid.run_members(stack(members), members[0].inputs(panel), start)
    assert np.asarray(runs.pools["water"][:, 0]) == pytest.approx(33.0)


def test_a_sequence_model_gives_observables_alone():
    panel = weather()
    model = hybrid.Sequence(hybrid.Slot("gru", ("rsds",), {"width": 4}), ("reco",), {}, key=jr.key(1))
    runs = hybrid.run_members(stack([model, model]), hybrid.inputs.from_panel(panel, {}))
    assert runs.observables["reco"].shape == (2, *panel.shape)
    assert not runs.pools
    assert not runs.fluxes
    assert jax.tree.leaves(runs.closure)[0].tolist() == [0.0, 0.0]
