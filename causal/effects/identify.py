"""Whether an effect can be read off by adjustment, and for what: on the graph unrolled over time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from data.errors import ModelError, listing

from .unroll import Marks, Node, Unrolled, orientations, possible_ancestors, read_marks


@dataclass(frozen=True)
class Identification:
    """What a graph says about an effect.

    Attributes:
        identified: whether regression on the adjustment set gives the effect.
        adjustment: the adjustment set as (variable, lag), lags 0 or negative; empty where there is none.
        causal: whether any causal path leads from source to target.
        sentence: the reason in one sentence.
    """

    identified: bool
    adjustment: tuple[Node, ...]
    causal: bool
    sentence: str


def label(node: Node, names: Sequence[str]) -> str:
    """Write a node as ``name(t-3)``; a hidden cause of a ``<->`` is 'hidden'."""
    name = names[node[0]] if node[0] < len(names) else "hidden"
    return f"{name}(t{node[1]})" if node[1] else f"{name}(t)"


def identify(
    graph: np.ndarray,
    source: Node,
    target: Node,
    names: Sequence[str] | None = None,
    latent: Iterable[int] = (),
    admg: bool = False,
    kind: str = "total",
) -> Identification:
    """Find an adjustment set for a lagged effect that holds under every direction of the undecided links.

    For total effects the optimal set: the parents of the nodes on causal paths that are neither on such a path nor
    behind it, which no other valid set beats in asymptotic variance [@henckel2022]; with hidden variables the
    parents, colliders and parents of colliders of [@runge2021optimal], else all observed ancestors
    [@vanderzander2014]. For direct effects all parents of the target [@pearl2009]. Every set is checked against
    the adjustment criterion before it is returned.

    Args:
        graph: marks ``[source, target, lag]``.
        source: cause as (variable, lag), lag 0 or negative.
        target: effect as (variable, 0).
        names: variables' names for sentences; default their indices.
        latent: variables that are in the graph but not observed.
        admg: read ``<->`` as a hidden common cause and ``-->`` as a cause without one.
        kind: ``total`` or ``direct``.

    Raises:
        ModelError: see `read_marks`.
    """
    query = Query(graph, source, target, names, latent, admg, kind)
    return query.search()


def why_invalid(
    graph: np.ndarray,
    source: Node,
    target: Node,
    adjustment: Iterable[Node],
    names: Sequence[str] | None = None,
    latent: Iterable[int] = (),
    admg: bool = False,
    kind: str = "total",
) -> str:
    """Say why a set is no adjustment set, or '' where it is one (arguments as in `identify`)."""
    return Query(graph, source, target, names, latent, admg, kind, frozenset(adjustment)).invalid(
        frozenset(adjustment)
    )


class Query:
    """One effect in all graphs that the undecided links leave possible.

    Args:
        extra: nodes beyond source and target that bear on the question.
        (others as in `identify`)
    """

    def __init__(
        self, graph, source, target, names=None, latent=(), admg=False, kind="total", extra=frozenset()
    ):
        self.names = [str(k) for k in range(graph.shape[0])] if names is None else [str(n) for n in names]
        self.marks = read_marks(graph, self.names, admg)
        self.source, self.target, self.kind = source, target, kind
        self.latent, self.graph, self.admg = frozenset(latent), graph, admg
        _sensible(self.marks, self.names, source, target, self.latent, kind)
        deepest = max(-lag for _, lag in {source, *extra})
        # The parents of all that matters lie near. A path that is not causal can run through much earlier steps,
        # so sets are checked in a window in which each variable may delay each leg of it by the largest lag.
        self.shallow = deepest + self.marks.tau_max
        far = self.shallow + 2 * self.marks.tau_max * (self.marks.variables + 1)
        hidden = bool(self.latent or self.marks.confounded)
        self.build = far if hidden else self.shallow
        self.check = 2 * far if hidden else far
        variables = {source[0], target[0], *(v for v, _ in extra)}
        self.covered = possible_ancestors(self.marks, variables)
        self.cases = [Case(m, self) for m in orientations(self.marks, self.covered)]

    def invalid(self, chosen: frozenset[Node]) -> str:
        """Return a sentence on the first possible graph in which a set is not valid, else ''."""
        if self.marks.undecided and any(v not in self.covered for v, _ in chosen):
            return self._with(chosen).invalid(chosen)
        for case in self.cases:
            reason = case.invalid(chosen)
            if reason and len(self.cases) > 1:
                return f"{reason}, if the undecided links are directed as {case.told()}"
            if reason:
                return reason
        return ""

    def _with(self, chosen: frozenset[Node]) -> Query:
        """Ask the same with the undecided links that bear on a set."""
        return Query(
            self.graph, self.source, self.target, self.names, self.latent, self.admg, self.kind, chosen
        )

    def search(self) -> Identification:
        """Return the first candidate that is valid in every possible graph."""
        causal = any(case.causal for case in self.cases)
        names = f"{label(self.source, self.names)} on {label(self.target, self.names)}"
        if not causal and self.kind == "total":
            return Identification(
                True, (), False, f"The graph has no causal path of {names}: the effect is 0."
            )
        if not causal:
            return Identification(
                True, (), False, f"The graph has no link of {names}: the direct effect is 0."
            )
        candidates = list(dict.fromkeys(c for case in self.cases for c in case.candidates()))
        candidates += (
            [frozenset.union(*candidates), frozenset.intersection(*candidates)] if candidates else []
        )
        for chosen in candidates:
            if not self.invalid(chosen):
                order = tuple(sorted(chosen, key=lambda n: (-n[1], n[0])))
                text = listing((label(n, self.names) for n in order), 12) or "nothing"
                return Identification(
                    True,
                    order,
                    True,
                    f"The {self.kind} effect of {names} is identified by adjusting for {text}.",
                )
        reason = self.invalid(candidates[0]) if candidates else "no observed variables can close the paths"
        return Identification(
            False, (), True, f"The {self.kind} effect of {names} is not identified: {reason}."
        )


class Case:
    """The effect in one fully directed graph."""

    def __init__(self, marks: Marks, query: Query) -> None:
        self.query, self.marks = query, marks
        self.source, self.target = query.source, query.target
        self.near = Unrolled.of(marks, query.build, query.latent)
        self.graph = Unrolled.of(marks, query.check, query.latent)
        if query.kind == "direct":
            link = self.source in self.graph.parents[self.target]
            self.path = {self.target} if link else set()
            self.forbidden = self.graph.descendants([self.target]) | {self.source}
            self.cut = {(self.source, self.target)} if link else set()
        else:
            self.path = self.graph.between(self.source, self.target)
            self.forbidden = self.graph.descendants(self.path) | {self.source}
            self.cut = {(self.source, c) for c in self.graph.children[self.source] if c in self.path}
        self.causal = bool(self.path)

    def told(self) -> str:
        """Name the directions chosen in this graph."""
        names, open_pairs = self.query.names, set(self.query.marks.undecided)
        return listing(
            f"{names[i]} --> {names[j]}"
            for i, j, lag in self.marks.directed
            if lag == 0 and ((i, j) in open_pairs or (j, i) in open_pairs)
        )

    def invalid(self, chosen: frozenset[Node]) -> str:
        """Say why a set is not valid here by the adjustment criterion [@shpitser2010; @perkovic2018], else ''."""
        names = self.query.names
        unseen = [n for n in chosen if n[0] in self.graph.hidden]
        if unseen:
            return f"{label(unseen[0], names)} is not observed"
        for node in sorted(chosen):
            if node in (self.source, self.target):
                return f"{label(node, names)} is the source or the target itself"
            if node in self.forbidden:
                role = "lies on" if node in self.path else "is caused by what lies on"
                return f"{label(node, names)} {role} a causal path, so adjusting for it distorts the effect"
        open_path = self.graph.open_path(self.source, self.target, chosen, self.cut)
        if open_path is None:
            return ""
        trail = " - ".join(label(n, names) for n in open_path)
        if self.query.kind == "direct":
            return f"the path {trail}, which is not the direct link, stays open"
        return f"the path {trail}, which is not causal, stays open"

    def candidates(self) -> list[frozenset[Node]]:
        """Sets to try, best first."""
        if not self.causal:
            return []
        near, hidden = self.near, self.near.hidden
        if self.query.kind == "direct":
            seen = {p for p in near.parents[self.target] if p[0] not in hidden} - {self.source}
            return [frozenset(seen), frozenset(self._ancestors() - self.forbidden)]
        sets = [self._optimal()]
        parents = frozenset(near.parents[self.source])
        sets.append(frozenset(p for p in parents if p[0] not in hidden))
        if hidden:  # what reaches far back costs samples: near nodes first
            sets.append(frozenset(self._ancestors() - self.forbidden))
            sets = [frozenset(n for n in s if -n[1] <= self.query.shallow) for s in sets] + sets
        return sets

    def _ancestors(self) -> set[Node]:
        above = self.near.ancestors([self.source, self.target])
        return {n for n in above if n[0] not in self.near.hidden} - {self.source, self.target}

    def _optimal(self) -> frozenset[Node]:
        """Parents of the causal paths, and under hidden variables the valid colliders and their parents."""
        near, path = self.near, {n for n in self.path if n[0] not in self.near.hidden}
        chosen = {p for n in path for p in _seen_parents(near, n)} - self.forbidden
        if not near.hidden:
            return frozenset(chosen)
        allowed = self._ancestors() - self.forbidden
        spouses = _spouses(near)
        colliders: set[Node] = set()
        todo, refused = list(path), set()
        while todo:
            for other in spouses.get(todo.pop(), ()):
                if other in colliders or other in refused or other in self.forbidden:
                    continue
                given = allowed - {other}
                if other in allowed or near.open_path(self.source, other, given) is None:
                    colliders.add(other)
                    todo.append(other)
                else:
                    refused.add(other)
        behind = {p for c in colliders for p in _seen_parents(near, c)}
        return frozenset(chosen | colliders | behind) - {self.source, self.target}


def _seen_parents(graph: Unrolled, node: Node) -> set[Node]:
    """Observed nodes with an arrow into a node, or a directed path through hidden ones only."""
    found, todo = set(), [node]
    while todo:
        for parent in graph.parents[todo.pop()]:
            if parent[0] in graph.hidden:
                todo.append(parent)
            else:
                found.add(parent)
    return found


def _spouses(graph: Unrolled) -> dict[Node, set[Node]]:
    """Observed nodes that share a hidden cause, through hidden nodes only."""
    behind: dict[Node, set[Node]] = {}
    for node in graph.parents:
        if node[0] not in graph.hidden:
            todo, seen = [node], set()
            while todo:
                fresh = {p for p in graph.parents[todo.pop()] if p[0] in graph.hidden} - seen
                seen |= fresh
                todo.extend(fresh)
            for hidden in seen:
                behind.setdefault(hidden, set()).add(node)
    spouses: dict[Node, set[Node]] = {}
    for together in behind.values():
        for node in together:
            spouses.setdefault(node, set()).update(together - {node})
    return spouses


def _sensible(
    marks: Marks, names: list[str], source: Node, target: Node, latent: frozenset[int], kind: str
) -> None:
    if kind not in ("total", "direct"):
        raise ModelError(f"there is no effect of kind '{kind}'", "kind", "choose 'total' or 'direct'")
    if target[1] != 0 or source[1] > 0:
        raise ModelError(
            f"the effect of {source} on {target} is asked for",
            "source and target as (variable, lag)",
            "give the target lag 0 and the source a lag of 0 or below, as ('pr', -2)",
        )
    if source == target:
        raise ModelError("source and target are the same", label(source, names), "choose two nodes")
    hidden = [names[v] for v in (source[0], target[0]) if v in latent]
    if hidden:
        raise ModelError(f"'{hidden[0]}' is latent", "source or target", "choose variables that are observed")
