"""Burn probability of an ensemble: members weighed by other fires, recalibrated on other fires, and what they imply.

A member is a draw of the priors, read at one of the ends. What is told of a fire is made of the other fires alone: how
sharply members are weighed, and the recalibration, are in turn chosen by leaving one of these out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from .judge import brier

SHARPNESS = (0.0, 5.0, 10.0, 20.0, 40.0, 80.0)
"""Levels of sharpness: a member has exp(sharpness x Dice) of weight; zero keeps the prior."""
RIDGE = 1e-3
"""Pull of the recalibration towards none, in units of the mean logarithmic loss."""
ROUNDS = 50
"""Newton steps of the recalibration."""
THRESHOLDS = np.linspace(0.05, 0.95, 19)
"""Burn probabilities at which an area may be cut."""


class Told(NamedTuple):
    """What the other fires say of one.

    Attributes:
        weight: of each member, (draw, end), of sum one.
        sharpness: chosen for them.
        chance: burn probability by these weights, (y, x).
        intercept: of the recalibration [1].
        slope: of the recalibration [1], zero or above.
        calibrated: burn probability recalibrated, (y, x).
    """

    weight: np.ndarray
    sharpness: float
    chance: np.ndarray
    intercept: float
    slope: float
    calibrated: np.ndarray


def weights(dice: Float[np.ndarray, "fire draw end"], sharpness: float) -> Float[np.ndarray, "draw end"]:
    """Weights of members by some fires: the mean over these of exp(sharpness x Dice), each of sum one.

    A posterior by a loss [@bissiri2016general] of each fire, and their mixture: another fire is taken to be like one of
    them, not like all at once, so that what differs between fires stays in the ensemble.
    """
    each = np.exp(sharpness * (dice - dice.max(axis=(1, 2), keepdims=True)))
    return (each / each.sum(axis=(1, 2), keepdims=True)).mean(axis=0)


def chance_of(
    arrival: Float[np.ndarray, "draw y x"],
    ends: Float[np.ndarray, " end"],
    weight: Float[np.ndarray, "draw end"],
) -> Float[np.ndarray, "y x"]:
    """Burn probability of each cell [1]: the weight of the members that burn it by their end."""
    # what burns by an end burns by all later ones, so that each cell takes the rest of its draw's weights
    rest = np.concatenate([np.cumsum(weight[:, ::-1], axis=1)[:, ::-1], np.zeros((len(weight), 1))], axis=1)
    first = np.searchsorted(ends, arrival)
    # sums of parts may differ from one by rounding
    return np.minimum(sum(r[f] for r, f in zip(rest, first, strict=True)), 1.0)


def recalibrated(
    chance: Float[np.ndarray, " *cell"], intercept: float, slope: float, least: float
) -> Float[np.ndarray, " *cell"]:
    """Logistic function of ``intercept + slope x logit(chance)`` [@platt1999probabilistic], chances held at ``least``.

    Cells that no member burns keep zero where ``least`` would give them something: call it for the others alone.
    """
    return 1.0 / (1.0 + np.exp(-(intercept + slope * _logit(chance, least))))


def _logit(chance: Any, least: float) -> np.ndarray:
    held = np.clip(chance, least, 1.0 - least)
    return np.log(held / (1.0 - held))


def fit_recalibration(
    chances: Sequence[Float[np.ndarray, " cell"]], scars: Sequence[Bool[np.ndarray, " cell"]], least: float
) -> tuple[float, float]:
    """Intercept and slope of least mean logarithmic loss over some fires, each fire of equal weight."""
    x = [np.stack([np.ones(c.size), _logit(c, least)], axis=1) for c in chances]
    theta = np.array([0.0, 1.0])
    for _ in range(ROUNDS):
        slope, curve = RIDGE * (theta - [0.0, 1.0]), RIDGE * np.eye(2)
        for design, scar in zip(x, scars, strict=True):
            p = 1.0 / (1.0 + np.exp(-np.clip(design @ theta, -500.0, 500.0)))
            slope = slope + design.T @ (p - scar) / (len(x) * scar.size)
            curve = curve + (design.T * (p * (1.0 - p))) @ design / (len(x) * scar.size)
        move = np.linalg.solve(curve, slope)
        # short steps, so that a poor start cannot throw it out
        theta = theta - move / max(1.0, float(np.abs(move).max()))
    return float(theta[0]), float(max(theta[1], 0.0))


class Ensemble(NamedTuple):
    """Members of all fires, and their scars.

    Attributes:
        arrivals: of each fire, (draw, y, x), as a share of its weather.
        ends: at which each draw is read, increasing.
        dice: of each member, (fire, draw, end).
        scars: of each fire, (y, x).
    """

    arrivals: Sequence[np.ndarray]
    ends: np.ndarray
    dice: np.ndarray
    scars: Sequence[np.ndarray]

    @property
    def least(self) -> float:
        """Half the probability of one member."""
        return 0.5 / self.dice[0].size

    def reach(self, fire: int) -> Bool[np.ndarray, "y x"]:
        """Cells that any member of a fire burns; its scar is not read."""
        return (self.arrivals[fire] <= self.ends[-1]).any(axis=0)

    def chance(self, fire: int, weight: np.ndarray) -> np.ndarray:
        """Burn probability of a fire by weights."""
        return chance_of(self.arrivals[fire], self.ends, weight)


def tell(ensemble: Ensemble, left_out: int) -> Told:
    """Burn probability of a fire by all others; its own scar and Dice are not read.

    With a single other fire nothing can be left out of it: the sharpness is the middle one, and nothing is
    recalibrated.
    """
    others = [i for i in range(len(ensemble.scars)) if i != left_out]
    sharpness, theta = SHARPNESS[len(SHARPNESS) // 2], (0.0, 1.0)
    if len(others) > 1:
        # each other fire by the rest of them
        inner = {
            s: [ensemble.chance(k, weights(ensemble.dice[[j for j in others if j != k]], s)) for k in others]
            for s in SHARPNESS
        }
        loss = {
            s: np.mean([brier(c, ensemble.scars[k]) for c, k in zip(found, others, strict=True)])
            for s, found in inner.items()
        }
        sharpness = min(SHARPNESS, key=lambda s: loss[s])
        reach = [ensemble.reach(k) for k in others]
        theta = fit_recalibration(
            [c[r] for c, r in zip(inner[sharpness], reach, strict=True)],
            [ensemble.scars[k][r] for k, r in zip(others, reach, strict=True)],
            ensemble.least,
        )
    weight = weights(ensemble.dice[others], sharpness)
    chance = ensemble.chance(left_out, weight)
    again = np.where(ensemble.reach(left_out), recalibrated(chance, *theta, ensemble.least), 0.0)
    return Told(weight, sharpness, chance, *theta, again)


def likely_area(
    chance: Float[np.ndarray, "y x"],
    arrival: Float[np.ndarray, "draw y x"],
    ends: Float[np.ndarray, " end"],
    weight: Float[np.ndarray, "draw end"],
) -> Bool[np.ndarray, "y x"]:
    """The area above a threshold of burn probability that has the greatest expected Dice under the ensemble itself."""
    cut = (chance[None] >= THRESHOLDS[:, None, None]).reshape(len(THRESHOLDS), -1).astype(np.float32)
    expected = np.zeros(len(THRESHOLDS))
    for end, share in zip(ends, weight.T, strict=True):
        burned = (arrival <= end).reshape(len(arrival), -1).astype(np.float32)
        both = cut @ burned.T
        expected += (2.0 * both / (cut.sum(axis=1)[:, None] + burned.sum(axis=1)[None])) @ share
    return chance >= THRESHOLDS[int(np.argmax(expected))]


def areas(
    arrival: Float[np.ndarray, "draw y x"], ends: Float[np.ndarray, " end"]
) -> Float[np.ndarray, "draw end"]:
    """Cells that each member burns."""
    return np.stack([(arrival <= e).sum(axis=(1, 2)) for e in ends], axis=1).astype(float)


def by_distance(
    scars: Sequence[Bool[np.ndarray, "y x"]],
    burnable: Sequence[Bool[np.ndarray, "y x"]],
    away: Sequence[Float[np.ndarray, "y x"]],
    width: float,
    of: Float[np.ndarray, "y x"],
    can: Bool[np.ndarray, "y x"],
) -> Float[np.ndarray, "y x"]:
    """A climatology: the share of burnable cells that burned at a distance from the ignition, mean of some fires.

    Args:
        scars: of the fires.
        burnable: cells of theirs that can burn.
        away: their distance from the ignition [m].
        width: of a ring [m].
        of: distance of the cells it is wanted for [m].
        can: whether they can burn.
    """
    number = int(max(a.max() for a in (*away, of)) // width) + 1
    rings = np.zeros(number)
    for scar, able, far in zip(scars, burnable, away, strict=True):
        ring = (far[able] // width).astype(int)
        rings += np.bincount(ring, scar[able], number) / np.maximum(np.bincount(ring, minlength=number), 1)
    return np.where(can, (rings / len(scars))[(of // width).astype(int)], 0.0)


__all__ = [
    "SHARPNESS",
    "Ensemble",
    "Told",
    "areas",
    "by_distance",
    "chance_of",
    "fit_recalibration",
    "likely_area",
    "recalibrated",
    "tell",
    "weights",
]
