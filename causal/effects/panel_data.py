"""A dataset as an array of units by steps by variables, and its lagged columns."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from data.errors import DataError, ModelError, counted, listing, nearest

from .unroll import Node

TIME = "time"


@dataclass(frozen=True)
class Panel:
    """Series of some variables at some units.

    Attributes:
        values: ``[unit, time, variable]``, float64, missing values as NaN.
        names: variables' names.
        units: variables' units, '' where the dataset tells none.
        dim: name of the panel dimension, or None for one series.
        labels: labels of its members.
        times: labels of the steps.
    """

    values: np.ndarray
    names: tuple[str, ...]
    units: tuple[str, ...]
    dim: Hashable | None
    labels: np.ndarray
    times: np.ndarray


def as_panel(data: xr.Dataset, variables: Sequence[str] | None = None) -> Panel:
    """Read variables over ``time`` and at most one further dimension.

    A variable without the panel dimension is the same for all members; one without ``time`` stays the same.

    Args:
        data: the dataset.
        variables: names in the wanted order; default all.

    Raises:
        DataError: a variable is missing or not numeric, time is missing, unsorted or has gaps, or there is more
            than one further dimension.
    """
    names = [str(v) for v in (data.data_vars if variables is None else variables)]
    for name in names:
        if name not in data:
            raise DataError(
                f"the variable '{name}' is missing", "data", f"add it or leave it out.{_hint(name, data)}"
            )
        if data[name].dtype.kind not in "fiub":
            raise DataError(f"'{name}' is not numeric", f"dtype {data[name].dtype}", "convert it to numbers")
    dims = list(dict.fromkeys(d for name in names for d in data[name].dims))
    if TIME not in dims:
        raise DataError(
            "no variable has the dimension 'time'", listing(names), "rename the dimension of time"
        )
    others = [d for d in dims if d != TIME]
    if len(others) > 1:
        raise DataError(
            f"the data have {counted(len(others), 'dimension')} beside time",
            listing(others),
            "select or stack them so that one is left",
        )
    dim = others[0] if others else None
    times = np.asarray(data[TIME].values) if TIME in data.coords else np.arange(data.sizes[TIME])
    _regular(times)
    shape = {**({dim: data.sizes[dim]} if dim is not None else {}), TIME: data.sizes[TIME]}
    values = np.stack([_column(data[name], shape).reshape(-1, shape[TIME]) for name in names], axis=-1)
    labels = (
        np.asarray(data[dim].values) if dim is not None and dim in data.coords else np.arange(values.shape[0])
    )
    units = tuple(str(data[name].attrs.get("units", "")) for name in names)
    return Panel(np.where(np.isfinite(values), values, np.nan), tuple(names), units, dim, labels, times)


def _hint(name: str, data: xr.Dataset) -> str:
    return nearest(name, map(str, data.data_vars))


def _column(series: xr.DataArray, shape: dict[Hashable, int]) -> np.ndarray:
    """Values over all dimensions in order, repeated along those the series lacks."""
    values = np.asarray(series.transpose(*(d for d in shape if d in series.dims)).values, float)
    for axis, dim in enumerate(shape):
        if dim not in series.dims:
            values = np.expand_dims(values, axis)
    return np.broadcast_to(values, tuple(shape.values()))


def _regular(times: np.ndarray) -> None:
    """Raise where steps are unsorted or one is missing: a lag would not be a lag."""
    if times.size < 2 or times.dtype.kind not in "Mmiuf":
        return
    steps = np.diff(times.astype("datetime64[s]") if times.dtype.kind == "M" else times).astype(float)
    if (steps <= 0).any():
        at = int(np.argmax(steps <= 0)) + 1
        raise DataError("time does not increase", f"step {at}, {times[at]}", "sort by time and drop doubles")
    if steps.max() > 1.5 * np.median(steps):
        at = int(np.argmax(steps)) + 1
        raise DataError(
            "steps of time are missing", f"before {times[at]}", "reindex to all steps, gaps as NaN"
        )


def lagged(panel: Panel, nodes: Sequence[Node], start: int) -> np.ndarray:
    """Columns of lagged values, never across a unit's border.

    Args:
        panel: the series.
        nodes: columns as (variable, lag), lags 0 or negative.
        start: first step of the target that is used.

    Returns:
        Values ``[unit, time - start, column]``.

    Raises:
        DataError: fewer steps than the lags need.
    """
    steps = panel.values.shape[1]
    if steps <= start:
        raise DataError(
            f"there are {counted(steps, 'step')} but lags reach back {start}", "time", "give longer series"
        )
    return np.stack([panel.values[:, start + lag : steps + lag, v] for v, lag in nodes], axis=-1)


def graph_of(
    graph: xr.Dataset | xr.DataArray | np.ndarray, data: xr.Dataset, variables: Sequence[str] | None = None
) -> tuple[np.ndarray, list[str]]:
    """Marks and variables' names of a graph.

    Args:
        graph: an array ``[source, target, lag]``, or what `causal.discover` returns for one cell.
        data: dataset whose variables the graph is about, in its order where the graph tells no names.
        variables: the graph's variables, where it tells none and has others than the dataset.

    Raises:
        ModelError: the shape is wrong or the names do not fit.
    """
    if isinstance(graph, xr.Dataset):
        if "graph" not in graph:
            raise ModelError("the dataset has no variable 'graph'", "graph", "pass what discover returns")
        graph = graph["graph"]
    names = [str(v) for v in (data.data_vars if variables is None else variables)]
    if isinstance(graph, xr.DataArray):
        lost = [d for d in ("source", "target", "lag") if d not in graph.dims]
        rest = [d for d in graph.dims if d not in ("source", "target", "lag")]
        if lost or rest:
            raise ModelError(
                f"the graph has the dimensions {listing(graph.dims)}",
                "graph",
                "select one cell: source, target, lag",
            )
        graph = graph.transpose("source", "target", "lag")
        if "source" in graph.coords:
            names = [str(v) for v in graph["source"].values]
        if "lag" in graph.coords and list(graph["lag"].values) != list(range(graph.sizes["lag"])):
            raise ModelError(
                "the graph's lags are not 0, 1, 2, ...", "graph", "pad the lags that lack with ''"
            )
        graph = graph.values
    marks = np.asarray(graph).astype("<U3")
    if marks.ndim != 3 or marks.shape[0] != marks.shape[1]:
        raise ModelError(
            f"the graph has the shape {marks.shape}", "graph", "give marks [source, target, lag]"
        )
    if len(names) != marks.shape[0]:
        raise ModelError(
            f"the graph has {counted(marks.shape[0], 'variable')} but {len(names)} names",
            listing(names),
            "pass the graph's names as `variables`",
        )
    return marks, names


def node_of(node: tuple[str | int, int], names: Sequence[str]) -> Node:
    """Resolve (name or index, lag) to (index, lag).

    Raises:
        ModelError: the graph has no such variable, or it is no pair.
    """
    try:
        name, lag = node
        lag = int(lag)
    except (TypeError, ValueError):
        raise ModelError(
            f"{node!r} is no pair of variable and lag", "node", "write it as ('pr', -2)"
        ) from None
    if isinstance(name, str):
        if name not in names:
            raise ModelError(f"the graph has no variable '{name}'", "node", f"choose one of {listing(names)}")
        return list(names).index(name), lag
    if not 0 <= int(name) < len(names):
        raise ModelError(f"the graph has no variable {name}", "node", f"choose 0 to {len(names) - 1}")
    return int(name), lag


def unit_of_effect(target: str, source: str) -> str:
    """Unit of an effect: unit(target) / unit(source); '' where one is not told."""
    if not target or not source:
        return ""
    if source == "1":
        return target
    return f"{_bracket(target)} / {_bracket(source)}"


def _bracket(unit: str) -> str:
    return f"({unit})" if any(c in unit for c in " /*") else unit
