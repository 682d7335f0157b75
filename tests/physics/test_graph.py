"""Networks of two libraries train in a slot; graphs that cannot be are refused in one sentence."""

from __future__ import annotations

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tinyphysics as tiny

import hybrid
from data.errors import ModelError
from hybrid import Dynamic, Slot
from hybrid.inputs import Inputs
from hybrid.process import Flux, Pool, Quantity


class Line(eqx.Module):
    """Any Equinox module that a user brings."""

    linear: eqx.nn.Linear
    memory = False

    def __init__(self, inputs, outputs, *, key):
        self.linear = eqx.nn.Linear(inputs, outputs, key=key)

    def __call__(self, x, *, key=None):
        return x @ self.linear.weight.T + self.linear.bias


@pytest.mark.parametrize("kind", ["flax", Line])
def test_a_step_of_training_lowers_the_loss(kind):
    forcing = {n: jnp.asarray(tiny.panel().forcing[n][:20]) for n in ("pr", "rsds")}
    model = hybrid.Model(
        tiny.tank(), {"seepage_rate": Dynamic(network="n")}, {"n": Slot(kind, ("rsds", "water"))}
    )
    inputs = Inputs(forcing, {}, {})
    train, rest = eqx.partition(model, model.trainable())

    @eqx.filter_jit
    @eqx.filter_value_and_grad
    def loss(part):
        run = eqx.combine(part, rest).simulate(inputs)
        return jnp.mean((run.fluxes["seepage"] - 5.0) ** 2)

    first, slope = loss(train)
    leaves = jax.tree.leaves(slope.networks)
    assert leaves
    assert all(np.isfinite(a).all() for a in leaves)
    assert any(np.abs(a).max() > 0 for a in leaves)
    size = sum(float(jnp.sum(a**2)) for a in jax.tree.leaves(slope)) ** 0.5
    stepped = jax.tree.map(lambda p, g: p - 1e-2 * g / size, train, slope)
    second, _ = loss(stepped)
    assert float(second) < float(first)


def _one(water):
    return water


def _reads_nothing_known(watr):
    return watr


def _of_b(b):
    return b


def _of_a(a):
    return a


TANK = tiny.tank()
BROKEN = {
    "unknown name": (
        {"quantities": (*TANK.quantities, Quantity("x", _reads_nothing_known, "1"))},
        "did you mean",
    ),
    "cycle": (
        {"quantities": (*TANK.quantities, Quantity("a", _of_b, "1"), Quantity("b", _of_a, "1"))},
        "need each other: a, b",
    ),
    "name twice": (
        {"quantities": (*TANK.quantities, Quantity("supply", _one, "1"))},
        "'supply' is defined twice",
    ),
    "pool named as a forcing": (
        {"pools": (*TANK.pools, Pool("pr", "mm", "x", 1.0, 2.0))},
        "'pr' is defined twice",
    ),
    "flux of unknown pool": (
        {"fluxes": (*TANK.fluxes, Flux("supply", None, "watr"))},
        "did you mean 'water'",
    ),
    "flux without law": ({"fluxes": (*TANK.fluxes, Flux("leak", "water", None))}, "'leak' has no rate law"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_graphs_are_one_sentence(case):
    change, words = BROKEN[case]
    with pytest.raises(ModelError) as caught:
        replace(TANK, **change)
    told = str(caught.value)
    assert words in told
    assert "process tank" in told
    assert told.count("\n") == 0
    assert caught.value.remedy
