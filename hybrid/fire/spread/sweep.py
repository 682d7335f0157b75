"""Steps of the front from first to last, and the same steps back again with their derivative."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array

from ...fence import fence
from .hamiltonian import hamiltonian, pull, sides
from .passage import Wave, passage
from .slopes import FAR, Layout
from .steps import Scheme, Table

WEIGHTS = {1: (0.0,), 2: (0.0, 0.5), 3: (0.0, 0.75, 1.0 / 3.0)}
"""Share of the first level in each stage, by the number of stages [@shu1988efficient]."""


class Front(NamedTuple):
    """State of the spread.

    Attributes:
        level: negative where burned, zero on the front [m]; within the sweep in cells.
        arrival: time the front passed [s], infinite where it has not.
    """

    level: Any
    arrival: Any


class Fields(NamedTuple):
    """What the front meets.

    Attributes:
        wave: rates at the weather times, (time, size) [cells s-1].
        built: time at which a cell ceases to be burnable [s], or None.
    """

    wave: Wave
    built: Array | None


class Plan(NamedTuple):
    """What is fixed when the sweep is compiled."""

    layout: Layout
    scheme: Scheme

    @property
    def every(self) -> int:
        """Steps between two levels that are kept for the way back."""
        kept = min(self.scheme.checkpoints or self.scheme.max_steps, self.scheme.max_steps)
        return -(-self.scheme.max_steps // kept)


def rates_of(plan: Plan, fields: Fields, table: Table, j: Array) -> Wave:
    """Rates at the middle of step ``j``."""
    k, share = table.interval[j], table.share[j]
    now = jax.tree.map(lambda a: lax.dynamic_index_in_dim(a, k, keepdims=False), fields.wave)
    if plan.scheme.between == "hold":
        return fence(now, j)
    later = jax.tree.map(lambda a: lax.dynamic_index_in_dim(a, k + 1, keepdims=False), fields.wave)
    return fence(jax.tree.map(lambda a, b: a + share * (b - a), now, later), j)


def _unbuilt(fields: Fields, table: Table, j: Array, level: Array) -> tuple[Array, Array] | None:
    """Part of step ``j`` before a cell of a line is built, for those not burned, and whether it stands throughout."""
    if fields.built is None:
        return None
    span = jnp.where(table.duration[j] > 0.0, table.duration[j], 1.0)
    before = jnp.clip((fields.built - table.start[j]) / span, 0.0, 1.0)
    before = jnp.where(level > 0.0, before, 1.0)
    before = fence(before, j)
    return before, before <= 0.0


def _stages(plan: Plan, level: Array, wave: Wave, scale: Array, j: Array) -> Array:
    """Level after the Runge-Kutta stages."""
    x = level
    for weight in WEIGHTS[plan.scheme.stages]:
        fall: Any = hamiltonian(plan.layout, x, wave, j)
        x = x - scale * fall
        x = fence(weight * level + (1.0 - weight) * x if weight else x, j)
    return x


def step_level(plan: Plan, fields: Fields, table: Table, j: Array, level: Array) -> Array:
    """Level after step ``j``."""
    wave, scale = rates_of(plan, fields, table, j), table.duration[j]
    cut = _unbuilt(fields, table, j, level)
    if cut is not None:
        wave = jax.tree.map(lambda a: a * cut[0], wave)
        level = jnp.where(cut[1], FAR, level)
    return _stages(plan, level, wave, scale, j)


def arrive(table: Table, j: Array, old: Array, new: Array, arrival: Array) -> Array:
    """Time at which a level that is linear over the step is zero."""
    passed = (old > 0.0) & (new <= 0.0)
    part = jnp.where(passed, old, 0.0) / jnp.where(passed, old - new, 1.0)
    return jnp.where(passed, table.start[j] + part * table.duration[j], arrival)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def sweep(plan: Plan, front: Front, fields: Fields, table: Table) -> Front:
    """Front after all steps of the table.

    The level falls by phi_t = -H(grad phi) [@osher1988fronts] in steps whose total variation diminishes
    [@shu1988efficient]. The derivative is that of exactly these steps, except by ``fields.built``.
    """

    def body(carry: tuple[Array, Front]) -> tuple[Array, Front]:
        j, front = carry
        new = step_level(plan, fields, table, j, front.level)
        return j + 1, Front(new, arrive(table, j, front.level, new, front.arrival))

    start = jnp.zeros((), jnp.int32)
    return lax.while_loop(lambda c: c[0] < table.count, body, (start, front))[1]


def _forward(plan: Plan, front: Front, fields: Fields, table: Table) -> tuple[Front, tuple]:
    every = plan.every
    kept = jnp.zeros((-(-plan.scheme.max_steps // every), *front.level.shape), front.level.dtype)

    def body(carry: tuple) -> tuple:
        j, front, kept = carry
        if every == 1:
            kept = lax.dynamic_update_index_in_dim(kept, front.level, j, 0)
        else:
            here = lax.dynamic_index_in_dim(kept, j // every, keepdims=False)
            here = jnp.where(j % every == 0, front.level, here)
            kept = lax.dynamic_update_index_in_dim(kept, here, j // every, 0)
        new = step_level(plan, fields, table, j, front.level)
        return j + 1, Front(new, arrive(table, j, front.level, new, front.arrival)), kept

    start = (jnp.zeros((), jnp.int32), front, kept)
    _, after, kept = lax.while_loop(lambda c: c[0] < table.count, body, start)
    return after, (kept, after.level, fields, table)


class _Back(NamedTuple):
    """Cotangents on the way back, and the level that the step led to."""

    after: Array
    front: Front
    wave: Wave
    start: Array
    duration: Array
    share: Array


def _step_back(plan: Plan, fields: Fields, table: Table, j: Array, level: Array, back: _Back) -> _Back:
    wave, duration = rates_of(plan, fields, table, j), table.duration[j]
    scale = duration
    cut = _unbuilt(fields, table, j, level)
    old = level
    if cut is not None:
        wave = jax.tree.map(lambda a: a * cut[0], wave)
        level = jnp.where(cut[1], FAR, level)
    levels, around = _stages_before_last(plan, level, wave, scale, j)
    levels.append(back.after)
    # the time of arrival
    passed = (old > 0.0) & (back.after <= 0.0)
    by_time = jnp.where(passed, back.front.arrival, 0.0)
    inverse = 1.0 / jnp.where(passed, old - back.after, 1.0)
    by_part = by_time * duration * inverse * inverse
    by_new, by_old = back.front.level + by_part * old, -by_part * back.after
    by_duration = jnp.sum(by_time * old * inverse)
    by_new, by_old = fence((by_new, by_old), j)
    # the stages from the last to the first
    total, by_first = None, 0.0
    for i, weight in reversed(list(enumerate(WEIGHTS[plan.scheme.stages]))):
        if weight:
            by_first = by_first + weight * by_new
            by_new = (1.0 - weight) * by_new
            fell = levels[i] - (levels[i + 1] - weight * level) / (1.0 - weight)
        else:
            fell = levels[i] - levels[i + 1]
        by_duration = by_duration - jnp.sum(by_new * fell) / jnp.where(duration > 0.0, duration, 1.0)
        by_level, by_wave = pull(plan.layout, wave, around[i], -scale * by_new, j)
        by_new = fence(by_new + by_level, j)
        total = by_wave if total is None else jax.tree.map(jnp.add, total, by_wave)
    by_level = by_first + by_new
    if cut is not None:
        total = jax.tree.map(lambda a: a * cut[0], total)
        by_level = jnp.where(cut[1], 0.0, by_level)
    total = fence(total, j)
    arrival = jnp.where(passed, 0.0, back.front.arrival)
    summed, by_share = _gather(plan, fields, table, j, total, back.wave)
    return _Back(
        old,
        Front(by_level + by_old, arrival),
        summed,
        back.start.at[j].set(jnp.sum(by_time)),
        back.duration.at[j].set(by_duration),
        back.share.at[j].set(by_share),
    )


def _stages_before_last(plan: Plan, level: Array, wave: Wave, scale: Array, j: Array) -> tuple[list, list]:
    """Levels that the stages start from, and their slopes."""
    levels, around = [level], []
    weights = WEIGHTS[plan.scheme.stages]
    for i, weight in enumerate(weights):
        around.append(sides(plan.layout, levels[-1], j))
        if i + 1 < len(weights):
            x = levels[-1] - scale * passage(wave, around[-1].slopes)
            levels.append(fence(weight * level + (1.0 - weight) * x if weight else x, j))
    return levels, around


def _gather(
    plan: Plan, fields: Fields, table: Table, j: Array, by_wave: Any, summed: Wave
) -> tuple[Wave, Array]:
    """Add the cotangents of a step's rates to those of the weather times around it."""
    k, share = table.interval[j], table.share[j]

    def add(total: Array, g: Array, row: Array, weight: Any) -> Array:
        here = lax.dynamic_index_in_dim(total, row, keepdims=False)
        return lax.dynamic_update_index_in_dim(total, here + weight * g, row, 0)

    if plan.scheme.between == "hold":
        return jax.tree.map(lambda t, g: add(t, g, k, 1.0), summed, by_wave), jnp.zeros_like(share)
    summed = jax.tree.map(lambda t, g: add(t, g, k, 1.0 - share), summed, by_wave)
    summed = jax.tree.map(lambda t, g: add(t, g, k + 1, share), summed, by_wave)
    rise = jax.tree.map(
        lambda a, g: jnp.sum(
            g
            * (
                lax.dynamic_index_in_dim(a, k + 1, keepdims=False)
                - lax.dynamic_index_in_dim(a, k, keepdims=False)
            )
        ),
        fields.wave,
        by_wave,
    )
    return summed, rise.along + rise.down + rise.flank


def _backward(plan: Plan, kept: tuple, cotangent: Front) -> tuple:
    levels, after, fields, table = kept
    every, count = plan.every, table.count
    zeros = jnp.zeros_like(table.start)
    back = _Back(after, cotangent, jax.tree.map(jnp.zeros_like, fields.wave), zeros, zeros, zeros)

    def one(j: Array, level: Array, back: _Back) -> _Back:
        return _step_back(plan, fields, table, j, level, back)

    if every == 1:

        def body(carry: tuple) -> tuple:
            j, back = carry
            return j - 1, one(j, lax.dynamic_index_in_dim(levels, j, keepdims=False), back)

        back = lax.while_loop(lambda c: c[0] >= 0, body, (count - 1, back))[1]
    else:

        def chunk(carry: tuple) -> tuple:
            row, back = carry
            first = row * every
            steps = jnp.minimum(every, count - first)
            start = lax.dynamic_index_in_dim(levels, row, keepdims=False)
            some = jnp.zeros((every, *start.shape), start.dtype).at[0].set(start)

            def again(i: Array, some: Array) -> Array:
                new = step_level(
                    plan, fields, table, first + i, lax.dynamic_index_in_dim(some, i, keepdims=False)
                )
                return lax.dynamic_update_index_in_dim(some, new, i + 1, 0)

            some = lax.fori_loop(0, steps - 1, again, some)

            def reverse(i: Array, back: _Back) -> _Back:
                at = steps - 1 - i
                return one(first + at, lax.dynamic_index_in_dim(some, at, keepdims=False), back)

            return row - 1, lax.fori_loop(0, steps, reverse, back)

        last = jnp.where(count > 0, (count - 1) // every, -1)
        back = lax.while_loop(lambda c: c[0] >= 0, chunk, (last, back))[1]
    nothing = np.zeros(table.interval.shape, jax.dtypes.float0)
    by_table = Table(
        np.zeros((), jax.dtypes.float0),  # type: ignore[arg-type]
        nothing,  # type: ignore[arg-type]
        back.start,
        back.duration,
        back.share,
    )
    built = None if fields.built is None else jnp.zeros_like(fields.built)
    return back.front, Fields(back.wave, built), by_table


sweep.defvjp(_forward, _backward)

__all__ = ["WEIGHTS", "Fields", "Front", "Plan", "arrive", "rates_of", "step_level", "sweep"]
