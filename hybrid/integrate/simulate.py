"""Simulate a process over its forcing: one code path for one site, many sites and many members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .disturbance import Disturbance, only_daily
from .limit import limit
from .plan import Plan, Values, evaluate, evaluate_before
from .rollout import rollout
from .solve import by_solver

SolverName = Literal["daily", "euler", "heun", "tsit5", "dopri5", "kvaerno3", "kvaerno5", "implicit_euler"]


@dataclass(frozen=True)
class Integrator:
    """How pools are advanced over each day, in which the forcing is held.

    Attributes:
        solver: ``daily`` is one explicit step with fluxes limited by their donors. The others are diffrax
            solvers: explicit (``euler``, ``heun``, ``tsit5``, ``dopri5``) or implicit (``implicit_euler``,
            ``kvaerno3``, ``kvaerno5``).
        steps: steps a day for fixed steps, or None for adaptive ones.
        rtol: relative tolerance of adaptive steps.
        atol: absolute tolerance of adaptive steps [pool unit].
        adjoint: ``checkpoint`` (discrete, memory bounded) or ``direct``.
        max_steps: most steps in a day; more is an error.
    """

    solver: SolverName = "daily"
    steps: int | None = None
    rtol: float = 1e-5
    atol: float = 1e-5
    adjoint: Literal["checkpoint", "direct"] = "checkpoint"
    max_steps: int = 256


class Trajectory(eqx.Module):
    """What a simulation gives, arrays (time, site).

    Attributes:
        pools: content at the start of each step [pool unit].
        final: content after the last step, (site,).
        fluxes: mean rate over each step [pool unit per day].
        observables: named outputs.
        values: every other quantity, evaluated at the start of each step.
    """

    pools: dict[str, Float[Array, "time site"]]
    final: dict[str, Float[Array, " site"]]
    fluxes: dict[str, Float[Array, "time site"]]
    observables: dict[str, Float[Array, "time site"]]
    values: dict[str, Any]


def simulate(
    plan: Plan,
    values: Mapping[str, Any],
    integrator: Integrator | None = None,
    start: Mapping[str, Float[Array, " site"]] | None = None,
    disturbance: Disturbance | None = None,
) -> Trajectory:
    """Run a process.

    Args:
        plan: order of computation.
        values: everything the graph is given: forcing (time, site), attributes (site,), parameters (scalar,
            (site,) or (time, site)), networks.
        integrator: solver and steps; one explicit step a day where None.
        start: pool name to content at the start; the ``initial_<pool>`` parameters where a pool is left out.
        disturbance: what is done to pools and fluxes beside the laws, with the daily step alone.

    Returns:
        Trajectory over all steps.
    """
    integrator = integrator or Integrator()
    if disturbance is not None:
        only_daily(integrator.solver)
    process = plan.process
    steps, sites = values[process.forcing[0]].shape
    values = evaluate_before(plan, dict(values))
    if not process.pools:
        return _without_pools(plan, values, (steps, sites))
    dtype = values[process.forcing[0]].dtype
    start = start or {}
    first = {
        n: jnp.broadcast_to(start.get(n, values[f"initial_{n}"]), (sites,)).astype(dtype)
        for n in process.pool_names
    }
    series = {
        n: values[n] if values[n].ndim > 2 else jnp.broadcast_to(values[n], (steps, sites))
        for n in plan.series
    }
    constants, rest = eqx.partition({n: values[n] for n in plan.static}, eqx.is_inexact_array)
    extras, fixed = eqx.partition(rest, eqx.is_array)

    def rates(held, extras, once=frozenset()):
        joined = {n: eqx.combine(held[n], extras[n], fixed[n]) for n in plan.static}
        found = evaluate(plan.inside, held | joined, once)
        return {n: found[n] for n in plan.fluxes}

    if integrator.solver == "daily":

        def limited(held, extras):
            return limit(process.fluxes, rates(held, extras, plan.shared), held)

        pools, final, fluxes = rollout(
            limited, process.fluxes, first, series, constants, extras, steps, disturbance
        )
    else:
        pools, final, fluxes = by_solver(process, integrator, rates, first, series, constants, extras, steps)
    values = evaluate(plan.inside + plan.after, values | pools)
    observed = evaluate(process.observable_order, values | fluxes)
    return Trajectory(
        pools=pools,
        final=final,
        fluxes=fluxes,
        observables={o.name: jnp.broadcast_to(observed[o.name], (steps, sites)) for o in process.observables},
        values={
            n: v
            for n, v in values.items()
            if eqx.is_array(v) and not jnp.issubdtype(v.dtype, jax.dtypes.prng_key)
        },
    )


def _without_pools(plan: Plan, values: Values, shape: tuple[int, int]) -> Trajectory:
    values = evaluate(plan.process.observable_order, values)
    observed = {o.name: jnp.broadcast_to(values[o.name], shape) for o in plan.process.observables}
    return Trajectory({}, {}, {}, observed, {n: v for n, v in values.items() if eqx.is_array(v)})
