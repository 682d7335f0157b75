"""A synthetic fire with timed perimeters: spread by the model itself under known parameters."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from data.synthetic.fire_progression import fire_progression

from .config import Progression
from .opening import Perimeters, TimedFire, coarse, fine, make_timed


def truth_of(config: Progression, hours: int, seed: int) -> dict[str, np.ndarray]:
    """True values of the parameters, each (1, *shape): a draw of the priors, ``surprise`` times as far out."""
    from hybrid.fire.assimilation import unflatten

    from .learn import parameters_of

    known = parameters_of(config, hours)
    z = config.made.surprise * jax.random.normal(jax.random.key(seed + 1), (sum(p.size for p in known),))
    return {n: np.asarray(v)[None] for n, v in unflatten(known, jnp.asarray(z)).items()}


def make(config: Progression, seed: int) -> tuple[TimedFire, Perimeters]:
    """The fire and its perimeters; the ignition is a disc that has grown by the first of them."""
    from .ahead import forecast_from
    from .learn import scheme_of

    made = fire_progression(
        config.made.rows, config.made.columns, seed, config.first, config.analysed, config.last
    )
    fire, perimeters = make_timed("synthetic", *made, config)
    values = truth_of(config, len(fire.times), seed)
    alone = replace(fire, burned=fire.burned[:1], seconds=fire.seconds[:1])
    ahead = forecast_from(alone, 0, values, perimeters.seconds[1:], scheme_of(config))
    burned = np.concatenate([fire.burned[:1], ahead.burned[0] | fire.burned[:1]])
    n = config.coarser
    all_fine = fine(burned, n)
    whole = replace(perimeters, burned=all_fine)
    kept = slice(0, perimeters.analysed + 1)
    return replace(fire, burned=coarse(all_fine[kept], n)), whole


__all__ = ["make", "truth_of"]
