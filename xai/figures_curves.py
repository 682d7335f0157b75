"""Figures of curves: accumulated local effects, interactions, partial dependence, and counterfactual inputs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from data.errors import DataError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 3.5, 2.8
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#222222")
GREY = "#b5b5b5"
MOST = len(COLOURS)


def ale_figure(found: xr.Dataset) -> Figure:
    """The accumulated local effect with its interval, and below it how many samples each bin has.

    Bins without data interrupt the curve and are hatched. Groups, or outputs, are curves of their own colours.

    Args:
        found: result of :func:`ale`.

    Raises:
        DataError: another result, or more curves than colours.
    """
    name = _variable(found, "ale")
    import matplotlib.pyplot as plt

    figure, (axis, below) = plt.subplots(
        2, 1, figsize=(WIDTH, HEIGHT), sharex=True, height_ratios=(4, 1), layout="constrained"
    )
    x = found[name].values
    for label, colour, one in _curves(found, ("ale",), name):
        axis.fill_between(x, one["lower"], one["upper"], color=colour, alpha=0.2, linewidth=0)
        axis.plot(x, one["ale"], color=colour, marker=".", markersize=4, linewidth=1.3, label=label)
    axis.axhline(0.0, color=GREY, linewidth=0.7, zorder=0)
    count = found["count"]
    extra = [d for d in count.dims if d != "bin"]
    total = count.sum(extra).values if extra else count.values
    below.bar(x[:-1], total, np.diff(x), align="edge", color=GREY, edgecolor="white", linewidth=0.4)
    known = found["slope"].notnull()
    seen = known.any(tuple(d for d in known.dims if d != "bin")).values
    for left, right in zip(x[:-1][~seen], x[1:][~seen], strict=True):
        for place in (axis, below):
            place.axvspan(left, right, facecolor="none", edgecolor="#d0d0d0", hatch="////", linewidth=0)
    axis.set_ylabel(_axis("effect", found["ale"].attrs.get("units", "")), fontsize=8)
    below.set_ylabel("samples", fontsize=8)
    below.set_xlabel(_named(found, name), fontsize=8)
    _title(axis, f"Accumulated local effect of {found.attrs['cell']}")
    _finish((axis, below), axis)
    return figure


def interaction_figure(found: xr.Dataset) -> Figure:
    """The second-order effect as a map over both inputs; corners without data are blank.

    Args:
        found: result of :func:`ale_interaction` with one output.

    Raises:
        DataError: another result, or several outputs.
    """
    if "ale" not in found or "variables" not in found.attrs:
        raise DataError("the result is not an interaction", "figure", "give what ale_interaction returned")
    if "output" in found["ale"].dims:
        raise DataError("the result has several outputs", "figure", "choose one with isel(output=0)")
    import matplotlib.pyplot as plt

    first, second = json.loads(found.attrs["variables"])
    figure, axis = plt.subplots(figsize=(WIDTH, HEIGHT), layout="constrained")
    values = found["ale"].transpose(second, first).values
    x, y = found[first].values, found[second].values
    count = found["count"].transpose(f"bin_{second}", f"bin_{first}").values
    mean = (values[:-1, :-1] + values[1:, :-1] + values[:-1, 1:] + values[1:, 1:]) / 4
    mean = np.where(count > 0, mean, np.nan)
    most = float(np.nanmax(np.abs(mean))) or 1.0
    drawn = axis.pcolormesh(x, y, mean, cmap="RdBu_r", vmin=-most, vmax=most)
    axis.set_facecolor("#a8a8a8")
    bar = figure.colorbar(drawn, ax=axis)
    bar.set_label(_axis("interaction", found["ale"].attrs.get("units", "")), fontsize=8)
    bar.ax.tick_params(labelsize=7)
    axis.set_xlabel(_named(found, first), fontsize=8)
    axis.set_ylabel(_named(found, second), fontsize=8)
    axis.set_title("Joint effect beyond each alone (grey: no samples)", fontsize=8.5, loc="left")
    axis.tick_params(labelsize=7)
    return figure


def dependence_figure(found: xr.Dataset) -> Figure:
    """Partial dependence over single samples' curves, with twice its standard error; a dot where each sample itself is.

    Args:
        found: result of :func:`partial_dependence`.

    Raises:
        DataError: another result, or more curves than colours.
    """
    name = _variable(found, "pd")
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(WIDTH, HEIGHT), layout="constrained")
    x = found[name].values
    if "ice" in found and "output" not in found["ice"].dims:
        single = found["ice"].transpose("curve", name).values
        axis.plot(x, single.T, color=GREY, linewidth=0.5, alpha=0.7, zorder=1)
        own = found["own"].values
        height = [np.interp(o, x, curve) for o, curve in zip(own, single, strict=True)]
        inside = (own >= x[0]) & (own <= x[-1])
        axis.plot(own[inside], np.asarray(height)[inside], ".", color="#777777", markersize=2.5, zorder=2)
    for label, colour, one in _curves(found, ("pd",), name):
        error = 2 * one["stderr"]
        axis.fill_between(
            x, one["pd"] - error, one["pd"] + error, color=colour, alpha=0.25, linewidth=0, zorder=3
        )
        axis.plot(x, one["pd"], color=colour, linewidth=1.8, label=label, zorder=4)
    axis.set_xlabel(_named(found, name), fontsize=8)
    what = "change of output" if found.attrs["centred"] else "output"
    axis.set_ylabel(_axis(what, found["pd"].attrs.get("units", "")), fontsize=8)
    _title(axis, f"Partial dependence on {found.attrs['cell']}")
    _finish((axis,), axis)
    return figure


def counterfactual_figure(found: xr.Dataset, before: xr.Dataset, dim: str = "time") -> Figure:
    """The input and its counterfactuals along a dimension, one panel for each variable that changes.

    Args:
        found: result of :func:`counterfactual`.
        before: the input it was made from.
        dim: dimension along which lines are drawn; other dimensions are averaged.

    Raises:
        DataError: no variable along this dimension changes, or more solutions than colours.
    """
    names = [
        str(n)
        for n in before.data_vars
        if dim in before[n].dims and float(np.abs(found[f"{n}_change"]).max()) > 0
    ]
    if not names:
        raise DataError(
            f"no variable along {dim!r} changes", "figure", "give another dimension, or look at the changes"
        )
    if found.sizes["solution"] > MOST:
        raise DataError(
            f"{found.sizes['solution']} solutions are too many to tell apart", "figure", "choose some by isel"
        )
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        len(names),
        1,
        figsize=(2 * WIDTH, 0.9 + 1.5 * len(names)),
        sharex=True,
        squeeze=False,
        layout="constrained",
    )
    x = before[dim].values if dim in before.coords else np.arange(before.sizes[dim])
    for axis, name in zip(axes[:, 0], names, strict=True):
        rest = [d for d in before[name].dims if d != dim]
        for k in range(found.sizes["solution"]):
            one = found.isel(solution=k)
            label = f"{float(one['prediction']):.4g}, distance {float(one['distance']):.2g}"
            if not bool(one["reached"]):
                label += f", misses by {float(one['shortfall']):.3g}"
            axis.plot(x, one[name].mean(rest), color=COLOURS[k], linewidth=1.2, label=label)
        axis.plot(x, before[name].mean(rest), color="#222222", linewidth=1.0, linestyle="--", label="input")
        axis.set_ylabel(_named(before, name), fontsize=8)
    unit = found["prediction"].attrs.get("units", "")
    start = float(found.attrs["output_of_input"])
    title = f"{found.attrs['target']} {found.attrs['target_value']:g} {unit}".strip() + f" (from {start:.4g})"
    _title(axes[0, 0], f"Counterfactual inputs: output {title}")
    axes[-1, 0].set_xlabel(dim, fontsize=8)
    _finish(axes[:, 0], axes[0, 0])
    axes[0, 0].get_legend().remove()
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(),
        fontsize=7,
        frameon=False,
        ncols=3,
        loc="outside lower center",
    )
    return figure


def _variable(found: xr.Dataset, part: str) -> str:
    if part not in found or "variable" not in found.attrs:
        raise DataError(f"the result has no {part!r} curve", "figure", f"give what {part} returned")
    return str(found.attrs["variable"])


def _curves(found: xr.Dataset, parts: tuple[str, ...], name: str) -> list[tuple[str, str, xr.Dataset]]:
    """Label, colour and values of each curve."""
    rest = [d for d in found[parts[0]].dims if d != name]
    if not rest:
        return [("", COLOURS[0], found)]
    stacked = found[[n for n, v in found.data_vars.items() if set(v.dims) == {*rest, name}]].stack(line=rest)
    if stacked.sizes["line"] > MOST:
        raise DataError(
            f"{stacked.sizes['line']} curves are too many to tell apart", "figure", "choose some by isel"
        )
    out = []
    for k, label in enumerate(stacked["line"].values):
        text = ", ".join(map(str, label)) if isinstance(label, tuple) else str(label)
        out.append((text, COLOURS[k], stacked.isel(line=k)))
    return out


def _named(found: xr.Dataset, name: str) -> str:
    attrs = found[name].attrs
    return _axis(str(attrs.get("long_name", name)), attrs.get("units", ""))


def _axis(text: str, units: Any) -> str:
    return f"{text} [{units}]" if units else text


def _title(axis: Axes, text: str) -> None:
    axis.set_title(text, fontsize=8.5, loc="left")


def _finish(axes: Any, labelled: Axes) -> None:
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=7)
        axis.margins(x=0.02)
    if any(text for text in labelled.get_legend_handles_labels()[1]):
        labelled.legend(fontsize=7, frameon=False)
