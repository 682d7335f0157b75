"""Partial correlations of many tests at once, each from the correlation matrix of its cell."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from scipy.special import stdtr, stdtrit

from data.errors import DataError

DEPENDENT = 1e-11
"""A condition whose variance given the others is below this adds nothing: it is left out, which is what the least
norm solution amounts to."""
NEAR = 1e-7
"""Below this the digits of a value are too few to compare it with another engine's."""
WIDTHS = (4, 6, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32, 48, 64, 96, 128, 192, 256, 384, 512)
"""Numbers of conditions that a program is compiled for; a test takes the next larger one."""
UNROLLED = 24 if tuple(int(part) for part in jax.__version__.split(".")[:2]) >= (0, 11) else 4
"""Up to this many conditions the elimination is written out, which XLA compiles well only since JAX 0.11."""
ROW = 1 << 18
"""Shortest row of entries; longer ones are four, sixteen, ... times as long."""
CALL = 1 << 15
"""Most tests of one call."""


def block_size() -> int:
    """Tests worked on together: few on a CPU, so that they stay in its cache."""
    return 256 if jax.default_backend() == "cpu" else 1 << 13


@partial(jax.jit, static_argnames=("block",))
def _values(
    matrices: Float[Array, " entry"],
    offset: Int[Array, " test"],
    nodes: Int[Array, "row test"],
    blocks: Int[Array, ""],
    size: Int[Array, ""],
    block: int,
) -> tuple[Float[Array, " test"], Float[Array, " test"]]:
    """Partial correlation and least pivot of each test; ``nodes`` holds conditions, then X, then Y."""
    rows = nodes.shape[0]
    wide = nodes.shape[1]

    def one(k: Array, out: tuple[Array, Array]) -> tuple[Array, Array]:
        here = jax.lax.dynamic_slice(nodes, (jnp.zeros_like(k), k * block), (rows, block))
        start = jax.lax.dynamic_slice(offset, (k * block,), (block,))
        value, pivot = (_unrolled if rows - 2 <= UNROLLED else _factored)(matrices, start, here, size)
        return (
            jax.lax.dynamic_update_slice(out[0], value, (k * block,)),
            jax.lax.dynamic_update_slice(out[1], pivot, (k * block,)),
        )

    return jax.lax.fori_loop(0, blocks, one, (jnp.zeros(wide), jnp.ones(wide)))


def _unrolled(matrices: Array, start: Array, nodes: Array, size: Array) -> tuple[Array, Array]:
    """Cholesky's elimination of the conditions, column by column, with the tests along the last axis."""
    rows = nodes.shape[0]
    lower, upper = np.tril_indices(rows)
    order = np.lexsort((lower, upper))
    lower, upper = lower[order], upper[order]
    used = nodes >= 0
    place = jnp.where(used, nodes, 0)
    both = used[lower] & used[upper]
    entries = jnp.take(matrices, start + place[lower] * size + place[upper], mode="clip")
    entries = jnp.where(both, entries, (lower == upper).astype(entries.dtype)[:, None])
    entries = jax.lax.optimization_barrier(entries)
    done: list[Array] = []
    pivots = jnp.ones(nodes.shape[1])
    at = 0
    for column in range(rows - 2):
        rest = entries[at : at + rows - column]
        at += rows - column
        for m, factor in enumerate(done):
            rest = rest - factor[column - m :] * factor[column - m]
        pivot = rest[0]
        pivots = jnp.minimum(pivots, pivot)
        scale = jnp.where(pivot > DEPENDENT, jax.lax.rsqrt(jnp.where(pivot > DEPENDENT, pivot, 1.0)), 0.0)
        done.append(jax.lax.optimization_barrier(rest * scale))
    xx, xy, yy = entries[at], entries[at + 1], entries[at + 2]
    for factor in done:
        xx, xy, yy = xx - factor[-2] ** 2, xy - factor[-2] * factor[-1], yy - factor[-1] ** 2
    return _quotient(xx, xy, yy, pivots)


def _factored(matrices: Array, start: Array, nodes: Array, size: Array) -> tuple[Array, Array]:
    """The same from one library factorisation per test, for many conditions; NaN where it breaks down."""
    rows = nodes.shape[0]
    here = nodes.T
    used = here >= 0
    place = jnp.where(used, here, 0)
    entries = jnp.take(matrices, (start[:, None] + place * size)[:, :, None] + place[:, None], mode="clip")
    entries = jnp.where(used[:, :, None] & used[:, None], entries, jnp.eye(rows, dtype=entries.dtype))
    factor = jax.lax.linalg.cholesky(entries, symmetrize_input=False)
    a, b = factor[:, -1, -2], factor[:, -1, -1]
    diagonal = jnp.diagonal(factor, axis1=1, axis2=2)[:, :-1]
    left = jnp.minimum(diagonal.min(1) ** 2, a**2 + b**2)
    return a / jnp.sqrt(a * a + b * b), left


def _eliminated(entries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same on the host for the few tests with dependent conditions, ``(test, row, row)``."""
    entries = entries.copy()
    rows = entries.shape[1]
    pivots = np.ones(entries.shape[0])
    for k in range(rows - 2):
        pivot = entries[:, k, k].copy()
        np.minimum(pivots, pivot, out=pivots)
        inverse = np.where(pivot > DEPENDENT, 1.0 / np.where(pivot > DEPENDENT, pivot, 1.0), 0.0)
        row = entries[:, k].copy()
        entries -= row[:, :, None] * (row * inverse[:, None])[:, None]
    xx, xy, yy = entries[:, -2, -2], entries[:, -2, -1], entries[:, -1, -1]
    left = np.minimum(xx, yy)
    good = left > DEPENDENT
    value = np.where(good, xy / np.sqrt(np.where(good, xx * yy, 1.0)), 0.0)
    return np.clip(value, -1.0, 1.0), np.minimum(pivots, left)


def _quotient(xx: Array, xy: Array, yy: Array, pivots: Array) -> tuple[Array, Array]:
    """Correlation from what is left of X and Y; 0 where the conditions leave nothing of either."""
    left = jnp.minimum(xx, yy)
    good = left > DEPENDENT
    value = jnp.where(good, xy / jnp.sqrt(jnp.where(good, xx * yy, 1.0)), 0.0)
    return jnp.clip(value, -1.0, 1.0), jnp.minimum(pivots, left)


def in_one_row(matrices: Float[Array, "matrix node node"]) -> Float[Array, " entry"]:
    """All entries in one row, filled up with zeros to one of few lengths, so that few programs serve all searches."""
    length = ROW
    while length < matrices.size:
        length *= 4
    return jnp.pad(matrices.reshape(-1), (0, length - matrices.size))


def partial_correlations(
    matrices: Float[Array, "matrix node node"],
    flat: Float[Array, " entry"],
    which: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    conditions: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Partial correlation of X and Y given Z for every test.

    Args:
        matrices: correlations of nodes, from `moments`.
        flat: the same in one row, from `in_one_row`.
        which: the matrix of each test, ``(test,)``.
        x: node of X, ``(test,)``.
        y: node of Y, ``(test,)``.
        conditions: nodes of Z from the left, then -1, ``(test, width)``.

    Returns:
        The values, and the least variance that an eliminated node, X or Y had left: below `NEAR` digits are lost,
        below `DEPENDENT` something depends on the rest.
    """
    number, size = x.shape[0], matrices.shape[-1]
    values, pivots = np.zeros(number), np.ones(number)
    counts = (conditions >= 0).sum(1)
    offset = which.astype(np.int64) * size * size
    widths = np.searchsorted(WIDTHS, counts)
    for width in np.unique(widths):
        mine = np.flatnonzero(widths == width)
        if width >= len(WIDTHS):
            raise DataError(
                f"a test has more than {WIDTHS[-1]} conditions",
                "selection of conditions",
                "lower pc_alpha, or bound them by max_conds_dim, max_conds_py and max_conds_px",
            )
        wide = WIDTHS[width]
        for first in range(0, mine.size, CALL):
            some = mine[first : first + CALL]
            values[some], pivots[some] = _call(flat, offset, x, y, conditions, some, wide, size)
    broken = np.flatnonzero(~np.isfinite(values) | ~(pivots > 2 * DEPENDENT))
    for first in range(0, broken.size, 1024):
        some = broken[first : first + 1024]
        values[some], pivots[some] = _dependent(matrices, which, x, y, conditions, some)
    return values, pivots


def _dependent(
    matrices: Array, which: np.ndarray, x: np.ndarray, y: np.ndarray, conditions: np.ndarray, some: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Work out tests in which something depends on the rest, where a factorisation breaks down."""
    nodes = np.column_stack([conditions[some], x[some], y[some]])
    used = nodes >= 0
    place = np.where(used, nodes, 0)
    entries = np.asarray(matrices)[which[some][:, None, None], place[:, :, None], place[:, None]]
    both = used[:, :, None] & used[:, None]
    return _eliminated(np.where(both, entries, np.eye(nodes.shape[1])))


def _call(
    flat: Array,
    offset: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    conditions: np.ndarray,
    some: np.ndarray,
    wide: int,
    size: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Hand tests of one width to the compiled program, filled up to its fixed number."""
    block = block_size()
    nodes = np.full((wide + 2, CALL), -1, np.int32)
    taken = min(wide, conditions.shape[1])
    nodes[:taken, : some.size] = conditions[some, :taken].T
    nodes[wide, : some.size] = x[some]
    nodes[wide + 1, : some.size] = y[some]
    start = np.zeros(CALL, np.int64)
    start[: some.size] = offset[some]
    blocks = np.int32(-(-some.size // block))
    value, pivot = _values(flat, start, nodes, blocks, np.int64(size), block=block)
    return np.asarray(value)[: some.size], np.asarray(pivot)[: some.size]


def p_values(values: np.ndarray, freedom: np.ndarray) -> np.ndarray:
    """Two-sided p-values of (partial) correlations by Student's t.

    Args:
        values: correlations.
        freedom: degrees of freedom, samples less X, Y and conditions.

    Returns:
        p-values; NaN where there is no degree of freedom.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(values) * np.sqrt(freedom / (1.0 - values * values))
        found = 2.0 * stdtr(np.maximum(freedom, 1), -t)
    found = np.where(np.abs(values) >= 1.0, 0.0, found)
    return np.where(freedom < 1, np.nan, found)


def critical(alpha: float, freedom: np.ndarray) -> np.ndarray:
    """Correlation whose p-value is ``alpha``; infinite where there is no degree of freedom."""
    kinds, place = np.unique(freedom, return_inverse=True)
    positive = np.maximum(kinds, 1)
    t = stdtrit(positive, 1.0 - alpha / 2.0)
    return np.where(kinds < 1, np.inf, t / np.sqrt(positive + t * t))[place]
