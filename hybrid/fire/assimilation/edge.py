"""The edge of a mapped fire: its cells, how long each piece had been still, and which of it moved on.

Of a mapped perimeter only a part still burns: satellites see active fire along some stretches of it and nothing along
others [@chen2022california], and a simulation that starts from all of it widens flanks that had gone out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.ndimage import binary_dilation, distance_transform_edt

from data.errors import DataError

from ..spread import Grid

AROUND = np.ones((3, 3), bool)


class Edge(NamedTuple):
    """Burning cells beside cells that can burn.

    Attributes:
        rows: of the edge's cells, (n,).
        columns: likewise.
        idle: how long each has been still, as a share of the time since the fire mapped before [1], (n,): the fire is
            taken to have gone from there at an even pace to the farthest place it reached, so that the head is at 0
            and a flank the more idle the sooner it was passed; zero where no earlier fire is given. A second, slower
            head counts as idle, too.
        owner: place on the edge that is nearest to a burning cell, -1 elsewhere, (y, x).
        free: cells that can burn and had not, (y, x).
        width: of a cell [m].
    """

    rows: Int[np.ndarray, " n"]
    columns: Int[np.ndarray, " n"]
    idle: Float[np.ndarray, " n"]
    owner: Int[np.ndarray, "y x"]
    free: Bool[np.ndarray, "y x"]
    width: float

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.rows)

    @property
    def distance(self) -> Float[np.ndarray, "n n"]:
        """Between cells of the edge [m]."""
        return self.width * np.hypot(*(a[:, None] - a[None] for a in (self.rows, self.columns)))

    def lit(self, active: Any) -> Bool[np.ndarray, "*lead y x"]:
        """Cells of the fire that burn on where these cells of the edge do: each follows the nearest of the edge.

        Args:
            active: cells of the edge that burn on, (*lead, n).
        """
        chosen = np.asarray(active, bool)
        if chosen.shape[-1:] != (self.size,):
            raise DataError(
                f"states are of shape {chosen.shape} for an edge of {self.size} cells", "edge", "give as many"
            )
        return chosen[..., np.maximum(self.owner, 0)] & (self.owner >= 0)

    def advanced(self, burned: Any) -> Float[np.ndarray, " n"]:
        """Share of the free cells beside each cell of the edge that had burned later [1].

        Args:
            burned: what had burned by then, (y, x).
        """
        later = np.asarray(burned) > 0
        if later.shape != self.free.shape:
            raise DataError(f"the later fire is of shape {later.shape}", "edge", f"give {self.free.shape}")
        new, free = (np.pad(a, 1).astype(float) for a in (later & self.free, self.free))
        steps = [(i, j) for i in range(3) for j in range(3)]
        burned_by, could = (sum(a[self.rows + i, self.columns + j] for i, j in steps) for a in (new, free))
        return np.asarray(burned_by / could)


def edge_of(grid: Grid, burned: Any, free: Any, older: Any = None) -> Edge:
    """The edge of a fire.

    Args:
        grid: of the cells.
        burned: cells that may burn on, as the run since the perimeter before, or all that burned, (y, x).
        free: cells that can burn and have not, (y, x).
        older: what had burned by the perimeter before, (y, x).

    Raises:
        DataError: no burned cell beside one that can burn.
    """
    run, able = (np.asarray(grid.field(a, n)) > 0 for a, n in ((burned, "burned"), (free, "free")))
    able = able & ~run
    cells = run & np.asarray(binary_dilation(able, AROUND), bool)
    if not cells.any():
        raise DataError(
            "no burned cell lies beside one that can burn", "edge", "check the perimeter and the fuel"
        )
    rows, columns = np.nonzero(cells)
    place = np.full(run.shape, -1)
    place[cells] = np.arange(len(rows))
    i, j = np.asarray(distance_transform_edt(~cells, return_distances=False, return_indices=True))
    idle = np.zeros(len(rows))
    before = np.zeros(run.shape, bool) if older is None else np.asarray(grid.field(older, "older")) > 0
    if before.any():
        far = np.asarray(distance_transform_edt(~before))
        idle = 1.0 - far[cells] / max(float(far[run].max()), 1.0)
    return Edge(rows, columns, idle, np.where(run, place[i, j], -1), able, float(grid.width))


__all__ = ["Edge", "edge_of"]
