"""Steps of the front from first to last, and the same steps back again with their derivative."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array

from ...fence import fence
from .hamiltonian import Linear, hamiltonian, linear, pull
from .passage import Axes, Wave, axes_of, rate_of
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


class Medium(NamedTuple):
    """What the front meets between two weather times.

    Attributes:
        now: rates at the first.
        rise: their change until the second, or None where they are held.
        axes: of rates that are held, or None.
    """

    now: Wave
    rise: Wave | None
    axes: Axes | None

    def at(self, share: Array, step: Array) -> Wave:
        """Rates at a share of the way."""
        if self.rise is None:
            return self.now
        return fence(jax.tree.map(lambda a, b: a + share * b, self.now, self.rise), step)


def medium(plan: Plan, fields: Fields, k: Array) -> Medium:
    """What the front meets from weather time ``k`` on."""
    now = jax.tree.map(lambda a: lax.dynamic_index_in_dim(a, k, keepdims=False), fields.wave)
    if plan.scheme.between == "hold":
        now = fence(now, k)
        return Medium(now, None, fence(axes_of(now), k))
    later = jax.tree.map(lambda a: lax.dynamic_index_in_dim(a, k + 1, keepdims=False), fields.wave)
    return fence(Medium(now, jax.tree.map(jnp.subtract, later, now), None), k)


def _unbuilt(fields: Fields, table: Table, j: Array, level: Array) -> tuple[Array, Array] | None:
    """Part of step ``j`` before a cell of a line is built, for those not burned, and whether it stands throughout."""
    if fields.built is None:
        return None
    span = jnp.where(table.duration[j] > 0.0, table.duration[j], 1.0)
    before = jnp.clip((fields.built - table.start[j]) / span, 0.0, 1.0)
    before = jnp.where(level > 0.0, before, 1.0)
    before = fence(before, j)
    return before, before <= 0.0


def _stages(plan: Plan, level: Array, wave: Wave, axes: Axes | None, scale: Array, j: Array) -> Array:
    """Level after the Runge-Kutta stages; the axes of the wave are given where it is the same in all steps."""
    x, walled = level, axes is None
    axes = fence(axes_of(wave), j) if axes is None else axes
    for weight in WEIGHTS[plan.scheme.stages]:
        fall: Any = hamiltonian(plan.layout, x, wave, axes, j)
        x = x - scale * fall
        x = weight * level + (1.0 - weight) * x if weight else x
        if walled:  # else what one stage makes of the wave is kept for the next, which takes longer
            x, wave, axes = fence((x, wave, axes), j)
        else:
            x = fence(x, j)
    return x


def step_level(plan: Plan, over: Medium, fields: Fields, table: Table, j: Array, level: Array) -> Array:
    """Level after step ``j``."""
    wave, axes, scale = over.at(table.share[j], j), over.axes, table.duration[j]
    cut = _unbuilt(fields, table, j, level)
    if cut is not None:
        wave, axes = jax.tree.map(lambda a: a * cut[0], wave), None
        level = jnp.where(cut[1], FAR, level)
    return _stages(plan, level, wave, axes, scale, j)


def _advance(plan: Plan, fields: Fields, table: Table, step: Callable, carry: Any) -> Any:
    """``step(medium, index, carry)`` from the first step to the last, weather time after weather time."""

    def interval(at: tuple) -> tuple:
        k = table.interval[at[0]]
        over = medium(plan, fields, k)
        last = jnp.minimum(jnp.sum(table.interval <= k), table.count)
        return lax.while_loop(lambda c: c[0] < last, lambda c: (c[0] + 1, step(over, *c)), at)

    start = jnp.zeros((), jnp.int32)
    return lax.while_loop(lambda c: c[0] < table.count, interval, (start, carry))[1]


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

    def step(over: Medium, j: Array, front: Front) -> Front:
        new = step_level(plan, over, fields, table, j, front.level)
        return Front(new, arrive(table, j, front.level, new, front.arrival))

    return _advance(plan, fields, table, step, front)


def _forward(plan: Plan, *given: Any) -> tuple[Front, tuple]:
    front, fields, table = jax.tree.map(lambda a: a.value, given)
    timed = any(a.perturbed for a in (given[2].start, given[2].duration, given[2].share))
    every = plan.every
    kept = jnp.zeros((-(-plan.scheme.max_steps // every), *front.level.shape), front.level.dtype)

    def step(over: Medium, j: Array, carry: tuple) -> tuple:
        front, kept = carry
        if every == 1:
            kept = lax.dynamic_update_index_in_dim(kept, front.level, j, 0)
        else:
            here = lax.dynamic_index_in_dim(kept, j // every, keepdims=False)
            here = jnp.where(j % every == 0, front.level, here)
            kept = lax.dynamic_update_index_in_dim(kept, here, j // every, 0)
        new = step_level(plan, over, fields, table, j, front.level)
        return Front(new, arrive(table, j, front.level, new, front.arrival)), kept

    after, kept = _advance(plan, fields, table, step, (front, kept))
    return after, (kept, after.level, fields, table, () if timed else None)


class _Times(NamedTuple):
    """Cotangents of a table's times."""

    start: Array
    duration: Array
    share: Array


class _Back(NamedTuple):
    """Cotangents on the way back, and the level that the step led to.

    Those of rates are sums over the steps of a segment; where rates change from time to time, complex numbers whose
    imaginary parts are sums by the step's share of the way. Those of times are None where nobody asks for them.
    """

    after: Array
    front: Front
    wave: Wave
    times: _Times | None


def _step_back(
    plan: Plan, fields: Fields, table: Table, over: Medium, j: Array, level: Array, back: _Back
) -> _Back:
    duration, share = table.duration[j], table.share[j]
    wave, axes = over.at(share, j), over.axes
    cut = _unbuilt(fields, table, j, level)
    old = level
    if cut is not None:
        wave, axes = jax.tree.map(lambda a: a * cut[0], wave), None
        level = jnp.where(cut[1], FAR, level)
    # the time of arrival
    passed = (old > 0.0) & (back.after <= 0.0)
    by_time = jnp.where(passed, back.front.arrival, 0.0)
    inverse = 1.0 / jnp.where(passed, old - back.after, 1.0)
    by_part = fence(by_time * duration * inverse * inverse, j)
    by_new = fence(back.front.level + by_part * old, j)
    # the stages from the last to the first
    weights = WEIGHTS[plan.scheme.stages]
    at, wave = _linear_stages(plan, level, wave, axes, duration, j)
    by_first, by_duration, waves = 0.0, 0.0, []
    for weight, here in zip(reversed(weights), reversed(at), strict=True):
        if weight:
            by_first = by_first + weight * by_new
            by_new = (1.0 - weight) * by_new
        if back.times is not None:
            by_duration = by_duration - jnp.sum(by_new * rate_of(wave, here.p, here.q))
        by_level, by_wave = pull(plan.layout, wave, here, -duration * by_new, j)
        by_new = fence(by_new + by_level, j)
        waves.append(by_wave)
    by_level = by_first + by_new
    total = jax.tree.map(lambda *g: sum(g), *waves)
    if cut is not None:
        total = jax.tree.map(lambda a: a * cut[0], total)
        by_level = jnp.where(cut[1], 0.0, by_level)
    times = back.times
    if times is not None:
        total = fence(total, j)
        by_share: Any = jnp.zeros_like(share)
        if over.rise is not None:
            by_share = sum(jnp.sum(g * b) for g, b in zip(total, over.rise, strict=True))
        by_duration = by_duration + jnp.sum(by_time * old * inverse)
        found = _Times(jnp.sum(by_time), by_duration, by_share)
        times = jax.tree.map(lambda all_, one: all_.at[j].set(one), times, found)
    if over.rise is not None:
        total = jax.tree.map(lambda g: lax.complex(g, share * g), total)
    return _Back(
        old,
        Front(by_level - by_part * back.after, jnp.where(passed, 0.0, back.front.arrival)),
        jax.tree.map(jnp.add, back.wave, total),
        times,
    )


def _linear_stages(
    plan: Plan, level: Array, wave: Wave, axes: Axes | None, scale: Array, j: Array
) -> tuple[list[Linear], Wave]:
    """What the derivative of each stage needs, and the wave behind the last fence."""
    x, walled, at = level, axes is None, []
    axes = fence(axes_of(wave), j) if axes is None else axes
    weights = WEIGHTS[plan.scheme.stages]
    for i, weight in enumerate(weights):
        at.append(linear(plan.layout, x, wave, axes, j))
        if i + 1 < len(weights):
            x = x - scale * rate_of(wave, at[-1].p, at[-1].q)
            x = weight * level + (1.0 - weight) * x if weight else x
            if walled:
                x, wave, axes = fence((x, wave, axes), j)
            else:
                x = fence(x, j)
    return at, wave


def _backward(plan: Plan, kept: tuple, cotangent: Front) -> tuple:
    levels, after, fields, table, timed = kept
    every, linearly = plan.every, plan.scheme.between == "linear"
    zeros = jnp.zeros_like(table.start)
    none = jax.tree.map(
        lambda a: jnp.zeros_like(a[0], dtype=jnp.result_type(a, 1j if linearly else 0.0)), fields.wave
    )
    cotangent = jax.tree.map(_filled, cotangent, is_leaf=_is_zero)
    times = None if timed is None else _Times(zeros, zeros, zeros)
    back = _Back(after, cotangent, none, times)

    def at(tree: Any, k: Array) -> Any:
        return jax.tree.map(lambda a: lax.dynamic_index_in_dim(a, k, keepdims=False), tree)

    def segment(carry: tuple) -> tuple:
        """Steps back from ``j`` that lie between the same weather times, and whose levels are at hand."""
        j, back, summed = carry
        k = table.interval[j]
        first = jnp.searchsorted(table.interval, k).astype(j.dtype)
        row = jnp.zeros_like(j) if every == 1 else j // every
        first = jnp.maximum(first, row * every)
        some = levels if every == 1 else again(row, j)
        over = medium(plan, fields, k)

        def reverse(carry: tuple) -> tuple:
            i, back = carry
            return i - 1, _step_back(plan, fields, table, over, i, at(some, i - row * every), back)

        _, back = lax.while_loop(lambda c: c[0] >= first, reverse, (j, back._replace(wave=none)))
        here = back.wave
        if linearly:
            summed = jax.tree.map(lambda s, g: s.at[k + 1].add(g.imag), summed, here)
            here = jax.tree.map(lambda g: g.real - g.imag, here)
        return first - 1, back, jax.tree.map(lambda s, g: s.at[k].add(g), summed, here)

    def again(row: Array, last: Array) -> Array:
        """Levels from a kept one to that before step ``last``."""
        start = at(levels, row)
        some = jnp.zeros((every, *start.shape), start.dtype).at[0].set(start)

        def body(i: Array, some: Array) -> Array:
            j = row * every + i
            new = step_level(plan, medium(plan, fields, table.interval[j]), fields, table, j, at(some, i))
            return lax.dynamic_update_index_in_dim(some, new, i + 1, 0)

        return lax.fori_loop(0, last - row * every, body, some)

    summed = jax.tree.map(jnp.zeros_like, fields.wave)
    start = (table.count - 1, back, summed)
    _, back, summed = lax.while_loop(lambda c: c[0] >= 0, segment, start)
    nothing = np.zeros(table.interval.shape, jax.dtypes.float0)
    times = _Times(zeros, zeros, zeros) if back.times is None else back.times
    by_table = Table(np.zeros((), jax.dtypes.float0), nothing, *times)  # type: ignore[arg-type]
    built = None if fields.built is None else jnp.zeros_like(fields.built)
    return back.front, Fields(summed, built), by_table


def _is_zero(a: Any) -> bool:
    return isinstance(a, jax.custom_derivatives.SymbolicZero)


def _filled(a: Any) -> Any:
    return jnp.zeros(a.shape, a.dtype) if _is_zero(a) else a


sweep.defvjp(_forward, _backward, symbolic_zeros=True)

__all__ = ["WEIGHTS", "Fields", "Front", "Medium", "Plan", "arrive", "medium", "step_level", "sweep"]
