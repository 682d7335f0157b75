"""The second phase of PCMCI+: links that hold given the lagged conditions and subsets of contemporaneous ones.

[@runge2020]. All cells go through a level together; within a level a cell's tests depend on each
other only through pairs that have already been removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, islice

import numpy as np

from .evidence import Evidence
from .mci import conditions_of, packed
from .partial import p_values

AT_ONCE = 16
"""Subsets of one pair that are tested together before it is asked whether it still stands."""


@dataclass
class Pairs:
    """Pairs of nodes that may be linked, over all cells: arrays of the same length.

    Attributes:
        cell: the cell.
        source: variable of the source.
        target: variable of the target.
        lag: lag of the source.
        sure: whether the link is taken as given.
        twin: index of the pair from the other end at lag 0, else -1.
        alive: whether it still stands.
        val: value at the largest p so far.
        p: largest p so far.
        least: least absolute value so far.
    """

    cell: np.ndarray
    source: np.ndarray
    target: np.ndarray
    lag: np.ndarray
    sure: np.ndarray
    twin: np.ndarray
    alive: np.ndarray = field(init=False)
    val: np.ndarray = field(init=False)
    p: np.ndarray = field(init=False)
    least: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        number = self.cell.size
        self.alive = np.ones(number, bool)
        self.val, self.p = np.zeros(number), np.zeros(number)
        self.least = np.full(number, np.inf)


Sets = dict[int, tuple[int, ...]]
"""Separating set of a pair by its index; the empty one is left out."""


class Tester:
    """Tests of pairs given a set of contemporaneous nodes and the lagged parents of both ends."""

    def __init__(
        self, evidence: Evidence, parents: np.ndarray, max_py: int | None, max_px: int | None
    ) -> None:
        self.evidence = evidence
        self.of_target = parents[:, :, :max_py]
        self.of_source = parents[:, :, :max_px]

    def __call__(
        self, cell: np.ndarray, source: np.ndarray, lag: np.ndarray, target: np.ndarray, given: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return values and p-values; ``given`` holds nodes of lag 0, then -1, ``(test, width)``."""
        size = self.evidence.size
        x = lag * size + source
        lagged = conditions_of(
            self.of_target[cell, target][None], self.of_source[cell, source][None], x, lag * size
        )[0]
        conditions, number = packed(np.concatenate([given, lagged], axis=1))
        value, count = self.evidence.values(cell, x, target, conditions)
        return value, p_values(value, self.evidence.freedom(cell, count, number))


def initial_pairs(parents: np.ndarray, size: int, tau_min: int, priors: np.ndarray | None) -> Pairs:
    """All pairs of lag 0 and the lagged parents of every target, in the order of source, target and lag."""
    cells = parents.shape[0]
    chosen = np.zeros((cells, size, size, 1 + int(max(1, parents.max(initial=0) // size))), bool)
    cell, target, rank = np.nonzero(parents >= 0)
    node = parents[cell, target, rank]
    chosen[cell, node % size, target, node // size] = True
    if tau_min == 0:
        chosen[:, :, :, 0] = True
        if priors is not None:
            chosen[:, :, :, 0] &= priors[:, :, 0] != ""
        chosen[:, np.arange(size), np.arange(size), 0] = False
    cell, source, target, lag = np.nonzero(chosen)
    sure = np.zeros(cell.size, bool)
    if priors is not None:
        marks = priors[source, target, lag]
        sure = np.array([len(m) > 1 and m[1] == "-" for m in marks], bool)
    index = np.full(chosen.shape[:3], -1, np.int64)
    flat = lag == 0
    index[cell[flat], source[flat], target[flat]] = np.flatnonzero(flat)
    twin = np.where(flat, index[cell, target, source], -1)
    return Pairs(cell, source, target, lag, sure, twin)


def find_skeleton(pairs: Pairs, tester: Tester, alpha: float, max_dim: int) -> Sets:
    """Remove pairs that some subset separates; return the sets of contemporaneous nodes that did.

    Args:
        pairs: the pairs, changed in place.
        tester: tests them.
        alpha: a pair stays while every p-value is at most this.
        max_dim: largest subset.
    """
    separating: Sets = {}
    adjacent = _adjacent(pairs, None)
    for level in range(max_dim + 1):
        others = _others(pairs, adjacent)
        here = np.flatnonzero(pairs.alive & (others >= level))
        if not here.size:
            break
        first = (pairs.lag[here] > 0) | (pairs.source[here] < pairs.target[here])
        _test(pairs, tester, here[first], adjacent, level, alpha, separating)
        late = here[~first]
        _test(pairs, tester, late[pairs.alive[late]], adjacent, level, alpha, separating)
        adjacent = _adjacent(pairs, pairs.least)
    return separating


def _adjacent(pairs: Pairs, least: np.ndarray | None) -> dict[tuple[int, int], list[int]]:
    """Contemporaneous neighbours of each cell's target, by falling strength where one is given."""
    here = np.flatnonzero(pairs.alive & (pairs.lag == 0))
    key = pairs.source[here] * 0.0 if least is None else -least[here]
    order = here[np.lexsort((pairs.source[here], key, pairs.target[here], pairs.cell[here]))]
    found: dict[tuple[int, int], list[int]] = {}
    for cell, target, source in zip(
        pairs.cell[order].tolist(), pairs.target[order].tolist(), pairs.source[order].tolist(), strict=True
    ):
        found.setdefault((cell, target), []).append(source)
    return found


def _others(pairs: Pairs, adjacent: dict[tuple[int, int], list[int]]) -> np.ndarray:
    """Number of contemporaneous neighbours of each pair's target, without its source."""
    number = np.zeros(int(pairs.cell.max(initial=-1)) + 1, int)
    wide = int(pairs.target.max(initial=-1)) + 1
    number = np.zeros((number.size, wide), int)
    for (cell, target), nodes in adjacent.items():
        number[cell, target] = len(nodes)
    return number[pairs.cell, pairs.target] - ((pairs.lag == 0) & pairs.alive)


def _test(
    pairs: Pairs,
    tester: Tester,
    chosen: np.ndarray,
    adjacent: dict[tuple[int, int], list[int]],
    level: int,
    alpha: float,
    separating: Sets,
) -> None:
    """Test the chosen pairs given every subset of ``level`` neighbours, until one separates them."""
    given_of = pairs.sure[chosen]
    pairs.val[chosen[given_of]], pairs.least[chosen[given_of]] = (
        1.0,
        np.minimum(pairs.least[chosen[given_of]], 1.0),
    )
    chosen = chosen[~given_of]
    if level == 0:
        _round(pairs, tester, chosen, np.empty((chosen.size, 0), np.int32), alpha, separating)
        return
    waiting: dict[int, Iterator[tuple[int, ...]]] = {}
    for k in chosen.tolist():
        nodes = adjacent.get((int(pairs.cell[k]), int(pairs.target[k])), [])
        if pairs.lag[k] == 0:
            nodes = [n for n in nodes if n != pairs.source[k]]
        waiting[k] = combinations(nodes, level)
    while waiting:
        index: list[int] = []
        subsets: list[tuple[int, ...]] = []
        for k in list(waiting):
            some = list(islice(waiting[k], AT_ONCE))
            if len(some) < AT_ONCE:
                del waiting[k]
            index += [k] * len(some)
            subsets += some
        if not index:
            break
        _round(pairs, tester, np.array(index), np.array(subsets, np.int32), alpha, separating)
        waiting = {k: rest for k, rest in waiting.items() if pairs.alive[k]}


def _round(
    pairs: Pairs, tester: Tester, index: np.ndarray, given: np.ndarray, alpha: float, separating: Sets
) -> None:
    """Test pairs, the subsets of one in a row, and take each up to the first that separates it."""
    if not index.size:
        return
    value, p = tester(pairs.cell[index], pairs.source[index], pairs.lag[index], pairs.target[index], given)
    apart = ~(p <= alpha)
    number = index.size
    starts = np.flatnonzero(np.r_[True, index[1:] != index[:-1]])
    group = np.repeat(np.arange(starts.size), np.diff(np.r_[starts, number]))
    place = np.where(apart, np.arange(number), number)
    first = np.minimum.reduceat(place, starts)
    counted = np.arange(number) <= first[group]
    kept = np.flatnonzero(counted)
    np.minimum.at(pairs.least, index[kept], np.abs(value[kept]))
    order = kept[np.lexsort((kept, np.where(np.isnan(p[kept]), 1.0, p[kept]), index[kept]))]
    last = order[np.r_[index[order][1:] != index[order][:-1], True]]
    better = last[p[last] >= pairs.p[index[last]]]
    pairs.p[index[better]], pairs.val[index[better]] = p[better], value[better]
    for at in first[first < number].tolist():
        k = int(index[at])
        _remove(pairs, k)
        if given.shape[1]:
            separating[k] = tuple(int(n) for n in given[at])
            if pairs.twin[k] >= 0:
                separating[int(pairs.twin[k])] = separating[k]


def _remove(pairs: Pairs, k: int) -> None:
    """Remove a pair, at lag 0 from both ends."""
    pairs.alive[k] = False
    twin = pairs.twin[k]
    if twin >= 0:
        pairs.alive[twin] = False
        pairs.p[twin] = pairs.p[k]
