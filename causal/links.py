"""Links as arrays: what every engine returns, and the marks of a graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MARK = np.dtype("<U3")
"""A link's mark: arrow, tail and conflict as tigramite writes them, '' for none."""
REVERSED = {"-->": "<--", "<--": "-->", "-?>": "<?-", "<?-": "-?>", "o->": "<-o", "<-o": "o->"}
REVERSED |= {"<-+": "+->", "+->": "<-+", "x->": "<-x", "<-x": "x->"}
"""A mark as read from the other end; a mark that is not listed is its own reverse."""


@dataclass
class Links:
    """Links of many cells.

    Attributes:
        graph: marks, ``(cell, source, target, lag)``.
        val: test statistic of each link, same shape.
        p: its p-value, same shape.
        n: samples of each cell that entered the tests, ``(cell,)``.
    """

    graph: np.ndarray
    val: np.ndarray
    p: np.ndarray
    n: np.ndarray

    @classmethod
    def empty(cls, cells: int, variables: int, tau_max: int) -> Links:
        """Links of cells in which nothing was found: marks '', values 0, p 1."""
        shape = (cells, variables, variables, tau_max + 1)
        return cls(np.zeros(shape, MARK), np.zeros(shape), np.ones(shape), np.zeros(cells, int))


def reverse(mark: str) -> str:
    """Return a mark as read from the other end of its link."""
    return REVERSED.get(mark, mark)
