"""How many cells burn in a month: the range that the hybrid gives, and how often it holds what came."""

from __future__ import annotations

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float

from .danger import WEIGHTS, Danger
from .windows import Windows

SHARES = (0.05, 0.5, 0.95)
"""Quantiles of the number of cells that burn."""


@eqx.filter_jit
def _given(models: Danger, w: Windows) -> Float[Array, "member node time cell"]:
    arrays, static = eqx.partition(models, eqx.is_inexact_array)
    return jax.lax.map(lambda a: eqx.combine(a, static).given(w), arrays)


def ranges(models: Danger, w: Windows, draws: int, seed: int) -> dict[str, np.ndarray]:
    """Quantiles (3, time) of the number of cells that burn.

    Args:
        models: members of the hybrid, stacked.
        w: windows as the members read them.
        draws: of members, the months' common effect and fires.
        seed: of the draws.

    Returns:
        ``common``: from members and the effect that the cells of a month share; ``apart``: as if cells burned
        independently of one another, with their mean chance.
    """
    rng = np.random.default_rng(seed)
    given = np.asarray(_given(models, w), float)
    members, nodes, months, cells = given.shape
    mean = np.einsum("mntc,n->tc", given, WEIGHTS / WEIGHTS.sum()) / members
    member = rng.integers(0, members, (draws, months))
    node = rng.choice(nodes, (draws, months), p=np.asarray(WEIGHTS, float) / np.sum(WEIGHTS, dtype=float))
    luck = rng.random((draws, months, cells))
    number = {
        "common": (luck < given[member, node, np.arange(months)]).sum(axis=-1),
        "apart": (luck < mean).sum(axis=-1),
    }
    return {name: np.quantile(v, SHARES, axis=0) for name, v in number.items()}


def inside(found: np.ndarray, burned: np.ndarray) -> np.ndarray:
    """Whether the number that burned (time,) lies from the lowest to the highest quantile, bool (time,)."""
    number = burned.sum(axis=1)
    return (found[0] <= number) & (number <= found[-1])
