"""A timed perimeter: which cells had burned when a fire was mapped, and how well the line is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from data.errors import DataError

from ..spread import Grid


@dataclass(frozen=True, eq=False)
class Perimeter:
    """What had burned at a time.

    Attributes:
        time: when it was mapped [s], on the clock of the weather.
        burned: cells within the mapped line, (y, x).
        sd: standard deviation of the distance between the mapped and the simulated line [m]: the error of the
            mapping, of its time (seconds times rate of spread) and of what the model cannot follow.
        mapped: cells where the map can be trusted, (y, x); all where it is not given.
    """

    time: float
    burned: Any
    sd: float
    mapped: Any = None


def checked(perimeters: tuple[Perimeter, ...], grid: Grid, start: float, shrink: float) -> None:
    """Raise DataError where perimeters cannot be assimilated: shape, order, size, or a line that draws back.

    Args:
        perimeters: in the order of time.
        grid: the grid of the simulation.
        start: when the simulation begins [s].
        shrink: share of an earlier burned area that a later perimeter may leave out [1].
    """
    if not perimeters:
        raise DataError("there is no perimeter", "perimeters", "give one or more")
    before: tuple[float, np.ndarray] | None = None
    for i, p in enumerate(perimeters):
        where = f"perimeters[{i}]"
        if not np.isfinite(p.time):
            raise DataError("the time of a perimeter is not a number", where, "give it in seconds")
        if p.time <= start:
            raise DataError(
                f"the perimeter is of {p.time:g} s and the simulation begins at {start:g} s",
                where,
                "begin the simulation before the first perimeter, or leave this one out",
            )
        if not (np.isfinite(p.sd) and p.sd > 0.0):
            raise DataError(
                f"the standard deviation of the line is {p.sd} m", where, "give metres above zero"
            )
        burned = np.asarray(grid.field(p.burned, "perimeter"))
        if not np.isin(burned, (0, 1)).all():
            raise DataError("the perimeter holds values other than 0 and 1", where, "rasterise it")
        burned = burned > 0
        mapped = np.ones(grid.shape, bool)
        if p.mapped is not None:
            mapped = np.asarray(grid.field(p.mapped, "mapped")) > 0
        if not (burned & mapped).any():
            raise DataError("the perimeter holds no burned cell", where, "mark burned cells with 1")
        if before is not None:
            if p.time <= before[0]:
                raise DataError(
                    f"the perimeters are not in the order of time ({before[0]:g} s, then {p.time:g} s)",
                    where,
                    "sort them",
                )
            lost = float((before[1] & mapped & ~burned).sum() / before[1].sum())
            if lost > shrink:
                raise DataError(
                    f"the perimeter leaves out {100 * lost:.0f} % of what had burned before",
                    where,
                    "check its alignment and time, join it with the earlier one, or raise `shrink`",
                )
        before = (p.time, burned)


__all__ = ["Perimeter", "checked"]
