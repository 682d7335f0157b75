"""The function that is explained: traced by JAX, or called one input at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from data.errors import DataError, ModelError

Progress = Callable[[int, int], None] | None
"""Is told how much is done, and of how much."""


class Plain:
    """A function that JAX cannot trace: NumPy, scikit-learn, a simulation behind a file.

    It is called with NumPy leaves, one input at a time, or with a leading batch axis where ``batched``. Methods that
    need its gradient refuse it.

    Args:
        f: function of a pytree that returns a scalar or an array.
        batched: whether f takes inputs with a leading batch axis and returns (batch, *out).
    """

    def __init__(self, f: Callable[[Any], Any], *, batched: bool = False) -> None:
        self.f = f
        self.batched = batched

    def __call__(self, x: PyTree) -> np.ndarray:
        """f at one input."""
        x = jax.tree.map(np.asarray, x)
        if not self.batched:
            return np.asarray(self.f(x))
        return np.asarray(self.f(jax.tree.map(lambda a: a[None], x)))[0]

    def rows(self, xs: PyTree) -> np.ndarray:
        """f at inputs with a leading batch axis, (batch, *out)."""
        xs = jax.tree.map(np.asarray, xs)
        if self.batched:
            return np.asarray(self.f(xs))
        count = _rows(xs)
        return np.stack([np.asarray(self.f(jax.tree.map(lambda a, i=i: a[i], xs))) for i in range(count)])


Function = Callable[[Any], Any] | Plain


def needs_gradient(f: Function, x: PyTree, method: str) -> None:
    """Raise where a gradient cannot be taken: f is not traced, or an input is not of floats.

    Raises:
        ModelError: f is a `Plain` function.
        DataError: a leaf is of integers or truth values.
    """
    if isinstance(f, Plain):
        raise ModelError(
            "the function cannot be differentiated",
            f"method {method!r}",
            "give a JAX function, or use a method that only evaluates (occlusion, kernel_shap, permutation_shap)",
        )
    floats(x, method)


def floats(x: PyTree, method: str) -> None:
    """Raise DataError where a leaf is not of floats."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(x):
        if not jnp.issubdtype(jnp.asarray(leaf).dtype, jnp.floating):
            name = jax.tree_util.keystr(path).strip("[]'\"") or "the input"
            raise DataError(
                f"{name} is of type {jnp.asarray(leaf).dtype}, and a gradient needs floats",
                f"method {method!r}",
                "convert it with .astype(float), or hold it inside the function",
            )


def evaluate(
    f: Function, xs: PyTree, chunk: int | None = None, progress: Progress = None
) -> Float[Array, " batch *out"]:
    """f over a leading batch axis of every leaf, in chunks of bounded memory.

    Args:
        f: function of one input.
        xs: leaves (batch, *leaf).
        chunk: rows at once; all where None.
        progress: is told how many rows are done.

    Returns:
        (batch, *out).

    Raises:
        ModelError: f returned a value that is not finite.
    """
    count = _rows(xs)
    size = min(chunk or count, count)
    parts: list[Any] = []
    for first in range(0, count, size):
        part = jax.tree.map(lambda a, first=first: a[first : first + size], xs)
        if isinstance(f, Plain):
            parts.append(f.rows(part))
        else:
            short = size - _rows(part)
            if short:
                part = _padded(part, short)
            parts.append(_rows_program(f, part)[: size - short])
        if progress is not None:
            progress(min(first + size, count), count)
    return finite(jnp.concatenate([jnp.asarray(p) for p in parts]))


def finite(values: Array, what: str = "the prediction") -> Array:
    """The values, if all are finite.

    Raises:
        ModelError: some are not.
    """
    bad = np.argwhere(~np.isfinite(np.asarray(values)))
    if len(bad):
        raise ModelError(
            f"{what} is not finite at {len(bad)} of {np.asarray(values).size} evaluations",
            f"first at index {tuple(int(i) for i in bad[0])}",
            "keep the function finite for inputs between baseline and sample, or choose a baseline inside its domain",
        )
    return values


@eqx.filter_jit
def _rows_program(f: Any, xs: PyTree) -> Array:
    return jax.vmap(lambda x: jnp.asarray(f(x)))(xs)


def _padded(xs: PyTree, more: int) -> PyTree:
    return jax.tree.map(lambda a: jnp.concatenate([a, jnp.repeat(a[-1:], more, axis=0)]), xs)


def _rows(xs: PyTree) -> int:
    return int(jax.tree.leaves(xs)[0].shape[0])
