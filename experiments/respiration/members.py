"""Members of a variant: hybrids from several starts of Q10, and hybrids whose Q10 is held."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

import hybrid
from data.batches import Panel
from hybrid.bounds import to_bounded
from hybrid.inputs import Inputs

from .config import Config
from .variants import RADIATION, Variant

FORCING = ("tas_min", "tas_max", *RADIATION)
NETWORK = "base"


class Member(eqx.Module):
    """A hybrid whose Q10 is learned or held, with a weight of its own for each part of the penalty.

    Attributes:
        model: base rate by a network, times the known response to temperature.
        held: 1 where Q10 stays at its start, 0 where it is learned.
        size: weight of the mean square of the network's outputs.
        quiet: weight of its mean square sensitivity to the inputs that the slot calls quiet.
    """

    model: hybrid.Model
    held: Float[Array, ""]
    size: float = eqx.field(static=True)
    quiet: float = eqx.field(static=True)

    def forward(self, inputs: Inputs) -> tuple[dict[str, Array], Float[Array, ""]]:
        """Observables (time, site) and the weighted penalty."""
        raw = self.model.raw["q10"]
        raw = jnp.where(self.held > 0, jax.lax.stop_gradient(raw), raw)
        model = eqx.tree_at(lambda m: m.raw["q10"], self.model, raw)
        run = model.simulate(inputs)
        penalty = self.size * jnp.mean(run.values[f"outputs:{NETWORK}"] ** 2)
        names = model.design.slots[NETWORK].quiet
        if names and self.quiet > 0:
            penalty = penalty + self.quiet * model.networks[NETWORK].sensitivity(run.values, names)
        return run.observables, jnp.asarray(penalty, jnp.float32)

    def trainable(self) -> PyTree[bool]:
        """Filter of the arrays that training changes."""
        none = jax.tree.map(lambda _: False, self)
        return eqx.tree_at(lambda m: m.model, none, self.model.trainable())

    def judge(self, inputs: Inputs) -> tuple[dict[str, Array], dict[str, Array]]:
        """Observables (time, site), and nothing to watch."""
        return self.forward(inputs)[0], {}

    def with_key(self, key: PRNGKeyArray | None) -> Member:
        """The member with dropout drawn from ``key``, or off."""
        return eqx.tree_at(lambda m: m.model, self, self.model.with_key(key))


def q10_of(models: Any) -> Float[np.ndarray, " member"]:
    """Q10 of each of several members whose arrays lead with the member axis."""
    model = models.model if isinstance(models, Member) else models
    return np.asarray(to_bounded(model.design.learned["q10"], model.raw["q10"]), float)


def grid(config: Config) -> Float[np.ndarray, " profile"]:
    """The values at which Q10 is held."""
    profile = config.profile
    return np.linspace(profile.lower, profile.upper, profile.points)


def make_members(config: Config, variant: Variant, panel: Panel) -> list[Member]:
    """Untrained members: every start with every first weights, then the grid with the first of them.

    Members with the same first weights differ in nothing but Q10. Inputs are normalised over the days of
    ``panel``, which must be training days alone.
    """
    process = hybrid.process.respiration_q10(FORCING)
    options = {"width": config.network.width, "depth": config.network.depth}
    slot = hybrid.Slot("perceptron", variant.inputs, options, variant.quiet)
    keys = jr.split(jr.key(config.seed), config.repeats)

    def build(q10: float) -> hybrid.Model:
        roles = {"q10": hybrid.Global(q10), "base_respiration": hybrid.Dynamic(network=NETWORK)}
        return hybrid.Model(process, roles, {NETWORK: slot}, key=keys[0])

    first = build(config.starts[0])
    first = first.normalised(first.inputs(panel), panel.valid)
    networks = [first.renewed(key).networks for key in keys]

    def member(q10: float, repeat: int, held: bool) -> Member:
        model = eqx.tree_at(lambda m: (m.raw, m.networks), first, (build(q10).raw, networks[repeat]))
        return Member(model, jnp.asarray(float(held)), config.train.size_penalty, config.train.quiet_penalty)

    free = [member(s, r, False) for s in config.starts for r in range(config.repeats)]
    return free + [member(float(q), 0, True) for q in grid(config)]


def make_process(config: Config) -> list[hybrid.Model]:
    """The process alone from each start: Q10 and a base rate that is one value."""
    process = hybrid.process.respiration_q10(FORCING)
    roles: dict[str, Any] = {"base_respiration": hybrid.Global()}
    models = [hybrid.Model(process, roles | {"q10": hybrid.Global(s)}) for s in config.starts]
    # roles are part of the design, which members must share; the starts are in `raw`
    return [eqx.tree_at(lambda m: m.raw, models[0], m.raw) for m in models]
