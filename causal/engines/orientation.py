"""The orientation of contemporaneous links: colliders by the majority rule, then the rules of Meek.

[@runge2020] for the phases; [@colombo2014] for the majority rule; [@meek1995] for the rules;
[@dor1992] for a directed graph of a pattern. Contradicting orientations become ``x-x``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from .skeleton import Tester

CIRCLE, ARROW, HEAD, CONFLICT = "o-o", "-->", "<--", "x-x"
Triple = tuple[int, int, int, int]
"""Source, its lag, middle, target: an unshielded triple."""


@dataclass
class Pattern:
    """The graph of one cell while it is being oriented.

    Attributes:
        marks: marks of lag 0 by (source, target).
        adjacent: per target its neighbours (source, lag), by source and then by lag.
        ambiguous: triples that neither are nor are not colliders.
    """

    marks: dict[tuple[int, int], str]
    adjacent: list[list[tuple[int, int]]]
    ambiguous: set[Triple] = field(default_factory=set)

    def linked(self, source: int, target: int, lag: int) -> bool:
        """Whether the two are adjacent."""
        return (source, lag) in self.adjacent[target] if lag else (source, target) in self.marks

    def plain(self, target: int) -> Iterator[tuple[int, int]]:
        """Neighbours of a target without conflicting links."""
        for source, lag in self.adjacent[target]:
            if lag or self.marks[source, target] != CONFLICT:
                yield source, lag

    def contemporaneous(self, target: int, conflicts: bool = True) -> list[int]:
        """Neighbours of a target at lag 0."""
        return [
            i
            for i, lag in self.adjacent[target]
            if not lag and (conflicts or self.marks[i, target] != CONFLICT)
        ]


def patterns(graph: np.ndarray) -> list[Pattern]:
    """Read patterns from marks, ``(cell, source, target, lag)``."""
    cells, size = graph.shape[:2]
    found = [Pattern({}, [[] for _ in range(size)]) for _ in range(cells)]
    cell, target, source, lag = np.nonzero(graph.transpose(0, 2, 1, 3) != "")
    marks = graph[cell, source, target, lag].tolist()
    for c, j, i, tau, mark in zip(
        cell.tolist(), target.tolist(), source.tolist(), lag.tolist(), marks, strict=True
    ):
        found[c].adjacent[j].append((i, tau))
        if not tau:
            found[c].marks[i, j] = mark
    return found


def unshielded(pattern: Pattern) -> list[Triple]:
    """Triples i - k o-o j whose ends are not adjacent, in the order of j, k, i."""
    found = []
    for j in range(len(pattern.adjacent)):
        for k, at in pattern.adjacent[j]:
            if at or pattern.marks[k, j] != CIRCLE:
                continue
            for i, lag in pattern.plain(k):
                if lag == 0 and (i == j or pattern.marks[i, k] not in (CIRCLE, ARROW)):
                    continue
                if not pattern.linked(i, j, lag):
                    found.append((i, lag, k, j))
    return found


def neighbourhoods(pattern: Pattern, triple: Triple) -> list[tuple[int, ...]]:
    """Sets of neighbours of either end that may separate them."""
    i, lag, _, j = triple
    found: dict[tuple[int, ...], None] = {}
    ends = [[n for n in pattern.contemporaneous(j) if lag or n != i]]
    if lag == 0:
        ends.append([n for n in pattern.contemporaneous(i) if n != j])
    for nodes in ends:
        if nodes:
            for size in range(len(nodes) + 1):
                found |= dict.fromkeys(combinations(nodes, size))
    return list(found)


def orient_colliders(
    all_patterns: Sequence[Pattern],
    tester: Tester,
    alpha: float,
    rule: str,
    conflict_resolution: bool,
    separating: dict[tuple[int, int, int, int], tuple[int, ...]],
) -> None:
    """Find the colliders of every cell and orient them, in place.

    Args:
        all_patterns: the skeletons.
        tester: tests the ends of triples given their neighbours.
        alpha: significance.
        rule: ``majority``, ``conservative`` or ``none`` (by the first separating set).
        conflict_resolution: whether contradictions become ``x-x``.
        separating: separating sets of the skeleton by (cell, source, lag, target), for the rule ``none``.
    """
    triples = [unshielded(pattern) for pattern in all_patterns]
    shares = None if rule == "none" else _shares(all_patterns, triples, tester, alpha)
    for c, (pattern, mine) in enumerate(zip(all_patterns, triples, strict=True)):
        colliders = []
        for n, triple in enumerate(mine):
            if shares is None:
                i, lag, k, j = triple
                if k not in separating.get((c, i, lag, j), ()):
                    colliders.append(triple)
                continue
            share = shares[c][n]
            unsure = share == 0.5 if rule == "majority" else 0 < share < 1
            if np.isnan(share) or unsure:
                pattern.ambiguous.add(triple)
            elif share < 0.5:
                colliders.append(triple)
        _apply(pattern, colliders, conflict_resolution)


def _shares(
    all_patterns: Sequence[Pattern], triples: Sequence[list[Triple]], tester: Tester, alpha: float
) -> list[list[float]]:
    """Share of the separating sets that hold the middle of each triple; NaN where none separates."""
    tests: list[tuple[int, int, int, int]] = []
    sets: list[tuple[int, ...]] = []
    owner: list[int] = []
    holds: list[bool] = []
    number = 0
    for c, mine in enumerate(triples):
        for triple in mine:
            i, lag, k, j = triple
            for nodes in neighbourhoods(all_patterns[c], triple):
                tests.append((c, i, lag, j))
                sets.append(nodes)
                owner.append(number)
                holds.append(k in nodes)
            number += 1
    with_middle, in_all = np.zeros(number), np.zeros(number)
    if tests:
        wide = max(1, max(map(len, sets)))
        given = np.full((len(sets), wide), -1, np.int32)
        for n, nodes in enumerate(sets):
            given[n, : len(nodes)] = nodes
        cell, source, lag, target = np.array(tests).T
        _, p = tester(cell, source, lag, target, given)
        apart = ~(p <= alpha)
        np.add.at(in_all, np.array(owner)[apart], 1)
        np.add.at(with_middle, np.array(owner)[apart & np.array(holds)], 1)
    share = np.where(in_all > 0, with_middle / np.maximum(in_all, 1), np.nan).tolist()
    found, at = [], 0
    for mine in triples:
        found.append(share[at : at + len(mine)])
        at += len(mine)
    return found


def _apply(pattern: Pattern, colliders: list[Triple], conflict_resolution: bool) -> None:
    """Orient both links of each collider into its middle."""
    oriented: set[tuple[int, int]] = set()
    for i, lag, k, j in colliders:
        for end in (j, i) if lag == 0 else (j,):
            _orient(pattern, end, k, oriented, conflict_resolution)


def _orient(
    pattern: Pattern, tail: int, head: int, oriented: set[tuple[int, int]], conflict_resolution: bool
) -> None:
    """Orient tail --> head, or mark a conflict where the other way was found before."""
    if (head, tail) not in oriented and (tail, head) not in oriented:
        pattern.marks[tail, head], pattern.marks[head, tail] = ARROW, HEAD
        oriented.add((tail, head))
    if conflict_resolution and (head, tail) in oriented:
        pattern.marks[tail, head] = pattern.marks[head, tail] = CONFLICT


def apply_rules(pattern: Pattern, conflict_resolution: bool) -> None:
    """Orient what must follow: no new colliders, no cycles (rules 1 to 3 of Meek 1995), in place."""
    oriented: set[tuple[int, int]] = set()
    again = any(mark == CIRCLE for mark in pattern.marks.values())
    while again:
        again = False
        for rule in (_rule_one, _rule_two, _rule_three):
            # Each rule takes its triples from the graph as it stands when the rule begins.
            for tail, head in rule(pattern):
                again = True
                _orient(pattern, tail, head, oriented, conflict_resolution)


def _rule_one(pattern: Pattern) -> list[tuple[int, int]]:
    """Away from a link into the middle: i --> k o-o j with i, j apart gives k --> j."""
    found = []
    for j in range(len(pattern.adjacent)):
        for k, at in pattern.plain(j):
            if at or pattern.marks[j, k] != CIRCLE:
                continue
            for i, lag in pattern.plain(k):
                if lag == 0 and (i == j or pattern.marks[i, k] != ARROW):
                    continue
                if not pattern.linked(i, j, lag) and (i, lag, k, j) not in pattern.ambiguous:
                    found.append((k, j))
    return found


def _rule_two(pattern: Pattern) -> list[tuple[int, int]]:
    """No cycle: i --> k --> j with i o-o j gives i --> j."""
    found = []
    for j in range(len(pattern.adjacent)):
        for k in pattern.contemporaneous(j, conflicts=False):
            if pattern.marks[k, j] != ARROW:
                continue
            for i in pattern.contemporaneous(k, conflicts=False):
                if i == j or pattern.marks[i, k] != ARROW or pattern.marks.get((i, j)) != CIRCLE:
                    continue
                if (i, 0, k, j) not in pattern.ambiguous:
                    found.append((i, j))
    return found


def _rule_three(pattern: Pattern) -> list[tuple[int, int]]:
    """Two ways round: i o-o k --> j and i o-o l --> j with k, l apart and i o-o j gives i --> j."""
    found = []
    for j in range(len(pattern.adjacent)):
        near = pattern.contemporaneous(j, conflicts=False)
        into = [k for k in near if pattern.marks[k, j] == ARROW]
        for i in near:
            if pattern.marks[j, i] != CIRCLE:
                continue
            for k in into:
                for m in into:
                    if k == m or i in (k, m) or (k, m) in pattern.marks:
                        continue
                    if pattern.marks.get((k, i)) != CIRCLE or pattern.marks.get((m, i)) != CIRCLE:
                        continue
                    if (i, 0, k, j) not in pattern.ambiguous and (i, 0, m, j) not in pattern.ambiguous:
                        found.append((i, j))
    return found


def directed(pattern: Pattern, order: Sequence[int]) -> dict[tuple[int, int], str]:
    """Marks of lag 0 of one directed graph of the pattern's class (Dor and Tarsi 1992).

    Args:
        pattern: the oriented pattern.
        order: variables in the order in which a sink is sought.
    """
    marks = dict(pattern.marks)
    left = {pair: mark for pair, mark in marks.items() if mark in (CIRCLE, HEAD)}
    while True:
        for j in order:
            near = sorted(i for (i, to), mark in left.items() if to == j and mark == CIRCLE)
            if near and (len(near) == 1 or all(pair in left for pair in combinations(near, 2))):
                break
        else:
            return marks
        for i in near:
            marks[i, j], marks[j, i] = ARROW, HEAD
            del left[i, j], left[j, i]
