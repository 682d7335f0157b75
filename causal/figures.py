"""Figures of results: the graph over lags as one circle of variables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .flags import Flag
from .result import LINK, check_graph

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MM = 1 / 25.4
COLOURS = "RdBu_r"
NODE = 0.17
"""Radius of a variable's circle, where the circle they lie on has radius 1."""
DIRECTED = ("-->", "o->", "-?>")
GREY = "#c9c9c9"


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
    (``x-x``) dotted with crosses. A variable's ring is coloured by its own past. The wider a link, the more bootstrap
    replicates (or cells, where many are drawn as one) have it.

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
    drawing = Figure(figsize=(110 * MM, 105 * MM), layout="constrained")
    axis = drawing.subplots()
    shades = graph_axes(axis, found, title)
    drawing.colorbar(shades, ax=axis, shrink=0.6, pad=0.02, label="value of the strongest lag")
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
    angle = np.pi / 2 - 2 * np.pi * np.arange(len(names)) / len(names)
    places = np.stack([np.cos(angle), np.sin(angle)], 1)
    size = min(NODE, 0.75 * math.sin(math.pi / len(names)))
    rings = {link.source: link for link in links if link.source == link.target}
    pairs = {(link.source, link.target) for link in links}
    kinds = [(link.source, link.target) for link in links]
    for at, link in enumerate(links):
        if link.source != link.target:
            twice = (link.target, link.source) in pairs or kinds.count(kinds[at]) > 1
            bend = 0.22 if twice else 0.0
            if kinds[:at].count(kinds[at]):
                bend = -0.45
            _arrow(axis, places, link, _colour(shades, link.val), size, bend)
    for k, (x, y) in enumerate(places):
        ring = rings.get(k)
        _node(axis, x, y, names[k], size, None if ring is None else (ring, _colour(shades, ring.val)))
    reach = 1 + 2.4 * size
    axis.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axis.set_axis_off()
    axis.set_title(title)
    return shades


def _colour(shades: Any, val: float) -> Any:
    """The colour of a value."""
    return shades.to_rgba(val)


def _node(axis: Axes, x: float, y: float, name: str, size: float, own: tuple[Arrow, Any] | None) -> None:
    """A variable: its name in a circle, ringed where its own past drives it, the lags outside."""
    from matplotlib.patches import Circle

    edge, width = (own[1], 3.5) if own else ("#777777", 0.8)
    axis.add_patch(Circle((x, y), size, facecolor="white", edgecolor=edge, linewidth=width, zorder=4))
    lines = name.replace("_", " ").split()
    longest = max([len(line) for line in lines] or [1])
    fitting = max(4.0, min(8.5, 300 * size / max(longest, 4) / 1.15))
    axis.text(x, y, "\n".join(lines), ha="center", va="center", fontsize=fitting, zorder=5)
    if own:
        away = 1 + 1.55 * size / math.hypot(x, y)
        axis.text(
            x * away, y * away, _lags(own[0].lags), ha="center", va="center", fontsize=6.5, color="#333333"
        )


def _arrow(axis: Axes, places: np.ndarray, link: Arrow, colour: Any, size: float, bend: float) -> None:
    """A link between two variables, its ends by its mark, its lags at its middle."""
    from matplotlib.patches import FancyArrowPatch

    start, end = places[link.source], places[link.target]
    along = (end - start) / np.linalg.norm(end - start)
    side = np.array([along[1], -along[0]])
    # A quadratic curve through its control point; ends stop short of the circles.
    control = (start + end) / 2 + bend * side * np.linalg.norm(end - start)
    first, last = (
        (control - start) / np.linalg.norm(control - start),
        (control - end) / np.linalg.norm(control - end),
    )
    left, right = _ends(link.mark)
    start, end = start + first * _reach(left, size), end + last * _reach(right, size)
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
    x, y = (float(v) for v in 0.25 * start + 0.5 * control + 0.25 * end)
    axis.text(
        x,
        y,
        _lags(link.lags),
        ha="center",
        va="center",
        fontsize=6.5,
        zorder=3,
        bbox={"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.85},
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
