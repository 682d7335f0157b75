"""Which quantities are computed before, inside and after the time loop."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ..fence import fence, wall
from ..process import Neural, Process, Quantity, Trailing
from ..process.process import Level, Node

Values = dict[str, Array]


@dataclass(frozen=True)
class Plan:
    """The order of computation of a process whose parameters have known levels.

    ``free`` depends on forcing and attributes alone and may be computed once for all parameters. ``before``
    needs no pool either and is computed for all steps at once. ``inside`` are the quantities that the
    fluxes need and that depend on pools. ``series`` and ``static`` name what the loop reads of the rest.
    """

    process: Process
    free: tuple[Node, ...]
    before: tuple[Node, ...]
    inside: tuple[Node, ...]
    after: tuple[Node, ...]
    series: tuple[str, ...]
    static: tuple[str, ...]
    shared: frozenset[str]
    """Of ``inside``, what more than one law reads."""

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
    inside = tuple(q for q in state if q.name in needed)
    given = set(process.forcing) | set(process.attributes)
    free: list[Node] = []
    for q in process.order:
        if isinstance(q, Quantity) and given.issuperset(q.inputs):
            free.append(q)
            given.add(q.name)
    return Plan(
        process=process,
        free=tuple(free),
        before=tuple(q for q in process.order if levels[q.name] != "state"),
        inside=inside,
        after=tuple(q for q in state if q.name not in needed),
        series=tuple(sorted(n for n in needed if levels.get(n) == "series")),
        static=tuple(sorted(n for n in needed if levels.get(n) == "static" and n not in pools)),
        shared=frozenset(q.name for q in inside if sum(q.name in r.inputs for r in inside) > 1),
    )


def trailing_mean(series: Float[Array, "time site"], time_constant: Float[Array, ...]) -> Array:
    """Exponentially weighted trailing mean; the first value starts it.

    m(t) = a m(t-1) + (1 - a) x(t), a = exp(-1 d / time constant), in about sqrt(time) blocks side by side,
    whose ends are then joined.
    """
    steps, sites = series.shape
    length = max(1, math.isqrt(steps))
    blocks = -(-steps // length)
    rate = jnp.broadcast_to(1.0 / time_constant, (sites,)).astype(series.dtype)
    keep = jnp.exp(-rate)
    padded = jnp.pad(series, ((0, blocks * length - steps), (0, 0))).reshape(blocks, length, sites)

    def within(mean, x):
        mean = keep * mean + (1.0 - keep) * x
        return mean, mean

    ends, inside = jax.lax.scan(within, jnp.zeros_like(padded[:, 0]), jnp.moveaxis(padded, 1, 0))
    faded = jnp.exp(-rate * jnp.arange(1, length + 1, dtype=series.dtype)[:, None])

    def across(mean, end):
        return faded[-1] * mean + end, mean

    _, before = jax.lax.scan(across, series[0], ends)
    whole = jnp.moveaxis(inside, 0, 1) + faded * before[:, None]
    return whole.reshape(blocks * length, sites)[:steps]


def evaluate_before(plan: Plan, values: Values, step: Int[Array, ""] | None = None) -> Values:
    """Add the quantities that need no pool to ``values``; ``free:<name>`` is one that was computed before.

    With ``step`` each is fenced (see :func:`hybrid.fence.fence`): many cotangents of all of them at once would be
    minutes of compilation.
    """
    values = dict(values)
    columns: Values = {}
    for q in plan.before:
        if f"free:{q.name}" in values:
            values[q.name] = values.pop(f"free:{q.name}")
        elif isinstance(q, Trailing):
            values[q.name] = trailing_mean(values[q.of], values[q.time_constant])
        else:
            values[q.name] = q.evaluate(values | columns)
        if step is not None:
            values[q.name] = fence(values[q.name], step)
        if isinstance(q, Neural) and values[q.name].ndim > 2:
            # cut apart once: the gradients of single columns would each be padded to the width of all
            cut = jnp.split(values[q.name], values[q.name].shape[-1], axis=-1)
            columns |= {f"{q.name}:{i}": c[..., 0] for i, c in enumerate(cut)}
    return values


def evaluate(
    quantities: tuple[Node, ...],
    values: Values,
    once: frozenset[str] = frozenset(),
    step: Int[Array, ""] | None = None,
) -> Values:
    """Add ``quantities``, in order, to ``values``; those in ``once`` are fenced (see :func:`hybrid.fence.wall`).

    With ``step`` all are, also on JAX 0.10.
    """
    values = dict(values)
    for q in quantities:
        if not isinstance(q, Trailing):
            found = q.evaluate(values)
            if step is not None:
                found = fence(found, step)
            values[q.name] = wall(found) if q.name in once else found
    return values
