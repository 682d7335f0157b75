"""Figures of results: the graph over lags as one circle of variables."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import layout
from .flags import Flag
from .result import LINK, check_graph

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MM = 1 / 25.4
COLOURS = "RdBu_r"
DIRECTED = ("-->", "o->", "-?>")
GREY = "#c9c9c9"
SMALL = 6.5
"""Size of lags and ticks [pt]."""
WRAP = 15
"""Most characters of a name on one line."""
MANY = 16
"""Number of variables beyond which names stand along the radius, so that they do not meet."""


@dataclass
class Arrow:
    """All links between two variables that look alike.

    Attributes:
        source: index of the variable it leaves.
        target: index of the variable it reaches.
        mark: how it is drawn.
        lags: its lags, strongest first.
        val: value of its strongest lag.
        weight: share of cells or of bootstrap replicates, 0 to 1, or None.
    """

    source: int
    target: int
    mark: str
    lags: list[int]
    val: float
    weight: float | None


def arrows(found: xr.Dataset) -> list[Arrow]:
    """Return what is drawn of one graph: one arrow per pair of variables and kind of mark, its lags told together."""
    graph = check_graph(found).transpose(*LINK).values.astype(str)
    val = found["val"].transpose(*LINK).values
    weight = next((found[n].transpose(*LINK).values for n in ("weight", "frequency") if n in found), None)
    kinds: dict[tuple[int, int, str], list[int]] = {}
    for i, j, lag in np.argwhere(graph != ""):
        mark = str(graph[i, j, lag])
        if lag == 0 and (mark in ("<--", "<-o", "<?-") or (mark not in DIRECTED and j < i)):
            continue  # the same link as from its other end
        kinds.setdefault((int(i), int(j), mark), []).append(int(lag))
    drawn = []
    for (i, j, mark), lags in kinds.items():
        lags.sort(key=lambda lag: -abs(val[i, j, lag]))
        best = lags[0]
        drawn.append(
            Arrow(
                i,
                j,
                mark,
                lags,
                float(val[i, j, best]),
                None if weight is None else float(weight[i, j, best]),
            )
        )
    return drawn


def collapsed(found: xr.Dataset) -> xr.Dataset:
    """Make one graph of many cells: the most frequent mark of each link, its mean value there, its share of cells.

    A link is kept where at least half as many cells have it as have the most frequent one, and at least a twentieth.
    """
    import xarray as xr

    graph, val = stacked(found, "graph"), stacked(found, "val")
    flag = found["flag"].values.reshape(-1)
    repeats = graph.shape[0] // flag.size
    good = np.repeat((flag & int(Flag.EMPTY | Flag.FAILED)) == 0, repeats)
    graph, val = graph[good], val[good]
    marks = np.unique(graph)
    counts = np.stack([(graph == m).sum(0) for m in marks if m != ""] or [np.zeros(graph.shape[1:], int)])
    names = np.array([m for m in marks if m != ""] or [""], dtype="<U3")
    best, number = names[counts.argmax(0)], counts.max(0)
    here = graph == best
    mean = np.where(here, val, 0.0).sum(0) / np.maximum(here.sum(0), 1)
    share = number / max(len(graph), 1)
    frequent = share >= max(0.05, 0.5 * share.max(initial=0))
    kept = {"graph": np.where(frequent, best, ""), "val": mean, "weight": share}
    coords = {name: found[name] for name in LINK}
    return xr.Dataset({k: (LINK, v) for k, v in kept.items()}, coords=coords, attrs=found.attrs)


def stacked(found: xr.Dataset, name: str) -> np.ndarray:
    """A variable of links as ``(cell, source, target, lag)``."""
    item = found[name].transpose(..., *LINK).values
    return item.reshape(-1, *item.shape[-3:])


def graph_figure(found: xr.Dataset, title: str = "") -> Figure:
    """Draw one graph: variables on a circle, arrows coloured by value, lags beside them.

    Arrows have a head at the target; links without direction (``o-o``) are dashed with open ends, contradictions
    (``x-x``) dotted with crosses. A variable's ring is coloured by its own past, whose lags stand in it. The wider a
    link, the more bootstrap replicates (or cells, where many are drawn as one) have it.

    Args:
        found: result of one cell; of many cells the most frequent links are drawn.
        title: above the graph.

    Raises:
        DataError: where there is no graph.
    """
    from matplotlib.figure import Figure

    graph = check_graph(found)
    if graph.ndim != 3:
        number = int(np.prod([graph.sizes[d] for d in graph.dims if d not in LINK]))
        found, title = collapsed(found), title or f"most frequent links of {number} cells"
    larger = min(1.4, 1 + 0.05 * max(0, found.sizes["source"] - 12))
    drawing = Figure(figsize=(130 * MM * larger, 100 * MM * larger), layout="constrained")
    drawing.get_layout_engine().set(w_pad=0.12, h_pad=0.06)  # type: ignore[union-attr]
    axis = drawing.subplots()
    shades = graph_axes(axis, found, title)
    colour_bar(drawing, shades, axis, 0.6)
    return drawing


def graph_axes(axis: Axes, found: xr.Dataset, title: str = "", most: float | None = None) -> Any:
    """Draw one graph into axes, colours up to the value ``most``; return what a colour bar needs."""
    import matplotlib
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    links = arrows(found)
    most = most or max((abs(link.val) for link in links), default=0.0) or 1.0
    shades = ScalarMappable(Normalize(-most, most), matplotlib.colormaps[COLOURS])
    names = [str(name) for name in found["source"].values]
    places, size = layout.circle(len(names))
    rings = {link.source: link for link in links if link.source == link.target}
    between = [link for link in links if link.source != link.target]
    bends = layout.bends([(link.source, link.target) for link in between], places, size)
    curves = [_course(places, link, size, bend) for link, bend in zip(between, bends, strict=True)]
    spots = layout.spots(curves, places)
    for link, curve, spot in zip(between, curves, spots, strict=True):
        _arrow(axis, link, curve, _colour(shades, link.val), spot)
    for k, place in enumerate(places):
        ring = rings.get(k)
        own = None if ring is None else (ring, _colour(shades, ring.val))
        _node(axis, place, size, own)
        _name(axis, place, names[k], size, len(names))
    # Names stand outside these limits, and the layout makes room for them as they are rendered.
    reach = 1.02 + size
    axis.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axis.set_axis_off()
    above = 4 * len(names[0]) if len(names) > MANY else 9.5 * len(_lines(names[0]))
    axis.set_title(title, fontsize=9, pad=8 + above)  # above the name at the top [pt]
    return shades


def colour_bar(drawing: Figure, shades: Any, axis: Axes, shrink: float) -> None:
    """The bar that tells the colours of links."""
    bar = drawing.colorbar(shades, ax=axis, shrink=shrink, pad=0.02)
    bar.set_label("value of the strongest lag [1]", fontsize=7.5)
    bar.ax.tick_params(labelsize=SMALL)


def _colour(shades: Any, val: float) -> Any:
    """The colour of a value."""
    return shades.to_rgba(val)


def _node(axis: Axes, place: np.ndarray, size: float, own: tuple[Arrow, Any] | None) -> None:
    """A variable: a circle, ringed where its own past drives it, with those lags inside."""
    from matplotlib.patches import Circle

    edge, width = (own[1], 3.0) if own else ("#777777", 0.8)
    if own:  # an edge, so that values near zero are seen
        axis.add_patch(
            Circle(tuple(place), size, facecolor="none", edgecolor="#a0a0a0", linewidth=3.8, zorder=4)
        )
    axis.add_patch(Circle(tuple(place), size, facecolor="white", edgecolor=edge, linewidth=width, zorder=4))
    if own:
        lags = [str(lag) for lag in own[0].lags]
        lines = [", ".join(lags[k : k + 2]) for k in range(0, len(lags), 2)]
        fitting = SMALL * min(1.0, size / layout.NODE) * (1.0 if len(lines) < 3 else 2.2 / len(lines))
        x, y = (float(v) for v in place)
        axis.text(
            x, y, "\n".join(lines), ha="center", va="center", fontsize=fitting, linespacing=1.0, zorder=5
        )


def _name(axis: Axes, place: np.ndarray, name: str, size: float, count: int) -> None:
    """The name of a variable, outside the circle of all."""
    x, y = (float(v) for v in place * (1 + 1.35 * size + 0.02))
    if count > MANY:
        angle = math.degrees(math.atan2(y, x))
        turned = abs(angle) > 90
        axis.text(x, y, name.replace("_", " "), rotation=angle + 180 * turned, rotation_mode="anchor", fontsize=SMALL,
                  ha="right" if turned else "left", va="center", zorder=5)  # fmt: skip
        return
    across = "center" if abs(x) < 0.15 else ("left" if x > 0 else "right")
    up = "center" if abs(y) < 0.75 else ("bottom" if y > 0 else "top")
    axis.text(x, y, "\n".join(_lines(name)), ha=across, va=up, fontsize=7.5, linespacing=1.05, zorder=5)


def _lines(name: str) -> list[str]:
    """A name in lines of few characters."""
    return textwrap.wrap(name.replace("_", " "), WRAP, break_long_words=False) or [""]


Curve = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Start, control point and end of a link, each (2,)."""


def _course(places: np.ndarray, link: Arrow, size: float, bend: float) -> Curve:
    """A link between two variables as a quadratic curve whose ends stop short of the circles."""
    start, end = places[link.source], places[link.target]
    control = layout.control(start, end, bend)
    first, last = (
        (control - start) / np.linalg.norm(control - start),
        (control - end) / np.linalg.norm(control - end),
    )
    left, right = _ends(link.mark)
    return start + first * _reach(left, size), control, end + last * _reach(right, size)


def _arrow(axis: Axes, link: Arrow, curve: Curve, colour: Any, spot: np.ndarray) -> None:
    """A link between two variables, its ends by its mark, its lags on it in a frame of its colour."""
    from matplotlib.patches import FancyArrowPatch

    start, control, end = curve
    left, right = _ends(link.mark)
    width = 2.0 if link.weight is None else 0.8 + 3.2 * link.weight
    # A line ends inside its head, so that a wide one does not blunt it.
    inner = [
        point + (control - point) / np.linalg.norm(control - point) * (0.05 if kind == ">" else 0.0)
        for point, kind in ((start, left), (end, right))
    ]
    style = {"o-o": "--", "x-x": ":"}.get(link.mark, "-")
    edges = ((0.8, "#a0a0a0"), (0.0, colour)) if style == "-" else ((0.0, colour),)
    for edge, tone in edges:  # an edge, so that values near zero are seen
        path = _curve(inner[0], control, inner[1])
        axis.add_patch(
            FancyArrowPatch(
                path=path,
                arrowstyle="-",
                linestyle=style,
                linewidth=width + edge,
                color=tone,
                capstyle="butt",
                zorder=2,
            )
        )
    for point, toward, kind in ((start, control, left), (end, control, right)):
        _end(axis, point, toward, kind, colour, width)
    # Two frames: where links cross, the inner one tells by its colour whose lags these are.
    for frame, line in (("#a0a0a0", 1.5), (colour, 0.9)):
        axis.text(
            float(spot[0]),
            float(spot[1]),
            _lags(link.lags),
            ha="center",
            va="center",
            fontsize=SMALL,
            zorder=3.5,
            bbox={"boxstyle": "round,pad=0.18", "facecolor": "white", "edgecolor": frame, "linewidth": line},
        )


def _ends(mark: str) -> tuple[str, str]:
    """What stands at the source's and at the target's end of a mark: '-', '>', 'o', 'x' or '+'."""
    left, right = mark[0], mark[-1]
    return (">" if left == "<" else left), right


def _reach(kind: str, size: float) -> float:
    """How far from the middle of a variable a link ends: open ends and crosses are drawn whole."""
    return size + (0.055 if kind in ("o", "x") else 0.02)


def _end(axis: Axes, point: np.ndarray, toward: np.ndarray, kind: str, colour: Any, width: float) -> None:
    """One end of a link."""
    if kind == ">":
        from matplotlib.patches import FancyArrowPatch

        back = point + (toward - point) / np.linalg.norm(toward - point) * 0.03
        head = FancyArrowPatch(
            tuple(back),
            tuple(point),
            arrowstyle="-|>",
            mutation_scale=10 + 2.4 * width,
            linewidth=0.4,
            facecolor=colour,
            edgecolor="#a0a0a0",
            shrinkA=0,
            shrinkB=0,
            zorder=3,
        )
        axis.add_patch(head)
    elif kind in ("o", "x"):
        axis.plot(
            *point,
            marker=kind,
            markersize=5 + 0.6 * width,
            markerfacecolor="white",
            markeredgecolor=colour,
            markeredgewidth=1.4,
            linestyle="none",
            zorder=3,
        )


def _curve(start: np.ndarray, control: np.ndarray, end: np.ndarray) -> Any:
    """A quadratic curve."""
    from matplotlib.path import Path

    return Path([tuple(start), tuple(control), tuple(end)], [Path.MOVETO, Path.CURVE3, Path.CURVE3])


def _lags(lags: Sequence[int]) -> str:
    """Lags as text, in their order."""
    return ", ".join(str(lag) for lag in lags)
