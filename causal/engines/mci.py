"""Momentary conditional independence: every link given the parents of its target and of its source."""

from __future__ import annotations

import numpy as np

from .evidence import Evidence
from .partial import p_values

BACKWARD = ("<--", "<?-")
CERTAIN = ("-->", "o-o")


def links_to_test(
    size: int, tau_min: int, tau_max: int, priors: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Source, target and lag of every link that is tested."""
    wanted = np.zeros((size, size, tau_max + 1), bool)
    wanted[:, :, tau_min:] = True
    wanted[np.arange(size), np.arange(size), 0] = False
    if priors is not None:
        wanted &= (priors != "") & ~np.isin(priors, BACKWARD)
    source, target, lag = np.nonzero(wanted)
    return source, target, lag


def momentary(
    evidence: Evidence,
    parents: np.ndarray,
    tau_min: int,
    tau_max: int,
    *,
    priors: np.ndarray | None = None,
    max_conds_py: int | None = None,
    max_conds_px: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Test every link given the parents of its target without the source, and those of the source, shifted.

    Args:
        evidence: what partial correlations are made from.
        parents: nodes by falling strength, then -1, ``(cell, target, rank)``.
        tau_min: least lag of a link.
        tau_max: largest lag of a link.
        priors: marks of assumed links, ``(source, target, lag)``, or None.
        max_conds_py: parents of the target that are kept, or None.
        max_conds_px: parents of the source that are kept, or None.

    Returns:
        Values (0 where not tested) and p-values (1 where not tested), ``(cell, source, target, lag)``.
    """
    cells, size = evidence.cells, evidence.size
    val = np.zeros((cells, size, size, tau_max + 1))
    p = np.ones_like(val)
    source, target, lag = links_to_test(size, tau_min, tau_max, priors)
    if not source.size:
        return val, p
    sure = np.zeros(source.size, bool) if priors is None else np.isin(priors[source, target, lag], CERTAIN)
    x = lag * size + source
    step = max(1, 400_000 // source.size)
    for first in range(0, cells, step):
        some = np.arange(first, min(first + step, cells))
        conditions = conditions_of(
            parents[some][:, target, :max_conds_py], parents[some][:, source, :max_conds_px], x, lag * size
        )
        cell = np.repeat(some, source.size)
        to = np.tile(target, some.size)
        z, number = packed(conditions.reshape(cell.size, -1))
        value, count = evidence.values(cell, np.tile(x, some.size), to, z)
        chance = p_values(value, evidence.freedom(cell, count, number))
        value, chance = value.reshape(some.size, -1), chance.reshape(some.size, -1)
        val[some[:, None], source, target, lag] = np.where(sure, 1.0, value)
        p[some[:, None], source, target, lag] = np.where(sure, 0.0, chance)
    return val, p


def conditions_of(
    of_target: np.ndarray, of_source: np.ndarray, x: np.ndarray, shift: np.ndarray
) -> np.ndarray:
    """Parents of the target without X, then the shifted parents of the source that are not among them.

    Args:
        of_target: nodes, -1 for none, ``(cell, link, rank)``.
        of_source: nodes, -1 for none, ``(cell, link, rank)``.
        x: node of the source, ``(link,)``.
        shift: what the source's lag adds to a node, ``(link,)``.

    Returns:
        Nodes, -1 for none (anywhere), ``(cell, link, ranks of both)``.
    """
    ours = np.where(of_target == x[None, :, None], -1, of_target)
    theirs = np.where(of_source >= 0, of_source + shift[None, :, None], -1).astype(np.int32)
    for k in range(ours.shape[2]):
        theirs[theirs == ours[:, :, k : k + 1]] = -1
    return np.concatenate([ours, theirs], axis=2)


def packed(nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Move nodes to the left of their row, -1 to the right; return them and their number per row."""
    used = nodes >= 0
    number = used.sum(1)
    out = np.full((nodes.shape[0], max(1, int(number.max(initial=0)))), -1, np.int32)
    row, column = np.nonzero(used)
    place = np.arange(row.size) - np.repeat(np.cumsum(number) - number, number)
    out[row, place] = nodes[row, column]
    return out, number
