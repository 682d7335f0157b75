"""A time-series graph unrolled over a window: parents, ancestors, open paths."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from data.errors import ModelError, listing

Node = tuple[int, int]
"""A variable's index and its lag, 0 or negative."""
UNDECIDED = ("o-o", "x-x")
"""Marks of lag 0 whose direction is not known."""
MOST_UNDECIDED = 10
"""Most undecided links of which all orientations are tried."""


@dataclass(frozen=True)
class Marks:
    """The links of a graph, by what is known of their direction.

    Attributes:
        directed: (source, target, lag) of every arrow; lag 0 once per pair.
        undecided: (one, other) of every pair of lag 0 without a direction.
        confounded: (source, target, lag) of every ``<->``.
        variables: number of variables.
        tau_max: largest lag of the graph [steps].
    """

    directed: tuple[tuple[int, int, int], ...]
    undecided: tuple[tuple[int, int], ...]
    confounded: tuple[tuple[int, int, int], ...]
    variables: int
    tau_max: int


def read_marks(graph: np.ndarray, names: Sequence[str], admg: bool = False) -> Marks:
    """Sort the links of a graph by their marks.

    Args:
        graph: marks ``[source, target, lag]``.
        names: the variables' names.
        admg: read ``<->`` as a hidden common cause and ``-->`` as a cause without one.

    Raises:
        ModelError: a mark that no directed graph has, a lag-0 link that is not the same from its other end, a
            variable that causes itself at lag 0, a cycle.
    """
    directed, undecided, confounded = [], [], []
    for i, j, lag in zip(*(a.tolist() for a in np.nonzero(graph != "")), strict=True):
        mark, where = str(graph[i, j, lag]), f"{names[i]} at lag {lag} and {names[j]}"
        if lag == 0:
            if i == j:
                raise ModelError(f"'{names[i]}' causes itself at lag 0", "graph", "remove that link")
            if str(graph[j, i, 0]) != {"-->": "<--", "<--": "-->"}.get(mark, mark):
                raise ModelError(
                    f"the link reads '{mark}' from one end and '{graph[j, i, 0]}' from the other",
                    where,
                    "write a link of lag 0 at both its ends ('-->' and '<--')",
                )
        if mark == "-->":
            directed.append((i, j, lag))
        elif mark == "<->" and admg:
            if lag > 0 or i < j:
                confounded.append((i, j, lag))
        elif lag == 0 and mark in UNDECIDED:
            if i < j:
                undecided.append((i, j))
        elif not (lag == 0 and mark == "<--"):
            raise ModelError(
                f"the mark '{mark}' leaves open whether a hidden cause drives both ends",
                where,
                "decide the link ('-->' or '') or, for '<->', pass `admg=True` if every '-->' is free of hidden causes",
            )
    marks = Marks(tuple(directed), tuple(undecided), tuple(confounded), graph.shape[0], graph.shape[2] - 1)
    cycle = _cyclic([(i, j) for i, j, lag in directed if lag == 0], graph.shape[0])
    if cycle:
        raise ModelError(
            f"the links of lag 0 go round: {listing(names[v] for v in cycle)}", "graph", "break the cycle"
        )
    return marks


def _cyclic(pairs: Iterable[tuple[int, int]], variables: int) -> list[int]:
    """Variables that lie in or behind a cycle, by taking away what nothing points at."""
    left, pairs = set(range(variables)), list(pairs)
    while True:
        pointed = {j for i, j in pairs if i in left and j in left}
        free = left - pointed
        if not free:
            return sorted(left)
        left -= free
        if not left:
            return []


def orientations(marks: Marks, relevant: set[int]) -> list[Marks]:
    """All acyclic ways to direct the undecided links among some variables; other undecided links are left out.

    Args:
        marks: the links.
        relevant: the variables whose links matter.

    Raises:
        ModelError: more than `MOST_UNDECIDED` undecided links among them.
    """
    open_links = [(i, j) for i, j in marks.undecided if i in relevant and j in relevant]
    if len(open_links) > MOST_UNDECIDED:
        raise ModelError(
            f"{len(open_links)} undecided links bear on the effect, more than {MOST_UNDECIDED}",
            "graph",
            "decide some of them from what is known of the system",
        )
    fixed = [(i, j) for i, j, lag in marks.directed if lag == 0]
    found = []
    for flips in product((False, True), repeat=len(open_links)):
        chosen = [(j, i) if flip else (i, j) for flip, (i, j) in zip(flips, open_links, strict=True)]
        if not _cyclic(fixed + chosen, marks.variables):
            arrows = marks.directed + tuple((i, j, 0) for i, j in chosen)
            found.append(Marks(arrows, (), marks.confounded, marks.variables, marks.tau_max))
    return found


def possible_ancestors(marks: Marks, variables: Iterable[int]) -> set[int]:
    """Variables that may cause some variables at any lag, undecided links read both ways."""
    into: dict[int, set[int]] = {}
    for i, j in [(i, j) for i, j, _ in marks.directed + marks.confounded] + list(marks.undecided):
        into.setdefault(j, set()).add(i)
    for i, j in [(i, j) for i, j, _ in marks.confounded] + list(marks.undecided):
        into.setdefault(i, set()).add(j)
    return _closure(into, variables)


def _closure(step: dict, start: Iterable) -> set:
    found, todo = set(start), list(start)
    while todo:
        for other in step.get(todo.pop(), ()):
            if other not in found:
                found.add(other)
                todo.append(other)
    return found


@dataclass(frozen=True)
class Unrolled:
    """A directed graph over the steps ``-window`` to 0, hidden variables among its nodes.

    A hidden common cause of a ``<->`` is a node of its own, with an index beyond the variables'.

    Attributes:
        window: earliest step is ``-window``.
        hidden: indices of the hidden variables.
        parents: parents of each node.
        children: children of each node.
    """

    window: int
    hidden: frozenset[int]
    parents: dict[Node, tuple[Node, ...]] = field(repr=False)
    children: dict[Node, tuple[Node, ...]] = field(repr=False)

    @classmethod
    def of(cls, marks: Marks, window: int, hidden: Iterable[int] = ()) -> Unrolled:
        """Unroll directed links over a window [steps]; `marks` has no undecided links."""
        arrows = [((i, -lag), j) for i, j, lag in marks.directed]
        extra = {marks.variables + k: link for k, link in enumerate(marks.confounded)}
        for k, (i, j, lag) in extra.items():  # the common cause stands at the step of the earlier end
            arrows += [((k, 0), i), ((k, -lag), j)]
        indices = [*range(marks.variables), *extra]
        parents: dict[Node, list[Node]] = {(v, -step): [] for step in range(window + 1) for v in indices}
        for (i, shift), j in arrows:
            for step in range(window + shift + 1):
                parents[j, -step].append((i, shift - step))
        children: dict[Node, list[Node]] = {node: [] for node in parents}
        for node, above in parents.items():
            for parent in above:
                children[parent].append(node)
        return cls(
            window,
            frozenset(hidden) | frozenset(extra),
            {n: tuple(p) for n, p in parents.items()},
            {n: tuple(c) for n, c in children.items()},
        )

    def ancestors(self, nodes: Iterable[Node]) -> set[Node]:
        """Return nodes with a directed path into some nodes, themselves included."""
        return _closure(self.parents, list(nodes))

    def descendants(self, nodes: Iterable[Node]) -> set[Node]:
        """Return nodes with a directed path from some nodes, themselves included."""
        return _closure(self.children, list(nodes))

    def between(self, source: Node, target: Node) -> set[Node]:
        """Return nodes on directed paths from source to target, without the source."""
        return (self.descendants([source]) & self.ancestors([target])) - {source}

    def open_path(
        self, source: Node, target: Node, given: Iterable[Node], cut: Iterable[tuple[Node, Node]] = ()
    ) -> list[Node] | None:
        """Return a path that `given` leaves open between two nodes, or None where it d-separates them.

        A path is followed node by node, each entered from a parent or from a child; a node that is given lets
        through only where two arrows meet, another one everywhere else [@shachter1998].

        Args:
            source: where paths begin.
            target: where they end.
            given: the nodes conditioned on.
            cut: arrows (parent, child) that do not count.
        """
        given, cut = set(given), set(cut)
        meeting = self.ancestors(given) if not cut else self._ancestors_without(given, cut)
        start: tuple[Node, str] = (source, "child")
        came: dict[tuple[Node, str], tuple[Node, str] | None] = {start: None}
        todo: deque[tuple[Node, str]] = deque([start])
        while todo:
            state = todo.popleft()
            node, entered = state
            if node == target:
                return _trail(came, state)
            up: list[tuple[Node, str]] = [(p, "child") for p in self.parents[node] if (p, node) not in cut]
            down: list[tuple[Node, str]] = [
                (c, "parent") for c in self.children[node] if (node, c) not in cut
            ]
            if entered == "child":
                steps = up + down if node not in given else []
            else:
                steps = (down if node not in given else []) + (up if node in meeting else [])
            for following in steps:
                if following not in came:
                    came[following] = state
                    todo.append(following)
        return None

    def _ancestors_without(self, nodes: set[Node], cut: set[tuple[Node, Node]]) -> set[Node]:
        ends = {child for _, child in cut}
        parents = {n: [p for p in self.parents[n] if (p, n) not in cut] for n in ends}
        return _closure({**self.parents, **parents}, nodes)


def _trail(came: dict, state: tuple[Node, str]) -> list[Node]:
    path = []
    while state is not None:
        path.append(state[0])
        state = came[state]
    return path[::-1]
