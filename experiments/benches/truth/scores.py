"""Scores of a graph against its truth: AUROC of a ranking, precision and recall of links, an interval of a rate."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata


class Counts(NamedTuple):
    """Links found and true."""

    hits: int
    found: int
    true: int

    @property
    def precision(self) -> float:
        """Share of the links found that are true; NaN where none was found."""
        return self.hits / self.found if self.found else float("nan")

    @property
    def recall(self) -> float:
        """Share of the true links that were found; NaN where there are none."""
        return self.hits / self.true if self.true else float("nan")

    def __add__(self, other: object) -> Counts:
        """Add the counts of two graphs."""
        if not isinstance(other, Counts):
            return NotImplemented
        return Counts(self.hits + other.hits, self.found + other.found, self.true + other.true)


def auroc(truth: np.ndarray, score: np.ndarray, counted: np.ndarray | None = None) -> float:
    """Area under the receiver operating curve over ordered pairs; the diagonal is left out, ties count half.

    Args:
        truth: 1 where the pair is a link, [N, N].
        score: larger where a link is more likely, [N, N].
        counted: pairs that count, [N, N], or None for all.

    Raises:
        ValueError: where all pairs are links or none is.
    """
    off = ~np.eye(len(truth), dtype=bool)
    off = off if counted is None else off & counted
    label, value = np.asarray(truth)[off] > 0, np.asarray(score, dtype=float)[off]
    yes, no = int(label.sum()), int((~label).sum())
    if not yes or not no:
        raise ValueError("the area under the curve needs links and pairs without one")
    return float((rankdata(value)[label].sum() - yes * (yes + 1) / 2) / (yes * no))
