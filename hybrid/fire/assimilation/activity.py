"""Which part of a fire's edge still burns: a logistic model, learned from how earlier edges of the same fire moved.

Edges whose next perimeter was mapped teach how soon line that is still goes out; forecasts then begin from the part of
the last perimeter that is drawn to burn on::

    edges = [edge_of(grid, run[k], free[k], burned[k - 1]) for k in earlier]
    model = fit_activity([watch(e, burned[k + 1], 1000.0) for k, e in zip(earlier, edges)], decorrelation=1000.0)
    now = edge_of(grid, run[-1], free[-1], burned[-2])
    forecast(problem, values, times, start=perimeter, lit=now.lit(model.draw(key, now, now.idle[:, None], members)))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Bool, Float, PRNGKeyArray
from scipy.special import expit, ndtri

from data.errors import ConfigError, DataError

from .edge import Edge

PRIOR = ((1.0, -3.0), (1.5, 3.0))
"""Mean and sd of intercept and coefficient of idleness: assumed, of line still for a third of the time half is out."""
CORRELATION = np.sqrt(2.0 * np.pi)
"""Integral of a Gaussian correlation, in its lengths."""


class Watched(NamedTuple):
    """An edge whose end of an interval was mapped.

    Attributes:
        features: what tells active from held line, (n, feature).
        moved: share of what lies beside each cell of the edge that burned in the interval [1], (n,).
        weight: independent observations that each cell counts [1], (n,): its width over the length along which the
            line behaves alike, for neighbours stop and go together.
    """

    features: Float[np.ndarray, "n feature"]
    moved: Float[np.ndarray, " n"]
    weight: Float[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class Activity:
    """Probability that a piece of edge burns on: logit p = coefficients . (1, features).

    Attributes:
        mean: of the coefficients, the intercept first, (1 + feature,).
        covariance: of them.
        decorrelation: length along which pieces of edge are alike [m], the integral scale of a Gaussian correlation.
    """

    mean: Float[np.ndarray, " c"]
    covariance: Float[np.ndarray, "c c"]
    decorrelation: float

    def chance(self, features: Any) -> Float[np.ndarray, "*lead n"]:
        """Probability that each cell of an edge burns on [1], with the mean of the coefficients.

        Args:
            features: (*lead, n, feature).
        """
        return expit(_design(features, self.mean.size) @ self.mean)

    def probable(self, features: Any) -> Bool[np.ndarray, "*lead n"]:
        """The most probable state of each cell; at least the most probable cell burns on."""
        p = self.chance(features)
        return p >= np.minimum(0.5, p.max(axis=-1, keepdims=True))

    def draw(self, key: PRNGKeyArray, edge: Edge, features: Any, number: int) -> Bool[np.ndarray, "member n"]:
        """Cells of the edge that burn on, by member.

        Each member draws its coefficients, and its states as a Gaussian field along the edge that is cut where the
        probability says: every cell burns on with its own probability, and neighbours mostly together.

        Args:
            key: for the draws.
            edge: its ``n`` cells.
            features: (n, feature).
            number: of members.
        """
        design = _design(features, self.mean.size)
        if design.shape[:-1] != (edge.size,):
            raise DataError(
                f"features are of shape {np.shape(features)} for an edge of {edge.size} cells",
                "features",
                "give (n, feature)",
            )
        one, two = jax.random.split(key)
        beta = np.asarray(jax.random.normal(one, (number, self.mean.size)), float)
        chance = expit((self.mean + beta @ np.linalg.cholesky(self.covariance).T) @ design.T)
        away = edge.distance * CORRELATION / self.decorrelation
        values, vectors = np.linalg.eigh(np.exp(-0.5 * away**2))
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        field = np.asarray(jax.random.normal(two, (number, edge.size)), float) @ root.T
        return field <= ndtri(chance)


def watch(edge: Edge, burned: Any, decorrelation: float) -> Watched:
    """What an edge tells of which line burns on: idleness of its cells, and what of them moved.

    Args:
        edge: when it was mapped.
        burned: what had burned by the next perimeter, (y, x).
        decorrelation: length along which pieces of edge are alike [m].
    """
    weight = np.full(edge.size, min(edge.width / decorrelation, 1.0))
    return Watched(edge.idle[:, None], edge.advanced(burned), weight)


def fit_activity(
    watched: Sequence[Watched],
    mean: Any = PRIOR[0],
    sd: Any = PRIOR[1],
    *,
    decorrelation: float,
    steps: int = 50,
) -> Activity:
    """The model that earlier edges speak for, by the most probable coefficients and the Gaussian about them.

    Containment of large fires was found to depend on how long they had grown little and on fuel by a logistic model
    [@finney2009modeling]; here the unit is a stretch of edge and the fire itself teaches it, from few stretches, so
    that the prior matters and stays in the covariance.

    Args:
        watched: earlier edges; none leaves the prior.
        mean: of the Gaussian prior of the coefficients, the intercept first, (1 + feature,).
        sd: of it.
        decorrelation: length along which pieces of edge are alike [m].
        steps: of Newton's method, at most.

    Raises:
        ConfigError: a prior that is none.
        DataError: features that are not numbers or not as many as the prior, shares outside of 0 to 1.
    """
    centre, spread = np.asarray(mean, float), np.asarray(sd, float)
    if centre.ndim != 1 or spread.shape != centre.shape or not (np.isfinite(spread) & (spread > 0.0)).all():
        raise ConfigError(
            "the prior has no mean and sd above zero for each coefficient", "activity", "give both"
        )
    if not (np.isfinite(decorrelation) and decorrelation > 0.0):
        raise ConfigError(f"decorrelation is {decorrelation} m", "activity", "give metres above zero")
    design, moved, weight = np.empty((0, centre.size)), np.empty(0), np.empty(0)
    for i, w in enumerate(watched):
        share, many = np.asarray(w.moved, float), np.asarray(w.weight, float)
        x = _design(w.features, centre.size)
        where = f"watched[{i}]"
        if x.shape != (share.size, centre.size) or many.shape != share.shape:
            raise DataError(
                f"features, moved and weight are of shape {np.shape(w.features)}, {share.shape} and {many.shape}",
                where,
                "give one row per cell of the edge",
            )
        if not (np.isfinite(x).all() and ((share >= 0.0) & (share <= 1.0)).all() and (many >= 0.0).all()):
            raise DataError("a feature, share or weight cannot be", where, "give finite features and shares")
        design, moved, weight = (np.concatenate(a) for a in ((design, x), (moved, share), (weight, many)))
    beta, precision = centre.copy(), np.diag(spread**-2.0)

    def loss(b: np.ndarray) -> float:
        at = design @ b
        return float(
            weight @ (np.logaddexp(0.0, at) - moved * at) + 0.5 * (b - centre) @ precision @ (b - centre)
        )

    for _ in range(steps):
        p = expit(design @ beta)
        slope = design.T @ (weight * (p - moved)) + precision @ (beta - centre)
        curvature = precision + (design.T * (weight * p * (1.0 - p))) @ design
        step, share = np.linalg.solve(curvature, slope), 1.0
        while share > 1e-6 and loss(beta - share * step) > loss(beta):
            share *= 0.5
        beta = beta - share * step
        if np.abs(share * step).max() < 1e-9:
            break
    p = expit(design @ beta)
    curvature = precision + (design.T * (weight * p * (1.0 - p))) @ design
    return Activity(beta, np.linalg.inv(curvature), float(decorrelation))


def _design(features: Any, size: int) -> np.ndarray:
    x = np.asarray(features, float)
    if x.ndim < 2 or x.shape[-1] != size - 1:
        raise DataError(
            f"features are of shape {x.shape} for {size} coefficients", "features", "give (*lead, n, feature)"
        )
    return np.concatenate([np.ones((*x.shape[:-1], 1)), x], axis=-1)


__all__ = ["PRIOR", "Activity", "Watched", "fit_activity", "watch"]
