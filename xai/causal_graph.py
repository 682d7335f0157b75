"""A causal graph of players given as plain data, as chain components in causal order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from data.errors import ConfigError, listing, nearest


@dataclass(frozen=True)
class Component:
    """Players whose order among themselves is unknown.

    Attributes:
        members: numbers of its players.
        parents: numbers of the players outside that act on one of them.
        confounded: whether they share a hidden cause, so that setting one leaves the others as they are; otherwise
            they act on each other, and the others follow as if the one had been observed.
    """

    members: tuple[int, ...]
    parents: tuple[int, ...]
    confounded: bool


def components(
    names: Sequence[str], graph: Any, confounded: Sequence[Sequence[str]] = ()
) -> tuple[Component, ...]:
    """Chain components in causal order [@heskes2020].

    Args:
        names: of the players.
        graph: ``{child: [parents]}``, a list of edges ``(cause, effect)``, or a list of lists: groups in order of time,
            each acted on by all before. Players that are not named have no causes. Players in a circle of edges, or
            in one group, form a component.
        confounded: sets of players with a hidden common cause; they must have no edges among themselves.

    Raises:
        ConfigError: unknown players, or one that is given twice; confounded players that act on each other.
    """
    edges, together = _edges(names, graph)
    hidden = [tuple(_number(names, n) for n in group) for group in confounded]
    n = len(names)
    reach = np.eye(n, dtype=bool)
    for cause, effect in edges:
        reach[cause, effect] = True
    tied = np.zeros((n, n), dtype=bool)
    for group in [*together, *hidden]:
        for a in group:
            tied[a, list(group)] = True
    reach |= tied
    for _ in range(max(1, int(np.ceil(np.log2(max(n, 2)))))):
        reach = reach @ reach
    same = reach & reach.T
    found, seen = [], set()
    for i in range(n):
        if i in seen:
            continue
        members = tuple(int(j) for j in np.flatnonzero(same[i]))
        seen |= set(members)
        inside = [(a, b) for a, b in edges if a in members and b in members]
        has_hidden = any(set(group) & set(members) and len(group) > 1 for group in hidden)
        if has_hidden and inside:
            pair = f"{names[inside[0][0]]!r} acts on {names[inside[0][1]]!r}"
            raise ConfigError(
                f"{pair}, and they share a hidden cause or lie between players that do",
                "confounded",
                "leave out the edge, or the hidden cause",
            )
        parents = sorted({a for a, b in edges if b in members and a not in members})
        found.append(Component(members, tuple(parents), has_hidden))
    found.sort(key=lambda c: (int((reach[:, c.members[0]] & ~same[c.members[0]]).sum()), c.members))
    return tuple(found)


def ancestors(parts: Sequence[Component], n: int) -> np.ndarray:
    """Truth values (player, player): whether the second comes before the first in every order."""
    found = np.zeros((n, n), dtype=bool)
    for part in parts:
        before = np.zeros(n, dtype=bool)
        for parent in part.parents:
            before[parent] = True
            before |= found[parent]
            # Those who share a component with a parent act on it.
            for other in parts:
                if parent in other.members:
                    before[list(other.members)] = True
        for member in part.members:
            found[member] = before
    return found


def _number(names: Sequence[str], name: Any) -> int:
    if str(name) not in names:
        raise ConfigError(
            f"the player {name!r} is unknown",
            "graph",
            f"the players are {listing(names)}{nearest(str(name), names)}",
        )
    return list(names).index(str(name))


def _edges(names: Sequence[str], graph: Any) -> tuple[list[tuple[int, int]], list[tuple[int, ...]]]:
    """Edges (cause, effect), and groups without an order among themselves."""
    if graph is None or (not isinstance(graph, Mapping) and len(graph) == 0):
        return [], []
    if isinstance(graph, Mapping):
        pairs = [
            (p, c)
            for c, parents in graph.items()
            for p in ([parents] if isinstance(parents, str) else parents)
        ]
        for child in graph:
            _number(names, child)
    elif all(isinstance(e, tuple) and len(e) == 2 for e in graph):
        pairs = list(graph)
    elif all(isinstance(e, list) for e in graph):
        groups = [tuple(_number(names, n) for n in g) for g in graph]
        flat = [i for g in groups for i in g]
        if len(set(flat)) < len(flat) or len(flat) < len(names):
            lost = [names[i] for i in range(len(names)) if flat.count(i) != 1]
            raise ConfigError(
                f"{listing(lost)} are not in exactly one group", "graph", "put each player into one"
            )
        edges = [
            (a, b) for k, later in enumerate(groups) for earlier in groups[:k] for a in earlier for b in later
        ]
        return edges, [g for g in groups if len(g) > 1]
    else:
        raise ConfigError(
            "the graph cannot be read",
            "graph",
            "give {child: [parents]}, edges as tuples, or groups as lists",
        )
    found = []
    for cause, effect in pairs:
        if cause == effect:
            raise ConfigError(f"{cause!r} acts on itself", "graph", "leave the edge out")
        found.append((_number(names, cause), _number(names, effect)))
    return found, []
