"""The least change that meets a target: an augmented Lagrangian with bounds, or without gradients for few parameters.

The target and the relations between variables enter the augmented Lagrangian [@nocedal2006]; bounds are kept exactly by
L-BFGS-B within each round. Without a gradient COBYQA [@ragonneau2022] takes the same problem.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize

FEW = 30
"""Parameters that a search without gradients takes."""


@dataclass(frozen=True)
class Problem:
    """Scaled: the distance to the input is about 1 where f is linear.

    Attributes:
        gap: parameters to the target's gap and its gradient: 0 where met, -1 at the input, negative where short.
        both: whether the target is a value (the gap has to be 0) or a side (0 or above).
        norm: ``l2`` or ``l1``.
        lower: bounds, (parameter,).
        upper: bounds, (parameter,).
        relation: matrix (row, parameter).
        slack: (row,).
        rough: matrix (pair, parameter).
    """

    gap: Callable[[np.ndarray], tuple[float, np.ndarray]]
    both: bool
    norm: str
    lower: np.ndarray
    upper: np.ndarray
    relation: Any
    slack: np.ndarray
    rough: Any


def least_change(problem: Problem, start: np.ndarray, precise: float, rounds: int, steps: int) -> np.ndarray:
    """Parameters of least distance that meet the target and the relations, as far as they can be met.

    Args:
        problem: what is asked.
        start: parameters to start from, (parameter,).
        precise: violation at which to stop.
        rounds: of the multipliers.
        steps: of L-BFGS-B in each round.
    """
    weight = 10.0
    multiplier, others = 1.0, np.zeros(len(problem.slack))
    sides = _Sides(problem)
    at, last = sides.split(start), np.inf
    for _ in range(rounds):

        def lagrangian(
            v: np.ndarray, weight: float = weight, multiplier: float = multiplier, others: np.ndarray = others
        ) -> tuple[float, np.ndarray]:
            p = sides.join(v)
            size, slope = sides.distance(v)
            gap, along = problem.gap(p)
            term, force = _penalty(gap, multiplier, weight, problem.both)
            held = problem.relation @ p + problem.slack
            pressed = np.maximum(0.0, others - weight * held)
            value = size + term + float((pressed**2 - others**2).sum()) / (2 * weight)
            pull = force * along - problem.relation.T @ pressed
            return value, slope + sides.spread(pull)

        options = {"maxiter": steps, "maxfun": 3 * steps, "maxcor": 20, "ftol": 1e-16, "gtol": precise * 1e-2}
        at = optimize.minimize(
            lagrangian, at, jac=True, method="L-BFGS-B", bounds=sides.bounds, options=options
        ).x
        p = sides.join(at)
        gap, _ = problem.gap(p)
        held = problem.relation @ p + problem.slack
        new = multiplier - weight * gap
        new, pressed = new if problem.both else max(0.0, new), np.maximum(0.0, others - weight * held)
        missed = abs(gap) if problem.both else max(-gap, min(gap, multiplier / weight), 0.0)
        missed = max(missed, float(np.abs(np.minimum(held, others / weight)).max(initial=0.0)))
        multiplier, others = new, pressed
        if missed <= precise:
            break
        if missed > 0.25 * last:
            weight = min(weight * 5.0, 1e8)
        last = missed
    return sides.join(at)


def nearest_miss(problem: Problem, start: np.ndarray, precise: float, rounds: int, steps: int) -> np.ndarray:
    """Parameters that come nearest to the target within bounds and relations, whatever the distance."""

    def gap_only(p: np.ndarray) -> tuple[float, np.ndarray]:
        gap, along = problem.gap(p)
        short = gap if problem.both else min(gap, 0.0)
        return 0.5 * short**2, short * along

    bounds = optimize.Bounds(problem.lower, problem.upper)  # type: ignore[arg-type]
    others, weight, at = np.zeros(len(problem.slack)), 10.0, start
    for _ in range(rounds if len(problem.slack) else 1):

        def value(
            p: np.ndarray, weight: float = weight, others: np.ndarray = others
        ) -> tuple[float, np.ndarray]:
            size, slope = gap_only(p)
            pressed = np.maximum(0.0, others - weight * (problem.relation @ p + problem.slack))
            return size + float((pressed**2).sum()) / (2 * weight), slope - problem.relation.T @ pressed

        options = {
            "maxiter": 10 * steps,
            "maxfun": 30 * steps,
            "maxcor": 20,
            "ftol": 1e-16,
            "gtol": precise * 1e-2,
        }
        at = optimize.minimize(value, at, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
        held = problem.relation @ at + problem.slack
        others = np.maximum(0.0, others - weight * held)
        if -held.min(initial=0.0) <= precise:
            break
        weight = min(weight * 5.0, 1e8)
    return at


def without_gradient(
    problem: Problem, start: np.ndarray, precise: float, evaluations: int, miss: bool
) -> np.ndarray:
    """The same by COBYQA, with values of the gap alone; with `miss` the nearest to the target at any distance."""
    sides = _Sides(problem)

    def gap(v: np.ndarray) -> float:
        return problem.gap(sides.join(v))[0]

    limits = []
    if len(problem.slack):
        dense = np.asarray(problem.relation.todense())
        matrix = np.concatenate([dense, -dense], 1) if problem.norm == "l1" else dense
        limits.append(optimize.LinearConstraint(matrix, -problem.slack, np.inf))  # type: ignore[arg-type]
    if not miss:
        limits.append(optimize.NonlinearConstraint(gap, 0.0, 0.0 if problem.both else np.inf))

    def aim(v: np.ndarray) -> float:
        if not miss:
            return sides.distance(v)[0]
        short = gap(v)
        return abs(short) if problem.both else -min(short, 0.0)

    low, high = (np.array([b[i] for b in sides.bounds]) for i in (0, 1))
    options = {"maxfev": evaluations, "final_tr_radius": precise, "initial_tr_radius": 0.5}
    found = optimize.minimize(
        aim,
        sides.split(start),
        method="COBYQA",
        bounds=optimize.Bounds(low, high),  # type: ignore[arg-type]
        constraints=limits,
        options=options,
    )
    return sides.join(np.asarray(found.x))


class _Sides:
    """Parameters as they are for squares, as rise and fall for absolute values, whose distance is then smooth."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.two = problem.norm == "l1"
        low, high = problem.lower, problem.upper
        if self.two:
            low, high = np.zeros(2 * len(low)), np.concatenate([high, -low])
        self.bounds = list(zip(low.tolist(), high.tolist(), strict=True))

    def split(self, p: np.ndarray) -> np.ndarray:
        return np.concatenate([np.maximum(p, 0.0), np.maximum(-p, 0.0)]) if self.two else p

    def join(self, v: np.ndarray) -> np.ndarray:
        half = len(v) // 2
        return v[:half] - v[half:] if self.two else v

    def spread(self, pull: np.ndarray) -> np.ndarray:
        return np.concatenate([pull, -pull]) if self.two else pull

    def distance(self, v: np.ndarray) -> tuple[float, np.ndarray]:
        p = self.join(v)
        uneven = self.problem.rough @ p
        size, slope = 0.5 * float(uneven @ uneven), self.spread(self.problem.rough.T @ uneven)
        if self.two:
            return size + float(v.sum()), slope + 1.0
        return size + 0.5 * float(p @ p), slope + p


def _penalty(gap: float, multiplier: float, weight: float, both: bool) -> tuple[float, float]:
    """Term of the target in the augmented Lagrangian, and its derivative by the gap."""
    if both:
        return -multiplier * gap + 0.5 * weight * gap**2, -multiplier + weight * gap
    pressed = max(0.0, multiplier - weight * gap)
    return (pressed**2 - multiplier**2) / (2 * weight), -pressed
