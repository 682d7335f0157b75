"""Methods that attribute to single cells, over many samples at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, PyTree

from .explained import Explained, total
from .function import Function, Plain, Progress, evaluate, needs_gradient
from .gradients import gradient, input_x_gradient, smoothgrad
from .occlusion import occlusion, own_parts
from .paths import expected_gradients, integrated_gradients
from .wrapped import Samples

BUDGET = 2**24
"""Numbers of the input that are held at once by default, over samples and evaluations."""

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Task:
    """What is computed for every sample.

    Attributes:
        f: function of one sample that returns an array of shape (*out).
        method: its name.
        options: its settings.
        seed: of draws, the same for all samples, so that samples can be compared.
        chunk: evaluations at once; None for as many as the budget holds.
    """

    f: Function
    method: str
    options: Mapping[str, Any]
    seed: int
    chunk: int | None


def by_cells(
    task: Task, x: Arrays, against: Arrays | None, free: Arrays, rows: bool, progress: Progress
) -> Explained:
    """Attribution of every sample to its cells.

    Args:
        task: what is computed.
        x: inputs (sample, *leaf).
        against: baselines (sample, *leaf), or a background (row, *leaf) where `rows`; None for methods without.
        free: cells that may be moved, like `x`.
        rows: whether `against` is a background.
        progress: is told how many samples are done.

    Returns:
        Explained with the samples leading in every array: attributions (sample, *out, *leaf).
    """
    if task.method != "occlusion":
        needs_gradient(task.f, {n: v[0] for n, v in x.items()}, task.method)
    count = len(next(iter(x.values())))
    numbers = sum(v[0].size for v in x.values())
    runs = int(task.options.get("steps", task.options.get("draws", 32)))
    size = min(count, max(1, BUDGET // (numbers * runs)))
    at_once = task.chunk or max(1, BUDGET // (numbers * size))
    parts = []
    for first in range(0, count, size):
        part = slice(first, min(first + size, count))
        theirs = against if rows or against is None else {n: v[part] for n, v in against.items()}
        some = {n: v[part] for n, v in x.items()}
        parts.append(_chunk(task, some, theirs, {n: v[part] for n, v in free.items()}, rows, at_once))
        if progress is not None:
            progress(part.stop, count)
    return jax.tree.map(lambda *a: np.concatenate(a), *parts)


def _chunk(
    task: Task, x: Arrays, against: Arrays | None, free: Arrays, rows: bool, at_once: int
) -> Explained:
    count = len(next(iter(x.values())))
    start = {n: np.where(free[n], v, 0).astype(v.dtype) for n, v in x.items()}
    each, summed = together(task.f, x, free)
    key, options = jr.key(task.seed), dict(task.options)
    if task.method in ("gradient", "smoothgrad"):
        by = gradient if task.method == "gradient" else partial(smoothgrad, key=key, **options)
        found = by(summed, start)
        prediction = evaluate(each, {n: v[None] for n, v in start.items()})[0]
        return _account(found.attribution, found.stderr, None, prediction)
    assert against is not None
    if rows:
        background = {
            n: np.where(free[n], v[:, None], 0).astype(v.dtype) for n, v in against.items()
        }  # (row, sample, *leaf)
        found = expected_gradients(summed, start, background=background, key=key, chunk=at_once, **options)
        if all(bool(v.all()) for v in free.values()):
            alone = evaluate(task.f, against, at_once).mean(axis=0)
            base = jnp.broadcast_to(alone, (count, *alone.shape))
        else:
            base = evaluate(each, background, max(1, at_once // count)).mean(axis=0)
        prediction = evaluate(each, {n: v[None] for n, v in start.items()})[0]
        return _account(found.attribution, found.stderr, base, prediction)
    b = {n: np.where(free[n], v, 0).astype(v.dtype) for n, v in against.items()}
    base, prediction = evaluate(each, {n: np.stack([b[n], start[n]]) for n in start})
    if task.method == "occlusion":
        single = own_parts({n: v[0] for n, v in x.items()})
        ids = {n: np.broadcast_to(i, (count, *i.shape)) for n, i in single.items()}
        lost = occlusion(each, start, baseline=b, ids=ids, chunk=at_once).attribution
        found = {n: lost[..., i.ravel()].reshape(*lost.shape[:-1], *i.shape) for n, i in single.items()}
        return Explained(
            found, jax.tree.map(jnp.zeros_like, found), base, prediction, _gap(found, base, prediction)
        )
    if task.method == "input_x_gradient":
        found = input_x_gradient(summed, start, baseline=b)
    else:
        found = integrated_gradients(summed, start, baseline=b, chunk=at_once, **options)
    return _account(found.attribution, found.stderr, base, prediction)


def together(f: Function, x: Arrays, free: Arrays) -> tuple[Any, Any]:
    """f over samples, and the sum over samples; cells that are not free are those of `x`."""
    if isinstance(f, Plain):

        def each(z: Arrays) -> np.ndarray:
            put = {n: np.where(free[n], z[n], v) for n, v in x.items()}
            return f.rows(put)

        return Plain(each), Plain(lambda z: each(z).sum(axis=0))
    whole = all(bool(v.all()) for v in free.values())
    held, may = (None, None) if whole else (x, free)
    return Samples(f, held, may, False), Samples(f, held, may, True)


def _account(attribution: PyTree, stderr: PyTree, base: Any, prediction: Array) -> Explained:
    """The account of each sample, from attributions of the sum over samples (*out, sample, *leaf)."""
    rank = prediction.ndim - 1

    def first(a: Array) -> Array:
        return jnp.moveaxis(a, rank, 0)

    attribution, stderr = jax.tree.map(first, attribution), jax.tree.map(first, stderr)
    if base is None:
        nothing = jnp.full_like(prediction, jnp.nan)
        return Explained(attribution, stderr, nothing, prediction, nothing)
    return Explained(attribution, stderr, base, prediction, _gap(attribution, base, prediction))


def _gap(attribution: PyTree, base: Array, prediction: Array) -> Array:
    return prediction - base - total(attribution, prediction.ndim)
