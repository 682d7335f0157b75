"""Does mass close? The residual of every pool at every step, and of every budget over a run."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from .integrate.limit import tendencies
from .integrate.simulate import Trajectory
from .process import Process


def residuals(process: Process, run: Trajectory) -> dict[str, Float[Array, "time site"]]:
    """Change of each pool over each step less the sum of its fluxes [pool unit]."""
    change = tendencies(process.fluxes, run.fluxes, process.pool_names)
    return {n: _after(run, n) - run.pools[n] - change[n] for n in process.pool_names}


def _after(run: Trajectory, pool: str) -> Float[Array, "time site"]:
    return jnp.concatenate([run.pools[pool][1:], run.final[pool][None]])


def relative_residuals(process: Process, run: Trajectory) -> dict[str, Float[Array, ""]]:
    """Largest residual of each pool over what it held or received in the step, one unit at least [1]."""
    gains = {n: jnp.zeros(()) for n in process.pool_names}
    for f in process.fluxes:
        if f.receiver is not None:
            gains[f.receiver] = gains[f.receiver] + run.fluxes[f.name]
    return {
        n: jnp.max(jnp.abs(r) / jnp.maximum(run.pools[n] + gains[n], 1.0))
        for n, r in residuals(process, run).items()
    }


def worst(process: Process, run: Trajectory) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Worst absolute [pool unit] and relative [1] residual of any pool at any step."""
    if not process.pools:
        return jnp.zeros(()), jnp.zeros(())
    absolute = jnp.stack([jnp.max(jnp.abs(r)) for r in residuals(process, run).values()])
    relative = jnp.stack(list(relative_residuals(process, run).values()))
    return absolute.max(), relative.max()


def budgets(process: Process, run: Trajectory) -> dict[str, dict[str, Float[Array, " site"]]]:
    """Inflow, outflow, storage change and residual of each budget over the run [pool unit], by site."""
    out = {}
    for name, pools in process.budgets.items():
        held = set(pools)
        gain = [f.name for f in process.fluxes if f.receiver in held and f.donor not in held]
        loss = [f.name for f in process.fluxes if f.donor in held and f.receiver not in held]
        inflow = sum(run.fluxes[n].sum(0) for n in gain)
        outflow = sum(run.fluxes[n].sum(0) for n in loss)
        storage = sum(run.final[p] - run.pools[p][0] for p in pools)
        out[name] = {
            "inflow": jnp.asarray(inflow),
            "outflow": jnp.asarray(outflow),
            "storage": jnp.asarray(storage),
            "residual": jnp.asarray(inflow - outflow - storage),
        }
    return out
