"""Which quantities are computed before, inside and after the time loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..process import Process, Trailing
from ..process.process import Level, Node

Values = dict[str, Array]


@dataclass(frozen=True)
class Plan:
    """The order of computation of a process whose parameters have known levels.

    ``before`` needs no pool and is computed for all steps at once. ``inside`` are the quantities that the
    fluxes need and that depend on pools. ``series`` and ``static`` name what the loop reads of the rest.
    """

    process: Process
    before: tuple[Node, ...]
    inside: tuple[Node, ...]
    after: tuple[Node, ...]
    series: tuple[str, ...]
    static: tuple[str, ...]

    @property
    def fluxes(self) -> tuple[str, ...]:
        """Names of the fluxes."""
        return tuple(f.name for f in self.process.fluxes)


def make_plan(process: Process, parameter_levels: Mapping[str, Level], wanted: tuple[str, ...] = ()) -> Plan:
    """Plan of a process.

    Args:
        process: the process.
        parameter_levels: level of every parameter, from its role.
        wanted: names beside the fluxes that the loop must have (inputs of a network that reads state).
    """
    levels = process.levels(dict(parameter_levels))
    needed = {f.name for f in process.fluxes} | set(wanted)
    for q in reversed(process.order):
        if q.name in needed and levels[q.name] == "state":
            needed |= set(q.inputs)
    state = [q for q in process.order if levels[q.name] == "state"]
    pools = set(process.pool_names)
    return Plan(
        process=process,
        before=tuple(q for q in process.order if levels[q.name] != "state"),
        inside=tuple(q for q in state if q.name in needed),
        after=tuple(q for q in state if q.name not in needed),
        series=tuple(sorted(n for n in needed if levels.get(n) == "series")),
        static=tuple(sorted(n for n in needed if levels.get(n) == "static" and n not in pools)),
    )


def trailing_mean(series: Float[Array, "time site"], time_constant: Float[Array, ...]) -> Array:
    """Exponentially weighted trailing mean; the first value starts it.

    m(t) = a m(t-1) + (1 - a) x(t), a = exp(-1 d / time constant), by a parallel scan.
    """
    keep = jnp.broadcast_to(jnp.exp(-1.0 / time_constant), series.shape)
    first = series[:1]
    added = jnp.concatenate([first, (1.0 - keep[1:]) * series[1:]])

    def join(a, b):
        return a[0] * b[0], b[0] * a[1] + b[1]

    return jax.lax.associative_scan(join, (keep, added))[1]


def evaluate_before(plan: Plan, values: Values) -> Values:
    """Add the quantities that need no pool to ``values``."""
    values = dict(values)
    for q in plan.before:
        if isinstance(q, Trailing):
            values[q.name] = trailing_mean(values[q.of], values[q.time_constant])
        else:
            values[q.name] = q.evaluate(values)
    return values


def evaluate(quantities: tuple[Node, ...], values: Values) -> Values:
    """Add ``quantities``, in order, to ``values``."""
    values = dict(values)
    for q in quantities:
        if not isinstance(q, Trailing):
            values[q.name] = q.evaluate(values)
    return values
