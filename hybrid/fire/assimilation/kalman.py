"""Ensemble smoother with multiple data assimilation: parameters from an ensemble of runs, without gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from data.errors import ConfigError, DataError, ModelError

from ..spread import Grid
from .prior import many
from .problem import Problem, all_apart
from .simulator import NOT_A_NUMBER


@dataclass(frozen=True, eq=False)
class Localisation:
    """Where parameters that belong to places may be moved by what is seen.

    Attributes:
        radius: distance beyond which an observation moves them no more [m].
        places: eastings and northings of each value of a parameter by its name, (n, 2) [m]; parameters that are not
            named are moved by all.
    """

    radius: float
    places: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Members after assimilation.

    Attributes:
        values: in the parameters' own units, each (member, *shape).
        z: the same as vectors that are standard normal a priori, (member, n).
        prior: the members before assimilation.
        misfit: half the sum of squares of each member's residuals before each stage and after the last,
            (stage + 1, member) [1].
    """

    values: dict[str, Array]
    z: np.ndarray
    prior: dict[str, Array]
    misfit: np.ndarray


def ensemble_kalman(
    problem: Problem,
    key: PRNGKeyArray,
    members: int = 64,
    stages: int = 4,
    *,
    inflation: float = 1.0,
    localisation: Localisation | None = None,
    batch: int | None = None,
    threads: int = 1,
) -> Ensemble:
    """Ensemble smoother with multiple data assimilation [@emerick2013ensemble].

    All perimeters are assimilated at once, ``stages`` times with ``stages`` times the variance of their errors, which
    for a linear model and many members is one exact update, and for a curved one takes it in small steps. The gain is
    solved in the space of the members [@evensen2003ensemble], so that cells cost no more than their product with the
    ensemble. Perturbations of the observations have no mean over the members.

    Args:
        problem: what to assimilate.
        key: for members and perturbations.
        members: two or more; a hundred for a few parameters.
        stages: number of updates.
        inflation: factor on the members' distance from their mean after each stage; above one where few members
            and many independent observations make the ensemble too sure.
        localisation: where parameters with a place may be moved from.
        batch: members as one vectorised program, for accelerators; one by one where it is not given.
        threads: members side by side.

    Raises:
        ConfigError: fewer than two members, no stage, an inflation below one, or places of another shape.
        ModelError: members that are not a number.
    """
    if members < 2:
        raise ConfigError(f"an ensemble of {members}", "members", "give two or more")
    if stages < 1:
        raise ConfigError(f"{stages} stages", "stages", "give one or more")
    if not inflation >= 1.0:
        raise ConfigError(f"inflation is {inflation}", "inflation", "give one or more")
    space, real = problem.space, problem.space.centre.dtype
    # NumPy draws the perturbations of many cells several times faster
    rng = np.random.default_rng(np.asarray(jax.random.bits(key, (4,), "uint32")))
    z = rng.standard_normal((members, problem.size))
    taper = None if localisation is None else tapers(problem, localisation)
    prior = many(space, jnp.asarray(z, real))
    misfit = []

    def run(z: np.ndarray) -> np.ndarray:
        table = all_apart(problem, z, batch, threads)
        bad = np.flatnonzero(~np.isfinite(table).all(axis=1))
        if bad.size:
            raise ModelError(
                NOT_A_NUMBER, f"member {bad[0]}", "check the rates under its values, or raise max_steps"
            )
        misfit.append(0.5 * (table**2).sum(axis=1))
        return table

    for _ in range(stages):
        apart = run(z)
        z = update(z, apart, rng.standard_normal(apart.shape), float(stages), taper)
        z = z.mean(axis=0) + inflation * (z - z.mean(axis=0))
    run(z)
    values = many(space, jnp.asarray(z, real))
    return Ensemble(values, z, prior, np.stack(misfit))


def update(
    z: Float[np.ndarray, "member n"],
    apart: Float[np.ndarray, "member cell"],
    noise: Float[np.ndarray, "member cell"],
    weaker: float,
    taper: Float[np.ndarray, "n cell"] | None = None,
) -> Float[np.ndarray, "member n"]:
    """Members moved by residuals of unit variance, taken to be ``weaker`` times as great.

    With A and S the members' and the residuals' deviations over sqrt(members - 1), columns for members, the gain is
    A S' (S S' + weaker 1)^-1 = A (S' S + weaker 1)^-1 S'.
    """
    number = len(z)
    off = (z - z.mean(axis=0)) / np.sqrt(number - 1.0)
    seen = (apart - apart.mean(axis=0)) / np.sqrt(number - 1.0)
    noise = noise - noise.mean(axis=0)
    wanted = np.sqrt(weaker) * noise - apart
    inner = np.linalg.solve(seen @ seen.T + weaker * np.eye(number), off)
    if taper is None:
        return z + (wanted @ seen.T) @ inner
    return z + wanted @ ((inner.T @ seen) * taper).T


def tapers(problem: Problem, localisation: Localisation) -> Float[np.ndarray, "n cell"]:
    """Share of the gain that is kept from each cell of each perimeter for each unknown [1]."""
    if not localisation.radius > 0.0:
        raise ConfigError(f"the radius is {localisation.radius} m", "Localisation", "give metres above zero")
    unknown = sorted(set(localisation.places) - set(problem.space.names))
    if unknown:
        raise ConfigError(f"'{unknown[0]}' is no parameter", "Localisation", "name the prior's parameters")
    cells = problem.observed.distance.size
    out = []
    for p in problem.parameters:
        if p.name not in localisation.places:
            out.append(np.ones((p.size, cells)))
            continue
        places = np.asarray(localisation.places[p.name], float)
        if places.shape != (p.size, 2):
            raise DataError(
                f"the places are of shape {places.shape}", f"parameter '{p.name}'", f"give ({p.size}, 2)"
            )
        out.append(np.tile(_near(problem.grid, places, localisation.radius), len(problem.perimeters)))
    return np.concatenate(out)


def _near(grid: Grid, places: np.ndarray, radius: float) -> np.ndarray:
    east, north = np.meshgrid(grid.x, grid.y)
    away = np.hypot(east.ravel() - places[:, :1], north.ravel() - places[:, 1:])
    return gaspari_cohn(2.0 * away / radius)


def gaspari_cohn(r: Float[np.ndarray, ...]) -> Float[np.ndarray, ...]:
    """Correlation of compact support, one at 0 and zero from 2 on [@gaspari1999construction], their equation 4.10."""
    near = np.minimum(r, 1.0)
    far = np.clip(r, 1.0, 2.0)
    inner = 1.0 - 5.0 / 3.0 * near**2 + 5.0 / 8.0 * near**3 + 0.5 * near**4 - 0.25 * near**5
    outer = (
        4.0 - 5.0 * far + 5.0 / 3.0 * far**2 + 5.0 / 8.0 * far**3 - 0.5 * far**4 + far**5 / 12.0
    ) - 2.0 / (3.0 * far)
    return np.where(r <= 1.0, inner, np.where(r < 2.0, outer, 0.0))


__all__ = ["Ensemble", "Localisation", "ensemble_kalman", "gaspari_cohn", "tapers", "update"]
