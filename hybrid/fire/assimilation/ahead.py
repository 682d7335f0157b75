"""What burns next: the spread of every member from a start, and the probability that a cell burns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm
from jaxtyping import Array, Float

from data.errors import ConfigError, DataError, ModelError, listing

from ..spread import Front, burned_fraction
from .misfit import front_distance
from .perimeter import Perimeter
from .problem import Problem
from .runs import each
from .simulator import NOT_A_NUMBER, Simulator
from .starts import Start, begun_at, starts_of


@dataclass(frozen=True, eq=False)
class Forecast:
    """Fronts of the members.

    Attributes:
        times: of the levels [s], (k,).
        level: [m], negative where burned, (member, k, y, x).
        arrival: time the front passed by the last time [s], infinite where it did not, (member, y, x).
        width: of a cell [m].
    """

    times: np.ndarray
    level: Float[np.ndarray, "member k y x"]
    arrival: Float[np.ndarray, "member y x"]
    width: float

    @property
    def burned(self) -> np.ndarray:
        """Cells whose centre burned, (member, k, y, x)."""
        return self.level <= 0.0

    def probability(self, error: Any = 0.0) -> Float[np.ndarray, "k y x"]:
        """Burn probability [1]: the mean over members of burned parts of cells.

        Args:
            error: standard deviation of a displacement of the fronts that members do not hold [m], a number or (k,):
                each member's front is smeared by it, as a Gaussian kernel dresses an ensemble [@roulston2003combining].
        """
        wide = np.broadcast_to(np.asarray(error, float), self.times.shape)
        if not (np.isfinite(wide).all() and (wide >= 0.0).all()):
            raise ConfigError("the error of the front is not zero or above", "probability", "give metres")
        if not wide.any():
            return np.asarray(_burned(self.level, self.width))
        return np.asarray(_smeared(self.level, self.width, np.hypot(wide, 0.3 * self.width)[:, None, None]))


@jax.jit
def _burned(level: Array, width: float) -> Array:
    return jnp.mean(burned_fraction(level, width), axis=0)


@jax.jit
def _smeared(level: Array, width: float, reach: Array) -> Array:
    return jnp.mean(norm.cdf(-front_distance(level, width) / reach), axis=0)


def forecast(
    problem: Problem,
    values: Mapping[str, Any],
    times: Any,
    *,
    start: Front | Perimeter | None = None,
    since: float | None = None,
    lit: Any = None,
    batch: int | None = None,
    threads: int = 1,
) -> Forecast:
    """Spread every member until the times.

    Args:
        problem: the model.
        values: of each parameter, (member, *shape); of draws, members or samples.
        times: of the forecast [s], one or more, increasing.
        start: the perimeter to go on from; or a front on the grid, (y, x) or (member, y, x), at ``since``; the start of
            the problem where it is not given. Anything but that needs a simulation by
            :func:`hybrid.fire.assimilation.simulator`.
        since: time of a front [s].
        lit: the part of a perimeter that burns on, (y, x) or (member, y, x), as :class:`Edge` and :class:`Activity`
            give it; all of it where it is not given. What does not is out, and does not count as burned then.
        batch: members as one vectorised program, for accelerators; one by one where it is not given.
        threads: members side by side.

    Raises:
        DataError: members of different numbers, or times that do not follow the start or outlast the weather.
        ModelError: a start for a simulation that cannot be begun anew.
    """
    number = _members(problem.parameters, values)
    clock = np.atleast_1d(np.asarray(times, float))
    begin = problem.start if start is None else start.time if isinstance(start, Perimeter) else since
    _order(clock, begin, problem.until)
    simulate: Any = problem.simulate
    each_own, fronts = False, None
    if lit is not None and not isinstance(start, Perimeter):
        raise DataError("a part burns on of no perimeter", "lit", "give the perimeter as `start`")
    if start is not None:
        if not isinstance(simulate, Simulator):
            raise ModelError(
                "this simulation cannot begin from another start", "simulate", "make it with `simulator`"
            )
        each_own = isinstance(start, Front) and np.ndim(start.level) == 3
        if each_own:
            assert isinstance(start, Front)
            if np.shape(start.level)[0] != number:
                raise DataError(
                    f"there are {np.shape(start.level)[0]} fronts for {number} members",
                    "start",
                    "give as many",
                )
            problem.grid.field(start.level, "front", lead=1)
            simulate = simulate.begun(jax.tree.map(lambda a: a[0], start), since)
            real, box = simulate.front.level.dtype, simulate.window.slices
            fronts = jax.tree.map(lambda a: jnp.asarray(a, real)[(..., *box)], start)
        else:
            simulate = simulate.begun(start, since)
    members = {p.name: jnp.asarray(values[p.name]) for p in problem.parameters}
    shared = simulate, jnp.asarray(clock, problem.space.centre.dtype)
    if lit is not None:
        assert isinstance(start, Perimeter)
        starts = starts_of(simulate, start.burned, lit, number)
        found = each(from_part, shared, (members, starts), batch, threads)
    elif each_own:
        found = each(_from_its_own, shared, (members, fronts), batch, threads)
    else:
        found = each(_from_one, shared, members, batch, threads)
    if not np.isfinite(found.level).all():
        raise ModelError(NOT_A_NUMBER, "forecast", "check the rates under the values, or raise max_steps")
    return Forecast(clock, found.level, found.arrival, problem.grid.width)


def _from_one(shared: tuple[Any, Array], member: Mapping[str, Any]) -> Front:
    found = shared[0](member, shared[1])
    return Front(found.level, found.arrival[-1] if found.arrival.ndim == 3 else found.arrival)


def _from_its_own(shared: tuple[Any, Array], member: tuple[dict[str, Array], Front]) -> Front:
    simulate = eqx.tree_at(lambda s: s.front, shared[0], member[1])
    return _from_one((simulate, shared[1]), member[0])


def from_part(shared: tuple[Any, Array], member: tuple[Mapping[str, Any], Start]) -> Front:
    """Front of one member at the times, from the part of a fire that burns on; for :func:`each`.

    Args:
        shared: simulation and times.
        member: values and start.
    """
    return _from_one((begun_at(shared[0], member[1]), shared[1]), member[0])


def _members(parameters: Any, values: Mapping[str, Any]) -> int:
    found: dict[str, int] = {}
    for p in parameters:
        where = f"parameter '{p.name}'"
        if p.name not in values:
            raise DataError("a value is missing", where, f"given are {listing(values)}")
        shape = np.shape(values[p.name])
        if len(shape) != 1 + len(p.shape) or shape[1:] != tuple(p.shape) or not shape[0]:
            raise DataError(f"the values are of shape {shape}", where, f"give (member, *{tuple(p.shape)})")
        found[p.name] = shape[0]
    if len(set(found.values())) > 1:
        raise DataError(f"parameters have different numbers of members, {found}", "values", "give as many")
    return next(iter(found.values()))


def _order(clock: np.ndarray, begin: float | None, until: float | None) -> None:
    if clock.ndim != 1 or not clock.size or not np.isfinite(clock).all() or (np.diff(clock) <= 0.0).any():
        raise DataError("the times of the forecast do not increase", "times", "give seconds in order")
    if begin is None:
        raise DataError("a front has no time", "since", "give it in seconds")
    if clock[0] <= begin:
        raise DataError(
            f"the forecast is of {clock[0]:g} s and begins at {begin:g} s", "times", "ask for later times"
        )
    if until is not None and clock[-1] > until:
        raise DataError(
            f"the forecast ends at {clock[-1]:g} s and the weather at {until:g} s", "times", "add weather"
        )


__all__ = ["Forecast", "forecast", "from_part"]
