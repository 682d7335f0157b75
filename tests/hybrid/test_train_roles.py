"""Every role learns: one value, one per site, one per day by several networks, a rate law, any network."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from tinyhybrid import (
    YEAR,
    bucket,
    days,
    leaves,
    observed,
    respiration,
    respiration_model,
    same,
    train,
    weather,
)

import hybrid
from hybrid.bounds import to_bounded
from hybrid.closure import residuals, worst
from hybrid.slots import seat, with_statistics


def _settings(steps, **more):
    return hybrid.Training(
        **{
            "steps": steps,
            "learning_rate": 2e-2,
            "parameter_rate": 0.1,
            "weights": {"reco": 1.0},
            "validate_every": steps // 2,
            "penalty": 0.0,
            **more,
        }
    )


@pytest.mark.parametrize("start", [0.6, 3.0])
def test_global_value_is_found(start):
    panel = observed(weather(), reco=respiration(weather(), 1.5, 2.4))
    model = respiration_model({"q10": hybrid.Global(start), "base_respiration": hybrid.Global()})
    fit = train([model], panel, _settings(150))
    assert float(fit.member(0).centres()["q10"]) == pytest.approx(1.5, rel=0.01)
    assert float(fit.member(0).centres()["base_respiration"]) == pytest.approx(2.4, rel=0.01)


def test_static_table_finds_a_value_for_each_site():
    panel = observed(weather(), reco=respiration(weather(), 1.5, np.array([1.5, 4.0])))
    model = respiration_model(
        {"q10": hybrid.Fixed(1.5), "base_respiration": hybrid.Static(network="sites")},
        {"sites": hybrid.Slot("table", ("site",))},
        categories={"site": panel.sites},
    )
    fit = train([model], panel, _settings(100))
    run = fit.member(0).simulate(panel)
    assert np.asarray(run.values["base_respiration"]) == pytest.approx([1.5, 4.0], rel=0.02)


def test_dynamic_value_adds_up_its_networks():
    """The unconstrained value of each day is the global one plus the outputs of both networks."""
    panel = weather()
    model = respiration_model(
        {"base_respiration": hybrid.Dynamic(network=["sites", "light"])},
        {
            "sites": hybrid.Slot("table", ("site",)),
            "light": hybrid.Slot("perceptron", ("rsds",), {"width": 4, "depth": 1}),
        },
        categories={"site": panel.sites},
    )
    model = model.normalised(model.inputs(panel), days(panel, 0, YEAR))
    model = eqx.tree_at(lambda m: m.networks["sites"].module.table, model, jnp.asarray([[0.5], [-1.0]]))
    run = model.simulate(panel)
    light, sites = run.values["outputs:light"], run.values["outputs:sites"]
    assert light.shape == (*panel.shape, 1)
    assert np.asarray(sites[:, 0]) == pytest.approx([0.5, -1.0])
    raw = model.raw["base_respiration"] + sites[:, 0] + light[..., 0]
    expected = to_bounded(model.design.learned["base_respiration"], raw)
    assert np.asarray(run.values["base_respiration"]) == pytest.approx(np.asarray(expected), rel=1e-6)
    assert np.asarray(light).std() > 0
    gradient = eqx.filter_grad(lambda m: m.simulate(panel).observables["reco"].mean())(model)
    assert all(np.abs(g).sum() > 0 for n in model.networks for g in leaves(gradient.networks[n].module))


def _flax_panel():
    return observed(
        weather(), reco=respiration(weather(), 1.5, 2.0 + 2.0 * (weather().forcing["rsds"] > 15.0))
    )


@pytest.mark.parametrize("kind", ["flax", "own"])
def test_any_network_trains_in_a_slot(kind):
    """A Flax network by name, and an Equinox one by a callable."""

    class Own(eqx.Module):
        layer: eqx.nn.MLP

        def __init__(self, inputs, outputs, *, key):
            self.layer = eqx.nn.MLP(inputs, outputs, 4, 1, key=key)

        def __call__(self, x, *, key=None):
            return jax.vmap(jax.vmap(self.layer))(x)

    slot = hybrid.Slot("flax", ("rsds",), {"width": 4, "depth": 1}) if kind == "flax" else None
    slot = slot or hybrid.Slot(Own, ("rsds",))
    panel = _flax_panel()
    model = respiration_model(
        {"q10": hybrid.Fixed(1.5), "base_respiration": hybrid.Dynamic(network="light")}, {"light": slot}
    )
    model = model.normalised(model.inputs(panel), days(panel, 0, YEAR))
    fit = train([model], panel, _settings(60))
    assert fit.history[-1]["validation"] < 0.5 * fit.history[0]["loss"] + 0.1
    assert fit.history[-1]["validation"] < 0.2
    before, after = leaves(model.networks["light"].module), leaves(fit.member(0).networks["light"].module)
    assert all(not np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_learned_law_that_reads_pools_keeps_closure_and_bounds():
    """Evaporation by a perceptron that reads the water itself, of any weights: mass still closes."""
    panel = weather()
    law = hybrid.Learned(("rsds", "water"), 0.0, 30.0, 5.0, options={"width": 4, "depth": 1})
    model = hybrid.Model(bucket(), {"evaporation": law}, key=jr.key(3))
    model = model.normalised(model.inputs(panel), days(panel, 0, YEAR))
    model = eqx.tree_at(
        lambda m: m.networks["evaporation"].module.out, model, replace_fn=lambda w: 100.0 * jnp.abs(w)
    )
    run = eqx.filter_jit(lambda m, i: m.simulate(i))(model, model.inputs(panel))
    assert float(worst(model.process, run)[1]) <= 1e-6
    taken, wanted = np.asarray(run.fluxes["evaporation"]), np.asarray(run.values["evaporation"])
    assert (taken >= 0).all()
    assert (wanted <= 30.0).all()
    assert (taken < 0.9 * wanted).any(), "the pool was never short of water, so the limit was not tried"
    assert all((np.asarray(p) >= 0).all() for p in run.pools.values())


def test_learned_law_closes_in_double_precision():
    panel = weather().window(0, 120)
    law = hybrid.Learned(("rsds", "water"), 0.0, 10.0, options={"width": 4, "depth": 1})
    model = hybrid.Model(bucket(), {"evaporation": law})
    with jax.enable_x64(True):
        double = jax.tree.map(lambda a: a.astype(np.float64) if eqx.is_inexact_array(a) else a, model)
        run = double.simulate(double.inputs(panel, np.float64))
        assert run.pools["water"].dtype == np.float64
        assert max(float(jnp.abs(r).max()) for r in residuals(model.process, run).values()) <= 1e-10


def _statistics(model):
    held = list(getattr(model, "networks", {"network": getattr(model, "network", None)}).values())
    more = [model.mean, model.scale] if isinstance(model, hybrid.Sequence) else []
    return [[n.mean, n.scale] for n in held], more


@pytest.mark.parametrize("kind", ["hybrid", "sequence"])
def test_statistics_come_from_training_days_alone(kind):
    """Other weather and other observations after the training days change no statistic."""
    panel = observed(weather(), reco=respiration(weather()))
    training = days(panel, 0, 2 * YEAR)
    later = ~training
    changed = panel.with_forcing(
        **{n: np.where(later, 1000.0, panel.forcing[n]) for n in ("rsds", "tas_min", "tas_max")}
    )
    changed = observed(changed, reco=np.where(later, 1e5, panel.targets["reco"]))
    if kind == "hybrid":
        slot = hybrid.Slot("perceptron", ("rsds", "tas"), {"width": 4})
        model = respiration_model({"base_respiration": hybrid.Dynamic(network="n")}, {"n": slot})
        one, other = (model.normalised(model.inputs(p), training) for p in (panel, changed))
        held = panel.forcing["rsds"][training]
        assert one.networks["n"].mean[0] == pytest.approx(held.mean(), rel=1e-5)
        assert one.networks["n"].scale[0] == pytest.approx(held.std(), rel=1e-5)
    else:
        from hybrid.inputs import from_panel

        model = hybrid.Sequence(hybrid.Slot("gru", ("rsds",), {"width": 4}), ("reco",), {}, key=jr.key(0))
        one, other = (
            model.normalised(from_panel(p, {}), training, p.targets, p.masks) for p in (panel, changed)
        )
        held = panel.targets["reco"][training]
        assert float(one.mean[0]) == pytest.approx(held.mean(), rel=1e-5)
        assert float(one.scale[0]) == pytest.approx(held.std(), rel=1e-5)
    assert same(_statistics(one), _statistics(other))
    assert not same(_statistics(one), _statistics(model))


def test_attributes_are_held_within_those_of_training_sites():
    """A site hotter than any that trained is taken for the hottest of them, by tables and networks alike."""
    seated = seat(hybrid.Slot("table", ("mean_annual_temperature",)), 1, {}, key=jr.key(0))
    values = {"mean_annual_temperature": np.array([4.0, 10.0, 16.0, 27.0])}
    mask = np.ones((3, 4), bool)
    mask[:, 3] = False
    held = with_statistics(seated, values, mask).gather(
        {"mean_annual_temperature": jnp.array([16.0, 27.0, 2.0])}
    )
    assert float(held[1, 0]) == pytest.approx(float(held[0, 0]))
    assert float(held[2, 0]) == pytest.approx((4.0 - 10.0) / np.std([4.0, 10.0, 16.0]))


def test_statistics_are_not_trained():
    slot = hybrid.Slot("perceptron", ("rsds",), {"width": 4})
    model = respiration_model({"base_respiration": hybrid.Dynamic(network="n")}, {"n": slot})
    spec = model.trainable()
    assert not spec.networks["n"].mean
    assert not spec.networks["n"].scale
    assert not spec.networks["n"].low
    assert not spec.networks["n"].high
    assert spec.raw["base_respiration"]


def test_short_way_from_a_panel():
    """Fit and predict from a panel, with members and a checkpoint of their own."""
    panel = observed(weather(), reco=respiration(weather()))
    model = respiration_model({"q10": hybrid.Global(), "base_respiration": hybrid.Global()})
    from hybrid.train import fit_panel, predict

    fit = fit_panel(model, panel, days(panel, 0, YEAR), days(panel, YEAR, 2 * YEAR), _settings(100))
    found = predict(fit, panel)["reco"]
    assert found.shape == (1, *panel.shape)
    assert found[0] == pytest.approx(panel.targets["reco"], rel=0.05)
