"""Runs of many members by one compiled program."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from data.errors import ConfigError


def each(function: Callable[..., Any], shared: Any, members: Any, batch: int | None, threads: int) -> Any:
    """Results of ``function(shared, member)`` for all members, as NumPy arrays with a leading axis.

    The program is compiled once for any number of members.

    Args:
        function: pure; one and the same object for every call that shall share the program.
        shared: what all members are given, a pytree.
        members: a pytree of arrays with a leading member axis.
        batch: members at once as one vectorised program (for accelerators), or None for one by one.
        threads: members side by side.
    """
    if threads < 1 or (batch is not None and batch < 1):
        raise ConfigError(f"threads {threads} and batch {batch}", "members", "give one or more")
    number = jax.tree.leaves(members)[0].shape[0]
    size = 1 if batch is None else min(batch, number)

    def part(first: int) -> Any:
        # the last ones of a short batch are run again
        first = min(first, number - size)
        if batch is None:
            found = _one(function, shared, jax.tree.map(lambda a: a[first], members))
            return jax.tree.map(lambda a: np.asarray(a)[None], found)
        some = jax.tree.map(lambda a: jnp.asarray(a[first : first + size]), members)
        return jax.tree.map(np.asarray, _some(function, shared, some))

    firsts = range(0, number, size)
    if threads > 1 and len(firsts) > 1:
        with ThreadPoolExecutor(threads) as pool:
            parts = [part(0), *pool.map(part, firsts[1:])]
    else:
        parts = [part(i) for i in firsts]
    rest = number % size
    if rest:
        parts[-1] = jax.tree.map(lambda a: a[size - rest :], parts[-1])
    return jax.tree.map(lambda *a: np.concatenate(a), *parts)


@eqx.filter_jit
def _one(function: Callable[..., Any], shared: Any, member: Any) -> Any:
    return function(shared, member)


@eqx.filter_jit
def _some(function: Callable[..., Any], shared: Any, members: Any) -> Any:
    return jax.vmap(lambda m: function(shared, m))(members)


__all__ = ["each"]
