"""What partial correlations of cells are made from: correlation matrices, one per cell or one per target."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Array, Float

from .partial import DEPENDENT, NEAR, in_one_row, partial_correlations


@dataclass
class Evidence:
    """Correlations of the lagged columns of many cells, and the number of their samples.

    Attributes:
        matrices: ``(matrix, node, node)``.
        which: the matrix of a cell's target, ``(cell, target)``: all the same unless samples depend on the target.
        count: samples of a cell's target, ``(cell, target)``.
        pivots: least variance left in any test of a cell so far, ``(cell,)``.
        short: whether any test of a cell so far had no degree of freedom, ``(cell,)``.
    """

    matrices: Float[Array, "matrix node node"]
    which: np.ndarray
    count: np.ndarray
    pivots: np.ndarray = field(init=False)
    short: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.pivots = np.ones(self.which.shape[0])
        self.short = np.zeros(self.which.shape[0], bool)
        self._flat = in_one_row(self.matrices)

    @property
    def cells(self) -> int:
        """Number of cells."""
        return self.which.shape[0]

    @property
    def size(self) -> int:
        """Number of variables."""
        return self.which.shape[1]

    def values(
        self, cell: np.ndarray, x: np.ndarray, target: np.ndarray, conditions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Test node ``x`` against the target at lag 0 given nodes.

        Args:
            cell: cell of each test.
            x: node of each test.
            target: variable of each test.
            conditions: nodes, from the left, then -1, ``(test, width)``.

        Returns:
            Partial correlations and numbers of samples.
        """
        which, count = self.which[cell, target], self.count[cell, target]
        if conditions.shape[1] == 0:
            return np.asarray(self.matrices)[which, target, x], count
        found, pivots = partial_correlations(self.matrices, self._flat, which, x, target, conditions)
        low = pivots < NEAR
        if low.any():
            np.minimum.at(self.pivots, cell[low], pivots[low])
        return found, count

    def freedom(self, cell: np.ndarray, count: np.ndarray, conditions: np.ndarray | int) -> np.ndarray:
        """Degrees of freedom of tests: samples less X, Y and the conditions; cells where none is left are noted."""
        found = count - 2 - conditions
        none = found < 1
        if none.any():
            self.short[cell[none]] = True
        return found

    def akaike(self, parents: np.ndarray) -> np.ndarray:
        """Akaike's criterion of each target given its parents, up to constants, ``(cell, target)``.

        Sum of squares of a standardised target after regression: samples times the share left unexplained.
        """
        cells, size, _ = parents.shape
        number = (parents >= 0).sum(2)
        share = np.ones((cells, size))
        host = np.asarray(self.matrices)
        for count in np.unique(number[number > 0]):
            cell, target = np.nonzero(number == count)
            z = parents[cell, target, :count]
            which = self.which[cell, target]
            inner = host[which[:, None, None], z[:, :, None], z[:, None, :]]
            outer = host[which[:, None], z, target[:, None]]
            weights = np.einsum("tij,tj->ti", np.linalg.pinv(inner, hermitian=True, rcond=DEPENDENT), outer)
            share[cell, target] = 1.0 - (weights * outer).sum(1)
        # dim - 1 of the criterion counts the target itself beside its parents, as tigramite does.
        return self.count * np.log(np.maximum(share, 1e-300) * self.count) + 2.0 * (number + 1)
