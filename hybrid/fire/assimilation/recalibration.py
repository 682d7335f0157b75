"""Burn probabilities corrected by how earlier forecasts of the same fire turned out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from data.errors import ConfigError

from .score import logit, pairs


@dataclass(frozen=True, eq=False)
class Recalibration:
    """A map from forecast to corrected probability that never turns their order.

    Attributes:
        knots: forecast probabilities [1], increasing.
        corrected: what they become [1], not decreasing; linear between.
    """

    knots: np.ndarray
    corrected: np.ndarray

    def __call__(self, probability: Any) -> Float[np.ndarray, ...]:
        """Corrected probability [1]; 0 and 1 of cells that all members agree on are mapped like others."""
        return np.interp(np.asarray(probability, float), self.knots, self.corrected)


def recalibrate(
    probability: Any,
    observed: Any,
    where: Any = None,
    kind: Literal["logistic", "isotonic"] = "logistic",
    trust: float = 0.0,
) -> Recalibration:
    """The map that makes forecasts of earlier intervals reliable; fit it on intervals before the one it is used on.

    "logistic" fits slope and shift of the logit [@platt1999probabilistic], which two intervals can bear; "isotonic"
    the best map that does not decrease [@zadrozny2002transforming], which wants many cells of all probabilities.

    Args:
        probability: forecasts of earlier intervals [1], any shape.
        observed: what burned, of that shape.
        where: cells that are judged: those that could burn and had not.
        kind: of the map.
        trust: weight of the identity in the logistic fit, in cells: a Gaussian penalty on log slope and shift of
            that many cells' worth; cells of one fire are far from independent.

    Raises:
        ConfigError: an unknown kind, or truth that is all burned or all not.
    """
    if kind not in ("logistic", "isotonic"):
        raise ConfigError(f"unknown kind {kind!r}", "recalibrate", "choose 'logistic' or 'isotonic'")
    if not trust >= 0.0:
        raise ConfigError(f"trust is {trust}", "recalibrate", "give zero or above")
    p, b = pairs(probability, observed, where)
    if b.all() or not b.any():
        raise ConfigError("the cells all burned, or none did", "recalibrate", "fit on intervals with both")
    if kind == "isotonic":
        from scipy.optimize import isotonic_regression

        knots, place, count = np.unique(p, return_inverse=True, return_counts=True)
        share = np.bincount(place, b.astype(float)) / count
        return Recalibration(knots, np.asarray(isotonic_regression(share, weights=count).x))
    slope, shift = _logistic(logit(p), b.astype(float), trust)
    knots = 1.0 / (1.0 + np.exp(-np.linspace(logit(0.0), logit(1.0), 513)))
    knots[0], knots[-1] = 0.0, 1.0
    return Recalibration(knots, 1.0 / (1.0 + np.exp(-(slope * logit(knots) + shift))))


def _logistic(x: np.ndarray, burned: np.ndarray, trust: float) -> tuple[float, float]:
    """Slope above zero and shift of greatest likelihood."""
    from scipy.optimize import minimize

    def loss(v: np.ndarray) -> tuple[float, np.ndarray]:
        slope = np.exp(v[0])
        at = slope * x + v[1]
        value = np.mean(np.logaddexp(0.0, at) - burned * at)
        off = 1.0 / (1.0 + np.exp(-at)) - burned
        weight = trust / x.size
        return (
            float(value + 0.5 * weight * v @ v),
            np.array([np.mean(off * slope * x), np.mean(off)]) + weight * v,
        )

    found = minimize(loss, np.zeros(2), jac=True, method="L-BFGS-B", bounds=[(-4.0, 4.0), (-20.0, 20.0)])
    return float(np.exp(found.x[0])), float(found.x[1])


__all__ = ["Recalibration", "recalibrate"]
