"""Block bootstrap: how often a link comes back when time is drawn anew in blocks [@debeire2024]."""

from __future__ import annotations

import numpy as np


def default_length(number: int) -> int:
    """Length of a block for ``number`` samples: their cube root [@hall1995]."""
    return max(1, round(number ** (1 / 3)))


def draw(seed: int, cell: int, replicates: int, first: int, length: int, block: int) -> np.ndarray:
    """Draw the samples of every replicate of a cell.

    Args:
        seed: of the whole search.
        cell: number of the cell, so that its draws do not depend on what else is searched.
        replicates: number of replicates.
        first: first time step that is a sample (``2 * tau_max``): lags reach before it.
        length: number of time steps of the series.
        block: steps of a block.

    Returns:
        Time steps, ``(replicate, sample)``; blocks begin anywhere that leaves room for them.
    """
    number = length - first
    block = min(block, number)
    rng = np.random.default_rng([seed, cell])
    starts = rng.integers(first, length - block + 1, size=(replicates, -(-number // block)))
    times = starts[:, :, None] + np.arange(block)
    return times.reshape(replicates, -1)[:, :number].astype(np.int32)
