"""A network alone, from forcing to targets: what a hybrid is judged against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray, PyTree

from .inputs import Inputs
from .roles import Slot
from .slots import Seated, blind_to, moments, seat, statistics, with_statistics


class Sequence(eqx.Module):
    """A recurrent network from forcing and attributes to normalised targets."""

    network: Seated
    mean: Float[Array, " target"]
    scale: Float[Array, " target"]
    targets: tuple[str, ...] = eqx.field(static=True)
    slot: Slot = eqx.field(static=True)
    categories: Mapping[str, tuple[str, ...]] = eqx.field(static=True)

    def __init__(
        self,
        slot: Slot,
        targets: tuple[str, ...],
        categories: Mapping[str, tuple[str, ...]],
        *,
        key: PRNGKeyArray,
    ) -> None:
        self.network = seat(slot, len(targets), categories, key=key)
        self.mean, self.scale = jnp.zeros(len(targets)), jnp.ones(len(targets))
        self.targets = targets
        self.slot, self.categories = slot, categories

    def renewed(self, key: PRNGKeyArray) -> Sequence:
        """The untrained network with other first weights and the same statistics."""
        new = seat(self.slot, len(self.targets), self.categories, key=key)
        new = eqx.tree_at(statistics, new, statistics(self.network))
        return eqx.tree_at(lambda m: m.network, self, new)

    def blind_to(self, names: Iterable[str]) -> Sequence:
        """The network that learns nothing from some of its inputs; normalise it first."""
        return eqx.tree_at(lambda m: m.network, self, blind_to(self.network, tuple(names)))

    def normalised(
        self,
        inputs: Inputs,
        mask: Bool[np.ndarray, "time site"],
        targets: Mapping[str, Float[np.ndarray, "time site"]],
        masks: Mapping[str, Bool[np.ndarray, "time site"]],
    ) -> Sequence:
        """The network with inputs and targets normalised over ``mask`` (training data)."""
        named = {**inputs.forcing, **inputs.attributes}
        network = with_statistics(self.network, named, mask)
        goal = [moments(np.asarray(targets[t]), mask & masks[t]) for t in self.targets]
        mean, scale = (jnp.asarray([g[i] for g in goal], jnp.float32) for i in (0, 1))
        return eqx.tree_at(lambda m: (m.network, m.mean, m.scale), self, (network, mean, scale))

    def forward(self, inputs: Inputs) -> tuple[dict[str, Array], Array]:
        """Targets (time, site) and a penalty of zero."""
        out = self.network({**inputs.forcing, **inputs.attributes, **inputs.categories})
        mean, scale = jax.lax.stop_gradient((self.mean, self.scale))
        return {t: out[..., i] * scale[i] + mean[i] for i, t in enumerate(self.targets)}, jnp.zeros(())

    def judge(self, inputs: Inputs) -> tuple[dict[str, Array], dict[str, Array]]:
        """Targets (time, site), and nothing to watch."""
        return self.forward(inputs)[0], {}

    def trainable(self) -> PyTree[bool]:
        """Filter of the arrays that training changes."""
        spec = jax.tree.map(eqx.is_inexact_array, self)
        return eqx.tree_at(lambda m: (*statistics(m.network), m.mean, m.scale), spec, (False,) * 6)

    def with_key(self, key: PRNGKeyArray | None) -> Any:
        """The network with dropout drawn from ``key``, or off."""
        return eqx.tree_at(lambda m: m.network.key, self, key, is_leaf=lambda x: x is None)
