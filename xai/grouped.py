"""Shapley values of groups of cells: a game of its own, not the sum over cells of another."""

from __future__ import annotations

import jax
from jaxtyping import PRNGKeyArray, PyTree

from data.errors import ConfigError

from .coalitions import Coalitions
from .explained import Explained
from .function import Function, Progress
from .games import check_players, exact
from .kernel_game import kernel
from .permutation_game import permutation
from .players import Players

METHODS = ("exact", "permutation", "kernel")


def grouped_shapley(
    f: Function,
    x: PyTree,
    *,
    players: Players,
    baseline: PyTree | None = None,
    background: PyTree | None = None,
    method: str = "exact",
    absence: str | None = None,
    key: PRNGKeyArray | None = None,
    permutations: int = 200,
    coalitions: int = 2048,
    samples: bool = False,
    chunk: int | None = None,
    progress: Progress = None,
) -> Explained:
    """Shapley values of the game whose players are groups of cells that enter together [@shapley1953; @owen1977].

    Args:
        f: function of a pytree of float arrays that returns (*out).
        x: the input.
        players: which group each cell belongs to, see :func:`xai.players.players`; for cells, `per_cell(x)`.
        baseline: what absent groups take, like x. Either this or `background`.
        background: rows that absent groups take, leaves (row, *leaf).
        method: ``exact`` (at most 14 players), ``permutation`` or ``kernel``.
        absence: ``marginal`` (each coalition as the mean over all rows) or ``joint`` (with one row, rows in balance);
            marginal for exact values and joint for the others by default. Where players interact differently from row
            to row and the budget would nearly list all coalitions, marginal is the more accurate.
        key: PRNG key; not needed for exact values.
        permutations: orderings, reverses counted, for ``permutation``.
        coalitions: evaluated coalitions for ``kernel``.
        samples: whether the leaves of x, and of a baseline, lead with samples that f is mapped over; all have the same
            draws. A background is shared, or (row, sample, *leaf).
        chunk: evaluations at once.
        progress: is told how many evaluations are done.

    Returns:
        Explained with attribution (*out, player), or (sample, *out, player).

    Raises:
        ConfigError: settings that do not go together, or too many players.
        DataError: an input, background or players that do not fit.
        ModelError: f is not finite for a coalition.
    """
    if method not in METHODS:
        raise ConfigError(
            f"the method {method!r} is unknown", "grouped_shapley", f"choose from {', '.join(METHODS)}"
        )
    if (baseline is None) == (background is None):
        raise ConfigError(
            "a baseline or a background is needed, and not both", "grouped_shapley", "give one of them"
        )
    if method == "exact" and absence == "joint":
        raise ConfigError("exact values have no joint background", "absence", "choose marginal, or kernel")
    if method != "exact" and key is None:
        raise ConfigError(f"{method} draws and has no key", "grouped_shapley", "give key=jax.random.key(0)")
    check_players(len(players))
    rows = jax.tree.map(lambda a: a[None], baseline) if background is None else background
    how = absence or ("marginal" if method == "exact" else "joint")
    v = Coalitions(f, x, rows, players, absence=how, samples=samples, chunk=chunk, progress=progress)
    if v.rows == 1:
        v = Coalitions(
            f, x, rows, players, absence="marginal", samples=samples, chunk=chunk, progress=progress
        )
    if method == "exact":
        return exact(v, v.n)
    assert key is not None
    if method == "permutation":
        return permutation(v, v.n, key, permutations, v.rows)
    return kernel(v, v.n, key, coalitions, v.rows)
