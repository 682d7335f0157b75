"""Faithfulness: whether the prediction falls as the attribution says when parts of the input are removed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from .removal import Removal, values
from .scores import Score, correlation, one, permuted, undefined


class Curves(NamedTuple):
    """Prediction while parts are removed from the input, or put into the baseline, those of most attribution first.

    Attributes:
        fraction: share of the parts removed or put in, (point,).
        deletion: prediction while they are removed, (point,).
        insertion: prediction while they are put into the baseline, (point,).
        random_deletion: the same in random orders, (draw, point).
        random_insertion: the same in random orders, (draw, point).
        best_deletion: the same in the best order that was found, (point,); NaN where none was searched for.
        best_insertion: the same in the best order that was found, (point,).
    """

    fraction: Float[np.ndarray, " point"]
    deletion: Float[np.ndarray, " point"]
    insertion: Float[np.ndarray, " point"]
    random_deletion: Float[np.ndarray, "draw point"]
    random_insertion: Float[np.ndarray, "draw point"]
    best_deletion: Float[np.ndarray, " point"]
    best_insertion: Float[np.ndarray, " point"]


def removal_curves(
    game: Removal,
    attribution: Float[np.ndarray, " part"],
    rng: np.random.Generator,
    *,
    free: Bool[np.ndarray, " part"] | None = None,
    steps: int = 20,
    draws: int = 40,
    search: int = 20_000,
) -> Curves:
    """Deletion and insertion curves [@petsiuk2018; @samek2017], and those of random orders and of the best found.

    Parts come in the order of their signed attribution, so that cells that are said to raise the prediction come first
    and those said to lower it last. The best order is searched for by removing (putting in) each part alone, again
    after every few steps as far as `search` evaluations go; for additive functions it is the best there is.

    Args:
        game: the function of which parts are present.
        attribution: of each part.
        rng: of random orders, and of ties.
        free: parts that are removed at all.
        steps: points of the curves after the first; as many as there are parts, if fewer.
        draws: random orders.
        search: most evaluations for the best order; fewer than twice the parts leave it out.
    """
    free = np.ones(game.parts, bool) if free is None else free
    where = np.flatnonzero(free)
    counts = np.unique(np.round(np.linspace(0, len(where), min(steps, len(where)) + 1)).astype(int))
    own = where[np.lexsort((rng.random(len(where)), -attribution[where]))]
    orders = np.stack([own, *(rng.permutation(where) for _ in range(draws))])
    rounds = min(len(counts) - 1, search // (2 * max(game.parts, 1)))
    best = [_best_order(game, where, counts, rounds, taken) for taken in (True, False)] if rounds else []
    off = _prefixes(np.concatenate([orders, best[:1]]) if best else orders, counts, game.parts)
    on = _prefixes(np.concatenate([orders, best[1:]]) if best else orders, counts, game.parts)
    shape = off.shape[:2]
    deleted = values(game, (~off).reshape(-1, game.parts)).reshape(shape)
    inserted = values(game, (on | ~free).reshape(-1, game.parts)).reshape(shape)
    fraction = counts / len(where)
    nothing = np.full(len(counts), np.nan)
    return Curves(
        fraction,
        deleted[0],
        inserted[0],
        deleted[1 : 1 + draws],
        inserted[1 : 1 + draws],
        deleted[np.argmin(area(fraction, deleted))] if best else nothing,
        inserted[np.argmax(area(fraction, inserted))] if best else nothing,
    )


def area(fraction: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """Mean of a curve (last axis) over the fraction, by the trapezoidal rule, in the unit of the prediction."""
    return np.trapezoid(curve, fraction, axis=-1)


def curve_scores(curves: Curves, units: str = "1") -> tuple[Score, Score]:
    """Areas under the deletion curve (less is better) and the insertion curve (more is better) as scores."""
    f = curves.fraction
    return (
        one(
            "deletion",
            float(area(f, curves.deletion)),
            area(f, curves.random_deletion),
            float(area(f, curves.best_deletion)),
            -1,
            units=units,
        ),
        one(
            "insertion",
            float(area(f, curves.insertion)),
            area(f, curves.random_insertion),
            float(area(f, curves.best_insertion)),
            1,
            units=units,
        ),
    )


def faithfulness_correlation(
    game: Removal,
    attribution: Float[np.ndarray, " part"],
    rng: np.random.Generator,
    *,
    free: Bool[np.ndarray, " part"] | None = None,
    share: float = 0.25,
    subsets: int = 100,
    draws: int = 40,
) -> Score:
    """Correlation of what random subsets of parts are attributed with what their removal takes off [@bhatt2020].

    It is 1 where each subset takes off what its parts are attributed, as for additive functions; where parts act
    together, no attribution reaches 1. Its error is that of the choice of subsets (bootstrap).

    Args:
        game: the function of which parts are present.
        attribution: of each part.
        rng: of subsets and random explanations.
        free: parts that are removed at all.
        share: of the parts, in each subset.
        subsets: their number.
        draws: random explanations.
    """
    free = np.ones(game.parts, bool) if free is None else free
    where = np.flatnonzero(free)
    size = int(np.clip(round(share * len(where)), 1, max(1, len(where) - 1)))
    out = np.zeros((subsets, game.parts), bool)
    for row in out:
        row[rng.choice(where, size, replace=False)] = True
    lost = values(game, np.concatenate([np.ones((1, game.parts), bool), ~out]))
    lost = lost[0] - lost[1:]
    chosen = out[:, where].astype(float)
    said = chosen @ attribution[where]
    found = float(correlation(said, lost))
    if not np.isfinite(found):
        return undefined(
            "faithfulness_correlation", "subsets do not differ in attribution or in prediction", draws
        )
    random = correlation(permuted(attribution[where], rng, draws) @ chosen.T, lost)
    again = rng.integers(subsets, size=(200, subsets))
    error = float(np.nanstd(correlation(said[again], lost[again]), ddof=1))
    return one("faithfulness_correlation", found, random, 1.0, 1, error)


def _prefixes(orders: np.ndarray, counts: np.ndarray, parts: int) -> np.ndarray:
    """Whether each part is among the first `counts` of each order, (order, point, part)."""
    place = np.full((len(orders), parts), parts)
    np.put_along_axis(place, orders, np.arange(orders.shape[1])[None], axis=1)
    return place[:, None] < counts[:, None]


def _best_order(
    game: Removal, where: np.ndarray, counts: np.ndarray, rounds: int, deletes: bool
) -> np.ndarray:
    """Greedy order: what lowers the prediction most when removed (raises it most when put in) comes first."""
    present = np.ones(game.parts, bool)
    if not deletes:
        present[where] = False
    stops = counts[np.round(np.linspace(0, len(counts) - 1, rounds + 1)).astype(int)][1:]
    left, order = where, np.empty(0, int)
    for stop in stops:
        alone = _toggled(game, present, left)
        ranked = left[np.argsort(alone if deletes else -alone, kind="stable")]
        taken = ranked[: stop - len(order)]
        present[taken] = not deletes
        order = np.concatenate([order, taken])
        left = np.setdiff1d(left, taken)
    return order


def _toggled(game: Removal, present: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Prediction with each of some parts changed alone, (len(which),)."""
    found = []
    size = max(1, 2**24 // game.parts)
    for first in range(0, len(which), size):
        some = which[first : first + size]
        keep = np.tile(present, (len(some), 1))
        keep[np.arange(len(some)), some] ^= True
        found.append(values(game, keep))
    return np.concatenate(found)
