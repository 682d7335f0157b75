"""The steps of the front as a diffrax solver, with diffrax's loop and recursive checkpoints."""

from __future__ import annotations

from typing import Any, ClassVar

import diffrax
import jax
import jax.numpy as jnp

from .hamiltonian import hamiltonian
from .passage import axes_of
from .steps import Table
from .sweep import Fields, Front, Plan, arrive, medium, step_level


class Stages(diffrax.AbstractSolver):
    """Runge-Kutta steps whose total variation diminishes [@shu1988efficient], which note when the front passes.

    Time is counted in steps; :class:`hybrid.fire.spread.steps.Table` holds their seconds.
    """

    plan: Plan
    term_structure: ClassVar[Any] = diffrax.AbstractTerm
    interpolation_cls: ClassVar[Any] = diffrax.LocalLinearInterpolation

    def order(self, terms: Any) -> int:
        """Order of convergence in the step."""
        return min(self.plan.scheme.stages, 2)

    def init(self, terms: Any, t0: Any, t1: Any, y0: Any, args: Any) -> None:
        """No state beside the front."""
        return None

    def func(self, terms: Any, t0: Any, y0: Any, args: Any) -> Any:
        """The vector field."""
        return terms.vf(t0, y0, args)

    def step(
        self,
        terms: Any,
        t0: Any,
        t1: Any,
        y0: Front,
        args: tuple[Fields, Table],
        solver_state: None,
        made_jump: Any,
    ) -> tuple:
        """Advance by one step."""
        del terms, t1, solver_state, made_jump
        fields, table = args
        j = jnp.asarray(jnp.round(t0), jnp.int32)
        over = medium(self.plan, fields, table.interval[j])
        new = step_level(self.plan, over, fields, table, j, y0.level)
        after = Front(new, arrive(table, j, y0.level, new, y0.arrival))
        return after, None, {"y0": y0, "y1": after}, None, diffrax.RESULTS.successful


def by_diffrax(plan: Plan, front: Front, fields: Fields, table: Table) -> Front:
    """Front after all steps, as :func:`hybrid.fire.spread.sweep.sweep` gives it [@kidger2021neural; @stumm2010new]."""

    def field(t: Any, y: Front, args: Any) -> Front:
        j = jnp.asarray(jnp.round(t), jnp.int32)
        rates = medium(plan, args[0], args[1].interval[j]).at(args[1].share[j], j)
        axes = jax.lax.stop_gradient(axes_of(rates))
        fall: Any = hamiltonian(plan.layout, y.level, rates, axes, j)
        return Front(-fall * args[1].duration[j], jnp.zeros_like(y.arrival))

    real = front.level.dtype
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(field),
        Stages(plan),
        t0=jnp.zeros((), real),
        t1=table.count.astype(real),
        dt0=jnp.ones((), real),
        y0=front,
        args=(fields, table),
        stepsize_controller=diffrax.ConstantStepSize(),
        adjoint=diffrax.RecursiveCheckpointAdjoint(plan.scheme.checkpoints),
        max_steps=plan.scheme.max_steps,
        throw=False,
    )
    ys: Any = solution.ys
    return Front(ys.level[-1], ys.arrival[-1])


__all__ = ["Stages", "by_diffrax"]
