"""A network in its slot: features gathered by name, normalised, and passed through any module."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from data.errors import ModelError

from .networks import FlaxSlot, Perceptron, Recurrent, Table
from .roles import Slot

CLIP = 6.0
"""Normalised inputs beyond this many standard deviations are held there, so that a scenario cannot drive a
network arbitrarily far from what it saw."""


class Seated(eqx.Module):
    """A network with the statistics that normalise its inputs, from training data alone."""

    module: Any
    mean: Float[Array, " numeric"]
    scale: Float[Array, " numeric"]
    low: Float[Array, " numeric"]
    high: Float[Array, " numeric"]
    features: tuple[str, ...] = eqx.field(static=True)
    categories: tuple[str, ...] = eqx.field(static=True)
    key: PRNGKeyArray | None = None

    def gather(self, values: Mapping[str, Array]) -> Float[Array, "*batch inputs"]:
        """Normalised numeric features and one-hot categories, joined on the last axis."""
        numeric = [values[n] for n in self.features]
        onehot = [values[n] for n in self.categories]
        shape = jnp.broadcast_shapes(*(a.shape for a in numeric), *(a.shape[:-1] for a in onehot))
        columns = []
        if numeric:
            x = jnp.stack([jnp.broadcast_to(a, shape) for a in numeric], axis=-1)
            mean, scale, low, high = jax.lax.stop_gradient((self.mean, self.scale, self.low, self.high))
            columns.append(jnp.clip((x - mean) / scale, low, high))
        columns += [jnp.broadcast_to(a, (*shape, a.shape[-1])) for a in onehot]
        return jnp.concatenate(columns, axis=-1)

    def sensitivity(self, values: Mapping[str, Array], names: Sequence[str]) -> Float[Array, ""]:
        """Mean square derivative of the outputs with respect to the named, normalised inputs."""
        x = self.gather(values)
        total = jnp.zeros(())
        for name in names:
            tangent = jnp.zeros_like(x).at[..., self.features.index(name)].set(1.0)
            _, slope = jax.jvp(lambda v: self.module(v, key=None), (x,), (tangent,))
            total = total + jnp.mean(slope**2)
        return total

    def __call__(self, values: Mapping[str, Array]) -> Float[Array, "*batch outputs"]:
        """Outputs of the network for the named values."""
        key = None if self.key is None else self.key
        return self.module(self.gather(values), key=key)


def seat(slot: Slot, outputs: int, categories: Mapping[str, tuple[str, ...]], *, key: PRNGKeyArray) -> Seated:
    """Build the network of a slot; its statistics start at mean 0 and scale 1.

    Raises:
        ModelError: an unknown kind or unknown options.
    """
    numeric = tuple(n for n in slot.inputs if n not in categories)
    named = tuple(n for n in slot.inputs if n in categories)
    inputs = len(numeric) + sum(len(categories[n]) for n in named)
    options = dict(slot.options)
    try:
        if slot.kind == "gru":
            module: Any = Recurrent(inputs, outputs, key=key, **options)
        elif slot.kind == "perceptron":
            module = Perceptron(inputs, outputs, key=key, **options)
        elif slot.kind == "table":
            module = Table(inputs, outputs, key=key, **options)
        elif slot.kind == "flax":
            module = flax_perceptron(inputs, outputs, key=key, **options)
        elif callable(slot.kind):
            module = slot.kind(inputs, outputs, key=key, **options)
        else:
            raise ModelError(
                f"unknown kind of network {slot.kind!r}",
                "networks",
                "use perceptron, table, gru, flax or a callable",
            )
    except TypeError as error:
        raise ModelError(
            f"a {slot.kind} network does not take these options: {error}",
            "networks",
            "see its class for the options it has",
        ) from error
    count = len(numeric)
    wide = jnp.full(count, CLIP)
    return Seated(module, jnp.zeros(count), jnp.ones(count), -wide, wide, numeric, named)


def statistics(seated: Seated) -> tuple[Array, Array, Array, Array]:
    """What normalises the inputs of a network: mean, scale, and the range they are held in."""
    return seated.mean, seated.scale, seated.low, seated.high


def with_statistics(seated: Seated, values: Mapping[str, Any], mask: Bool[np.ndarray, "time site"]) -> Seated:
    """The network with the statistics of its numeric inputs where ``mask`` is True.

    A site attribute is held within the range of the sites with any True: nothing tells how a parameter goes on
    beyond the last site that was seen, and a straight line would go far.

    Args:
        seated: network.
        values: series (time, site) and attributes (site,) by name.
        mask: training days.
    """
    found = [_statistics(np.asarray(values[f]), mask) for f in seated.features]
    arrays = tuple(jnp.asarray([row[i] for row in found], jnp.float32) for i in range(4))
    return eqx.tree_at(statistics, seated, arrays)


def blind_to(seated: Seated, names: Sequence[str]) -> Seated:
    """The network with some of its numeric inputs held at their mean, so that it learns nothing from them."""
    open_ = jnp.asarray([float(f not in names) for f in seated.features])
    return eqx.tree_at(lambda s: (s.low, s.high), seated, (seated.low * open_, seated.high * open_))


def moments(value: np.ndarray, mask: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Mean, spread (one where there is none) and the values themselves, where ``mask`` is True."""
    if value.ndim == 2:
        held = value[mask]
    elif value.ndim == 1:
        held = value[mask.any(0)]
    else:
        held = value.reshape(-1)
    mean, spread = float(np.mean(held)), float(np.std(held))
    return mean, spread if spread > 1e-6 * max(1.0, abs(mean)) else 1.0, held


def _statistics(value: np.ndarray, mask: np.ndarray) -> tuple[float, float, float, float]:
    mean, spread, held = moments(value, mask)
    if value.ndim == 2:
        return mean, spread, -CLIP, CLIP
    return mean, spread, float(held.min() - mean) / spread, float(held.max() - mean) / spread


def flax_perceptron(
    inputs: int, outputs: int, width: int = 16, depth: int = 2, *, key: PRNGKeyArray
) -> FlaxSlot:
    """Perceptron made of Flax nnx layers, in a slot."""
    from flax import nnx

    rngs = nnx.Rngs(params=key)
    sizes = [inputs] + [width] * depth
    layers: list[Any] = []
    for a, b in itertools.pairwise(sizes):
        layers += [nnx.Linear(a, b, rngs=rngs), nnx.silu]
    last = nnx.Linear(sizes[-1], outputs, kernel_init=nnx.initializers.normal(0.02), rngs=rngs)
    return FlaxSlot(nnx.Sequential(*layers, last))
