"""Members of the respiration experiment: held and learned Q10, the penalty, and what the network carries."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hybrid
from data.batches import pack
from experiments.respiration.config import Config, Network, Profile, Train, World
from experiments.respiration.members import FORCING, grid, make_members, make_process, q10_of
from experiments.respiration.training import carried, run_members
from experiments.respiration.variants import VARIANTS
from experiments.respiration.world import make_world
from hybrid.inputs import from_panel
from hybrid.train import stack

CONFIG = Config(
    world=World(climates=["temperate_evergreen"], years=2, train_years=1),
    starts=[0.5, 2.5],
    repeats=2,
    network=Network(width=4, depth=1),
    profile=Profile(lower=1.0, upper=2.0, points=5),
    train=Train(quiet_penalty=0.5, size_penalty=0.25),
)


@pytest.fixture(scope="module")
def panel():
    return pack(make_world(CONFIG.world, 0), FORCING, ["reco"]).window(0, 200)


def members(panel, name):
    return make_members(CONFIG, VARIANTS[name], panel)


def test_members_are_every_start_with_every_first_weights_then_the_grid(panel):
    found = members(panel, "radiation")
    assert len(found) == 2 * 2 + 5
    np.testing.assert_allclose(
        q10_of(stack(found)), [0.5, 0.5, 2.5, 2.5, 1.0, 1.25, 1.5, 1.75, 2.0], rtol=1e-5
    )
    np.testing.assert_allclose(grid(CONFIG), [1.0, 1.25, 1.5, 1.75, 2.0])
    assert [float(m.held) for m in found] == [0.0] * 4 + [1.0] * 5
    weights = [m.model.networks["base"].module.weights[0] for m in found]
    assert np.array_equal(weights[0], weights[2])
    assert np.array_equal(weights[0], weights[8])
    assert not np.array_equal(weights[0], weights[1])


def test_the_process_alone_starts_where_it_is_told():
    np.testing.assert_allclose(q10_of(stack(make_process(CONFIG))), [0.5, 2.5], rtol=1e-5)


def test_the_penalised_input_is_temperature_alone():
    assert VARIANTS["radiation"].inputs == ("sw_pot", "dsw_pot")
    assert (
        VARIANTS["temperature"].inputs == VARIANTS["temperature_quiet"].inputs == ("sw_pot", "dsw_pot", "tas")
    )
    assert [v.quiet for v in VARIANTS.values()] == [(), (), ("tas",)]


def test_training_moves_a_learned_q10_and_leaves_a_held_one_to_the_bit(panel):
    found = members(panel, "radiation")
    pair = [found[0], found[-1]]
    days = np.broadcast_to(panel.valid, (2, *panel.shape))
    training = hybrid.Training(steps=3, weights={"reco": 1.0}, penalty=1.0, validate_every=3)
    fit = hybrid.fit(
        pair, from_panel(panel, {}), panel.targets, days, np.zeros_like(days), panel.masks, training
    )
    before, after = q10_of(stack(pair)), q10_of(fit.models)
    assert after[0] != before[0]
    assert after[1] == before[1]
    for i in (0, 1):
        assert not np.array_equal(
            fit.member(i).model.networks["base"].module.out, pair[i].model.networks["base"].module.out
        )


def test_the_penalty_is_size_and_sensitivity_with_their_weights(panel):
    inputs = from_panel(panel, {})
    for name in ("temperature", "temperature_quiet"):
        member = members(panel, name)[0]
        run = member.model.simulate(inputs)
        size = float(jnp.mean(run.values["outputs:base"] ** 2))
        expected = 0.25 * size
        if name == "temperature_quiet":
            network = member.model.networks["base"]
            x = np.asarray(network.gather(run.values), np.float64)
            step = np.zeros_like(x)
            step[..., network.features.index("tas")] = 1e-2
            above, below = (np.asarray(network.module(jnp.asarray(x + s))) for s in (step, -step))
            expected += 0.5 * float(np.mean(((above - below) / 2e-2) ** 2))
        assert float(member.forward(inputs)[1]) == pytest.approx(expected, rel=1e-3)


def test_gradients_of_q10_agree_with_finite_differences(panel):
    inputs = from_panel(panel, {})
    member = members(panel, "temperature_quiet")[0]
    assert float(member.held) == 0.0

    def loss(raw):
        model = eqx.tree_at(lambda m: m.model.raw["q10"], member, raw)
        return jnp.mean((model.forward(inputs)[0]["reco"] - 2.0) ** 2)

    raw = member.model.raw["q10"]
    slope = float(jax.grad(loss)(raw))
    assert slope == pytest.approx(float((loss(raw + 1e-2) - loss(raw - 1e-2)) / 2e-2), rel=1e-2)


class Line(eqx.Module):
    """A network that is so many times its last input."""

    slope: jax.Array

    def __call__(self, x, *, key=None):
        return self.slope * x[..., -1:]


def test_what_the_base_rate_carries_is_its_own_q10(panel):
    none = carried(stack(members(panel, "radiation")), panel, panel.valid)
    np.testing.assert_allclose(none, 1.0, atol=1e-5)
    slope = 0.3
    found = [
        eqx.tree_at(lambda m: m.model.networks["base"].module, m, Line(jnp.asarray(slope)))
        for m in members(panel, "temperature")
    ]
    models = stack(found)
    own = carried(models, panel, panel.valid)
    # the base rate is exp(low + span * share), share the logistic function of raw + slope * (T - mean) / spread
    network, raw = found[0].model.networks["base"], float(found[0].model.raw["base_respiration"])
    tas = 0.5 * (panel.forcing["tas_min"] + panel.forcing["tas_max"]).astype(float)
    mean, spread = float(network.mean[-1]), float(network.scale[-1])

    def log_rate(t):
        return np.log(20.0 / 0.01) / (1.0 + np.exp(-(raw + slope * (t - mean) / spread)))

    expected = np.exp(10.0 * np.mean((log_rate(tas + 0.5) - log_rate(tas - 0.5))[panel.valid]))
    np.testing.assert_allclose(own, expected, rtol=1e-4)
    reco, base, _ = run_members(models, from_panel(panel, {}))
    q10 = q10_of(models)[0]
    np.testing.assert_allclose(reco[0], np.asarray(base[0]) * q10 ** (0.1 * (tas - 15.0)), rtol=1e-4)
