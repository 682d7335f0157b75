"""Run every member of an ensemble: one compiled program for prediction, closure, memory and projection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .closure import worst
from .inputs import Inputs
from .sequence import Sequence


class Runs(eqx.Module):
    """What the members of an ensemble simulate; of a sequence model, observables alone.

    Attributes:
        observables: named outputs (member, time, site).
        pools: content at the start of each step (member, time, site) [pool unit].
        fluxes: mean over members of the rate over each step (time, site) [pool unit per day].
        driven: mean over members of the parameters that networks drive, (time, site) or (site,).
        closure: worst relative residual of any pool at any step of each member (member,) [1].
    """

    observables: dict[str, Float[Array, "member time site"]]
    pools: dict[str, Float[Array, "member time site"]]
    fluxes: dict[str, Float[Array, "time site"]]
    driven: dict[str, Float[Array, ...]]
    closure: Float[Array, " member"]


@eqx.filter_jit
def run_members(
    models: Any, inputs: Inputs, start: Mapping[str, Float[Array, " site"]] | None = None
) -> Runs:
    """Simulate all members, one after the other.

    Runs of the same models over inputs of the same shape are compiled once, whatever they are for.

    Args:
        models: members with a leading axis on every array (see :func:`hybrid.train.stack`).
        inputs: forcing, attributes and categories.
        start: pool name to content at the start; each member's own where None.
    """
    arrays, static = eqx.partition(models, eqx.is_array)

    def simulated(item):
        model = eqx.combine(item, static)
        if isinstance(model, Sequence):
            return (model.forward(inputs)[0], {}, jnp.zeros(())), ({}, {})
        run = model.simulate(inputs, start=start)
        driven = {n: run.values[n] for names in model.design.outputs.values() for n in names}
        return (run.observables, run.pools, worst(model.process, run)[1]), (run.fluxes, driven)

    def one(total, item):
        held, summed = simulated(item)
        return jax.tree.map(jnp.add, total, summed), held

    first = jax.tree.map(lambda a: a[0], arrays)
    zero = jax.tree.map(
        lambda s: jnp.zeros(s.shape, s.dtype), jax.eval_shape(lambda a: simulated(a)[1], first)
    )
    total, (observables, pools, closure) = jax.lax.scan(one, zero, arrays)
    fluxes, driven = jax.tree.map(lambda a: a / closure.shape[0], total)
    return Runs(observables, pools, fluxes, driven, closure)
