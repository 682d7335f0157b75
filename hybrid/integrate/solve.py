"""Advance pools over one day with a diffrax solver, with the mean of every flux."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from data.errors import ModelError, nearest

from ..process import Process

Named = dict[str, Array]

if TYPE_CHECKING:
    from .simulate import Integrator

SOLVERS: dict[str, Callable[[], Any]] = {
    "euler": diffrax.Euler,
    "heun": diffrax.Heun,
    "tsit5": diffrax.Tsit5,
    "dopri5": diffrax.Dopri5,
    "implicit_euler": diffrax.ImplicitEuler,
    "kvaerno3": diffrax.Kvaerno3,
    "kvaerno5": diffrax.Kvaerno5,
}


def by_solver(
    process: Process,
    integrator: Integrator,
    rates: Callable[[PyTree[Array], PyTree[Array]], Named],
    start: Named,
    series: dict[str, Array],
    constants: dict[str, PyTree[Array]],
    extras: PyTree[Array],
    steps: int,
) -> tuple[Named, Named, Named]:
    """Pools before each day, pools at the end and mean fluxes, as :func:`rollout` gives them.

    The integral of every flux over the day is solved beside the pools. Each Runge-Kutta stage changes pools
    and integrals by the same combination, so the change of a pool equals its flux integrals to rounding.
    Rates are evaluated at pools held at or above zero.

    Raises:
        ModelError: an unknown solver; at run time diffrax raises where a day needs more than ``max_steps``.
    """
    names = process.pool_names

    def rates_of(pools, x):
        held = constants | x | dict(zip(names, pools, strict=True))
        found = rates(held, extras)
        return jnp.stack([jnp.broadcast_to(found[f.name], pools.shape[1:]) for f in process.fluxes])

    day = jax.checkpoint(_day(process, integrator, rates_of))  # type: ignore[attr-defined]

    def advance(pools, x):
        after, mean = day(pools, x)
        return after, (pools, mean)

    last, (states, means) = jax.lax.scan(advance, jnp.stack([start[n] for n in names]), series, length=steps)
    return (
        {n: states[:, i] for i, n in enumerate(names)},
        {n: last[i] for i, n in enumerate(names)},
        {f.name: means[:, i] for i, f in enumerate(process.fluxes)},
    )


def _day(process: Process, integrator: Integrator, rates_of: Callable) -> Callable:
    """Pools after a day and its mean fluxes, from pools before it and what is held over the day."""
    if integrator.solver not in SOLVERS:
        raise ModelError(
            f"unknown solver {integrator.solver!r}{nearest(integrator.solver, [*SOLVERS, 'daily'])}",
            "integrate",
            "choose one of daily, " + ", ".join(SOLVERS),
        )
    solver = SOLVERS[integrator.solver]()
    signs = _incidence(process)
    implicit = integrator.solver in ("implicit_euler", "kvaerno3", "kvaerno5")
    if integrator.steps is None:
        if integrator.solver in ("euler", "implicit_euler"):
            raise ModelError(
                f"the solver {integrator.solver!r} has no error estimate for adaptive steps",
                "integrate",
                "give a number of steps a day",
            )
        control: Any = diffrax.PIDController(rtol=integrator.rtol, atol=integrator.atol)
        first = None
    else:
        control = diffrax.ConstantStepSize()
        first = 1.0 / integrator.steps
    if implicit and integrator.steps is not None:
        solver = _with_root_finder(integrator)
    adjoint: Any = (
        diffrax.RecursiveCheckpointAdjoint()
        if integrator.adjoint == "checkpoint"
        else diffrax.DirectAdjoint()
    )

    def field(t, state, x):
        rates = rates_of(jnp.maximum(state[0], 0.0), x)
        return jnp.tensordot(jnp.asarray(signs, rates.dtype), rates, axes=1), rates

    def day(pools, x):
        zero = jnp.zeros((len(process.fluxes), *pools.shape[1:]), pools.dtype)
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(field),
            solver,
            t0=0.0,
            t1=1.0,
            dt0=first,
            y0=(pools, zero),
            args=x,
            stepsize_controller=control,
            adjoint=adjoint,
            max_steps=max(integrator.max_steps, (integrator.steps or 0) + 1),
        )
        after, integral = solution.ys  # type: ignore[misc]
        return after[-1], integral[-1]

    return day


def _with_root_finder(integrator: Integrator) -> Any:
    root = diffrax.VeryChord(rtol=1e-8, atol=1e-8)
    solvers = {
        "implicit_euler": diffrax.ImplicitEuler,
        "kvaerno3": diffrax.Kvaerno3,
        "kvaerno5": diffrax.Kvaerno5,
    }
    return solvers[integrator.solver](root_finder=root)


def _incidence(process: Process) -> np.ndarray:
    signs = np.zeros((len(process.pools), len(process.fluxes)))
    row = {n: i for i, n in enumerate(process.pool_names)}
    for j, f in enumerate(process.fluxes):
        if f.donor is not None:
            signs[row[f.donor], j] -= 1.0
        if f.receiver is not None:
            signs[row[f.receiver], j] += 1.0
    return signs
