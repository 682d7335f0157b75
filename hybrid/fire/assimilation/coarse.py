"""A correction of the rate of spread by place: a Gaussian process on coarse nodes, linear between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from data.errors import ConfigError

from ..spread import Grid
from .prior import Parameter


@dataclass(frozen=True)
class CoarseField:
    """Logarithm of a factor on the rate of spread, what the physics miss by place (a weak constraint).

    A priori a Gaussian process of squared exponential covariance [@rasmussen2006] on nodes ``spacing`` apart.
    Its unknowns are independent standard normals, one per node; the symmetric root of the covariance makes the process
    of them, so that each acts about its own node.

    Attributes:
        grid: that it is laid on.
        spacing: between nodes [m].
        length: over which corrections are alike [m]; not less than half the spacing.
        sd: of the logarithm of the factor [1].
    """

    grid: Grid
    spacing: float
    length: float
    sd: float = 0.3

    def __post_init__(self) -> None:
        for name in ("spacing", "length", "sd"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0.0):
                raise ConfigError(f"{name} is {value}", "CoarseField", "give a number above zero")
        if self.length < 0.5 * self.spacing:
            raise ConfigError(
                f"a length of {self.length:g} m is not seen by nodes {self.spacing:g} m apart",
                "CoarseField",
                "use nearer nodes",
            )

    @cached_property
    def counts(self) -> tuple[int, int]:
        """Rows and columns of nodes."""
        return tuple(  # type: ignore[return-value]
            int(np.ceil((n - 1) * self.grid.width / self.spacing - 1e-9)) + 1 for n in self.grid.shape
        )

    @cached_property
    def places(self) -> Float[np.ndarray, "node 2"]:
        """Eastings and northings of the nodes [m]; the last ones may lie beyond the grid."""
        down = -self.spacing if self.grid.north_first else self.spacing
        north = self.grid.first + down * np.arange(self.counts[0])
        east = self.grid.west + self.spacing * np.arange(self.counts[1])
        return np.stack([a.ravel() for a in np.meshgrid(east, north)], axis=-1)

    @cached_property
    def root(self) -> Float[np.ndarray, "node node"]:
        """Symmetric root of the nodes' covariance [1]."""
        away = np.linalg.norm(self.places[:, None] - self.places[None], axis=-1)
        values, vectors = np.linalg.eigh(self.sd**2 * np.exp(-0.5 * (away / self.length) ** 2))
        return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T

    def parameter(self, name: str) -> Parameter:
        """The unknowns as a parameter of shape (node,)."""
        return Parameter(name, 0.0, 1.0, "real", shape=(len(self.places),))

    def log_factor(self, unknowns: Float[Array, " node"]) -> Float[Array, "y x"]:
        """Logarithm of the factor on the grid [1]."""
        real = unknowns.dtype
        nodes = (jnp.asarray(self.root, real) @ unknowns).reshape(self.counts)
        rows, columns = (
            jnp.asarray(_between(n, m, self.grid.width / self.spacing), real)
            for n, m in zip(self.grid.shape, self.counts, strict=True)
        )
        return rows @ nodes @ columns.T


def _between(cells: int, nodes: int, ratio: float) -> np.ndarray:
    """Weights of nodes for cells along one axis."""
    return np.maximum(1.0 - np.abs(ratio * np.arange(cells)[:, None] - np.arange(nodes)[None]), 0.0)


__all__ = ["CoarseField"]
