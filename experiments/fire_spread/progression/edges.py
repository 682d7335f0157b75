"""Which part of a mapped perimeter burns on, learned from the perimeters before it, and errors of the pace ahead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from scipy.special import ndtri

from hybrid.fire.assimilation import Activity, Edge, edge_of, fit_activity, watch

from .config import Progression
from .forward import GROUPS
from .opening import TimedFire


def edge_at(fire: TimedFire, k: int) -> Edge:
    """The edge of the run that perimeter ``k`` ended; older edges are taken to be out."""
    free = ~fire.burned[k] & ~fire.before & ~fire.outside
    return edge_of(fire.grid, fire.burned[k] & ~fire.gone(k), free, fire.gone(k))


def activity_of(fire: TimedFire, config: Progression, taught: list[int]) -> Activity:
    """What the edges that the intervals ``taught`` began with tell of line that burns on."""
    known = [watch(edge_at(fire, k), fire.burned[k + 1], config.decorrelation) for k in taught]
    prior = config.edge.head, config.edge.idle
    return fit_activity(
        known, [p.centre for p in prior], [p.spread for p in prior], decorrelation=config.decorrelation
    )


def probable(fire: TimedFire, config: Progression, k: int, taught: list[int]) -> np.ndarray | None:
    """The part of the run of perimeter ``k`` that most probably burns on, (1, y, x); None where all of it does."""
    if not config.edge.used:
        return None
    edge = edge_at(fire, k)
    return edge.lit(activity_of(fire, config, taught).probable(edge.idle[:, None]))[None]


def drawn(fire: TimedFire, config: Progression, k: int, taught: list[int], seed: int) -> np.ndarray | None:
    """Parts of the run of perimeter ``k`` that burn on, by member, (member, y, x); None where all of it does."""
    if not config.edge.used:
        return None
    edge, key = edge_at(fire, k), jax.random.fold_in(jax.random.key(seed), 1 + k)
    model = activity_of(fire, config, taught)
    return edge.lit(model.draw(key, edge, edge.idle[:, None], config.members))


def paced(values: Mapping[str, Any], sd: float, seed: int) -> dict[str, Any]:
    """Members whose rates of spread each err by a factor of their own all through a forecast.

    Perimeters tell the error of rates over their intervals; in the next one it is another. Factors are the quantiles of
    a lognormal distribution, dealt out by chance.

    Args:
        values: of members.
        sd: of the logarithm of the factor [1].
        seed: of the order.
    """
    number = len(next(iter(values.values())))
    order = np.random.default_rng(seed).permutation(number)
    factor = np.exp(sd * ndtri((order + 0.5) / number)).astype(np.float32)
    return {**values, **{n: values[n] * factor for n in GROUPS}}


__all__ = ["activity_of", "drawn", "edge_at", "paced", "probable"]
