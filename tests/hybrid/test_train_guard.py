"""Numbers that are not finite: training stops and says which member, flux or value, site and step."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from tinyhybrid import bucket, observed, train, weather

import hybrid
from data.errors import ModelError
from hybrid.guard import first_not_finite
from hybrid.inputs import from_panel
from hybrid.train import stack

SETTINGS = hybrid.Training(steps=2, weights={"et": 1.0}, validate_every=1)


@pytest.fixture(scope="module")
def model():
    return hybrid.Model(bucket(), {"capacity": hybrid.Global(), "growth_rate": hybrid.Global()})


@pytest.fixture(scope="module")
def panel():
    return observed(weather(), et=1.0 + 0.1 * weather().forcing["rsds"])


def test_infinite_forcing_is_named(model, panel):
    pr = panel.forcing["pr"].copy()
    pr[100, 1] = np.inf
    with pytest.raises(ModelError) as caught:
        train([model, model], panel.with_forcing(pr=pr), SETTINGS)
    told = str(caught.value)
    assert "not finite at training step 1 (et)" in told
    assert "member 0: 'pr' at step 100 of site number 1" in told
    assert told.endswith("check the forcing there.")


def test_a_flux_that_overflows_is_named(model, panel):
    """Growth past the range of float32 at one site on one day; the forcing is finite."""
    rsds = panel.forcing["rsds"].copy()
    rsds[40, 0] = 3e38
    told = first_not_finite(stack([model]), from_panel(panel.with_forcing(rsds=rsds), {}))
    assert "member 0: " in told
    assert "at step 40 of site number 0" in told
    assert any(f"'{n}'" in told for n in ("growth", "evaporation", "decay"))


def test_a_learned_value_is_named(model, panel):
    broken = eqx.tree_at(lambda m: m.raw["capacity"], model, jnp.asarray(jnp.nan))
    told = first_not_finite(stack([model, broken]), from_panel(panel, {}))
    assert told == "member 1: the learned value 'raw.capacity' is not finite"


def test_nothing_to_find(model, panel):
    assert "every simulated value is finite" in first_not_finite(stack([model]), from_panel(panel, {}))


def test_a_gradient_that_is_not_finite_is_told_apart():
    """The value of sqrt at zero is finite, its slope is not."""
    from hybrid.process.declare import Parameter, Quantity
    from hybrid.process.process import Process

    def law(rsds, factor):
        return jnp.sqrt(factor - 2.0) + rsds

    root = Process(
        name="root",
        forcing=("rsds",),
        attributes=(),
        parameters=(Parameter("factor", 2.0, 1.0, 3.0, "1", "factor"),),
        pools=(),
        quantities=(),
        fluxes=(),
        observables=(Quantity("et", law, "mm d-1", "evapotranspiration"),),
    )
    model = hybrid.Model(root, {"factor": hybrid.Global()})
    panel = observed(weather(), et=weather().forcing["rsds"] + 1.0)
    with pytest.raises(ModelError) as caught:
        train([model], panel, SETTINGS)
    told = str(caught.value)
    assert told.startswith("the gradient is not finite at training step 1 (member 0: the learned value 'raw.")


def test_network_alone(panel):
    network = hybrid.Sequence(hybrid.Slot("gru", ("rsds", "pr"), {"width": 4}), ("et",), {}, key=jr.key(0))
    pr = panel.forcing["pr"].copy()
    pr[700:, 1] = np.nan
    told = first_not_finite(stack([network]), from_panel(panel.with_forcing(pr=pr), {}))
    assert told == "member 0: 'et' at step 700 of site number 1"
    wrong = panel.with_forcing(pr=np.full(panel.shape, np.nan))
    with pytest.raises(ModelError, match="not finite at training step 1"):
        train([network], wrong, SETTINGS)


def test_without_validation_the_last_finite_member_is_kept(model, panel):
    """A fit that is not watched gives what it ended with."""
    none = np.zeros((1, *panel.shape), bool)
    fit = train([model], panel, SETTINGS, validation=none)
    assert all(np.isfinite(x).all() for x in jax.tree.leaves(eqx.filter(fit.models, eqx.is_inexact_array)))
    assert fit.history[-1]["loss"] == fit.history[-1]["validation"]
