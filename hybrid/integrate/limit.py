"""Limit fluxes by what their donors hold, so that no pool falls below zero and no mass is made."""

from __future__ import annotations

from collections.abc import Mapping

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..fence import wall
from ..process import Flux

Values = Mapping[str, Float[Array, "..."]]


def limit(fluxes: tuple[Flux, ...], rates: Values, pools: Values, step: float = 1.0) -> dict[str, Array]:
    """Scale the outflows of each pool so that one explicit step takes no more than the pool holds.

    Args:
        fluxes: declarations of every flux.
        rates: flux name to rate [pool unit per day].
        pools: pool name to content [pool unit], not negative.
        step: length of the explicit step [d].

    Returns:
        Flux name to limited rate. All outflows of one donor are scaled by the same factor, so their shares
        stay as the laws state them.
    """
    limited = dict(rates)
    donors = dict.fromkeys(f.donor for f in fluxes if f.donor is not None)
    for pool in donors:
        out = [f.name for f in fluxes if f.donor == pool]
        total = sum(rates[n] for n in out)
        # the factor 1 - 1e-6 keeps the rounded sum of the scaled flows at or under the content
        share = (1.0 - 1e-6) * pools[pool] / (step * total + 1e-12)
        share = wall(jnp.where(share < 1.0, share, 1.0))
        for n in out:
            limited[n] = wall(rates[n] * share)
    return limited


def tendencies(fluxes: tuple[Flux, ...], rates: Values, names: tuple[str, ...]) -> dict[str, Array]:
    """Change of every pool [pool unit per day], assembled from the fluxes."""
    total: dict[str, Array] = {}
    for f in fluxes:
        if f.receiver is not None:
            total[f.receiver] = total[f.receiver] + rates[f.name] if f.receiver in total else rates[f.name]
    for f in fluxes:
        if f.donor is not None:
            total[f.donor] = total[f.donor] - rates[f.name] if f.donor in total else -rates[f.name]
    zero = jnp.zeros_like(next(iter(rates.values()))) if rates else jnp.zeros(())
    return {n: total.get(n, zero) for n in names}
