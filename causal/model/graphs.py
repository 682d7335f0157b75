"""A causal graph as the structure of a model: who may read whom, at which lag, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from data.errors import ModelError, listing, nearest

if TYPE_CHECKING:
    import xarray as xr

FORWARD, BACKWARD = "-->", "<--"


@dataclass(frozen=True, eq=False)
class Structure:
    """What a graph lets each variable read.

    Attributes:
        names: variables in the order of the graph's axes.
        mask: bool ``(target, lag, source)``, True where source at ``t - lag`` is a parent of target at ``t``.
        order: indices of the variables so that every parent of lag 0 comes before its target.
        depth: variables on the longest path of links of lag 0.
    """

    names: tuple[str, ...]
    mask: np.ndarray
    order: tuple[int, ...]
    depth: int

    @property
    def tau_max(self) -> int:
        """The largest lag of the graph's axis [steps]."""
        return self.mask.shape[1] - 1

    @property
    def flat(self) -> np.ndarray:
        """The mask over a window of inputs, bool ``(target, lag * variable)``."""
        return self.mask.reshape(len(self.names), -1)

    def parents(self, target: str) -> list[tuple[str, int]]:
        """Return the parents of a variable as ``(name, lag)``."""
        lags, sources = np.nonzero(self.mask[self.names.index(target)])
        return [(self.names[s], int(k)) for k, s in zip(lags, sources, strict=True)]

    def exogenous(self, given: Iterable[str]) -> list[str]:
        """Return which of the given variables have a parent that is neither themselves nor given."""
        held = {self.names.index(n) for n in given}
        found = []
        for index in sorted(held):
            sources = set(np.nonzero(self.mask[index].any(0))[0].tolist()) - held
            if sources:
                found.append(self.names[index])
        return found


def as_array(graph: Any, names: Sequence[str] | None = None) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return a graph's marks and its variables' names.

    Args:
        graph: Dataset of a search for links (its ``graph``), a DataArray ``(source, target, lag)``, or an
            array of marks with ``names``.
        names: names of the variables where the graph is a plain array.

    Returns:
        marks ``(source, target, lag)`` and names.

    Raises:
        ModelError: a graph over further dimensions, without names, or not square.
    """
    if hasattr(graph, "data_vars"):
        if "graph" not in graph:
            raise ModelError("the dataset has no variable 'graph'", "graph", "give the result of a search")
        graph = graph["graph"]
    if hasattr(graph, "dims"):
        graph = _ordered(graph)
        names = [str(n) for n in graph["source"].values]
        if names != [str(n) for n in graph["target"].values]:
            raise ModelError(
                "sources and targets differ", "graph", "let both name the same variables in order"
            )
        if "lag" in graph.coords and graph["lag"].values.tolist() != list(range(graph.sizes["lag"])):
            raise ModelError(
                f"the graph has the lags {graph['lag'].values.tolist()}", "graph", "give all from 0 on"
            )
        graph = graph.values
    marks = np.asarray(graph).astype(str)
    if names is None:
        raise ModelError("the graph is an array without names", "graph", "give `names` in order of its axes")
    if marks.ndim != 3 or marks.shape[0] != marks.shape[1] or marks.shape[0] != len(names):
        raise ModelError(
            f"the graph has the shape {marks.shape} for {len(names)} names",
            "graph",
            "give marks (source, target, lag), one row per name",
        )
    if len(set(names)) < len(names):
        raise ModelError(f"names are given twice: {listing(names)}", "graph", "name each variable once")
    return marks, tuple(str(n) for n in names)


def _ordered(graph: xr.DataArray) -> xr.DataArray:
    extra = [str(d) for d in graph.dims if d not in ("source", "target", "lag")]
    for dim in extra:
        if graph.sizes[dim] > 1:
            raise ModelError(
                f"the graph differs along '{dim}' ({graph.sizes[dim]} graphs)",
                "graph",
                "select one, or pool the panel in the search",
            )
    return graph.squeeze(extra, drop=True).transpose("source", "target", "lag")


def structure(graph: Any, names: Sequence[str] | None = None) -> Structure:
    """Return the structure of a graph whose links all have a direction.

    Args:
        graph: see `as_array`.
        names: names of the variables where the graph is a plain array.

    Raises:
        ModelError: a link without direction, or links of lag 0 in a circle.
    """
    marks, names = as_array(graph, names)
    return Structure(names, *_parents(marks, names))


def _parents(marks: np.ndarray, names: tuple[str, ...]) -> tuple[np.ndarray, tuple[int, ...], int]:
    for source, target, lag in zip(*np.nonzero(marks != ""), strict=True):
        directed(marks, names, int(source), int(target), int(lag))
    arrow = marks == FORWARD
    arrow[:, :, 0] |= (marks[:, :, 0] == BACKWARD).T
    order, depth = _topological(arrow[:, :, 0], names)
    return np.ascontiguousarray(arrow.transpose(1, 2, 0)), order, depth


def directed(marks: np.ndarray, names: Sequence[str], source: int, target: int, lag: int) -> None:
    """Raise ModelError where a mark is no arrow."""
    mark = str(marks[source, target, lag])
    if mark == "" or mark == FORWARD or (mark == BACKWARD and lag == 0):
        return
    raise ModelError(
        f"the link of '{names[source]}' and '{names[target]}' at lag {lag} is '{mark}', "
        "which does not say what causes what",
        "graph",
        f"orient it (write '{FORWARD}' from the cause) or drop it (write '')",
    )


def _topological(arrow: np.ndarray, names: tuple[str, ...]) -> tuple[tuple[int, ...], int]:
    """Return an order in which sources come first, and the number of variables on the longest path."""
    level = np.zeros(len(names), int)
    left, order = set(range(len(names))), []
    while left:
        free = sorted(i for i in left if not any(arrow[j, i] for j in left))
        if not free:
            raise ModelError(
                f"the links of lag 0 run in a circle through {listing(names[i] for i in _circle(arrow, left))}",
                "graph",
                "drop or turn one of them",
            )
        for i in free:
            sources = np.flatnonzero(arrow[:, i])
            level[i] = 1 + (level[sources].max() if sources.size else 0)
        order += free
        left -= set(free)
    return tuple(order), int(level.max(initial=1))


def _circle(arrow: np.ndarray, left: set[int]) -> list[int]:
    """Return the variables of one circle among those that always have a source left."""
    path = [min(left)]
    while True:
        before = min(j for j in left if arrow[j, path[-1]])
        if before in path:
            return sorted(path[path.index(before) :])
        path.append(before)


def input_mask(
    graph: Any,
    target: str,
    inputs: Sequence[str] | None = None,
    lags: Iterable[int] | None = None,
    names: Sequence[str] | None = None,
) -> dict[str, bool]:
    """Return which inputs the graph lets a network of ``target`` read.

    Only links into the target must have a direction; the rest of the graph may be undecided.

    Args:
        graph: see `as_array`.
        target: the variable that the network computes.
        inputs: candidates; all variables of the graph where None.
        lags: lags that count [steps]; all where None. A network without memory that reads the present
            asks for ``[0]``, one with memory for all.
        names: names of the variables where the graph is a plain array.

    Returns:
        input to whether it is a parent at one of the lags.

    Raises:
        ModelError: a name or lag that the graph does not have, or an undecided link into the target.
    """
    marks, known = as_array(graph, names)
    for name in (target, *(inputs or ())):
        if name not in known:
            raise ModelError(
                f"'{name}' is not in the graph{nearest(name, known)}", "graph", f"it has {listing(known)}"
            )
    chosen = list(range(marks.shape[2])) if lags is None else sorted({int(k) for k in lags})
    for lag in chosen:
        if not 0 <= lag < marks.shape[2]:
            raise ModelError(f"the graph has no lag {lag}", "graph", f"choose 0 to {marks.shape[2] - 1}")
    j = known.index(target)
    found = {}
    for name in known if inputs is None else inputs:
        i = known.index(name)
        for lag in chosen:
            directed(marks, known, i, j, lag)
        present = 0 in chosen and (marks[i, j, 0] == FORWARD or marks[j, i, 0] == BACKWARD)
        found[name] = bool(present or any(marks[i, j, k] == FORWARD for k in chosen if k > 0))
    return found
