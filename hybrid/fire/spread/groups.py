"""Run a large ensemble group by group, so that memory is that of a few groups and small fires keep small windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from data.errors import ConfigError, DataError

from .grid import Grid
from .ignition import Ignition
from .run import Rates, Spread, spread
from .slopes import FAR
from .steps import Scheme
from .sweep import Front
from .windows import Window


def spread_groups(
    grid: Grid,
    times: Any,
    rates: Callable[[slice], Rates],
    members: int,
    ignitions: Ignition | Sequence[Ignition],
    until: float,
    *,
    size: int = 16,
    burnable: Any = None,
    built: Any = None,
    scheme: Scheme = Scheme(),
    edge: Literal["error", "open"] = "error",
    threads: int = 1,
) -> Spread:
    """Spread an ensemble as :func:`spread` does, in groups of neighbouring members.

    Every group has a window of its own, so that it pays to sort members by how fast they burn.

    Args:
        grid: the grid.
        times: weather times [s].
        rates: gives the rates of some members, (member, time, y, x), or the function that gives them for a window.
        members: number of them.
        ignitions: levels (y, x), or (member, y, x) for all members.
        until: end [s].
        size: members of a group.
        burnable: see :func:`spread`, as all that follow.
        built: likewise.
        scheme: likewise.
        edge: likewise.
        threads: groups run side by side.

    Returns:
        What burned in all members, on the least window that holds it.

    Raises:
        ConfigError: no members, or groups of none.
        DataError: rates of another number of members than were asked for, or as :func:`spread`.
        ModelError: as :func:`spread`.
    """
    if members < 1 or size < 1:
        raise ConfigError(
            f"{members} members in groups of {size}", "spread_groups", "use one or more of both"
        )
    fires = [ignitions] if isinstance(ignitions, Ignition) else list(ignitions)
    double = jnp.result_type(float) == jnp.float64

    def one(first: int) -> Spread:
        some = slice(first, min(first + size, members))
        lit = [f._replace(level=_part(f.level, some, members)) for f in fires]
        with jax.enable_x64(double):  # what a thread starts with is the setting of the process
            fire = spread(
                grid, times, rates(some), lit, until, burnable=burnable, built=built, scheme=scheme, edge=edge
            )
        if np.shape(fire.front.level)[:-2] != (some.stop - first,):
            raise DataError(
                f"the rates of members {first} to {some.stop - 1} have leading shape {fire.front.level.shape[:-2]}",
                "rates",
                f"give a member axis of {some.stop - first}",
            )
        return fire

    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(one, range(0, members, size)))
    window = reduce(Window.joined, (f.window for f in found))
    front = Front(
        np.concatenate([_laid(f.front.level, f.window, window, FAR) for f in found]),
        np.concatenate([_laid(f.front.arrival, f.window, window, np.inf) for f in found]),
    )
    steps, at_edge = sum(f.steps for f in found), np.concatenate([f.at_edge for f in found])
    return Spread(grid, found[0].start, until, window, front, steps, at_edge)


def _part(level: Any, some: slice, members: int) -> Any:
    """The ignition of some members."""
    if np.ndim(level) != 3 or np.shape(level)[0] == 1:
        return level
    if np.shape(level)[0] != members:
        raise DataError(
            f"the ignition has {np.shape(level)[0]} members and the ensemble {members}",
            "ignition",
            "give as many",
        )
    return level[some]


def _laid(values: np.ndarray, window: Window, onto: Window, fill: float) -> np.ndarray:
    """Values of a window on a larger one."""
    out = np.full((*values.shape[:-2], *onto.shape), fill, values.dtype)
    out[(..., *window.moved(-onto.top, -onto.left).slices)] = values
    return out


__all__ = ["spread_groups"]
