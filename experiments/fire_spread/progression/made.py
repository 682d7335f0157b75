"""A synthetic fire with timed perimeters: spread by the model itself under known parameters, and line that goes out."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from data.synthetic.fire_progression import fire_progression

from .config import Progression
from .edges import edge_at
from .opening import Perimeters, TimedFire, coarse, fine, make_timed


def truth_of(config: Progression, hours: int, seed: int) -> dict[str, np.ndarray]:
    """True values of the parameters, each (1, *shape): a draw of the priors, ``surprise`` times as far out."""
    from hybrid.fire.assimilation import unflatten

    from .learn import parameters_of

    known = parameters_of(config, hours)
    z = config.made.surprise * jax.random.normal(jax.random.key(seed + 1), (sum(p.size for p in known),))
    return {n: np.asarray(v)[None] for n, v in unflatten(known, jnp.asarray(z)).items()}


def make(config: Progression, seed: int) -> tuple[TimedFire, Perimeters]:
    """The fire and its perimeters; the ignition is a disc that has grown by the first of them.

    At each perimeter line goes out for good that had stood still for too long, if the configuration says so.
    """
    from .ahead import forecast_from
    from .learn import scheme_of

    made = fire_progression(
        config.made.rows, config.made.columns, seed, config.first, config.analysed, config.last
    )
    fire, perimeters = make_timed("synthetic", *made, config)
    values, seconds = truth_of(config, len(fire.times), seed), perimeters.seconds
    burned = [fire.burned[0]]
    for k, end in enumerate(seconds[1:]):
        begun = replace(fire, burned=np.stack(burned), seconds=seconds[: k + 1])
        ahead = forecast_from(begun, k, values, [end], scheme_of(config), _held(begun, k, config.made.still))
        burned.append(ahead.burned[0, 0] | burned[-1])
    burned = np.stack(burned)
    n = config.coarser
    all_fine = fine(burned, n)
    whole = replace(perimeters, burned=all_fine)
    kept = slice(0, perimeters.analysed + 1)
    return replace(fire, burned=coarse(all_fine[kept], n)), whole


def _held(fire: TimedFire, k: int, still: float | None) -> np.ndarray | None:
    """The part of the run of perimeter ``k`` that burns on, (1, y, x): line that had not been still for too long."""
    if still is None:
        return None
    edge = edge_at(fire, k)
    return edge.lit(edge.idle <= still)[None]


__all__ = ["make", "truth_of"]
