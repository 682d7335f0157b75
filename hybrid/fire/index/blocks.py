"""Large cubes in blocks of cells that fit the processor's cache, several blocks at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

BLOCK = 8192
"""Cells of a block: the codes and one day's weather of so many stay in the second cache of a core."""


def in_blocks(
    function: Callable[..., Any],
    by_cell: Any,
    shared: Any = (),
    block: int = BLOCK,
    threads: int | None = None,
) -> Any:
    """Call a function on blocks of cells and put what it returns together.

    Cells must not need one another. Results are those of one call to the last bit; the last block is filled up by
    repeating a cell, so that one program serves all.

    Args:
        function: of a pytree of arrays (..., cell) and of ``shared``, to a pytree of arrays (..., cell); jitted.
        by_cell: pytree of NumPy arrays whose last axis is the cells.
        shared: what all blocks are given.
        block: most cells of a block.
        threads: blocks at once; as many as there are processors where None.

    Returns:
        Pytree of NumPy arrays (..., cell).
    """
    cells = jax.tree.leaves(by_cell)[0].shape[-1]
    block = min(block, cells)
    double = jnp.result_type(float) == jnp.float64

    def one(start: int) -> Any:
        with jax.enable_x64(double):  # what a thread starts with is the setting of the process
            part = jax.tree.map(lambda a: _filled(a[..., start : start + block], block), by_cell)
            return jax.tree.map(np.asarray, function(part, shared))

    whole: Any = None
    starts = range(0, cells, block)
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for start, part in zip(starts, pool.map(one, starts), strict=True):
            if whole is None:
                whole = jax.tree.map(lambda p: np.empty((*p.shape[:-1], cells), p.dtype), part)
            _put(whole, part, start, min(block, cells - start))
    return whole


def _put(whole: Any, part: Any, start: int, count: int) -> None:
    """Write a part's first cells where they belong."""
    for into, values in zip(jax.tree.leaves(whole), jax.tree.leaves(part), strict=True):
        into[..., start : start + count] = values[..., :count]


def _filled(a: np.ndarray, block: int) -> np.ndarray:
    """A contiguous part of ``block`` cells, the last cell repeated where there are fewer."""
    lacking = block - a.shape[-1]
    if not lacking:
        return np.ascontiguousarray(a)
    return np.concatenate([a, np.repeat(a[..., -1:], lacking, axis=-1)], axis=-1)


__all__ = ["BLOCK", "in_blocks"]
