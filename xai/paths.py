"""Gradients gathered on the way from a baseline to the input: integrated and expected gradients."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, PRNGKeyArray, PyTree

from data.errors import ConfigError

from .explained import Explained, explained, total
from .function import Function, Progress, evaluate, finite, needs_gradient
from .gradients import value_and_pull


def integrated_gradients(
    f: Function,
    x: PyTree,
    *,
    baseline: PyTree,
    steps: int = 32,
    chunk: int | None = None,
    progress: Progress = None,
) -> Explained:
    """Integral of the gradient along the straight way from the baseline, times that way [@sundararajan2017].

    The integral is by Gauss and Legendre's rule, exact for polynomials of the gradient of degree below 2 `steps`; the
    efficiency gap is what the rule leaves. At kinks (relu, limits) it falls slowly, about as 1 / `steps` squared.

    Args:
        f: function of a pytree of float arrays that returns an array of shape (*out).
        x: the input.
        baseline: where the way begins, like x.
        steps: nodes, each a gradient.
        chunk: gradients at once; all where None.
        progress: is told how many gradients are done.

    Raises:
        ConfigError: fewer than one step.
        ModelError: f cannot be differentiated or is not finite on the way.
        DataError: an input is not of floats.
    """
    needs_gradient(f, x, "integrated_gradients")
    if steps < 1:
        raise ConfigError(f"{steps} steps cannot integrate", "integrated_gradients", "choose 1 or more")
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    where, weights = 0.5 * (nodes + 1.0), 0.5 * weights
    base, prediction = _ends(f, x, baseline)
    finite(base, "the prediction at the baseline")
    finite(prediction)
    size = min(chunk or steps, steps)
    gathered = None
    for first in range(0, steps, size):
        some = np.zeros(size), np.zeros(size)
        count = min(size, steps - first)
        some[0][:count], some[1][:count] = where[first : first + count], weights[first : first + count]
        part = _along(f, x, baseline, jnp.asarray(some[0]), jnp.asarray(some[1]))
        gathered = part if gathered is None else jax.tree.map(jnp.add, gathered, part)
        if progress is not None:
            progress(first + count, steps)
    out = explained(gathered, base, prediction)
    finite(out.efficiency_gap, "the gradient between baseline and input")
    return out


def expected_gradients(
    f: Function,
    x: PyTree,
    *,
    background: PyTree,
    key: PRNGKeyArray,
    draws: int = 200,
    chunk: int | None = None,
    progress: Progress = None,
) -> Explained:
    """Integrated gradients averaged over a background: gradients at random places on random ways [@erion2021].

    With at least two draws a row, each row of the background is used equally often, in pairs: what the rows differ by
    then leaves no error, and the standard error comes from within the pairs. With fewer, rows are drawn at random.

    Args:
        f: function of a pytree of float arrays that returns an array of shape (*out).
        x: the input.
        background: inputs that the attribution counts from, each leaf with a leading axis of rows.
        key: of the draws.
        draws: gradients; those beyond a multiple of twice the rows are left out, if there are that many.
        chunk: gradients at once; all where None.
        progress: is told how many gradients are done.

    Returns:
        Explained: its base value is the mean prediction over the background.

    Raises:
        ConfigError: fewer than two draws.
        ModelError: f cannot be differentiated or is not finite.
        DataError: an input is not of floats.
    """
    needs_gradient(f, x, "expected_gradients")
    if draws < 2:
        raise ConfigError(f"{draws} draws have no standard error", "expected_gradients", "choose 2 or more")
    rows = int(jax.tree.leaves(background)[0].shape[0])
    which, along = jr.split(key)
    pairs = draws // (2 * rows) * rows
    every = jnp.repeat(jnp.tile(jnp.arange(rows), pairs // rows), 2)
    row = every if pairs else jr.randint(which, (draws,), 0, rows)
    place = jr.uniform(along, row.shape)
    return gradients_at(f, x, background, row, place, paired=pairs > 0, chunk=chunk, progress=progress)


def gradients_at(
    f: Function,
    x: PyTree,
    background: PyTree,
    row: Array | np.ndarray,
    place: Array | np.ndarray,
    *,
    paired: bool = False,
    chunk: int | None = None,
    progress: Progress = None,
) -> Explained:
    """Expected gradients at given draws, so that another implementation can be compared on the same.

    Args:
        f: function of a pytree of float arrays that returns an array of shape (*out).
        x: the input.
        background: each leaf with a leading axis of rows.
        row: row of the background of each draw, (draw,).
        place: share of the way from that row to x, (draw,).
        paired: whether draws come in pairs of one row, and all rows equally often, so that rows leave no error.
        chunk: gradients at once; all where None.
        progress: is told how many gradients are done.
    """
    draws = len(row)
    size = min(chunk or draws, draws)
    size += size % 2 if paired else 0
    base, prediction = _mean_and_value(f, x, background)
    finite(base, "the mean prediction over the background")
    finite(prediction)
    sums = None
    for first in range(0, draws, size):
        count = min(size, draws - first)
        pad = (0, size - count)
        r = jnp.pad(jnp.asarray(row[first : first + count]), pad)
        a = jnp.pad(jnp.asarray(place[first : first + count]), pad)
        part = _drawn(f, x, background, r, a, jnp.arange(size) < count, paired)
        sums = part if sums is None else jax.tree.map(jnp.add, sums, part)
        if progress is not None:
            progress(first + count, draws)
    assert sums is not None
    mean = jax.tree.map(lambda s: s / draws, sums[0])
    if paired:
        error = jax.tree.map(lambda q: jnp.sqrt(q) / draws, sums[1])
    else:
        error = jax.tree.map(
            lambda m, q: jnp.sqrt(jnp.maximum(q / draws - m**2, 0.0) / max(draws - 1, 1)), mean, sums[1]
        )
    out = explained(mean, base, prediction, error)
    finite(out.efficiency_gap, "the gradient between background and input")
    return out


def gradients_of_samples(
    f: Function,
    xs: PyTree,
    background: PyTree,
    row: Array | np.ndarray,
    place: Array | np.ndarray,
    *,
    chunk: int | None = None,
    progress: Progress = None,
) -> Explained:
    """Expected gradients of many samples at given draws, all in one program.

    Args:
        f: function of a pytree of float arrays that returns an array of shape (*out).
        xs: inputs, each leaf with a leading axis of samples.
        background: each leaf with a leading axis of rows.
        row: row of the background of each draw, (sample, draw).
        place: share of the way from that row to the sample, (sample, draw).
        chunk: samples at once; all where None.
        progress: is told how many samples are done.

    Returns:
        Explained with the samples leading in every array.
    """
    needs_gradient(f, xs, "expected_gradients")
    count = len(row)
    size = min(chunk or count, count)
    parts = []
    for first in range(0, count, size):
        index = np.minimum(np.arange(first, first + size), count - 1)
        held = (
            (jax.tree.map(lambda a, i=index: a[i], xs), row[index], place[index])
            if size < count
            else (xs, row, place)
        )
        found = _of_samples(f, held[0], background, jnp.asarray(held[1]), jnp.asarray(held[2]))
        parts.append(jax.tree.map(lambda a, n=min(size, count - first): a[:n], found))
        if progress is not None:
            progress(min(first + size, count), count)
    mean, error, predictions = (
        jax.tree.map(lambda *a: jnp.concatenate(a), *parts) if len(parts) > 1 else parts[0]
    )
    base = evaluate(f, background).mean(axis=0)
    base = jnp.broadcast_to(base, predictions.shape)
    gap = predictions - base - total(mean, predictions.ndim)
    finite(gap, "the gradient between background and input")
    return Explained(mean, error, base, predictions, gap)


@eqx.filter_jit
def _of_samples(
    f: Any, xs: PyTree, background: PyTree, row: Array, place: Array
) -> tuple[PyTree, PyTree, Array]:
    background = _arrays(background)
    draws = row.shape[1]

    def one(x: PyTree, row: Array, place: Array) -> tuple[PyTree, PyTree, Array]:
        def at(row: Array, place: Array) -> PyTree:
            start = jax.tree.map(lambda b: b[row], background)
            way = jax.tree.map(jnp.subtract, x, start)
            here = jax.tree.map(lambda b, w: b + place.astype(b.dtype) * w, start, way)
            return jax.tree.map(lambda s, w: s * w, value_and_pull(f, here)[1], way)

        parts = jax.vmap(at)(row, place)
        error = jax.tree.map(lambda p: p.std(axis=0, ddof=1) / draws**0.5, parts)
        return jax.tree.map(lambda p: p.mean(axis=0), parts), error, jnp.asarray(f(x))

    return jax.vmap(one)(_arrays(xs), row, place)


@eqx.filter_jit
def _ends(f: Any, x: PyTree, baseline: PyTree) -> tuple[Array, Array]:
    return jnp.asarray(f(_arrays(baseline))), jnp.asarray(f(_arrays(x)))


@eqx.filter_jit
def _along(f: Any, x: PyTree, baseline: PyTree, where: Array, weights: Array) -> PyTree:
    x, baseline = _arrays(x), _arrays(baseline)
    way = jax.tree.map(jnp.subtract, x, baseline)

    def at(place: Array) -> PyTree:
        here = jax.tree.map(lambda b, w: b + place.astype(b.dtype) * w, baseline, way)
        return value_and_pull(f, here)[1]

    slopes = jax.vmap(at)(where)
    return jax.tree.map(lambda s, w: w * jnp.tensordot(weights.astype(s.dtype), s, axes=1), slopes, way)


@eqx.filter_jit
def _mean_and_value(f: Any, x: PyTree, background: PyTree) -> tuple[Array, Array]:
    values = jax.vmap(lambda b: jnp.asarray(f(b)))(_arrays(background))
    return values.mean(axis=0), jnp.asarray(f(_arrays(x)))


@eqx.filter_jit
def _drawn(
    f: Any, x: PyTree, background: PyTree, row: Array, place: Array, counts: Array, paired: bool
) -> tuple[PyTree, PyTree]:
    """Sum over draws of the gradient times the way, and the sum of its squares, leaves (*out, *leaf).

    Of pairs, the squares are those of the differences within a pair: their sum is the variance of the sum, as each
    pair's mean varies by a quarter of the square of its difference.
    """
    x, background = _arrays(x), _arrays(background)

    def at(row: Array, place: Array) -> PyTree:
        start = jax.tree.map(lambda b: b[row], background)
        way = jax.tree.map(jnp.subtract, x, start)
        here = jax.tree.map(lambda b, w: b + place.astype(b.dtype) * w, start, way)
        return jax.tree.map(lambda s, w: s * w, value_and_pull(f, here)[1], way)

    def held(p: Array) -> Array:
        return jnp.where(counts.reshape(-1, *[1] * (p.ndim - 1)), p, 0.0)

    parts = jax.tree.map(held, jax.vmap(at)(row, place))
    squared = jax.tree.map(lambda p: p[::2] - p[1::2], parts) if paired else parts
    return (
        jax.tree.map(lambda p: p.sum(axis=0), parts),
        jax.tree.map(lambda p: (p**2).sum(axis=0), squared),
    )


def _arrays(x: PyTree) -> PyTree:
    return jax.tree.map(jnp.asarray, x)
