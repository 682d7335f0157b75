"""Fields whose effect on a number is known cell by cell: a sum of one function of each cell.

The attribution benchmark of Mamalakis et al. [@mamalakis2022]: a field is Gaussian with a covariance in space, and the
number is the sum over cells of continuous piecewise linear functions C_i of the cell's own value, with C_i(0) = 0. What
a cell contributes is C_i(x_i) and nothing else, whatever the correlation between cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float

from ..errors import ConfigError


@dataclass(frozen=True)
class Additive:
    """A world of one field and one number.

    Attributes:
        factor: Cholesky factor of the field's correlation, (cell, cell).
        breaks: where the slope of each C_i changes, ascending, (cell, piece - 1).
        slopes: slope of each piece, (cell, piece).
        shape: rows and columns of the grid.
    """

    factor: Float[np.ndarray, "cell cell"]
    breaks: Float[np.ndarray, "cell inner"]
    slopes: Float[np.ndarray, "cell piece"]
    shape: tuple[int, int]

    def fields(self, samples: int, seed: int) -> Float[np.ndarray, "sample cell"]:
        """Fields of zero mean and unit variance."""
        noise = np.random.default_rng(seed).standard_normal((samples, self.factor.shape[0]))
        return noise @ self.factor.T

    def contributions(self, x: Float[np.ndarray, "sample cell"]) -> Float[np.ndarray, "sample cell"]:
        """C_i of each cell's value: the true attribution with zero as baseline."""
        return self._sum(x) - self._sum(np.zeros((1, x.shape[1])))

    def slope(self, x: Float[np.ndarray, "sample cell"]) -> Float[np.ndarray, "sample cell"]:
        """Derivative of C_i at each cell's value."""
        piece = (x[:, :, None] > self.breaks).sum(axis=-1)
        return np.take_along_axis(self.slopes[None], piece[:, :, None], axis=-1)[..., 0]

    def number(self, x: Float[np.ndarray, "sample cell"]) -> Float[np.ndarray, " sample"]:
        """The number that a field brings about, without noise."""
        return self.contributions(x).sum(axis=1)

    def to_dataset(self, x: Float[np.ndarray, "sample cell"]) -> xr.Dataset:
        """Fields, number and true contributions over (sample, lat, lon)."""
        grid = (len(x), *self.shape)
        return xr.Dataset(
            {
                "field": (("sample", "lat", "lon"), x.reshape(grid), {"units": "1"}),
                "number": ("sample", self.number(x), {"units": "1"}),
                "contribution": (
                    ("sample", "lat", "lon"),
                    self.contributions(x).reshape(grid),
                    {"units": "1"},
                ),
            }
        )

    def _sum(self, x: np.ndarray) -> np.ndarray:
        """The piecewise linear functions up to a constant: the first slope, and what each break adds to it."""
        bends = np.diff(self.slopes, axis=1)
        beyond = np.maximum(x[:, :, None] - self.breaks, 0.0)
        return self.slopes[:, 0] * x + (bends * beyond).sum(axis=-1)


def make_additive(
    shape: tuple[int, int] = (8, 8), pieces: int = 5, length: float = 2.0, seed: int = 0
) -> Additive:
    """Draw a world.

    Args:
        shape: rows and columns of the grid.
        pieces: linear pieces of each function.
        length: distance over which the correlation of two cells falls to 1/e [cells].
        seed: of the slopes, which have the field's own correlation in space, and of the breaks.

    Raises:
        ConfigError: fewer than one piece, or a length that is not positive.
    """
    if pieces < 1:
        raise ConfigError(f"{pieces} pieces make no function", "pieces", "choose 1 or more")
    if length <= 0:
        raise ConfigError(
            f"a correlation length of {length} is not positive", "length", "choose e.g. 2 cells"
        )
    rng = np.random.default_rng(seed)
    place = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1).reshape(-1, 2)
    apart = np.linalg.norm(place[:, None] - place[None], axis=-1)
    factor = np.linalg.cholesky(np.exp(-apart / length) + 1e-10 * np.eye(len(place)))
    slopes = factor @ rng.standard_normal((len(place), pieces))
    breaks = np.sort(rng.normal(size=(len(place), pieces - 1)), axis=1)
    return Additive(factor, breaks, slopes, shape)
