"""Simulate a process over its forcing: one code path for one site, many sites and many members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .limit import limit, tendencies
from .plan import Plan, Values, evaluate, evaluate_before
from .rollout import rollout
from .solve import day_by_solver

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
) -> Trajectory:
    """Run a process.

    Args:
        plan: order of computation.
        values: everything the graph is given: forcing (time, site), attributes (site,), parameters (scalar,
            (site,) or (time, site)), networks.
        integrator: solver and steps; one explicit step a day where None.
        start: pool name to content at the start; the ``initial_<pool>`` parameters where a pool is left out.

    Returns:
        Trajectory over all steps.
    """
    integrator = integrator or Integrator()
    process = plan.process
    steps, sites = values[process.forcing[0]].shape
    values = evaluate_before(plan, dict(values))
    if not process.pools:
        return _without_pools(plan, values, (steps, sites))
    dtype = values[process.forcing[0]].dtype
    start = start or {}
    first = jnp.stack(
        [
            jnp.broadcast_to(start.get(n, values[f"initial_{n}"]), (sites,)).astype(dtype)
            for n in process.pool_names
        ]
    )
    wide = [n for n in plan.series if values[n].ndim == 2]
    deep = [n for n in plan.series if values[n].ndim > 2]
    series = (
        jnp.stack([jnp.broadcast_to(values[n], (steps, sites)) for n in wide], axis=1)
        if wide
        else jnp.zeros((steps, 0, sites), dtype),
        {n: values[n] for n in deep},
    )
    plain = [n for n in plan.static if eqx.is_array(values[n]) and values[n].ndim <= 1]
    packed = (
        jnp.stack([jnp.broadcast_to(values[n], (sites,)).astype(dtype) for n in plain])
        if plain
        else jnp.zeros((0, sites), dtype)
    )
    rest = {n: values[n] for n in plan.static if n not in plain}
    arrays, fixed = eqx.partition(rest, eqx.is_inexact_array)

    def named(pools, x, constants):
        held = eqx.combine(constants[1], fixed)
        held |= {n: constants[0][i] for i, n in enumerate(plain)}
        held |= {n: x[0][i] for i, n in enumerate(wide)} | x[1]
        held |= {n: pools[i] for i, n in enumerate(process.pool_names)}
        return held

    if integrator.solver == "daily":

        def step(pools, x, constants):
            held = named(pools, x, constants)
            rates, held = _rates(plan, held)
            change = tendencies(process.fluxes, limit(process.fluxes, rates, held), process.pool_names)
            return jnp.maximum(pools + jnp.stack([change[n] for n in process.pool_names]), 0.0)

        found: Any = rollout(step, first, series, (packed, arrays))
        states, last = found
        pools = {n: states[:, i] for i, n in enumerate(process.pool_names)}
        values = evaluate(plan.inside, values | pools)
        rates = {n: jnp.broadcast_to(values[n], (steps, sites)) for n in plan.fluxes}
        fluxes = limit(process.fluxes, rates, pools)
    else:

        def rates_of(pools, x, constants):
            rates, _ = _rates(plan, named(pools, x, constants))
            return jnp.stack([jnp.broadcast_to(rates[n], pools.shape[1:]) for n in plan.fluxes])

        step = day_by_solver(process, integrator, rates_of)
        begin = (first, jnp.zeros((len(plan.fluxes), sites), dtype))
        found = rollout(step, begin, series, (packed, arrays))
        (states, past), (last, final_flux) = found
        pools = {n: states[:, i] for i, n in enumerate(process.pool_names)}
        values = evaluate(plan.inside, values | pools)
        mean = jnp.concatenate([past[1:], final_flux[None]])
        fluxes = {n: mean[:, i] for i, n in enumerate(plan.fluxes)}
    values = evaluate(plan.after, values | pools)
    observed = evaluate(process.observable_order, values | fluxes)
    return Trajectory(
        pools=pools,
        final={n: last[i] for i, n in enumerate(process.pool_names)},
        fluxes=fluxes,
        observables={o.name: jnp.broadcast_to(observed[o.name], (steps, sites)) for o in process.observables},
        values={
            n: v
            for n, v in values.items()
            if eqx.is_array(v) and not jnp.issubdtype(v.dtype, jax.dtypes.prng_key)
        },
    )


def _rates(plan: Plan, held: Values) -> tuple[Values, Values]:
    held = evaluate(plan.inside, held)
    return {n: held[n] for n in plan.fluxes}, held


def _without_pools(plan: Plan, values: Values, shape: tuple[int, int]) -> Trajectory:
    values = evaluate(plan.process.observable_order, values)
    observed = {o.name: jnp.broadcast_to(values[o.name], shape) for o in plan.process.observables}
    return Trajectory({}, {}, {}, observed, {n: v for n, v in values.items() if eqx.is_array(v)})
