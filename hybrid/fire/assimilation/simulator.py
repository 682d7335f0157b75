"""The spread model as assimilation calls it: levels at times of observation from values of the parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from data.errors import DataError

from ..spread import Front, Grid, Ignition, Scheme, Wave, Window, from_perimeter, propagate
from ..spread.inputs import ignitions_of, times_of
from ..spread.steps import step_counts
from .perimeter import Perimeter

NOT_A_NUMBER = "a simulation is not a number, as one is that needs more than max_steps steps"


class Simulator(eqx.Module):
    """Spread from one start under physics that the parameters move; made by :func:`simulator`.

    Attributes:
        times: weather times [s].
        rates: of values: rates of the window at the weather times.
        front: level [m] and arrival [s] at the start, on the window (y, x).
        start: [s].
        burnable: cells of the window that can burn.
        built: time at which cells cease to be burnable [s], or None.
        grid: the whole grid.
        window: the part that is computed.
        scheme: how the front is advanced.
    """

    times: Float[Array, " time"]
    rates: Callable[[Mapping[str, Any]], Wave]
    front: Front
    start: Float[Array, ""]
    burnable: Bool[Array, "y x"]
    built: Float[Array, "y x"] | None
    grid: Grid = eqx.field(static=True)
    window: Window = eqx.field(static=True)
    scheme: Scheme = eqx.field(static=True)

    def __call__(self, values: Mapping[str, Any], times: Float[Array, " k"]) -> Front:
        """Front at increasing times after the start, each (k, y, x) on the whole grid.

        Levels are not a number where it would take more than ``max_steps`` from one time to the next: a sampler
        can turn from values so far off, everything else tells it as an error.
        """
        can = self.burnable
        wave = jax.tree.map(lambda a: jnp.where(can, a, 0.0), self.rates(values))
        ends = jnp.asarray(times, self.times.dtype)
        begins = jnp.concatenate([self.start[None], ends[:-1]])

        flat = jax.tree.map(lambda a: a.reshape(a.shape[0], -1) / self.grid.width, wave)

        def leg(front: Front, span: tuple[Array, Array]) -> tuple[Front, Front]:
            count = jnp.sum(jnp.minimum(step_counts(self.scheme, jnp.clip(self.times, *span), flat), 2**20))
            held = count <= self.scheme.max_steps
            still = jax.tree.map(lambda a: jnp.where(held, a, 0.0), wave)
            after, _ = propagate(
                front, self.times, still, can, *span, self.grid.width, self.scheme, self.built
            )
            after = after._replace(level=jnp.where(held, after.level, jnp.nan))
            return after, after

        found = jax.lax.scan(leg, self.front, (begins, ends))[1]
        return Front(self._whole(found.level, 1e3 * self.grid.width), self._whole(found.arrival, jnp.inf))

    def _whole(self, values: Array, fill: Any) -> Array:
        if self.window.shape == self.grid.shape:
            return values
        out = jnp.full((*values.shape[:-2], *self.grid.shape), fill, values.dtype)
        return out.at[(..., *self.window.slices)].set(values)

    def begun(self, start: Front | Perimeter | Ignition, since: float | None = None) -> Simulator:
        """The same physics from another start: a perimeter, an ignition, or a front on the whole grid at ``since``.

        Raises:
            DataError: a start of another shape, or outside of the weather.
        """
        if isinstance(start, Front):
            if since is None:
                raise DataError("a front has no time", "since", "give it in seconds")
            self.grid.field(start.level, "front")
            level, arrival = (jnp.asarray(v)[self.window.slices] for v in start)
        else:
            if isinstance(start, Perimeter):
                start = from_perimeter(self.grid, start.burned, start.time)
            level, arrival, since = _lit(self.grid, self.window, start)
        clock = np.asarray(self.times, float)
        if not clock[0] <= float(since) < clock[-1]:
            raise DataError(
                f"the start at {float(since):g} s is outside of the weather, {clock[0]:g} to {clock[-1]:g} s",
                "start",
                "begin within the weather",
            )
        real = self.front.level.dtype
        front = Front(jnp.asarray(level, real), jnp.asarray(arrival, real))
        return eqx.tree_at(
            lambda s: (s.front, s.start), self, (front, jnp.asarray(float(since), self.times.dtype))
        )


def simulator(
    grid: Grid,
    times: Any,
    rates: Callable[[Mapping[str, Any]], Wave],
    start: Ignition | Perimeter,
    *,
    burnable: Any = None,
    built: Any = None,
    scheme: Scheme = Scheme(),
    window: Window | None = None,
) -> Simulator:
    """A spread model that perimeters can be assimilated into.

    Args:
        grid: the grid of start and perimeters.
        times: weather times [s], increasing, from the start or before.
        rates: a function of values by parameter's name that gives the rates at the weather times on the window,
            (time, y, x) [m s-1] (see :func:`hybrid.fire.spread.wave_of`); traced and differentiated. What it holds is
            compiled in, unless it is an equinox module.
        start: where fire burns at first, and when.
        burnable: cells that can burn, (y, x) on the grid; all where it is not given.
        built: time at which cells are taken out by a suppression line [s], (y, x) on the grid.
        scheme: how the front is advanced; ``max_steps`` is from one perimeter to the next.
        window: the part of the grid to compute, which no fire may leave; all of it where it is not given.

    Raises:
        DataError: fields that do not fit each other.
    """
    box = Window(0, grid.rows, 0, grid.columns) if window is None else window
    if isinstance(start, Perimeter):
        start = from_perimeter(grid, start.burned, start.time)
    (fire,) = ignitions_of(grid, start)
    level, arrival, since = _lit(grid, box, fire)
    clock = times_of(times, since, float(np.max(np.asarray(times, float))))
    can = np.ones(grid.shape, bool) if burnable is None else np.asarray(grid.field(burnable, "burnable")) > 0
    if not (can[box.slices] & (np.asarray(level) <= 0.0)).any():
        raise DataError("the start lies on cells that cannot burn", "start", "move it, or check the fuel")
    lines = None if built is None else jnp.asarray(grid.field(built, "built"))[box.slices]
    real = jnp.zeros(()).dtype
    return Simulator(
        jnp.asarray(clock, real),
        rates,
        Front(jnp.asarray(level, real), jnp.asarray(arrival, real)),
        jnp.asarray(since, real),
        jnp.asarray(can[box.slices]),
        lines,
        grid,
        box,
        scheme,
    )


def _lit(grid: Grid, window: Window, fire: Ignition) -> tuple[Array, Array, float]:
    """Level and arrival of an ignition on a window, and its time."""
    level = jnp.asarray(grid.field(fire.level, "start"))[window.slices]
    since = float(fire.time)
    if not bool((level <= 0.0).any()):
        raise DataError("the start burns no cell", "start", "give it a greater radius, or another window")
    return level, jnp.where(level <= 0.0, since, jnp.inf), since


__all__ = ["NOT_A_NUMBER", "Simulator", "simulator"]
