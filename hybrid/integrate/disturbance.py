"""What is done to pools and fluxes beside the laws: pushes that show what each of them is worth."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from data.errors import ModelError

from .limit import limit
from .plan import Plan, Values, evaluate, evaluate_before

Named = dict[str, Array]


class Disturbance(eqx.Module):
    """Changes of pools before each day and of fluxes over it.

    A pool of content p goes into a day as keep x p + pools. With `keep` one, `pools` is what is added; with `keep`
    zero, it is what the pool is set to. Neither closes a budget.

    Attributes:
        keep: share of every pool that is kept, (time,).
        pools: pool to what is added before the day [pool unit].
        fluxes: flux to what is added to its limited rate [pool unit per day].
    """

    keep: Float[Array, " time"]
    pools: dict[str, Float[Array, "time site"]]
    fluxes: dict[str, Float[Array, "time site"]]

    def of_pools(self, pools: Named) -> Named:
        """Pools after the change of one day."""
        return {n: self.keep * p + self.pools[n] if n in self.pools else p for n, p in pools.items()}

    def of_fluxes(self, fluxes: Named) -> Named:
        """Fluxes after the change of one day."""
        return {n: f + self.fluxes[n] if n in self.fluxes else f for n, f in fluxes.items()}


def only_daily(solver: str) -> None:
    """Raise ModelError for a solver whose days cannot be disturbed."""
    if solver != "daily":
        raise ModelError(
            f"pools and fluxes cannot be pushed within the solver {solver!r}",
            "integrate",
            "use the solver 'daily'",
        )


def fluxes_at(plan: Plan, values: Values, pools: Named, step: Int[Array, ""]) -> Named:
    """Limited rate of every flux on each day, (time, site), where the pools of every day are given.

    The laws of all days are computed at once, as no day waits for the one before.

    Args:
        plan: order of computation, of a process with the daily step.
        values: everything the graph is given, as for `simulate`.
        pools: content before each day, (time, site).
        step: zero that is not known when the program is compiled, for fences between the laws.
    """
    found = evaluate(plan.inside, evaluate_before(plan, values, step) | pools, step=step)
    shape = next(iter(pools.values())).shape
    return limit(plan.process.fluxes, {n: jnp.broadcast_to(found[n], shape) for n in plan.fluxes}, pools)


def observed_at(plan: Plan, values: Values, pools: Named, fluxes: Named, step: Int[Array, ""]) -> Named:
    """Every observable on each day, (time, site), where pools and fluxes of every day are given."""
    process = plan.process
    found = evaluate(plan.inside + plan.after, evaluate_before(plan, values, step) | pools, step=step)
    found = evaluate(process.observable_order, found | fluxes)
    shape = next(iter(pools.values())).shape
    return {o.name: jnp.broadcast_to(found[o.name], shape) for o in process.observables}
