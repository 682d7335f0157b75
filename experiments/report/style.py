"""One look for all figures: fonts, sizes, colours that survive colour blindness, and files without dates."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MODELS = ("observed", "hybrid", "process", "gru", "trees", "climatology", "published")
"""Models in the order in which tables and legends show them."""

COLOURS = {
    "observed": "#222222",
    "hybrid": "#0072b2",
    "process": "#009e73",
    "gru": "#d55e00",
    "trees": "#e69f00",
    "climatology": "#8c8c8c",
    "published": "#cc79a7",
}
"""Colour of each model, from the palette of Okabe and Ito."""

MARKERS = {"observed": ".", "hybrid": "o", "process": "s", "gru": "^", "trees": "D", "climatology": "x"}
_SPARE = ("#56b4e9", "#7a4fb5", "#a6761d", "#1b9e77", "#e7298a", "#66a61e")
_MM = 1 / 25.4
WIDTHS = {"one": 88 * _MM, "two": 180 * _MM}
"""Widths of figures over one and two columns of a page [inch]."""

RC: dict[str, Any] = {
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
    "savefig.dpi": 200,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.3,
    "lines.markersize": 3.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "image.cmap": "cividis",
    "svg.hashsalt": "terrax",
    "svg.fonttype": "path",
}


@contextlib.contextmanager
def use() -> Iterator[None]:
    """Draw in terrax's style inside a ``with`` block, or a function decorated with ``@style.use()``."""
    import matplotlib

    style: Any = {**matplotlib.rcParamsDefault, "backend": "agg", **RC}
    with matplotlib.rc_context(style):
        yield


def figure(
    rows: int = 1, columns: int = 1, *, width: str = "two", height: float = 60.0, **options: Any
) -> tuple[Figure, Any]:
    """Return a figure and its axes, without pyplot's global state; call it inside ``use()``.

    Args:
        rows: rows of axes.
        columns: columns of axes.
        width: "one" or "two" columns of a page (88 or 180 mm).
        height: height of the whole figure [mm].
        options: passed to ``Figure.subplots`` (``sharex``, ``squeeze``, ``width_ratios``).
    """
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(WIDTHS[width], height * _MM))
    return drawing, drawing.subplots(rows, columns, **options)


def colour(model: str) -> str:
    """Return the colour of a model; names that are not known get one that depends on the name alone."""
    if model in COLOURS:
        return COLOURS[model]
    return _SPARE[sum(model.encode()) % len(_SPARE)]


def save(drawing: Figure, folder: Path, name: str) -> list[Path]:
    """Write a figure as ``name.svg`` and ``name.png`` into a folder; equal figures give equal bytes.

    Returns the two paths, svg first.
    """
    import matplotlib

    engine = drawing.get_layout_engine()
    if engine is not None:
        # laid out once, by the quick renderer: measuring text for svg takes longer than all drawing
        engine.execute(drawing)
        drawing.set_layout_engine("none")
    written = []
    for suffix, metadata in ((".svg", {"Date": None, "Creator": None}), (".png", {"Software": None})):
        path = folder / f"{name}{suffix}"
        with (
            matplotlib.rc_context({"svg.hashsalt": RC["svg.hashsalt"], "svg.fonttype": "path"}),
            atomic_path(path) as temporary,
        ):
            drawing.savefig(temporary, format=suffix[1:], metadata=metadata, dpi=RC["savefig.dpi"])
        written.append(path)
    return written
