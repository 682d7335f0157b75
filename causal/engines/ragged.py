"""Tests whose samples depend on which values are missing or masked among their own nodes."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from .evidence import Evidence
from .moments import CONSTANT
from .partial import DEPENDENT, NEAR, WIDTHS, _eliminated

CALL = 1 << 12


class RaggedEvidence(Evidence):
    """Evidence from the columns themselves: a sample counts in a test if every node of the test is known there.

    Args:
        columns: lagged columns, any number where not known, ``(cell, node, sample)``.
        known: whether a value is known, same shape.
        allowed: whether a value is not masked, same shape, or None.
        mask_type: roles (letters of ``xyz``) whose masked values leave a sample out.
        size: number of variables.
    """

    def __init__(
        self,
        columns: Float[Array, "cell node sample"],
        known: Bool[np.ndarray, "cell node sample"],
        allowed: Bool[np.ndarray, "cell node sample"] | None,
        mask_type: str,
        size: int,
    ) -> None:
        cells = columns.shape[0]
        self.columns = jnp.asarray(columns)
        self.known = jnp.asarray(known)
        self.allowed = None if allowed is None else jnp.asarray(allowed)
        self.roles = tuple(role in mask_type for role in "zxy")
        super().__init__(
            jnp.zeros((0, 1, 1)),
            np.zeros((cells, size), np.int64),
            np.asarray(known)[:, :size].sum(2),
        )

    def values(
        self, cell: np.ndarray, x: np.ndarray, target: np.ndarray, conditions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Test as `Evidence.values`, every test on the samples that all its nodes share."""
        number = x.size
        values, pivots, count = np.zeros(number), np.ones(number), np.zeros(number, int)
        nodes = np.column_stack([conditions, x, target]).astype(np.int32)
        widths = (
            np.searchsorted(WIDTHS, (conditions >= 0).sum(1))
            if conditions.shape[1]
            else np.zeros(number, int)
        )
        for width in np.unique(widths):
            mine = np.flatnonzero(widths == width)
            wide = min(WIDTHS[width], max(conditions.shape[1], 1))
            for first in range(0, mine.size, CALL):
                some = mine[first : first + CALL]
                here = np.full((some.size, WIDTHS[width] + 2), -1, np.int32)
                here[:, -2:] = nodes[some, -2:]
                if conditions.shape[1]:
                    here[:, :wide] = conditions[some, :wide]
                value, pivot, samples = self._call(cell[some], here)
                values[some], pivots[some], count[some] = value, pivot, samples
        low = pivots < NEAR
        if low.any():
            np.minimum.at(self.pivots, cell[low], pivots[low])
        return values, count

    def akaike(self, parents: np.ndarray) -> np.ndarray:
        """Akaike's criterion of each target given its parents, on the samples that they share."""
        cells, size, _ = parents.shape
        cell, target = np.repeat(np.arange(cells), size), np.tile(np.arange(size), cells)
        rows = parents.reshape(cells * size, -1)
        # Y beside itself and its parents: the variance left of Y is the last pivot of the elimination.
        entries, samples = self._moments(cell, np.column_stack([rows, target]).astype(np.int32))
        share = np.array([_left(entry) for entry in entries])
        number = (rows >= 0).sum(1)
        score = samples * np.log(np.maximum(share, 1e-300) * samples) + 2.0 * (number + 1)
        return score.reshape(cells, size)

    def _call(self, cell: np.ndarray, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Partial correlations, least pivots and samples of some tests."""
        entries, samples = self._moments(cell, nodes)
        value, pivot = _eliminated(entries)
        return value, pivot, samples

    def _moments(self, cell: np.ndarray, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Correlations among the nodes of each test over its own samples, and the number of these."""
        number = nodes.shape[0]
        block = 16
        filled = -(-number // block) * block
        padded = np.full((CALL if number <= CALL else filled, nodes.shape[1]), -1, np.int32)
        padded[:number] = nodes
        place = np.zeros(padded.shape[0], np.int32)
        place[:number] = cell
        entries, samples = _gather(
            self.columns,
            self.known,
            self.allowed,
            place,
            padded,
            np.int32(filled // block),
            block,
            self.roles,
        )
        return np.asarray(entries)[:number], np.asarray(samples)[:number].astype(int)


@partial(jax.jit, static_argnames=("block", "roles"))
def _gather(
    columns: Float[Array, "cell node sample"],
    known: Bool[Array, "cell node sample"],
    allowed: Bool[Array, "cell node sample"] | None,
    cell: Int[Array, " test"],
    nodes: Int[Array, "test row"],
    blocks: Int[Array, ""],
    block: int,
    roles: tuple[bool, bool, bool],
) -> tuple[Float[Array, "test row row"], Float[Array, " test"]]:
    """Correlate the nodes of every test over the samples where all are known, a block of tests at a time."""
    number, rows = nodes.shape
    role = np.array([roles[0]] * (rows - 2) + [roles[1], roles[2]])
    eye = jnp.eye(rows)

    def one(k: Array, out: tuple[Array, Array]) -> tuple[Array, Array]:
        here = jax.lax.dynamic_slice(nodes, (k * block, jnp.zeros_like(k)), (block, rows))
        where = jax.lax.dynamic_slice(cell, (k * block,), (block,))
        used = here >= 0
        place = jnp.where(used, here, 0)
        x = columns[where[:, None], place]
        counts = (known[where[:, None], place] | ~used[:, :, None]).all(1)
        if allowed is not None:
            free = allowed[where[:, None], place] | ~(used & role[None])[:, :, None]
            counts &= free.all(1)
        weight = counts.astype(x.dtype)
        total = weight.sum(1)
        share = weight / jnp.maximum(total, 1)[:, None]
        x = jnp.where(counts[:, None], x, 0.0)
        x = x - jnp.einsum("brt,bt->br", x, share)[:, :, None]
        moments = jnp.einsum("brt,bst->brs", x * share[:, None], x)
        variance = jnp.diagonal(moments, axis1=1, axis2=2)
        flat = variance <= jnp.maximum(CONSTANT, 1e-14)
        scale = jnp.where(flat, 0.0, 1 / jnp.sqrt(jnp.where(flat, 1.0, variance)))
        entries = moments * scale[:, :, None] * scale[:, None]
        both = used[:, :, None] & used[:, None]
        entries = jnp.where(both & (eye == 0), entries, eye)
        return (
            jax.lax.dynamic_update_slice(out[0], entries, (k * block, jnp.zeros_like(k), jnp.zeros_like(k))),
            jax.lax.dynamic_update_slice(out[1], total, (k * block,)),
        )

    return jax.lax.fori_loop(0, blocks, one, (jnp.zeros((number, rows, rows)), jnp.zeros(number)))


def _left(entries: np.ndarray) -> float:
    """Variance left of the last node given the others."""
    inner, outer = entries[:-1, :-1], entries[:-1, -1]
    return float(1.0 - outer @ np.linalg.pinv(inner, hermitian=True, rcond=DEPENDENT) @ outer)
