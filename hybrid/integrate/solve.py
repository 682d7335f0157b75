"""Advance pools over one day with a diffrax solver, with the mean of every flux."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import diffrax
import jax.numpy as jnp
import numpy as np

from data.errors import ModelError, nearest

from ..process import Process

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


def day_by_solver(process: Process, integrator: Integrator, rates_of: Callable) -> Callable:
    """Step function of :func:`rollout` that solves each day with diffrax.

    The integral of every flux over the day is solved beside the pools. Each Runge-Kutta stage changes pools
    and integrals by the same combination, so the change of a pool equals its flux integrals to rounding.
    Rates are evaluated at pools held at or above zero.

    Raises:
        ModelError: an unknown solver; at run time diffrax raises where a day needs more than ``max_steps``.
    """
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

    def field(t, state, args):
        x, constants = args
        rates = rates_of(jnp.maximum(state[0], 0.0), x, constants)
        return jnp.tensordot(jnp.asarray(signs, rates.dtype), rates, axes=1), rates

    def step(state, x, constants):
        pools, _ = state
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(field),
            solver,
            t0=0.0,
            t1=1.0,
            dt0=first,
            y0=(pools, jnp.zeros_like(state[1])),
            args=(x, constants),
            stepsize_controller=control,
            adjoint=adjoint,
            max_steps=max(integrator.max_steps, (integrator.steps or 0) + 1),
        )
        after, integral = solution.ys  # type: ignore[misc]
        return after[-1], integral[-1]

    return step


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
