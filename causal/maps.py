"""Maps of single links over two dimensions of the cells, and the figure that suits a result best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from data.errors import DataError, listing, nearest

from .figures import COLOURS, GREY, MM, colour_bar, graph_axes, graph_figure, stacked
from .flags import Flag
from .result import LINK, check_graph

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS = 6
PARTS = ("season", "regime")
"""Dimensions along which graphs are drawn side by side."""


def link_map(found: xr.Dataset, source: str, target: str, lag: int) -> Figure:
    """Draw the value of one link over two dimensions of the cells.

    Cells without the link are hatched over their pale value; cells whose result is flagged as empty or failed are
    grey, and other flags are dots.

    Args:
        found: result over two dimensions (lat and lon; select others first).
        source: variable that the link leaves.
        target: variable that it reaches.
        lag: in steps.

    Raises:
        DataError: where the cells have not two dimensions, or there is no such link.
    """
    return _maps(found, [(source, target, lag)])


def overview(found: xr.Dataset) -> Figure:
    """Draw what suits a result: maps of its most frequent links on a grid, graphs side by side of seasons, or a graph.

    Raises:
        DataError: where there is no graph.
    """
    dims = [str(d) for d in check_graph(found).dims if d not in LINK]
    parts = [d for d in dims if d in PARTS]
    if len(dims) == 1 and parts:
        return _side_by_side(found, parts[0])
    if len(dims) == 2 and not parts and all(found.sizes[d] > 1 for d in dims):
        links = _frequent(found)
        if links:
            return _maps(found, links)
    return graph_figure(found)


def _frequent(found: xr.Dataset) -> list[tuple[str, str, int]]:
    """The links between different variables that most cells have; those of a variable with itself where none."""
    graph = stacked(found, "graph")
    share = np.isin(graph, ("", "<--"), invert=True).mean(0)
    size = share.shape[0]
    share[:, :, 0] = np.where(
        np.triu(np.ones((size, size), bool)) | (share[:, :, 0].T == 0), share[:, :, 0], 0
    )
    own = share.copy()
    share[np.arange(size), np.arange(size)] = 0
    best = share if share.any() else own
    order = np.argsort(-best, axis=None, kind="stable")[:MOST_PANELS]
    names = [str(n) for n in found["source"].values]
    places = [np.unravel_index(k, best.shape) for k in order if best.reshape(-1)[k] > 0]
    return [(names[i], names[j], int(found["lag"].values[lag])) for i, j, lag in places]


def _side_by_side(found: xr.Dataset, dim: str) -> Figure:
    """One graph per season or regime."""
    from matplotlib.figure import Figure

    number = min(found.sizes[dim], MOST_PANELS)
    columns = min(number, 2)
    rows = -(-number // columns)
    drawing = Figure(figsize=(95 * MM * columns, 88 * MM * rows), layout="constrained")
    drawing.get_layout_engine().set(w_pad=0.12, h_pad=0.06)  # type: ignore[union-attr]
    axes = np.atleast_1d(drawing.subplots(rows, columns)).reshape(-1)
    marked = np.abs(found["val"].values[found["graph"].values != ""])
    most = float(marked.max()) if marked.size else 1.0
    for k, axis in enumerate(axes):
        if k >= number:
            axis.set_axis_off()
            continue
        label = found[dim].values[k] if dim in found.coords else k
        shades = graph_axes(axis, found.isel({dim: k}), f"{dim} {label}", most)
        colour_bar(drawing, shades, axis, 0.55)
    return drawing


def _maps(found: xr.Dataset, links: list[tuple[str, str, int]]) -> Figure:
    """Maps of links, in one scale of colours."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    dims = [str(d) for d in check_graph(found).dims if d not in LINK]
    if len(dims) != 2:
        raise DataError(
            f"the cells have the dimensions {listing(dims) or 'none'}", "map", "select two of them with isel"
        )
    y, x = _order(dims)
    values = [_select(found, link).transpose(y, x) for link in links]
    most = max(float(np.abs(v).max()) for v in values) or 1.0
    columns = min(len(links), 3)
    rows = -(-len(links) // columns)
    shape = found.sizes[y] / found.sizes[x]
    wide = 62 if columns > 1 else 100
    high = float(np.clip(wide * shape, 0.5 * wide, 1.4 * wide)) + 14
    drawing = Figure(figsize=(wide * MM * columns + 20 * MM, high * MM * rows + 8 * MM), layout="constrained")
    axes = np.atleast_1d(drawing.subplots(rows, columns, sharex=True, sharey=True)).reshape(-1)
    shades: Any = None
    seen: set[str] = set()
    for axis, link, value in zip(axes, links, values, strict=False):
        shades = _one_map(axis, found, link, value, most, seen)
    for axis in axes[len(links) :]:
        axis.set_axis_off()
    drawing.colorbar(shades, ax=list(axes), shrink=0.75, label="value")
    told = {
        "none": Patch(facecolor="white", edgecolor="#8a8a8a", hatch="////", linewidth=0.4, label="no link"),
        "grey": Patch(facecolor=GREY, label="no result"),
    }
    handles: list[Any] = [patch for name, patch in told.items() if name in seen]
    if "dot" in seen:
        from matplotlib.lines import Line2D

        handles.append(Line2D([], [], marker=".", color="black", linestyle="none", label="flagged"))
    if handles:
        drawing.legend(handles=handles, loc="outside lower left", ncols=3, fontsize=7, frameon=False)
    return drawing


def _order(dims: list[str]) -> tuple[str, str]:
    """Which dimension runs up and which across."""
    for across in ("lon", "longitude", "x", "member", "site"):
        if across in dims:
            return next(d for d in dims if d != across), across
    return dims[0], dims[1]


def _select(found: xr.Dataset, link: tuple[str, str, int]) -> xr.DataArray:
    """Values of a link."""
    source, target, lag = link
    for name, dim in ((source, "source"), (target, "target")):
        known = [str(n) for n in found[dim].values]
        if name not in known:
            hint = nearest(name, known).strip() or f"the variables are {listing(known)}"
            raise DataError(f"there is no variable '{name}'", "map", hint)
    if lag not in found["lag"].values:
        raise DataError(f"there is no lag {lag}", "map", f"the lags are {listing(found['lag'].values)}")
    return found["val"].sel(source=source, target=target, lag=lag)


def _one_map(
    axis: Axes,
    found: xr.Dataset,
    link: tuple[str, str, int],
    value: xr.DataArray,
    most: float,
    seen: set[str],
) -> Any:
    """One map; ``seen`` gathers what the legend must tell."""
    import matplotlib
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    y, x = (str(d) for d in value.dims)
    source, target, lag = link
    marks = found["graph"].sel(source=source, target=target, lag=lag).transpose(y, x).values
    flag = found["flag"].transpose(y, x).values
    lost = (flag & int(Flag.EMPTY | Flag.FAILED)) != 0
    across, up = _edges(found, x), _edges(found, y)
    colours = matplotlib.colormaps[COLOURS].with_extremes(bad=GREY)
    scale = {"cmap": colours, "vmin": -most, "vmax": most, "rasterized": True}
    shades = axis.pcolormesh(across, up, np.ma.masked_where(lost, value.values), **scale)
    without = (marks == "") & ~lost
    if without.any():
        # Paler where there is no link, and hatched, so that the difference shows in print too.
        axis.pcolormesh(
            across,
            up,
            np.ma.masked_where(~without, np.ones(without.shape)),
            cmap="gray",
            vmin=0,
            vmax=1,
            alpha=0.55,
            rasterized=True,
        )
        wide, high = np.diff(across), np.diff(up)
        boxes = [
            Rectangle((float(across[c]), float(up[r])), float(wide[c]), float(high[r]))
            for r, c in zip(*np.nonzero(without), strict=True)
        ]
        with matplotlib.rc_context({"hatch.linewidth": 0.5}):
            axis.add_collection(
                PatchCollection(boxes, hatch="////", facecolor="none", edgecolor="#8a8a8a", linewidth=0)
            )
        seen.add("none")
    if lost.any():
        seen.add("grey")
    others = (flag != 0) & ~lost
    if others.any():
        centre_x, centre_y = (across[:-1] + across[1:]) / 2, (up[:-1] + up[1:]) / 2
        rows, columns = np.nonzero(others)
        axis.plot(centre_x[columns], centre_y[rows], ".", color="black", markersize=2.0)
        seen.add("dot")
    shown = marks[(marks != "") & ~lost]
    kinds = [str(k) for k in np.unique(shown)]
    mark = kinds[0] if len(kinds) == 1 else "-"
    share = shown.size / max((~lost).sum(), 1)
    axis.set_title(f"{source} {mark} {target}\nlag {lag}, {share:.0%} of cells")
    for name, setter in ((x, axis.set_xlabel), (y, axis.set_ylabel)):
        setter(name)
    axis.label_outer()
    axis.grid(False)
    return shades


def _edges(found: xr.Dataset, dim: str) -> np.ndarray:
    """Edges of the cells along a dimension: halfway between coordinates, or counted where there are none."""
    size = found.sizes[dim]
    centre = found[dim].values if dim in found.coords else np.arange(size)
    if centre.dtype.kind not in "fiu" or size < 2 or not (np.diff(centre) != 0).all():
        return np.arange(size + 1) - 0.5
    centre = centre.astype(float)
    between = (centre[1:] + centre[:-1]) / 2
    return np.concatenate([[2 * centre[0] - between[0]], between, [2 * centre[-1] - between[-1]]])
