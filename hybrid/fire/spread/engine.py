"""The spread itself on given arrays: a level set advanced from weather time to weather time."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from ..ellipse import Ellipse, half_axes
from .passage import Wave
from .slopes import FAR, Layout, lay, unlay
from .solver import by_diffrax
from .steps import Scheme, step_counts, tabulate
from .sweep import Fields, Front, Plan, sweep


def wave_of(rates: Ellipse, north_first: bool = True) -> Wave:
    """The three numbers of the Hamiltonian from an ellipse, for rows that begin in the north or the south."""
    _, flank, centre = half_axes(rates)
    down = -1.0 if north_first else 1.0
    return Wave(centre * jnp.sin(rates.towards), down * centre * jnp.cos(rates.towards), flank)


def propagate(
    front: Front,
    times: Float[Array, " time"],
    wave: Wave,
    burnable: Bool[Array, "y x"],
    start: Float[Array, ""],
    end: Float[Array, ""],
    width: Any,
    scheme: Scheme = Scheme(),
    built: Float[Array, "y x"] | None = None,
) -> tuple[Front, Int[Array, ""]]:
    """Front at ``end`` from that at ``start``, and the number of steps; to be traced, vectorised and differentiated.

    phi_t + H(x, t, grad phi) = 0 by the method of lines: upwind slopes in space, Runge-Kutta steps in time.

    Args:
        front: level, the signed distance from the front at ``start`` [m], negative where burned, and time of
            arrival so far [s], infinite where not burned; each (y, x).
        times: weather times [s], increasing, from ``start`` or before to ``end`` or after.
        wave: rates at these times, each (time, y, x) [m s-1]; the last may be left out where ``scheme`` holds them.
        burnable: cells that can burn; no front crosses the others.
        start: time of ``front`` [s].
        end: time to spread until [s].
        width: of a cell [m].
        scheme: how the front is advanced.
        built: time at which a cell ceases to be burnable [s], infinite where it does not; without derivative.

    Raises:
        RuntimeError: where the run needs more steps than ``scheme.max_steps`` (at run time, under jit too).
    """
    rows, columns = front.level.shape
    plan = Plan(Layout(rows, columns, scheme.order), scheme)
    layout = plan.layout
    flat = Front(
        lay(layout, jnp.where(burnable, front.level / width, FAR), FAR), lay(layout, front.arrival, jnp.inf)
    )
    rates = jax.tree.map(lambda a: lay(layout, jnp.where(burnable, a / width, 0.0), 0.0), wave)
    edges = jnp.clip(times, start, end)
    counts = step_counts(scheme, edges, rates)
    wanted = jnp.sum(jnp.minimum(counts, 2**20))
    wanted = eqx.error_if(
        wanted,
        wanted > scheme.max_steps,
        f"the spread needs more than the {scheme.max_steps} steps that max_steps allows: raise max_steps, use wider "
        "cells, or check the rates of spread.",
    )
    table = tabulate(scheme, times, edges, counts)
    table = table._replace(count=jnp.minimum(wanted, scheme.max_steps))
    fields = Fields(rates, None if built is None else lay(layout, built, jnp.inf))
    solve = sweep if scheme.adjoint == "sweep" else by_diffrax
    final: Any = solve(plan, flat, fields, table)
    return Front(width * unlay(layout, final.level), unlay(layout, final.arrival)), wanted


__all__ = ["propagate", "wave_of"]
