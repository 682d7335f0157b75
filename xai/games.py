"""Cooperative games: Shapley values from the worth of all coalitions, and what their estimators share."""

from __future__ import annotations

from collections.abc import Callable
from math import comb, factorial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PRNGKeyArray

from data.errors import ConfigError, ModelError

from .explained import Explained

Worth = Callable[..., Any]
"""Worth of coalitions: v(z) with truth values z (coalition, player) returns (coalition, *out); with background rows,
v(z, row) also takes the number of the row that stands for absent players, (coalition,)."""

MOST = 14
"""Players up to which all coalitions are evaluated."""


def exact(v: Worth, n: int) -> Explained:
    """Shapley values from all 2**n coalitions, without sampling [@shapley1953].

    Args:
        v: worth of coalitions, v(z): (coalition, player) truth values to (coalition, *out).
        n: number of players, at most 14.

    Returns:
        Explained with attribution (*out, player), base value v(none) and prediction v(all).

    Raises:
        ConfigError: no player, or too many.
        ModelError: a worth that is not finite.
    """
    check_players(n)
    if n > MOST:
        raise ConfigError(
            f"{n} players have {2**n} coalitions",
            "exact Shapley values",
            f"join players into at most {MOST} groups, or use kernel or permutation",
        )
    worth = worths(v, every_coalition(n))
    return account(shapley_of(worth, n), None, worth[0], worth[-1])


def every_coalition(n: int) -> np.ndarray:
    """Truth values (2**n, n) of all coalitions; player i is bit i of the row's number."""
    return (np.arange(2**n)[:, None] >> np.arange(n)) & 1 == 1


def shapley_of(worth: np.ndarray, n: int) -> np.ndarray:
    """Shapley values (player, *out) from the worth of all coalitions in the order of `every_coalition`.

    A player's gain is taken before it is weighted, so one who never adds anything has exactly zero.
    """
    sizes = every_coalition(max(n - 1, 0)).sum(axis=1)
    weights = np.array([1 / (n * comb(n - 1, s)) for s in range(n)])[sizes]
    values = []
    for i in range(n):
        split = worth.reshape(2 ** (n - 1 - i), 2, 2**i, -1)
        gains = (split[:, 1] - split[:, 0]).reshape(2 ** (n - 1), -1)
        values.append(weights @ gains)
    return np.stack(values).reshape(n, *worth.shape[1:])


def size_weights(n: int) -> np.ndarray:
    """Share of the orderings in which a player joins just after a given set of s others, s = 0 .. n - 1."""
    return np.array([factorial(s) * factorial(n - s - 1) / factorial(n) for s in range(n)])


def worths(v: Worth, z: np.ndarray, row: np.ndarray | None = None) -> np.ndarray:
    """Worth of coalitions in float64, each distinct pair of coalition and row evaluated once.

    Args:
        v: worth of coalitions.
        z: truth values (coalition, player).
        row: background row of each, (coalition,); None for a game without rows.

    Raises:
        ModelError: a worth that is not finite, or of a wrong number.
    """
    packed = np.packbits(z, axis=1)
    if row is not None:
        packed = np.concatenate([packed, row.astype(np.uint32)[:, None].view(np.uint8)], axis=1)
    _, first, back = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    back = back.ravel()
    order = np.sort(first)
    found = np.asarray(v(z[order]) if row is None else v(z[order], row[order]), dtype=np.float64)
    if found.shape[:1] != (len(order),):
        raise ModelError(
            f"the worth of {len(order)} coalitions has shape {found.shape}",
            "value function",
            "return one value, or array of outputs, for each coalition",
        )
    if not np.isfinite(found).all():
        raise ModelError(
            "the worth of a coalition is not finite",
            "value function",
            "choose a baseline inside the function's domain",
        )
    return found[np.searchsorted(order, first)[back]]


def ends(v: Worth, n: int, rows: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Worth without any player for each row, (row, *out), and with all, (*out)."""
    count = rows or 1
    z = np.zeros((count + 1, n), dtype=bool)
    z[-1] = True
    row = None if rows is None else np.append(np.arange(count), 0)
    if rows is None:
        found = worths(v, z)
        return found[:1], found[1]
    found = worths(v, z, row)
    return found[:-1], found[-1]


def account(
    values: np.ndarray, stderr: np.ndarray | None, base_value: np.ndarray, prediction: np.ndarray
) -> Explained:
    """Explained from values (player, *out), with the players last and the gap taken in float64."""
    values = np.moveaxis(np.asarray(values), 0, -1)
    error = np.zeros_like(values) if stderr is None else np.moveaxis(np.asarray(stderr), 0, -1)
    gap = prediction - base_value - values.sum(axis=-1)
    return Explained(
        jnp.asarray(values), jnp.asarray(error), *map(jnp.asarray, (base_value, prediction, gap))
    )


def generator(key: PRNGKeyArray) -> np.random.Generator:
    """A generator of NumPy's from a JAX key: designs are drawn on the host."""
    data = key if jnp.issubdtype(key.dtype, jnp.integer) else jax.random.key_data(key)
    return np.random.default_rng(np.asarray(data).ravel().astype(np.uint32))


def check_players(n: int, rows: int | None = None) -> None:
    """Raise ConfigError where there is no player or no background row."""
    if n < 1:
        raise ConfigError("the game has no player", "players", "give at least one group that is not fixed")
    if rows is not None and rows < 1:
        raise ConfigError("the background has no row", "background", "give at least one")
