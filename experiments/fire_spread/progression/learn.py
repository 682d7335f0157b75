"""Parameters from timed perimeters: gradient, ensemble and posterior on one problem, and left-out intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.ndimage import distance_transform_edt

from hybrid.fire.assimilation import (
    Misfit,
    Parameter,
    Perimeter,
    Problem,
    draw,
    ensemble_kalman,
    map_estimate,
    posterior,
)
from hybrid.fire.spread import Scheme

from .config import Progression
from .forward import runs_from
from .opening import TimedFire

HOURLY = ("turn_of_hour", "wind_of_hour")
"""Parameters with a value for each time of the weather."""
THREADS = 2


def scheme_of(config: Progression) -> Scheme:
    """How fronts are advanced: slopes of second order, since narrow heads lose much to those of first order."""
    return Scheme(
        order=2, stages=2, courant=0.9, max_steps=config.max_steps, checkpoints=min(256, config.max_steps)
    )


def parameters_of(config: Progression, hours: int) -> tuple[Parameter, ...]:
    """The priors, for so many times of weather."""
    out = []
    for name in type(config.beliefs).model_fields:
        belief = getattr(config.beliefs, name)
        bounds = (0.0, 1.0) if belief.kind == "bounded" else (None, None)
        shape = (hours,) if name in HOURLY else ()
        out.append(Parameter(name, belief.centre, belief.spread, belief.kind, *bounds, shape=shape))
    return tuple(out)


def problem_of(fire: TimedFire, config: Progression, taught: list[int]) -> Problem:
    """What the growth after each of these perimeters tells; every run begins at the perimeter that was mapped.

    All intervals are simulated, so that any choice of them shares a program; of those that do not teach only cells are
    compared that had burned before they began, where nothing can differ.
    """
    every = list(range(len(fire.seconds) - 1))
    maps = [None if k in taught else _inside(fire, k) for k in every]
    ends = [
        Perimeter(float(fire.seconds[k + 1]), fire.burned[k + 1], config.sd, m)
        for k, m in zip(every, maps, strict=True)
    ]
    return Problem(
        parameters_of(config, len(fire.times)),
        runs_from(fire, every, scheme_of(config)),
        ends,
        fire.grid,
        start=float(fire.seconds[0]),
        until=float(fire.times[-1]),
        misfit=Misfit(None, config.decorrelation),
    )


def _inside(fire: TimedFire, k: int) -> np.ndarray:
    """Cells that had burned before the run of perimeter ``k``, or the innermost of those that it begins with."""
    if fire.gone(k).any():
        return fire.gone(k)
    deep = np.asarray(distance_transform_edt(fire.burned[k]))
    return deep == deep.max()


def centre(config: Progression, hours: int) -> dict[str, np.ndarray]:
    """Medians of the priors as one member, each (1, *shape)."""
    return {
        p.name: np.broadcast_to(np.float32(p.centre), (1, *p.shape)) for p in parameters_of(config, hours)
    }


def prior_members(config: Progression, hours: int, seed: int) -> dict[str, np.ndarray]:
    """Draws from the priors."""
    found = draw(parameters_of(config, hours), jax.random.key(seed), config.members)
    return _arrays(found)


def gradient(fire: TimedFire, config: Progression, taught: list[int], seed: int) -> dict[str, np.ndarray]:
    """The most probable values (1, *shape) as ``mode_*``, draws of the Gaussian about them, and how it went."""
    problem = problem_of(fire, config, taught)
    found = map_estimate(problem, steps=config.steps, polish=1, threads=THREADS)
    return {
        **{f"mode_{n}": np.asarray(v)[None] for n, v in found.mode.items()},
        **_arrays(found.draws(jax.random.key(seed), config.members)),
        "z": found.z,
        "covariance": found.covariance,
        "history": found.history,
        "decrement": np.asarray(found.decrement),
    }


def kalman(fire: TimedFire, config: Progression, taught: list[int], seed: int) -> dict[str, np.ndarray]:
    """Members of the Kalman smoother, and their misfit by stage."""
    problem = problem_of(fire, config, taught)
    number = min(config.kalman, 4 * config.members)
    found = ensemble_kalman(problem, jax.random.key(seed), number, config.stages, threads=THREADS)
    return {**_arrays(found.values), "misfit": found.misfit}


def sampled(
    fire: TimedFire, config: Progression, taught: list[int], seed: int, known: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Draws from the posterior by numpyro, as many as members, and their diagnostics."""
    from hybrid.fire.assimilation.gradient import Estimate

    problem = problem_of(fire, config, taught)
    mode = {p.name: jnp.asarray(known[f"mode_{p.name}"][0]) for p in problem.parameters}
    estimate = Estimate(
        mode,
        known["z"],
        known["covariance"],
        known["history"],
        float(known["decrement"]),
        True,
        problem.space,
    )
    found = posterior(
        problem,
        jax.random.key(seed),
        draws=config.draws,
        warmup=config.warmup,
        chains=1,
        estimate=estimate,
        depth=config.depth,
    )
    place = np.linspace(0, config.draws - 1, config.members).round().astype(int)
    worst = max(float(np.max(v)) for v in found.rhat.values())
    least = min(float(np.min(v)) for v in found.ess.values())
    return {
        **{n: v[place] for n, v in _arrays(found.values).items()},
        "rhat": np.asarray(worst),
        "ess": np.asarray(least),
        "divergences": np.asarray(found.divergences),
        "gradients": np.asarray(found.gradients),
    }


def members_of(found: Mapping[str, np.ndarray], config: Progression, mode: bool = False) -> dict[str, Any]:
    """Values by parameter's name, of what a method found."""
    return {n: found[f"mode_{n}" if mode else n] for n in type(config.beliefs).model_fields}


def _arrays(values: Mapping[str, Any]) -> dict[str, np.ndarray]:
    return {n: np.asarray(v, np.float32) for n, v in values.items()}


__all__ = [
    "centre",
    "gradient",
    "kalman",
    "members_of",
    "parameters_of",
    "prior_members",
    "problem_of",
    "sampled",
    "scheme_of",
]
