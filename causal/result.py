"""The result of a search as a Dataset that netCDF and Zarr can hold, and what is read from one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from data.errors import DataError

from .flags import attributes
from .links import MARK

if TYPE_CHECKING:
    import xarray as xr

LINK = ("source", "target", "lag")
ATTRS: dict[str, dict[str, Any]] = {
    "graph": {
        "long_name": "mark of the link from source at t - lag to target at t",
        "comment": "'-->' source causes target; 'o-o' not oriented; 'x-x' contradicting orientations; '' none",
    },
    "val": {"long_name": "test statistic of the link", "units": "1"},
    "p": {"long_name": "p-value of the link", "units": "1"},
    "q": {"long_name": "p-value corrected for many tests (Benjamini and Hochberg)", "units": "1"},
    "flag": attributes(),
    "samples": {"long_name": "samples of the variable that has fewest, from 2 tau_max on", "units": "1"},
    "frequency": {"long_name": "share of bootstrap replicates with the same mark", "units": "1"},
    "presence": {"long_name": "share of bootstrap replicates with any link", "units": "1"},
    "val_low": {"long_name": "5th percentile of val over bootstrap replicates", "units": "1"},
    "val_high": {"long_name": "95th percentile of val over bootstrap replicates", "units": "1"},
    "field_p": {
        "long_name": "chance of the least p over all cells if no cell had the link (Walker)",
        "units": "1",
    },
    "field_share": {"long_name": "share of cells with the link", "units": "1"},
    "regimes": {"long_name": "regime of each time; -1 where the search failed"},
}
SHAPES = {"regimes": ("time",), "flag": (), "samples": ()}


def to_dataset(
    parts: Mapping[str, np.ndarray],
    names: tuple[str, ...],
    dims: tuple[str, ...],
    shape: tuple[int, ...],
    coords: Mapping[str, Any],
    attrs: Mapping[str, Any],
    time: np.ndarray,
) -> xr.Dataset:
    """Put arrays over cells into a Dataset over the dimensions of the cells.

    Args:
        parts: arrays by name, the first axis the cell; ``(cell, regime, ...)`` where regimes were sought.
        names: the variables.
        dims: dimensions of the cells.
        shape: their sizes.
        coords: coordinates along them.
        attrs: settings.
        time: time axis, for regimes.
    """
    import xarray as xr

    variables: dict[str, Any] = {}
    for name, part in parts.items():
        own = SHAPES.get(name, LINK)
        extra = part.ndim - 1 - len(own)
        if name in ("field_p", "field_share"):
            variables[name] = (LINK, part, ATTRS[name])
            continue
        inner = (*("regime",) * extra, *own)
        variables[name] = ((*dims, *inner), part.reshape((*shape, *part.shape[1:])), ATTRS[name])
    lags = parts["val"].shape[-1]
    found = xr.Dataset(variables, attrs=dict(attrs))
    found = found.assign_coords(source=list(names), target=list(names), lag=np.arange(lags))
    found["lag"].attrs = {"long_name": "steps from source to target", "units": "1"}
    if "regimes" in parts:
        found = found.assign_coords(time=time)
    found = found.assign_coords({k: v for k, v in coords.items() if set(v.dims) <= set(found.dims)})
    return encoded(found)


def encoded(found: xr.Dataset) -> xr.Dataset:
    """Say how marks are written: as characters, which netCDF packs, not as single strings."""
    found["graph"] = found["graph"].astype(MARK, copy=False)
    found["graph"].encoding = {"dtype": "S1"}
    return found


def check_graph(found: xr.Dataset) -> xr.DataArray:
    """Return the graph of a result; raise DataError where there is none."""
    graph: Any = found.get("graph") if hasattr(found, "data_vars") else found
    if not hasattr(graph, "dims") or not set(LINK) <= set(map(str, graph.dims)):
        raise DataError(
            "there is no graph with the dimensions source, target and lag",
            "graph",
            "pass what discover returned",
        )
    return graph


def parents(found: xr.Dataset, target: str) -> list[tuple[str, int, float]]:
    """List what drives a variable: source, lag and value of each link that ends in it, strongest first.

    Args:
        found: result of one cell (select one with ``isel`` first).
        target: the variable.

    Raises:
        DataError: where there are many cells, or no such variable.
    """
    graph = check_graph(found)
    if graph.ndim != 3:
        raise DataError(
            f"the result has the dimensions {', '.join(map(str, graph.dims))}",
            "graph",
            "select one cell with isel",
        )
    if target not in graph["target"].values:
        raise DataError(
            f"there is no variable '{target}'", "target", f"name one of {list(graph['target'].values)}"
        )
    marks = graph.sel(target=target)
    values = found["val"].sel(target=target)
    listed = [
        (str(i), int(lag), float(values.sel(source=i, lag=lag)))
        for i in marks["source"].values
        for lag in marks["lag"].values
        if str(marks.sel(source=i, lag=lag).values) == "-->"
    ]
    return sorted(listed, key=lambda link: -abs(link[2]))
