"""Where the parts of a drawn graph stand: variables on a circle, links as arcs inside it, lags where there is room."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

NODE = 0.115
"""Largest radius of a variable's circle, where the circle they lie on has radius 1."""
SPOTS = (0.5, 0.42, 0.58, 0.35, 0.65, 0.29, 0.71, 0.24, 0.76)
"""Where along a link its lags may stand, the middle first."""
BENDS = (0.0, 0.34, 0.62, 0.86)
"""How far links between the same two variables bend, the first straight, as a share of their length."""


def circle(count: int) -> tuple[np.ndarray, float]:
    """Centres (variable, 2) of variables on a circle of radius 1, clockwise from the top, and the radius of each."""
    angle = np.pi / 2 - 2 * np.pi * np.arange(count) / count
    size = min(NODE, 0.5 * math.sin(math.pi / count)) if count > 1 else NODE
    return np.stack([np.cos(angle), np.sin(angle)], 1), size


def bends(ends: Sequence[tuple[int, int]], places: np.ndarray, size: float) -> list[float]:
    """How far each link bends to the right of its course, so that links between the same variables lie apart.

    A chord of a circle is straight unless it would run under a third variable; others bend towards the middle, where
    none stands.

    Args:
        ends: source and target of each link.
        places: centres of the variables, (variable, 2).
        size: radius of a variable.
    """
    found: list[float] = []
    seen: dict[tuple[int, int], int] = {}
    for source, target in ends:
        pair = (min(source, target), max(source, target))
        number = seen[pair] = seen.get(pair, -1) + 1
        first, last = places[source], places[target]
        others = np.delete(places, [source, target], axis=0)
        near = float(
            _nearest(others, on_curve(first, (first + last) / 2, last, np.linspace(0, 1, 41))).min(initial=9)
        )
        clear = max(0.0, 1.5 * size - near) / (0.5 * float(np.linalg.norm(last - first)))
        inward = -float((first + last) / 2 @ rightwards(first, last))
        if abs(inward) < 1e-6:  # through the middle: by turns to both sides of the straight one
            inward = 1.0 if (source < target) == (number % 2 == 1) else -1.0
        found.append(math.copysign(clear + BENDS[min(number, len(BENDS) - 1)], inward))
    return found


def rightwards(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Unit vector to the right of a course."""
    along = (end - start) / np.linalg.norm(end - start)
    return np.array([along[1], -along[0]])


def control(start: np.ndarray, end: np.ndarray, bend: float) -> np.ndarray:
    """Control point of the quadratic curve of a link."""
    return (start + end) / 2 + bend * rightwards(start, end) * np.linalg.norm(end - start)


def on_curve(start: np.ndarray, middle: np.ndarray, end: np.ndarray, share: float | np.ndarray) -> np.ndarray:
    """Points of a quadratic curve, (..., 2), by the share of the way in 0 to 1."""
    t = np.asarray(share)[..., None]
    return (1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end


def spots(
    curves: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]], places: np.ndarray
) -> list[np.ndarray]:
    """Where the lags of each link stand on it: away from other lags, from variables and from other links.

    Short links choose first, as they have least room.

    Args:
        curves: start, control point and end of each link.
        places: centres of the variables, (variable, 2).

    Returns:
        One point (2,) per link, in the order given.
    """
    ways = [on_curve(a, b, c, np.linspace(0.05, 0.95, 37)) for a, b, c in curves]
    lengths = [float(np.linalg.norm(np.diff(way, axis=0), axis=1).sum()) for way in ways]
    chosen: dict[int, np.ndarray] = {}
    for k in np.argsort(lengths, kind="stable"):
        others = [way for n, way in enumerate(ways) if n != k]
        start, middle, end = curves[k]
        points = on_curve(start, middle, end, np.array(SPOTS))
        room = np.minimum(_nearest(points, np.array(list(chosen.values()))), _nearest(points, places))
        crossing = _nearest(points, np.concatenate(others) if others else np.empty((0, 2)))
        worth = np.minimum(room, 0.3) + 0.6 * np.minimum(crossing, 0.1) - 0.05 * np.abs(np.array(SPOTS) - 0.5)
        chosen[int(k)] = points[int(np.argmax(worth))]
    return [chosen[k] for k in range(len(curves))]


def _nearest(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Distance of each point (point, 2) from the nearest of others (other, 2); 9 where there are none."""
    if not len(others):
        return np.full(len(points), 9.0)
    return np.linalg.norm(points[:, None] - others[None], axis=-1).min(axis=1)
