"""Suppression lines: cells that cease to be burnable when a line through them is built."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from data.errors import DataError

from .grid import Grid


def build_times(grid: Grid, vertices: Any, start: float, rate: float | None = None) -> np.ndarray:
    """Time at which a line stands in each cell [s], infinite where it does not pass, (y, x).

    Cells are joined by their sides, so that no fire slips through between two of them.

    Args:
        grid: the grid.
        vertices: of the line, x and y [m], two or more, in the order of building.
        start: time at which building begins [s].
        rate: of building [m s-1]; None builds the whole line at ``start``.

    Raises:
        DataError: fewer than two vertices, a line outside of the grid, or a rate that is not above zero.
    """
    places = np.asarray(vertices, float)
    if places.ndim != 2 or places.shape[-1] != 2 or len(places) < 2:
        raise DataError(
            f"vertices of shape {places.shape} make no line", "suppression", "give two or more of x and y"
        )
    if not (np.isfinite(places).all() and np.isfinite(start)):
        raise DataError("a vertex or the start is not a number", "suppression", "give finite values")
    if rate is not None and not rate > 0.0:
        raise DataError(
            f"the line is built at {rate} m s-1", "suppression", "give a rate above zero, or None"
        )
    built = np.full(grid.shape, np.inf)
    travelled, last = 0.0, None
    for a, b in pairwise(places):
        length = float(np.hypot(*(b - a)))
        parts = max(int(np.ceil(16.0 * length / grid.width)), 1)
        for share in np.linspace(0.0, 1.0, parts + 1):
            x, y = a + share * (b - a)
            row, column = (round(v) for v in grid.position(x, y))
            time = start if rate is None else start + (travelled + share * length) / rate
            cells = [(row, column)]
            if last is not None and last[0] != row and last[1] != column:
                cells.append((last[0], column))
            for r, c in cells:
                if 0 <= r < grid.rows and 0 <= c < grid.columns:
                    built[r, c] = min(built[r, c], time)
            last = (row, column)
        travelled += length
    if not np.isfinite(built).any():
        raise DataError("the line lies outside of the grid", "suppression", "check its coordinates")
    return built


def together(lines: Sequence[np.ndarray]) -> np.ndarray:
    """The earliest of several lines' times, by cell."""
    return np.minimum.reduce([np.asarray(line, float) for line in lines])


__all__ = ["build_times", "together"]
