"""Run a fire, or an ensemble of fires, on a window that follows it over the grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from data.errors import DataError, ModelError

from ..ellipse import Ellipse
from . import inputs
from .engine import propagate
from .fraction import area, burned_fraction
from .grid import Grid
from .ignition import Ignition
from .slopes import FAR
from .steps import Scheme
from .sweep import Front
from .windows import STENCIL, Window, around, bounds, slack

Rates = Ellipse | Callable[[Window], Ellipse]
MARGIN = 12
"""Cells about the fire that a window holds at least."""


class Landings(NamedTuple):
    """Where firebrands light new fires.

    Attributes:
        members: index of the fire each belongs to, (landing,).
        rows: of the grid, not necessarily whole.
        columns: likewise.
        radius: of the disc that each lights [cells].
    """

    members: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    radius: float = 1.0


@dataclass(frozen=True, eq=False)
class Spread:
    """A fire that was run.

    Attributes:
        grid: the grid.
        start: first ignition [s].
        until: end of the run [s].
        window: the part of the grid that holds the fire; the core can be given it for gradients.
        front: level [m] and time of arrival [s] on the window, (*member, y, x).
        steps: taken, of all members together.
        at_edge: whether the fire reached the edge of the grid, (*member).
    """

    grid: Grid
    start: float
    until: float
    window: Window
    front: Front
    steps: int
    at_edge: np.ndarray

    def whole(self, values: np.ndarray, fill: Any) -> np.ndarray:
        """Values on the window, (*lead, y, x), laid on the whole grid."""
        out = np.full((*values.shape[:-2], *self.grid.shape), fill, values.dtype)
        out[(..., *self.window.slices)] = values
        return out

    @property
    def arrival(self) -> np.ndarray:
        """Time at which the front passed each cell of the grid [s], infinite where it did not."""
        return self.whole(self.front.arrival, np.inf)

    @property
    def fraction(self) -> np.ndarray:
        """Part of each cell of the grid that burned [1]."""
        return self.whole(np.asarray(burned_fraction(jnp.asarray(self.front.level), self.grid.width)), 0.0)

    @property
    def burned(self) -> np.ndarray:
        """Cells of the grid whose centre burned."""
        return self.whole(self.front.level <= 0.0, False)

    @property
    def area(self) -> np.ndarray:
        """Burned area [m2], by member."""
        return np.asarray(area(jnp.asarray(self.front.level), self.grid.width))

    def probability(self) -> np.ndarray:
        """Burn probability of an ensemble [1]: the mean of the members' burned parts of each cell."""
        if self.front.level.ndim < 3:
            raise ModelError("one fire has no burn probability", "Spread", "give rates with a member axis")
        part = np.asarray(burned_fraction(jnp.asarray(self.front.level), self.grid.width))
        return self.whole(part.mean(axis=0), 0.0)


def spread(
    grid: Grid,
    times: Any,
    rates: Rates,
    ignitions: Ignition | Sequence[Ignition],
    until: float,
    *,
    burnable: Any = None,
    built: Any = None,
    scheme: Scheme = Scheme(),
    edge: Literal["error", "open"] = "error",
    between: Callable[[float, Front, Window], Landings | None] | None = None,
    every: float = np.inf,
    threads: int = 1,
) -> Spread:
    """Spread fire from its ignitions until a time.

    The scheme is of second order from a smooth start (a perimeter, or an ellipse by :func:`grown`), of first order
    from a disc of :func:`at_points`.

    Args:
        grid: the grid that all fields lie on.
        times: weather times [s], increasing, from the first ignition or before to ``until`` or after.
        rates: elliptical spread at these times, (time, y, x), or (member, time, y, x) for an ensemble; or a function
            that gives it for a window of the grid alone, which spares what the fire never meets. Cells that cannot burn
            may hold anything. Where ``scheme`` holds rates from one time to the next, those of the last may be left
            out: weather that stays as it is takes two times and one field.
        ignitions: where and when fire starts; levels (y, x), or (member, y, x).
        until: end [s].
        burnable: cells that can burn, (y, x); all where it is not given.
        built: time at which each cell is taken out by a suppression line [s], infinite for none, (y, x).
        scheme: how the front is advanced.
        edge: "error" where a fire that reaches the edge of the grid is an error, "open" where it may leave.
        between: called at least ``every`` seconds with the time, the front with a member axis, and its window; where
            what it returns lands is lit too (spotting).
        every: seconds between such calls.
        threads: members run side by side.

    Returns:
        What burned, and when.

    Raises:
        DataError: fields that do not fit each other, or an ignition where nothing can burn.
        ModelError: more steps than ``scheme.max_steps``, or a fire at the edge of the grid.
    """
    fires = inputs.ignitions_of(grid, ignitions)
    clock = inputs.times_of(times, float(min(f.time for f in fires)), until)
    can = np.ones(grid.shape, bool) if burnable is None else np.asarray(grid.field(burnable, "burnable")) > 0
    lines = None if built is None else np.asarray(grid.field(built, "built"), float)
    source = inputs.Source(grid, rates, clock.size, can, held=scheme.between == "hold")
    start = float(fires[0].time)
    lines = None if lines is None else lines - start
    run = _Run(grid, clock - start, source, can, lines, scheme, threads, until - start)
    run.ignite(fires[0])
    waiting = list(fires[1:])
    while run.time < run.until:
        stop = min([run.until, run.time + every] + [float(f.time) - start for f in waiting[:1]])
        run.advance(stop)
        while waiting and float(waiting[0].time) - start <= run.time:
            run.ignite(waiting.pop(0))
        if between is not None and run.time < run.until:
            more = between(run.time + start, Front(run.level, run.arrival + start), run.window)
            if more is not None:
                run.scatter(more)
    at_edge = run.at_edge()
    if edge == "error" and at_edge.any():
        raise ModelError(
            "the fire reached the edge of the grid",
            f"before {until:g} s",
            "use a larger grid, or edge='open'",
        )
    lead = slice(None) if run.members else 0
    front = Front(run.level[lead], run.arrival[lead].astype(float) + start)
    return Spread(grid, start, until, run.window, front, run.steps, at_edge[lead])


class _Run:
    """State of a run: levels and arrivals on the whole grid, always with a member axis; times from its beginning."""

    def __init__(
        self,
        grid: Grid,
        clock: np.ndarray,
        source: inputs.Source,
        can: np.ndarray,
        lines: np.ndarray | None,
        scheme: Scheme,
        threads: int,
        until: float,
    ) -> None:
        self.grid, self.clock, self.source = grid, clock, source
        self.can, self.lines, self.scheme = can, lines, scheme
        self.threads, self.time, self.until = threads, 0.0, until
        self.members = source.members
        self.number = self.members or 1
        self.steps, self.used = 0, 0
        self.base = np.full((1, *grid.shape), FAR, np.float32)
        self.window = Window(0, 0, 0, 0)
        self.level = np.zeros((self.number, 0, 0), np.float32)
        self.arrival = np.zeros((self.number, 0, 0), np.float32)

    def _burnable(self, window: Window) -> np.ndarray:
        can = self.can[window.slices]
        return can if self.lines is None else can & ~(self.lines[window.slices] <= self.time)

    def _box(self) -> Window | None:
        """What has burned, in cells of the grid."""
        found = bounds((self.level <= 0.0).any(axis=0))
        return None if found is None else found.moved(self.window.top, self.window.left)

    def move(self, window: Window) -> None:
        """Look at another window, which holds what has burned."""
        if window == self.window:
            return
        base = np.where(self.can[window.slices], self.base[(..., *window.slices)], np.float32(FAR))
        level = np.repeat(base, self.number // base.shape[0], axis=0)
        arrival = np.full_like(level, np.inf)
        old, new = self.window.overlap(window)
        level[(..., *new)], arrival[(..., *new)] = self.level[(..., *old)], self.arrival[(..., *old)]
        self.window, self.level, self.arrival = window, level, arrival

    def ignite(self, fire: Ignition) -> None:
        """Burn what an ignition burns."""
        level = np.asarray(fire.level, np.float32)
        level = level if level.ndim == 3 else level[None]
        if level.shape[0] not in (1, self.number):
            raise DataError(
                f"the ignition has {level.shape[0]} members and the rates {self.number}",
                "ignition",
                "give as many",
            )
        burning = (level <= 0.0) & self._burnable(Window(0, self.grid.rows, 0, self.grid.columns))
        if not burning.any(axis=(-2, -1)).all():
            row, column = np.unravel_index(int(np.argmin(level)), level.shape)[-2:]
            raise DataError(
                f"the ignition lies on cells that cannot burn, about row {row} and column {column}",
                "ignition",
                "move it, or give it a greater radius",
            )
        self._take(bounds(burning.any(axis=0)), lambda window: level[(..., *window.slices)])
        self.base = np.minimum(self.base, level)

    def scatter(self, landings: Landings) -> None:
        """Light discs where firebrands landed, as far as these cells can burn and have not."""
        rows, columns = np.round(landings.rows).astype(int), np.round(landings.columns).astype(int)
        held = (rows >= 0) & (rows < self.grid.rows) & (columns >= 0) & (columns < self.grid.columns)
        if not held.any():
            return
        box = Window(rows[held].min(), rows[held].max() + 1, columns[held].min(), columns[held].max() + 1)

        def discs(window: Window) -> np.ndarray:
            level = np.full((self.number, *window.shape), FAR, np.float32)
            can = self._burnable(window)
            for i in np.flatnonzero(held):
                if not can[rows[i] - window.top, columns[i] - window.left]:
                    continue
                down = np.arange(window.top, window.bottom)[:, None] - landings.rows[i]
                along = np.arange(window.left, window.right)[None, :] - landings.columns[i]
                disc = self.grid.width * (np.hypot(down, along) - landings.radius)
                member = landings.members[i]
                level[member] = np.minimum(level[member], disc)
            return level

        self._take(box, discs)

    def _take(self, box: Window | None, of: Callable[[Window], np.ndarray]) -> None:
        held = self._box()
        both = box if held is None else held if box is None else held.joined(box)
        assert both is not None
        window = around(both, MARGIN + STENCIL, self.grid.shape)
        if not (self.window.holds(window) and self.window.shape[0]):
            self.move(window)
        level, can = of(self.window), self._burnable(self.window)
        fresh = (level <= 0.0) & can & (self.level > 0.0)
        self.arrival = np.where(fresh, np.float32(self.time), self.arrival)
        self.level = np.where(can, np.minimum(self.level, level), self.level)

    def advance(self, stop: float) -> None:
        """Go on until a time, leg by leg, each on a window that the fire cannot leave."""
        while self.time < stop:
            box = self._box()
            assert box is not None
            self.move(around(box, MARGIN + STENCIL, self.grid.shape))
            wave, rate = self.source.at(self.window)
            if not rate.max() > 0.0 and self.time == 0.0:
                raise DataError(
                    "no cell near the ignition has a rate of spread above zero",
                    "rates",
                    "check fuel and moisture",
                )
            reach = slack(box, self.window, self.grid.shape) * self.grid.width
            end = stop if rate.max() <= 0.0 else min(stop, self.time + reach / float(rate.max()))
            self._leg(wave, rate, end)

    def _leg(self, wave: Any, rate: np.ndarray, end: float) -> None:
        edges = np.clip(self.clock, self.time, end)
        most = rate.max(axis=0)
        most = np.maximum(most[:-1], most[1:]) if self.scheme.between == "linear" else most[: edges.size - 1]
        self.used += int(np.ceil(np.diff(edges) * most / (self.scheme.courant * self.grid.width)).sum())
        if self.used > self.scheme.max_steps:
            raise ModelError(
                f"the spread needs more than the {self.scheme.max_steps} steps that max_steps allows",
                f"at {end:g} s of {self.until:g} s",
                "raise max_steps, use wider cells, or check the rates of spread",
            )
        rows, columns = self.window.slices
        real = self.level.dtype
        fixed = (
            jnp.asarray(self.can[rows, columns]),
            None if self.lines is None else jnp.asarray(self.lines[rows, columns], real),
            jnp.asarray(self.clock, real),
            jnp.asarray(self.time, real),
            jnp.asarray(end, real),
        )
        step = partial(_members, self.scheme, jnp.asarray(self.grid.width, real))
        parts = np.array_split(np.arange(self.level.shape[0]), min(self.threads, self.level.shape[0]))

        def one(part: np.ndarray) -> tuple[Any, Any]:
            some = slice(int(part[0]), int(part[-1]) + 1)
            front = Front(jnp.asarray(self.level[some]), jnp.asarray(self.arrival[some]))
            return jax.device_get(step(front, jax.tree.map(lambda a: a[some], wave), *fixed))

        if len(parts) > 1:
            with ThreadPoolExecutor(len(parts)) as pool:
                found = list(pool.map(one, parts))
        else:
            found = [one(parts[0])]
        self.level, self.arrival = (np.concatenate([f[0][i] for f in found]) for i in (0, 1))
        self.steps += int(sum(np.sum(f[1]) for f in found))
        self.time = float(end)

    def at_edge(self) -> np.ndarray:
        """Whether a cell of the grid's outermost rows or columns has burned, by member."""
        top, bottom, left, right = self.window
        sides = [
            np.s_[:, 0, :] if top == 0 else None,
            np.s_[:, -1, :] if bottom == self.grid.rows else None,
            np.s_[:, :, 0] if left == 0 else None,
            np.s_[:, :, -1] if right == self.grid.columns else None,
        ]
        found = np.zeros(self.number, bool)
        for side in sides:
            if side is not None:
                found |= (self.level[side] <= 0.0).any(axis=-1)
        return found


@partial(jax.jit, static_argnums=0)
def _members(
    scheme: Scheme,
    width: Any,
    front: Front,
    wave: Any,
    can: Any,
    lines: Any,
    clock: Any,
    start: Any,
    end: Any,
) -> tuple[Front, Any]:
    def one(x: tuple[Front, Any]) -> tuple[Front, Any]:
        return propagate(x[0], clock, x[1], can, start, end, width, scheme, lines)

    if front.level.shape[0] == 1:
        out = one(jax.tree.map(lambda a: a[0], (front, wave)))
        return jax.tree.map(lambda a: a[None], out)
    return jax.lax.map(one, (front, wave))


__all__ = ["Rates", "Spread", "spread"]
