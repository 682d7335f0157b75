"""Parameter randomisation: whether an attribution depends on what the function has learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Float, PRNGKeyArray

from data.errors import ConfigError, ModelError, listing

from .scores import Score, one, permuted, rank_correlation, undefined


def layers(f: Any) -> tuple[str, ...]:
    """Names of the parts of a module that hold float arrays of their own, in the order of their definition."""
    return tuple(dict.fromkeys(_layer(path) for path, _ in _parameters(f)))


def randomise(f: Any, key: PRNGKeyArray, which: Sequence[str] | None = None) -> Any:
    """The function with its parameters drawn anew: normal, of mean zero and of each array's own root mean square.

    Args:
        f: an Equinox module, or another pytree that can be called.
        key: of the draws.
        which: names from :func:`layers`; all where None.

    Raises:
        ModelError: f has no float arrays that can be seen from outside.
        ConfigError: an unknown layer.
    """
    held = _parameters(f)
    if not held:
        raise ModelError(
            "the function has no parameters that can be seen",
            "randomisation",
            "give an Equinox module, or functions with random parameters in `randomised`",
        )
    names = layers(f)
    for name in which or ():
        if name not in names:
            raise ConfigError(
                f"the layer {name!r} is unknown", "randomisation", f"choose from {listing(names)}"
            )
    chosen = set(names if which is None else which)
    leaves, tree = jax.tree_util.tree_flatten_with_path(f)
    keys = jr.split(key, len(leaves))
    drawn = [
        _redrawn(leaf, k) if eqx.is_inexact_array(leaf) and _layer(path) in chosen else leaf
        for (path, leaf), k in zip(leaves, keys, strict=True)
    ]
    return jax.tree_util.tree_unflatten(tree, drawn)


def cascade(f: Any, key: PRNGKeyArray) -> list[tuple[str, Any]]:
    """Functions randomised layer by layer from the last-defined to the first, each keeping the layers before.

    Returns:
        Pairs of the layer that was randomised last and the function.
    """
    names = layers(f)[::-1]
    return [(name, randomise(f, key, names[: i + 1])) for i, name in enumerate(names)]


def randomisation(
    attribution: Float[np.ndarray, " part"],
    again: Float[np.ndarray, "draw part"],
    rng: np.random.Generator,
    *,
    draws: int = 40,
) -> Score:
    """Rank correlation, in size, of an attribution with those of the function with random parameters [@adebayo2018].

    Less is better. A random explanation that does not look at the function is the same for all parameters and scores
    1; the best is as unlike as unrelated explanations are, which is the mean over permuted cells. Methods that multiply
    by the input keep a likeness through it, which is not a fault of the function's.

    Args:
        attribution: of the function as it was trained.
        again: of functions with random parameters.
        rng: of permutations.
        draws: of them.
    """
    if np.ptp(attribution) == 0:
        return undefined("randomisation", "the attribution is the same in all parts")
    found = likeness(attribution, again)
    unrelated = np.abs(rank_correlation(permuted(attribution, rng, draws), attribution)).mean()
    error = found.std(ddof=1) / np.sqrt(len(found)) if len(found) > 1 else 0.0
    return one(
        "randomisation",
        float(found.mean()),
        np.ones(1),
        float(unrelated),
        -1,
        float(error),
        tested=False,
    )


def likeness(attribution: Float[np.ndarray, " part"], again: Float[np.ndarray, "draw part"]) -> np.ndarray:
    """Size of the rank correlation with each of several attributions, 0 with one that is the same in all parts."""
    return np.abs(np.nan_to_num(rank_correlation(again, attribution)))


def _parameters(f: Any) -> list[tuple[Any, Any]]:
    leaves = jax.tree_util.tree_leaves_with_path(f)
    return [(path, leaf) for path, leaf in leaves if eqx.is_inexact_array(leaf)]


def _layer(path: tuple[Any, ...]) -> str:
    return jax.tree_util.keystr(path[:-1]).lstrip(".") or "all"


def _redrawn(leaf: Any, key: PRNGKeyArray) -> Any:
    size = jnp.sqrt(jnp.mean(jnp.abs(leaf) ** 2))
    return size * jr.normal(key, leaf.shape, leaf.dtype)
