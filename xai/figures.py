"""Figures of attributions: maps with their uncertainty, bars of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from data.errors import DataError, listing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MM = 1 / 25.4
COLOURS = "RdBu_r"
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a4fb5", "#8c8c8c")
"""Colours of Okabe and Ito, and two more."""
GREY = "#b0b0b0"
MOST_PANELS = 12
SMALL = 7


def map_figure(
    result: xr.Dataset,
    *,
    x: str | None = None,
    y: str | None = None,
    units: str = "",
    title: str = "",
    errors: float = 2.0,
) -> Figure:
    """Map of an attribution in symmetric colours, one panel for each remaining combination; hatched where uncertain.

    Args:
        result: Dataset with ``attribution`` and perhaps ``stderr``, for at most `MOST_PANELS` maps: select a sample and
            an output before.
        x: dimension from left to right; ``lon``, ``x`` or ``time`` where None.
        y: dimension from bottom to top; ``lat``, ``y`` or ``variable`` where None.
        units: of the attribution, those of the output.
        title: above the maps.
        errors: standard errors within which of zero a cell is hatched.

    Raises:
        DataError: no such dimensions, or too many maps.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    item = _attribution(result)
    names = [str(d) for d in item.dims]
    x = _axis(names, x, ("lon", "longitude", "x", "time", "lag"))
    y = _axis([n for n in names if n != x], y, ("lat", "latitude", "y", "variable", "site"))
    rest = [d for d in names if d not in (x, y)]
    panels = (
        item.stack(panel=rest).transpose("panel", y, x)
        if rest
        else item.expand_dims("panel").transpose("panel", y, x)
    )
    count = panels.sizes["panel"]
    if count > MOST_PANELS:
        raise DataError(
            f"{count} maps over {listing(rest)} do not fit a figure",
            "map_figure",
            "select some with sel or isel",
        )
    stderr = result["stderr"] if "stderr" in result and result["stderr"].dims == item.dims else None
    unsure = None
    if stderr is not None and bool((stderr > 0).any()):
        near = abs(item) < errors * stderr
        unsure = (
            near.stack(panel=rest).transpose("panel", y, x)
            if rest
            else near.expand_dims("panel").transpose("panel", y, x)
        )
    most = float(np.nanmax(np.abs(panels.values))) if bool(panels.notnull().any()) else 0.0
    columns = min(count, 3 if count > 4 else 2)
    rows = -(-count // columns)
    wide = 62 if columns > 1 else 120
    high = float(np.clip(wide * panels.sizes[y] / panels.sizes[x], 34, 1.1 * wide)) + 16
    drawing = Figure(
        figsize=((wide * columns + 22) * MM, (high * rows + (8 if title else 2)) * MM), layout="constrained"
    )
    axes = np.atleast_1d(drawing.subplots(rows, columns, sharex=True, sharey=True)).ravel()
    shades: Any = None
    for k, axis in enumerate(axes):
        if k >= count:
            axis.set_axis_off()
            continue
        shades = _one_map(
            axis, panels.isel(panel=k), None if unsure is None else unsure.isel(panel=k), x, y, most or 1.0
        )
        if rest:
            label = panels["panel"].values[k]
            label = label if isinstance(label, tuple) else (label,)
            axis.set_title(", ".join(_short(v) for v in label), fontsize=SMALL + 1, loc="left")
        if k % columns == 0:
            axis.set_ylabel(_axis_label(result, y), fontsize=SMALL + 1)
        if k >= count - columns:
            axis.set_xlabel(_axis_label(result, x), fontsize=SMALL + 1)
            axis.tick_params(labelbottom=True)
    bar = drawing.colorbar(shades, ax=list(axes), shrink=0.8, aspect=25)
    bar.set_label(labelled("attribution", units), fontsize=SMALL + 1)
    bar.ax.tick_params(labelsize=SMALL)
    if unsure is not None:
        handle = Patch(facecolor="white", edgecolor="#555555", hatch="/////", linewidth=0.4)
        drawing.legend(
            [handle],
            [f"within {errors:g} standard errors of 0"],
            loc="outside lower left",
            fontsize=SMALL,
            frameon=False,
        )
    if title:
        drawing.suptitle(title, fontsize=SMALL + 2, x=0.01, ha="left", fontweight="bold")
    return drawing


def bar_figure(
    result: xr.Dataset,
    across: str | None = None,
    colour: str | None = None,
    *,
    units: str = "",
    title: str = "",
    errors: float = 1.96,
) -> Figure:
    """Bars of a grouped attribution with error bars, such as variables side by side in each season.

    Args:
        result: Dataset with ``attribution`` over ``player`` with two coordinates along it (or over two dimensions), for
            one output; other dimensions (samples) are averaged, and the error is that of their mean.
        across: coordinate along the axis; the first one where None.
        colour: coordinate that bars of a place differ in; the second one, if any, where None.
        units: of the attribution, those of the output.
        title: above the bars.
        errors: length of error bars in standard errors.

    Raises:
        DataError: no such coordinates.
    """
    from matplotlib.figure import Figure

    value, error, labels = _grouped(result, across, colour)
    places = list(dict.fromkeys(labels[0]))
    kinds = list(dict.fromkeys(labels[1])) if len(labels) > 1 else [""]
    drawing = Figure(figsize=(max(80, min(180, 22 + 7.5 * len(value))) * MM, 72 * MM), layout="constrained")
    axis = drawing.subplots()
    width = 0.8 / len(kinds)
    for j, kind in enumerate(kinds):
        held = [i for i in range(len(value)) if len(labels) < 2 or labels[1][i] == kind]
        at = [places.index(labels[0][i]) + (j - (len(kinds) - 1) / 2) * width for i in held]
        axis.bar(
            at,
            value[held],
            0.92 * width,
            yerr=errors * error[held] if (error[held] > 0).any() else None,
            color=PALETTE[j % len(PALETTE)],
            label=str(kind) or None,
            error_kw={"elinewidth": 0.8, "capsize": 1.8, "ecolor": "#222222"},
        )
    axis.axhline(0, color="#222222", linewidth=0.6)
    axis.set_xticks(
        range(len(places)), [str(p) for p in places], fontsize=SMALL, rotation=0 if len(places) < 9 else 90
    )
    axis.set_ylabel(labelled("attribution", units), fontsize=SMALL + 1)
    plain_axes(axis)
    if len(labels) > 1:
        drawing.legend(loc="outside right upper", fontsize=SMALL, frameon=False)
    if title:
        axis.set_title(title, fontsize=SMALL + 2, loc="left", fontweight="bold")
    return drawing


def _one_map(axis: Axes, item: xr.DataArray, unsure: xr.DataArray | None, x: str, y: str, most: float) -> Any:
    across, up = _places(item, x), _places(item, y)
    shades = axis.pcolormesh(
        across[0], up[0], item.values, cmap=COLOURS, vmin=-most, vmax=most, shading="nearest", rasterized=True
    )
    axis.set_facecolor("#dcdcdc")
    if unsure is not None and bool(unsure.any()):
        from matplotlib.colors import ListedColormap

        marked = np.ma.masked_where(~unsure.values, np.ones(unsure.shape))
        clear = ListedColormap([(0.0, 0.0, 0.0, 0.0)])
        axis.pcolor(
            across[0],
            up[0],
            marked,
            cmap=clear,
            hatch="/////",
            shading="nearest",
            edgecolor="#666666",
            linewidth=0.0,
        )
    for places, way in ((across, axis.set_xticks), (up, axis.set_yticks)):
        if places[1] is not None:
            chosen = np.unique(
                np.round(np.linspace(0, len(places[1]) - 1, min(len(places[1]), 8))).astype(int)
            )
            way(chosen, [places[1][i] for i in chosen])
    axis.tick_params(labelsize=SMALL, width=0.5)
    return shades


def _places(item: xr.DataArray, dim: str) -> tuple[np.ndarray, list[str] | None]:
    """Where cells lie along an axis, and their names where they are not numbers or times."""
    if dim not in item.coords:
        return np.arange(item.sizes[dim]), None
    values = item[dim].values
    if values.dtype.kind in "fiuM":
        return values, None
    return np.arange(len(values)), [_short(v) for v in values]


def _grouped(
    result: xr.Dataset, across: str | None, colour: str | None
) -> tuple[np.ndarray, np.ndarray, list[list[Any]]]:
    """Value and standard error of each bar, and its labels along the axis and by colour."""
    item = _attribution(result)
    if "player" in item.dims:
        known = [str(c) for c in item.coords if item[c].dims == ("player",) and c != "player"] or ["player"]
    else:
        known = [str(d) for d in item.dims if d not in ("sample", "site", "case")]
    names = [
        n
        for n in (across or known[0], colour or next((k for k in known if k != (across or known[0])), None))
        if n
    ]
    for name in names:
        if name not in known:
            raise DataError(
                f"the attribution has no groups by {name!r}", "bar_figure", f"choose from {listing(known)}"
            )
    bars = ["player"] if "player" in item.dims else names
    over = [d for d in item.dims if d not in bars]
    stderr = result["stderr"] if "stderr" in result else xr.zeros_like(item)
    count = int(np.prod([item.sizes[d] for d in over])) if over else 1
    square = (stderr**2).sum(over) / count**2
    if count > 1:
        square = square + item.var(over, ddof=1) / count
    error: xr.DataArray = square**0.5
    value = item.mean(over)
    if bars != ["player"]:
        value, error = value.stack(player=bars), error.stack(player=bars)
    return value.values, error.values, [list(value[n].values) for n in names]


def _attribution(result: xr.Dataset) -> xr.DataArray:
    if "attribution" not in result:
        raise DataError(
            "the Dataset has no variable 'attribution'",
            "figure",
            "give a result of xai.attribute, or rename it",
        )
    item = result["attribution"]
    if "output" in item.dims:
        if item.sizes["output"] > 1:
            raise DataError(
                f"the attribution is of {listing(item['output'].values)}",
                "figure",
                "select one output with sel",
            )
        item = item.isel(output=0, drop=True)
    return item


def _axis(names: list[str], given: str | None, usual: tuple[str, ...]) -> str:
    if given is None:
        given = next((n for n in usual if n in names), None) or (names[-1] if names else None)
    if given not in names:
        raise DataError(
            f"the attribution has no dimension {given!r}", "map_figure", f"choose from {listing(names)}"
        )
    return given


def _axis_label(result: xr.Dataset, dim: str) -> str:
    units = str(result[dim].attrs.get("units", "")) if dim in result.coords else ""
    usual = {
        "lon": "degrees east",
        "longitude": "degrees east",
        "lat": "degrees north",
        "latitude": "degrees north",
    }
    return labelled(
        {"lon": "longitude", "lat": "latitude"}.get(dim, dim), units.replace("_", " ") or usual.get(dim, "")
    )


def labelled(name: str, units: str) -> str:
    """A name with its unit in brackets, where it has one."""
    return f"{name} [{units}]" if units else name


def _short(value: Any) -> str:
    if isinstance(value, np.datetime64):
        return str(value)[:10]
    return f"{value:g}" if isinstance(value, (float, np.floating)) else str(value)


def plain_axes(axis: Axes, grid: str = "y") -> None:
    """Axes without a frame at the top and right, with a light grid."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(labelsize=SMALL, width=0.5)
    axis.set_axisbelow(True)
    axis.grid(axis=grid, color="#e6e6e6", linewidth=0.5)  # pyright: ignore[reportArgumentType]
