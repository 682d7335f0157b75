"""The regular grid that a fire spreads on: where its cells are, and whether another field lies on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from data.errors import DataError

if TYPE_CHECKING:
    import xarray as xr

NEAR = 1e-3
"""Shares of a cell by which coordinates may differ."""


@dataclass(frozen=True)
class Grid:
    """Square cells in rows that begin in the north or the south, columns from west to east.

    Attributes:
        rows: number of rows.
        columns: number of columns.
        width: of a cell [m].
        west: x of the centre of the first column [m].
        first: y of the centre of the first row [m].
        north_first: whether the first row is the northernmost.
        crs: attributes of the grid mapping, as CF has them; empty where it is not known.
        names: of the dimensions of rows and columns.
    """

    rows: int
    columns: int
    width: float
    west: float = 0.0
    first: float = 0.0
    north_first: bool = True
    crs: dict[str, Any] = field(default_factory=dict, compare=False)
    names: tuple[str, str] = ("y", "x")

    def __post_init__(self) -> None:
        if self.rows < 3 or self.columns < 3:
            raise DataError(
                f"a grid of {self.rows} x {self.columns} cells is too small", "Grid", "use 3 x 3 or more"
            )
        if not (np.isfinite(self.width) and self.width > 0.0):
            raise DataError(f"the cell width {self.width} m is not positive", "Grid", "give it in metres")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.columns

    @property
    def x(self) -> np.ndarray:
        """Eastings of the columns' centres [m]."""
        return self.west + self.width * np.arange(self.columns)

    @property
    def y(self) -> np.ndarray:
        """Northings of the rows' centres [m], in the order of the rows."""
        return self.first + (-1.0 if self.north_first else 1.0) * self.width * np.arange(self.rows)

    @classmethod
    def of(cls, ds: xr.Dataset | xr.DataArray, where: str = "") -> Grid:
        """The grid of a dataset with coordinates ``x`` and ``y`` in metres.

        Raises:
            DataError: a coordinate is missing, not even, not square, or not in metres.
        """
        for name in ("y", "x"):
            if name not in ds.coords:
                raise DataError(
                    f"the coordinate '{name}' is missing", where or "grid", "name the projected axes y and x"
                )
            unit = ds[name].attrs.get("units", "m")
            if unit not in ("m", "metre", "meter", "metres", "meters"):
                raise DataError(
                    f"the coordinate '{name}' is in '{unit}'",
                    where or "grid",
                    "project the grid to metres first",
                )
        x, y = (np.asarray(ds[n].values, float) for n in ("x", "y"))
        if x.size < 3 or y.size < 3:
            raise DataError(
                f"a grid of {y.size} x {x.size} cells is too small", where or "grid", "use 3 x 3 or more"
            )
        dx, dy = np.diff(x), np.diff(y)
        for name, steps in (("x", dx), ("y", dy)):
            if not np.allclose(steps, steps[0], rtol=0.0, atol=NEAR * abs(steps[0])) or steps[0] == 0.0:
                raise DataError(
                    f"the coordinate '{name}' is not evenly spaced", where or "grid", "resample it"
                )
        if dx[0] < 0.0:
            raise DataError("the columns run from east to west", where or "grid", "sort the dataset by x")
        if abs(abs(dy[0]) - dx[0]) > NEAR * dx[0]:
            raise DataError(
                f"the cells are {dx[0]:g} m by {abs(dy[0]):g} m", where or "grid", "resample to square cells"
            )
        mapping = ds["crs"].attrs if "crs" in ds.coords or (hasattr(ds, "data_vars") and "crs" in ds) else {}
        return cls(y.size, x.size, float(dx[0]), float(x[0]), float(y[0]), bool(dy[0] < 0), dict(mapping))

    def check(self, other: Grid, name: str) -> None:
        """Raise DataError where another field's grid is not this one."""
        if other.shape != self.shape:
            what = f"{name} has {other.rows} x {other.columns} cells, the grid {self.rows} x {self.columns}"
        elif abs(other.width - self.width) > NEAR * self.width:
            what = f"{name} has cells of {other.width:g} m, the grid of {self.width:g} m"
        elif other.north_first != self.north_first:
            what = f"{name} has its rows in the other order"
        elif max(abs(other.west - self.west), abs(other.first - self.first)) > 0.01 * self.width:
            what = f"{name} begins at ({other.west:g}, {other.first:g}), the grid at ({self.west:g}, {self.first:g})"
        elif self.crs and other.crs and self.crs.get("epsg_code") != other.crs.get("epsg_code"):
            what = f"{name} is in {other.crs.get('epsg_code')}, the grid in {self.crs.get('epsg_code')}"
        else:
            return
        raise DataError(what, name, "bring both onto one grid")

    def field(self, values: Any, name: str, lead: int = 0) -> Any:
        """The values, once their last two dimensions are seen to be the grid's and ``lead`` others stand before."""
        shape = np.shape(values)
        if len(shape) != lead + 2 or shape[lead:] != self.shape:
            wanted = ", ".join(["..."] * bool(lead) + [str(n) for n in self.shape])
            raise DataError(f"{name} is of shape {shape}", name, f"give it as ({wanted}), on the grid")
        return values

    def inside(self, x: float, y: float) -> bool:
        """Whether a place lies in a cell of the grid."""
        row, column = self.position(x, y)
        return -0.5 <= row < self.rows - 0.5 and -0.5 <= column < self.columns - 0.5

    def position(self, x: float, y: float) -> tuple[float, float]:
        """Row and column of a place, whole numbers at the centres of cells."""
        row = (self.first - y) / self.width if self.north_first else (y - self.first) / self.width
        return row, (x - self.west) / self.width


__all__ = ["Grid"]
