"""What a run is given, checked: times, ignitions and rates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool

from data.errors import DataError

from ..ellipse import Ellipse
from .engine import wave_of
from .grid import Grid
from .ignition import Ignition
from .passage import Wave
from .steps import fastest
from .windows import Window, around


def times_of(times: Any, start: float, until: float) -> np.ndarray:
    """Weather times [s] as an array, once they increase and hold the run.

    Raises:
        DataError: fewer than two, not finite, not increasing, begun after ``start`` or ended before ``until``.
    """
    clock = np.asarray(times, float)
    if clock.ndim != 1 or clock.size < 2:
        raise DataError(f"the times are of shape {clock.shape}", "times", "give two weather times or more")
    if not np.isfinite(clock).all():
        raise DataError("a weather time is not a number", "times", "give seconds from a common start")
    later = np.flatnonzero(np.diff(clock) <= 0.0)
    if later.size:
        i = int(later[0])
        raise DataError(
            f"time does not increase from {clock[i]:g} s to {clock[i + 1]:g} s",
            f"times[{i + 1}]",
            "sort the weather",
        )
    if not (np.isfinite(start) and np.isfinite(until)) or until <= start:
        raise DataError(
            f"the run ends at {until:g} s and begins at {start:g} s", "until", "end it after the ignition"
        )
    if clock[0] > start:
        raise DataError(
            f"the weather begins at {clock[0]:g} s, after the ignition at {start:g} s",
            "times",
            "add earlier weather",
        )
    if clock[-1] < until:
        raise DataError(
            f"the weather ends at {clock[-1]:g} s, before the run at {until:g} s",
            "times",
            "add weather or end sooner",
        )
    return clock


def ignitions_of(grid: Grid, given: Ignition | Sequence[Ignition]) -> list[Ignition]:
    """Ignitions in the order of their times.

    Raises:
        DataError: none, of another shape than the grid, or with a time that is not a number.
    """
    fires = [given] if isinstance(given, Ignition) else list(given)
    if not fires:
        raise DataError("there is no ignition", "ignitions", "give one or more")
    for fire in fires:
        grid.field(fire.level, "ignition", lead=np.ndim(fire.level) - 2)
        if not np.isfinite(float(fire.time)):
            raise DataError("the time of an ignition is not a number", "ignition", "give it in seconds")
        if not np.isfinite(np.asarray(fire.level)).all():
            raise DataError(
                "the level of an ignition is not a number", "ignition", "give distances in metres"
            )
    return sorted(fires, key=lambda f: float(f.time))


class Source:
    """Rates for windows, checked once for each, with a member axis."""

    def __init__(
        self,
        grid: Grid,
        rates: Ellipse | Callable[[Window], Ellipse],
        times: int,
        burnable: Bool[np.ndarray, "y x"],
        held: bool = False,
    ) -> None:
        self.grid, self.rates, self.burnable = grid, rates, burnable
        self.times = (times - 1, times) if held else (times,)
        self.held: tuple[Window, Wave, np.ndarray] | None = None
        whole = not callable(rates)
        if whole:
            self._shapes(rates, grid.shape)  # type: ignore[arg-type]
        probe = rates if whole else rates(Window(0, 3, 0, 3))  # type: ignore[operator]
        ndim = np.ndim(probe.head)  # type: ignore[union-attr]
        if ndim not in (3, 4):
            raise DataError(
                f"rates have {ndim} dimensions", "rates", "give (time, y, x) or (member, time, y, x)"
            )
        self.members = int(np.shape(probe.head)[0]) if ndim == 4 else 0  # type: ignore[union-attr]

    def _shapes(self, rates: Ellipse, shape: tuple[int, int]) -> None:
        first = np.shape(rates.head)
        for name, item in zip(Ellipse._fields, rates, strict=True):
            if np.shape(item) != first:
                raise DataError(
                    f"'{name}' is of shape {np.shape(item)} and 'head' of {first}",
                    "rates",
                    "give all on one grid",
                )
        if first[-2:] != shape:
            raise DataError(
                f"rates are of shape {first} on a grid of {shape[0]} x {shape[1]} cells",
                "rates",
                "bring them onto it",
            )
        if len(first) > 2 and first[-3] not in self.times:
            raise DataError(
                f"rates hold {first[-3]} times and the weather {self.times[-1]}",
                "rates",
                "give one field per weather time",
            )

    def at(self, window: Window) -> tuple[Wave, np.ndarray]:
        """Rates on a window, (member, time, y, x), and the greatest of each member and time [m s-1]."""
        if self.held is None or not self.held[0].holds(window):
            box = window if not callable(self.rates) else around(window, 16, self.grid.shape)
            self.held = (box, *self._fetch(box))
        box, wave, rate = self.held
        if box == window:
            return wave, rate
        rows = slice(window.top - box.top, window.bottom - box.top)
        columns = slice(window.left - box.left, window.right - box.left)
        part = jax.tree.map(lambda a: a[..., rows, columns], wave)
        return part, np.asarray(_fastest(part))

    def _fetch(self, window: Window) -> tuple[Wave, np.ndarray]:
        if callable(self.rates):
            rates = self.rates(window)
            self._shapes(rates, window.shape)
        else:
            rates = jax.tree.map(lambda a: jnp.asarray(a[(..., *window.slices)]), self.rates)
        if not self.members:
            rates = jax.tree.map(lambda a: jnp.asarray(a)[None], rates)
        wave, rate, sound = _prepare(rates, jnp.asarray(self.burnable[window.slices]), self.grid.north_first)
        if not bool(sound.all()):
            member, time, row, column = (int(i) for i in np.argwhere(~np.asarray(sound))[0])
            where = f"rates, time {time}, row {row + window.top}, column {column + window.left}"
            raise DataError(
                "a rate of spread is negative, not a number, or of a length-to-width ratio below one",
                where + (f", member {member}" if self.members else ""),
                "check fuel, wind and moisture there",
            )
        return wave, np.asarray(rate)


@jax.jit
def _fastest(wave: Wave) -> Any:
    return fastest(jax.tree.map(lambda a: a.reshape(*a.shape[:-2], -1), wave))


@partial(jax.jit, static_argnums=2)
def _prepare(rates: Ellipse, burnable: Any, north_first: bool) -> tuple[Wave, Any, Any]:
    """Waves, the greatest rate of each member and time, and which cells are sound."""
    sound = jnp.isfinite(rates.head) & (rates.head >= 0.0) & jnp.isfinite(rates.towards)
    sound = sound & (rates.length_to_width >= 1.0 - 1e-6) & jnp.isfinite(rates.length_to_width)
    sound = sound | ~burnable
    slim = jnp.maximum(rates.length_to_width, 1.0)
    wave = wave_of(rates._replace(length_to_width=slim), north_first)
    wave = jax.tree.map(lambda a: jnp.where(burnable, a, 0.0), wave)
    return wave, fastest(jax.tree.map(lambda a: a.reshape(*a.shape[:-2], -1), wave)), sound


__all__ = ["Source", "ignitions_of", "times_of"]
