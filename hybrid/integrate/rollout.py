"""The daily time loop."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from ..process import Flux
from .disturbance import Disturbance
from .limit import tendencies

Named = dict[str, Array]


def rollout(
    rates: Callable[[dict[str, PyTree[Array]], PyTree[Array]], Named],
    fluxes: tuple[Flux, ...],
    start: Named,
    series: Named,
    constants: dict[str, PyTree[Array]],
    extras: PyTree[Array],
    steps: int,
    disturbance: Disturbance | None = None,
) -> tuple[Named, Named, Named]:
    """Advance pools by one explicit step a day.

    A reverse sweep keeps the pools of every day and computes the rest of a day again, so memory is that of the
    trajectory. Values go in and out of the loop by name, one array each: packed into one array they would be
    cut apart and joined again every day, which takes longer than the laws themselves.

    Args:
        rates: ``(values, extras) -> flux name to rate`` of one day, limited so that no pool falls below zero;
            values holds pools, series and constants by name.
        fluxes: declarations of the fluxes.
        start: pools (site,) before the first day.
        series: values with time leading, by name.
        constants: floating-point values that every day reads (parameters, network weights), by name.
        extras: arrays without a gradient that every day reads.
        steps: number of days.
        disturbance: what is done to pools and fluxes beside the laws, or None.

    Returns:
        Pools before each day (time, site), pools after the last (site,), rate of each flux (time, site).
    """
    shape = next(iter(start.values())).shape
    # a scalar is spread over sites here, so that its gradient is summed over them once and not every day
    constants = {
        n: jnp.broadcast_to(c, shape) if isinstance(c, jax.Array) and c.ndim == 0 else c
        for n, c in constants.items()
    }

    def advance(pools, now):
        if disturbance is not None:
            now, today = now
            pools = today.of_pools(pools)
        found = rates(constants | now | pools, extras)
        found = {f.name: jnp.broadcast_to(found[f.name], shape) for f in fluxes}
        if disturbance is not None:
            found = today.of_fluxes(found)
        change = tendencies(fluxes, found, tuple(pools))
        return {n: jnp.maximum(p + change[n], 0.0) for n, p in pools.items()}, (pools, found)

    last, (pools, flows) = jax.lax.scan(
        jax.checkpoint(advance, prevent_cse=False),  # type: ignore[attr-defined]
        start,
        series if disturbance is None else (series, disturbance),
        length=steps,
    )
    return pools, last, flows
