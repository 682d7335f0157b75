"""Causal Shapley values: absent players follow from present ones as a causal graph says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from data.errors import ConfigError

from .causal_graph import ancestors, components
from .coalitions import check_fit
from .explained import Explained
from .function import Function, Progress, evaluate
from .games import MOST, account, check_players, every_coalition, generator
from .interventions import LinearSampler
from .players import Players, per_cell

Sampler = Callable[[PRNGKeyArray, np.ndarray, PyTree, int], PyTree]
"""sampler(key, known, x, n): n draws, leaves (n, *leaf), of the input when the players that are `known` (truth values)
are set to their values in x."""


class CausalExplained(eqx.Module):
    """Causal Shapley values and what they are made of, each (*out, player).

    Attributes:
        explained: values with their account.
        direct: change of the output when a player's value is put in and the others stay as they were.
        indirect: change through the players that follow the player.
    """

    explained: Explained
    direct: Float[Array, "*out player"]
    indirect: Float[Array, "*out player"]


def causal_shapley(
    f: Function,
    x: PyTree,
    *,
    background: PyTree,
    graph: Any,
    confounded: Sequence[Sequence[str]] = (),
    players: Players | None = None,
    asymmetric: bool = False,
    sampler: Sampler | None = None,
    noise: str = "residuals",
    draws: int = 200,
    key: PRNGKeyArray | None = None,
    chunk: int | None = None,
    progress: Progress = None,
) -> CausalExplained:
    """Shapley values of v(S) = E[f(X) | do(X_S = x_S)], split into direct and indirect parts [@heskes2020].

    All coalitions are evaluated, with the same noise in each. Without edges these are the marginal Shapley values.

    Args:
        f: function of one input that returns (*out).
        x: the input.
        background: rows, leaves (row, *leaf), that the equations are fitted to.
        graph: ``{child: [parents]}``, edges ``[(cause, effect), ...]`` or groups in order of time ``[["a"], ["b",
            "c"]]``, by names of players.
        confounded: sets of players with a hidden common cause.
        players: groups of cells; each cell for itself by default.
        asymmetric: count orderings alone in which causes come before effects [@frye2020].
        sampler: draws under interventions, called for each coalition; linear equations along the graph by default.
        noise: of linear equations: ``residuals`` of the background's rows, or ``gaussian``.
        draws: draws for each coalition, for gaussian noise or a sampler.
        key: PRNG key, for gaussian noise or a sampler.
        chunk: evaluations at once.
        progress: is told how many coalitions are done, and of how many.

    Returns:
        Values with an account, and their direct and indirect parts, (*out, player).

    Raises:
        ConfigError: a graph or setting that cannot be used, or more than 14 players.
        DataError: background or players that do not fit, or too few rows.
        ModelError: f is not finite under an intervention.
    """
    players = players or per_cell(x)
    n = len(players)
    check_players(n)
    if n > MOST:
        raise ConfigError(
            f"{n} players have {2**n} coalitions", "causal_shapley", f"join them into at most {MOST}"
        )
    if key is None and (sampler is not None or noise == "gaussian"):
        raise ConfigError("a sampler or gaussian noise draws and has no key", "causal_shapley", "give a key")
    check_fit(x, background, players, False)
    parts = components(players.names, graph, confounded)
    at, columns, rebuilt = _columns(x, players)
    if sampler is None:
        rows = np.concatenate([np.reshape(b, (len(b), -1)) for b in jax.tree.leaves(background)], axis=1)
        rng = None if key is None else generator(key)
        draw: Any = LinearSampler(rows.astype(float), parts, columns, noise=noise, draws=draws, rng=rng)
    else:
        draw = _called(sampler, key, x, draws)
    z = every_coalition(n)
    weights = ordering_weights(n, ancestors(parts, n) if asymmetric else np.zeros((n, n), dtype=bool))
    worth: list[np.ndarray] = []
    direct: Any = 0.0
    step = max(1, (chunk or 4096) // (len(draw(z[:1], at)[0]) * (n + 1)))
    for first in range(0, 2**n, step):
        some = z[first : first + step]
        drawn = draw(some, at)  # (coalition, draw, column)
        put = np.repeat(drawn[:, None], n + 1, axis=1)
        for i in range(n):
            put[:, i + 1][..., columns == i] = at[columns == i]
        # Where a player is present already, putting its value in changes nothing: only the others are evaluated.
        ask = np.concatenate([np.ones((len(some), 1), bool), ~some], axis=1)
        flat = put[ask].reshape(-1, len(at))
        found = np.asarray(evaluate(f, rebuilt(flat), min(chunk or 4096, len(flat))), dtype=float)
        means = found.reshape(-1, drawn.shape[1], *found.shape[1:]).mean(axis=1)
        all_means = np.zeros((*ask.shape, *means.shape[1:]))
        all_means[ask] = means
        worth.append(all_means[:, 0])
        change = np.where(
            some.reshape(*some.shape, *[1] * (means.ndim - 1)), 0, all_means[:, 1:] - all_means[:, :1]
        )
        direct = direct + np.einsum("ci,ci...->i...", weights[first : first + step], change)
        if progress is not None:
            progress(min(first + step, 2**n), 2**n)
    values = np.concatenate(worth)
    with_i = np.arange(2**n)[:, None] | (1 << np.arange(n))
    whole = np.einsum("ci,ci...->i...", weights, values[with_i] - values[:, None])
    parts_of = [jnp.asarray(np.moveaxis(a, 0, -1)) for a in (direct, whole - direct)]
    return CausalExplained(account(whole, None, values[0], values[-1]), *parts_of)


def ordering_weights(n: int, before: np.ndarray) -> np.ndarray:
    """Share of the orderings in which a player joins just after a coalition, (2**n, player) [@frye2020].

    Args:
        n: number of players.
        before: truth values (player, player): whether the second must come before the first.
    """
    z = every_coalition(n)
    code, size = np.arange(2**n), z.sum(axis=1)
    ready = ~z & ~np.any(before[None] & ~z[:, None], axis=2)  # (coalition, player) may join next
    to, left = np.zeros(2**n), np.zeros(2**n)
    to[0] = left[-1] = 1.0
    for s in range(n):
        for i in range(n):
            here = code[(size == s) & ready[:, i]]
            to[here | (1 << i)] += to[here]
    for s in reversed(range(n)):
        for i in range(n):
            here = code[(size == s) & ready[:, i]]
            left[here] += left[here | (1 << i)]
    return np.where(ready, to[:, None] * left[code[:, None] | (1 << np.arange(n))], 0) / left[0]


def _columns(x: PyTree, players: Players) -> tuple[np.ndarray, np.ndarray, Callable[[np.ndarray], PyTree]]:
    """The input as columns, the player of each, and the way back for rows of them."""
    leaves, tree = jax.tree.flatten(x)
    shapes = [np.shape(leaf) for leaf in leaves]
    ends = np.cumsum([int(np.prod(s)) for s in shapes])
    kinds = [np.asarray(leaf).dtype for leaf in leaves]

    def rebuilt(rows: np.ndarray) -> PyTree:
        split = np.split(rows, ends[:-1], axis=1)
        return tree.unflatten(
            [p.reshape(len(rows), *s).astype(k) for p, s, k in zip(split, shapes, kinds, strict=True)]
        )

    at = np.concatenate([np.ravel(leaf) for leaf in leaves]).astype(float)
    return at, np.concatenate([np.ravel(i) for i in jax.tree.leaves(players.ids)]), rebuilt


def _called(
    sampler: Sampler, key: Any, x: PyTree, draws: int
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """A user's sampler for several coalitions, with the same key for all."""

    def draw(z: np.ndarray, at: np.ndarray) -> np.ndarray:
        del at
        found = []
        for known in z:
            rows = jax.tree.leaves(sampler(key, known, x, draws))
            found.append(np.concatenate([np.reshape(r, (draws, -1)) for r in rows], axis=1))
        return np.stack(found).astype(float)

    return draw
