"""The recurrent network: its equations, its blocks of time, and inputs it is made blind to."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from tinyhybrid import days, weather

import hybrid
from hybrid.inputs import from_panel
from hybrid.networks import Recurrent, recurrent


@pytest.fixture
def network():
    return Recurrent(3, 2, width=5, key=jr.key(0))


@pytest.fixture
def series():
    return jr.normal(jr.key(1), (50, 4, 3))


def by_hand(n, x):
    """Cho's unit step by step in numpy, in double precision."""
    named = (
        "encode",
        "encode_bias",
        "project",
        "project_bias",
        "weight",
        "bias",
        "hidden",
        "hidden_bias",
        "out",
    )
    v = {k: np.asarray(getattr(n, k), float) for k in named}
    h, found, w = np.zeros((x.shape[1], 5)), [], 5

    def sigmoid(a):
        return 1.0 / (1.0 + np.exp(-a))

    for now in np.asarray(x, float):
        seen = np.tanh(now @ v["encode"] + v["encode_bias"])
        a, u = seen @ v["project"] + v["project_bias"], h @ v["weight"]
        r, z = sigmoid(a[:, :w] + u[:, :w]), sigmoid(a[:, w : 2 * w] + u[:, w : 2 * w])
        h = (1 - z) * np.tanh(a[:, 2 * w :] + r * (u[:, 2 * w :] + v["bias"])) + z * h
        hidden = np.concatenate([h, seen], -1) @ v["hidden"] + v["hidden_bias"]
        found.append(hidden * sigmoid(hidden) @ v["out"])
    return np.stack(found)


def test_outputs_are_those_of_the_published_unit(network, series):
    assert np.asarray(network(series)) == pytest.approx(by_hand(network, series), abs=1e-5)


@pytest.mark.parametrize("block", [1, 7, 25, 50])
@pytest.mark.parametrize("key", [None, jr.key(3)])
def test_blocks_change_neither_values_nor_gradients(network, series, block, key, monkeypatch):
    network = eqx.tree_at(lambda n: n.out, network, 10 * network.out)

    def loss(n, x):
        return jnp.mean(n(x, key=key) ** 2)

    def found():
        return eqx.filter_value_and_grad(lambda both: loss(*both))((network, series))

    whole = found()
    monkeypatch.setattr(recurrent, "BLOCK", block)
    for a, b in zip(jax.tree.leaves(whole), jax.tree.leaves(found()), strict=True):
        assert np.asarray(a) == pytest.approx(np.asarray(b), rel=2e-4, abs=1e-6)


def test_dropout_is_held_over_blocks(series, monkeypatch):
    """Features dropped on the first day are dropped on the last: in a constant series every day looks alike."""
    network = Recurrent(3, 2, width=5, dropout=0.5, key=jr.key(0))
    still = jnp.broadcast_to(series[:1], (400, *series.shape[1:]))
    monkeypatch.setattr(recurrent, "BLOCK", 100)
    out = np.asarray(network(still, key=jr.key(4)))
    assert out[199] == pytest.approx(out[399], abs=1e-5)


def test_a_blind_network_does_not_see():
    panel = weather()
    inputs = from_panel(panel, {})
    slot = hybrid.Slot("gru", ("rsds", "pr"), {"width": 4})
    model = hybrid.Sequence(slot, ("reco",), {}, key=jr.key(1))
    target = {"reco": np.ones(panel.shape, np.float32)}
    model = model.normalised(inputs, days(panel, 0, 300), target, {"reco": np.ones(panel.shape, bool)})
    wetter = eqx.tree_at(lambda i: i.forcing["pr"], inputs, inputs.forcing["pr"] + 5.0)
    brighter = eqx.tree_at(lambda i: i.forcing["rsds"], inputs, inputs.forcing["rsds"] + 5.0)

    def run(model, inputs):
        return np.asarray(model.forward(inputs)[0]["reco"])

    blind = model.blind_to(["pr"])
    assert np.array_equal(run(blind, inputs), run(blind, wetter))
    assert not np.array_equal(run(blind, inputs), run(blind, brighter))
    assert not np.array_equal(run(model, inputs), run(model, wetter))
    assert np.array_equal(run(model.blind_to([]), wetter), run(model, wetter))
