"""Correlations of all lagged columns of many cells at once: what every linear test is made from.

A node is a variable at a lag, numbered ``lag * N + variable``; samples start at ``2 * tau_max``, so that every
test of a cell has the same ones (the convention of tigramite 5.2).
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
from jax.scipy.special import ndtri
from jaxtyping import Array, Float, Int

CONSTANT = 1e-20
"""A variance below this share of the squared mean is none: the series is constant."""
EDGE = 1e-5
"""Distance from 0 and 1 that ranks keep, as in tigramite's RobustParCorr."""


def samples(length: int, tau_max: int) -> int:
    """Number of samples of a series of ``length`` steps once ``2 * tau_max`` are used up by lags."""
    return length - 2 * tau_max


@partial(jax.jit, static_argnums=1)
def correlations(
    values: Float[Array, "cell time variable"], tau_max: int
) -> tuple[Float[Array, "cell node node"], Float[Array, "cell node"]]:
    """Correlate every lagged column with every other, over the samples ``2 * tau_max`` to the end.

    Sums over time are made for lag 0 alone; those of later lags differ from them by one term at either end, so
    the work grows with the number of lags, not with its square.

    Args:
        values: series, float64.
        tau_max: largest lag; columns reach to twice as much [steps].

    Returns:
        Correlations with ones on the diagonal and zeros beside a constant column, and variances of the columns
        relative to that of the whole series (0 where constant).
    """
    reach = 2 * tau_max
    lags = reach + 1

    def one(x: Array) -> tuple[Array, Array]:
        x, number = _standard(x), x.shape[0] - reach
        size = x.shape[1]
        columns = jnp.stack([x[reach - lag : x.shape[0] - lag] for lag in range(lags)], axis=1)
        first = jnp.einsum("ti,tbj->bij", x[reach:], columns)
        head = x[reach::-1] if reach else x[:1]
        head = head[:lags]
        tail = x[::-1][:lags]

        def step(above: Array, a: Array) -> tuple[Array, Array]:
            # Row a from row a-1: every sum loses its last sample and gains one before its first.
            gained = jnp.einsum("i,bj->bij", head[a], head[1:])
            lost = jnp.einsum("i,bj->bij", tail[a - 1], tail[:-1])
            row = jnp.concatenate([first[a].T[None], above[:-1] + gained - lost])
            return row, row

        _, rows = jax.lax.scan(step, first, jnp.arange(1, lags))
        sums = jnp.concatenate([first[None], rows])
        means = columns.sum(0).reshape(-1) / number
        products = sums.transpose(0, 2, 1, 3).reshape(lags * size, lags * size)
        return _normalise(products / number - means[:, None] * means[None, :])

    return jax.vmap(one)(values)


@partial(jax.jit, static_argnames=("tau_max", "robust"))
def resampled(
    values: Float[Array, "cell time variable"],
    times: Int[Array, "cell sample"],
    weights: Float[Array, "cell sample"],
    tau_max: int,
    robust: bool = False,
) -> tuple[Float[Array, "cell node node"], Float[Array, "cell node"]]:
    """Correlate lagged columns over chosen samples: a bootstrap replicate, a season, or ranks.

    Args:
        values: series, float64.
        times: time steps that are the samples, from ``2 * tau_max`` on; repeated ones count as often.
        weights: 1 for a sample that counts, else 0.
        tau_max: largest lag [steps].
        robust: whether each column is first given normal marginals by its ranks (RobustParCorr).

    Returns:
        As `correlations`.
    """

    def one(x: Array, when: Array, weight: Array) -> tuple[Array, Array]:
        return from_columns(lagged_columns(_standard(x), when, tau_max), weight, robust)

    return jax.vmap(one)(values, times, weights)


@partial(jax.jit, static_argnames=("tau_max", "robust"))
def pooled(
    values: Float[Array, "member time variable"],
    times: Int[Array, "member sample"],
    weights: Float[Array, "member sample"],
    tau_max: int,
    robust: bool = False,
) -> tuple[Float[Array, "node node"], Float[Array, " node"]]:
    """Correlate lagged columns over the samples of all members of a panel together, as if of one series."""
    every = values.reshape(-1, values.shape[2])
    centred = _standard(every).reshape(values.shape)
    columns = jax.vmap(lagged_columns, (0, 0, None))(centred, times, tau_max)
    return from_columns(columns.reshape(-1, columns.shape[2]), weights.reshape(-1), robust)


def lagged_columns(x: Array, times: Array, tau_max: int) -> Array:
    """Columns of every variable at every lag up to ``2 * tau_max``, ``(sample, node)``."""
    columns = jnp.stack([x[times - lag] for lag in range(2 * tau_max + 1)], axis=1)
    return columns.reshape(times.shape[0], -1)


def from_columns(columns: Array, weights: Array, robust: bool) -> tuple[Array, Array]:
    """Correlations of columns, ``(sample, node)``, over the samples of weight 1."""
    number = weights.sum()
    if robust:
        columns = _normal_scores(columns, weights)
    weight = weights[:, None] / jnp.maximum(number, 1)
    columns = columns - (columns * weight).sum(0)
    return _normalise(columns.T @ (columns * weight))


def _standard(x: Array) -> Array:
    """Centre and scale each series, so that sums keep their digits; a constant series becomes zeros."""
    mean = x.mean(0)
    centred = x - mean
    variance = (centred**2).mean(0)
    flat = variance <= CONSTANT * jnp.maximum(mean**2, 1e-280)
    return jnp.where(flat, 0.0, centred / jnp.sqrt(jnp.where(flat, 1.0, variance)))


def _normalise(covariance: Array) -> tuple[Array, Array]:
    """Turn covariances of scaled columns into correlations; a constant column correlates with nothing."""
    variance = jnp.diagonal(covariance)
    flat = variance <= 1e-14
    scale = jnp.where(flat, 0.0, 1 / jnp.sqrt(jnp.where(flat, 1.0, variance)))
    found = covariance * scale[:, None] * scale[None, :]
    size = covariance.shape[0]
    return found.at[jnp.arange(size), jnp.arange(size)].set(1.0), jnp.where(flat, 0.0, variance)


def _normal_scores(columns: Array, weights: Array) -> Array:
    """Give each column normal marginals: ranks by the empirical distribution, then the normal quantile."""
    number = weights.sum()

    def scores(column: Array) -> Array:
        known = jnp.where(weights > 0, column, jnp.inf)
        share = jnp.searchsorted(jnp.sort(known), column, side="right") / number
        share = jnp.clip(jnp.where(share >= 1.0, 1.0 - EDGE, share), EDGE, 1.0 - EDGE)
        return jnp.where(weights > 0, ndtri(share), 0.0)

    return jax.vmap(scores, in_axes=1, out_axes=1)(columns)
