"""Spin-up: pools in equilibrium with forcing that repeats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .inputs import Inputs
from .model import Model


@eqx.filter_jit
def _cycle(
    model: Model, inputs: Inputs, start: Mapping[str, Array]
) -> tuple[dict[str, Array], dict[str, Array]]:
    run = model.simulate(inputs, start=start)
    shift = {}
    for pool in model.process.pool_names:
        gain = [run.fluxes[f.name] for f in model.process.fluxes if f.receiver == pool]
        loss = [run.fluxes[f.name] for f in model.process.fluxes if f.donor == pool]
        mean_gain = sum(jnp.mean(g, 0) for g in gain)
        mean_loss = sum(jnp.mean(x, 0) for x in loss)
        mean = jnp.mean(run.pools[pool], 0)
        rate = mean_loss / jnp.maximum(mean, 1e-9)
        shift[pool] = mean_gain / jnp.maximum(rate, 1e-9) - mean
    return run.final, shift


def spin_up(
    model: Model,
    inputs: Inputs,
    *,
    cycles: int = 60,
    tolerance: float = 1e-3,
    slow: tuple[str, ...] = ("wood", "soil_carbon", "litter", "root"),
    start: Mapping[str, Float[Array, " site"]] | None = None,
) -> tuple[dict[str, Float[Array, " site"]], dict[str, Any]]:
    """Repeat the forcing until no pool drifts, leaping the slow pools to their equilibrium.

    Args:
        model: one member.
        inputs: forcing of whole years, repeated.
        cycles: most repetitions.
        tolerance: largest relative change of any pool over one cycle at which it ends.
        slow: pools shifted, after every other of the first cycles, so that their mean is mean inflow over
            mean turnover rate (the semi-analytic method of [@xia2012]); their season stays.
        start: pools to begin from; where None, those after one run over the forcing from the model's own.

    Returns:
        Pools at equilibrium, and how it went: cycles used and the drift by pool in the last one.
    """
    names = model.process.pool_names
    if start is None:
        warm = model.simulate(inputs)
        start = {n: warm.final[n] for n in names}
    drift: dict[str, float] = {}
    for count in range(1, cycles + 1):
        final, shift = _cycle(model, inputs, start)
        drift = {
            n: float(np.max(np.abs(np.asarray(final[n] - start[n])) / np.maximum(np.asarray(start[n]), 1.0)))
            for n in names
        }
        if max(drift.values()) <= tolerance:
            return final, {"cycles": count, "drift": drift, "converged": True}
        leap = count <= cycles // 2 and count % 2 == 1
        start = {n: jnp.maximum(final[n] + shift[n], 0.0) if leap and n in slow else final[n] for n in names}
    return dict(start), {"cycles": cycles, "drift": drift, "converged": False}
