"""PCMCI+ (Runge 2020) on many cells: selection, skeleton, orientation, put together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..links import Links
from ..settings import Settings
from .evidence import Evidence
from .orientation import Pattern, apply_rules, directed, orient_colliders, patterns
from .selection import Selected, select
from .skeleton import Pairs, Tester, find_skeleton, initial_pairs


@dataclass
class Oriented:
    """PCMCI+ at one significance: links, the lagged parents of the first phase, and the patterns."""

    links: Links
    parents: np.ndarray
    patterns: list[Pattern]


def pcmciplus(evidence: Evidence, settings: Settings, priors: np.ndarray | None) -> tuple[Links, np.ndarray]:
    """Run PCMCI+ on every cell; return links and lagged parents, ``(cell, target, rank)``.

    Where several significances are given, each cell takes the one of the best mean score by Akaike's criterion of
    a directed graph of its class.
    """
    found = [_at(evidence, settings, alpha, priors) for alpha in settings.searched]
    if len(found) == 1:
        return found[0].links, found[0].parents
    scores = np.stack([_score(evidence, item) for item in found])
    choice = scores.argmin(0)
    links = Links.empty(evidence.cells, evidence.size, settings.tau_max)
    parents = np.full((evidence.cells, evidence.size, max(i.parents.shape[2] for i in found)), -1, np.int32)
    for k, item in enumerate(found):
        here = choice == k
        links.graph[here], links.val[here], links.p[here] = (
            item.links.graph[here],
            item.links.val[here],
            item.links.p[here],
        )
        parents[here, :, : item.parents.shape[2]] = item.parents[here]
    links.n = found[0].links.n
    return links, parents


def _at(evidence: Evidence, settings: Settings, alpha: float, priors: np.ndarray | None) -> Oriented:
    """Run the three phases at one significance."""
    size, tau_max = evidence.size, settings.tau_max
    chosen = select(
        evidence,
        alpha,
        settings.tau_min,
        tau_max,
        priors=priors,
        max_conds_dim=settings.max_conds_dim,
        with_p=True,
    )
    pairs = initial_pairs(chosen.parents, size, settings.tau_min, priors)
    tester = Tester(evidence, chosen.parents, settings.max_conds_py, settings.max_conds_px)
    limit = size if settings.max_conds_dim is None else settings.max_conds_dim
    separating = find_skeleton(pairs, tester, alpha, limit)
    links = _links(evidence, chosen, pairs, tau_max, priors)
    found = patterns(links.graph)
    apart = {
        (int(pairs.cell[k]), int(pairs.source[k]), int(pairs.lag[k]), int(pairs.target[k])): nodes
        for k, nodes in separating.items()
    }
    orient_colliders(found, tester, alpha, settings.collider_rule, settings.conflict_resolution, apart)
    for c, pattern in enumerate(found):
        apply_rules(pattern, settings.conflict_resolution)
        for (i, j), mark in pattern.marks.items():
            links.graph[c, i, j, 0] = mark
    return Oriented(links, chosen.parents, found)


def _links(
    evidence: Evidence, chosen: Selected, pairs: Pairs, tau_max: int, priors: np.ndarray | None
) -> Links:
    """Marks, values and p-values after the skeleton; lagged links removed before it keep those of the selection."""
    size = evidence.size
    links = Links.empty(evidence.cells, size, tau_max)
    links.n = evidence.count.max(1)
    source, lag = chosen.candidates % size, chosen.candidates // size
    links.val[:, source, :, lag] = chosen.val.transpose(2, 0, 1)
    links.p[:, source, :, lag] = chosen.p.transpose(2, 0, 1)
    at = (pairs.cell, pairs.source, pairs.target, pairs.lag)
    links.val[at], links.p[at] = pairs.val, pairs.p
    marks = np.where(pairs.lag == 0, "o-o", "-->")
    if priors is not None:
        given = np.char.replace(priors[pairs.source, pairs.target, pairs.lag], "?", "-")
        marks = np.where(pairs.lag == 0, given, marks)
    links.graph[at] = np.where(pairs.alive, marks, "")
    symmetrise(links, priors)
    return links


def symmetrise(links: Links, priors: np.ndarray | None) -> None:
    """Give both ends of a lag-0 link the value with the larger p, or that of its assumed direction, in place."""
    size = links.graph.shape[1]
    for i in range(size):
        for j in range(size):
            if i == j:
                continue
            mark = "o?o" if priors is None else priors[i, j, 0]
            val, p = links.val[:, :, :, 0], links.p[:, :, :, 0]
            if mark in ("o?o", "o-o"):
                larger = p[:, i, j] >= p[:, j, i]
            elif mark in ("-->", "-?>"):
                larger = np.ones(p.shape[0], bool)
            else:
                continue
            p[larger, j, i] = p[larger, i, j]
            val[larger, j, i] = val[larger, i, j]


def _score(evidence: Evidence, item: Oriented) -> np.ndarray:
    """Mean of Akaike's criterion over targets, given parents in a directed graph of the class, ``(cell,)``."""
    links, size = item.links, evidence.size
    strength = np.abs(links.val).sum((1, 3))
    lists: list[list[list[int]]] = []
    for c, pattern in enumerate(item.patterns):
        order = np.argsort(strength[c])[::-1].tolist()
        marks = directed(pattern, order)
        lists.append(
            [
                [i + lag * size for i, lag in pattern.adjacent[j] if lag or marks[i, j] == "-->"]
                for j in range(size)
            ]
        )
    wide = max((len(nodes) for per in lists for nodes in per), default=0)
    parents = np.full((evidence.cells, size, max(1, wide)), -1, np.int32)
    for c, per in enumerate(lists):
        for j, nodes in enumerate(per):
            parents[c, j, : len(nodes)] = nodes
    return evidence.akaike(parents).mean(1)
