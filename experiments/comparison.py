"""Compare runs: their median scores side by side, and the keys of their configurations that differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import RunError
from data.files import atomic_write_text

from . import yamlfile
from .report import Table, markup, scores, style
from .report.page import page
from .runfolder import RunFolder

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Comparison:
    """Runs side by side: `medians` has a row per split, metric, target and model and a column per run."""

    names: tuple[str, ...]
    medians: pd.DataFrame
    settings: tuple[tuple[Any, ...], ...]


def compare(folders: Sequence[RunFolder]) -> Comparison:
    """Return the comparison of at least two runs; raise RunError where one has no scores."""
    import pandas as pd

    names = _names(folders)
    parts = []
    for name, folder in zip(names, folders, strict=True):
        folder.status()
        middle = scores.medians(scores.read(folder.scores)).set_index(["split", "metric", "target", "model"])
        parts.append(pd.DataFrame({name: middle["median"]}))
    medians = pd.concat(parts, axis=1, sort=False).reset_index()
    return Comparison(names, medians, _settings(folders))


def write_page(comparison: Comparison, path: Path) -> Path:
    """Write a comparison as one self-contained HTML page and return its path."""
    keys = ["split", "metric", "target", "model"]
    rows = [tuple(row) for row in comparison.medians.itertuples(index=False)]
    parts = [
        (
            "Medians",
            markup.table(Table((*keys, *comparison.names), rows, "Median over groups"), row_headers=False),
        )
    ]
    drawing = _figure(comparison)
    if drawing:
        alt = "Median NSE of each model and target, one sign per run; the numbers are in the table."
        parts.insert(0, ("Figure", f'<figure><img src="{drawing}" alt="{alt}"></figure>'))
    if comparison.settings:
        table = markup.table(Table(("key", *comparison.names), comparison.settings, "Settings that differ"))
    else:
        table = "<p>The configurations are the same.</p>"
    parts.append(("Settings", table))
    lead = markup.inline(", ".join(comparison.names))
    atomic_write_text(
        path, page("terrax: runs compared", lead, parts, "Made by <code>terrax compare</code>.")
    )
    return path


def _names(folders: Sequence[RunFolder]) -> tuple[str, ...]:
    """Return a distinct name per run."""
    names = [folder.name for folder in folders]
    if len({folder.path.resolve() for folder in folders}) < len(folders):
        raise RunError("a run is named twice", ", ".join(names), "name each run once")
    if len(set(names)) < len(names):
        names = [f"{folder.path.resolve().parent.name}/{folder.name}" for folder in folders]
    return tuple(names)


def _settings(folders: Sequence[RunFolder]) -> tuple[tuple[Any, ...], ...]:
    """Return the keys that differ with each run's value."""
    leaves = [_leaves(yamlfile.read(folder.config_file)[0]) for folder in folders]
    keys = list(dict.fromkeys(key for values in leaves for key in values))
    rows = []
    for key in keys:
        values = [values.get(key, "-") for values in leaves]
        if any(value != values[0] for value in values):
            rows.append((key, *("null" if value is None else str(value) for value in values)))
    return tuple(rows)


def _leaves(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            found.update(_leaves(value, f"{prefix}{key}."))
        else:
            found[f"{prefix}{key}"] = value
    return found


def _figure(comparison: Comparison) -> str:
    """Return a dot plot of the medians of NSE as a data URI, or an empty text where there is none."""
    import base64
    import io

    frame = comparison.medians[comparison.medians["metric"] == "nse"]
    if not len(frame):
        return ""
    panels = list(dict.fromkeys(zip(frame["split"], frame["target"], strict=True)))
    models = scores.order(frame["model"], style.MODELS)
    columns = min(len(panels), 4)
    rows = -(-len(panels) // columns)
    signs = "os^Dvx*P"
    with style.use():
        height = 14 + rows * (16 + 4.5 * len(models))
        drawing, axes = style.figure(rows, columns, height=height, squeeze=False, sharey=True)
        for axis in axes.flat[len(panels) :]:
            axis.set_visible(False)
        for axis, (split, target) in zip(axes.flat, panels, strict=False):
            part = frame.loc[(frame["split"] == split) & (frame["target"] == target)].set_index("model")
            for number, name in enumerate(comparison.names):
                values = [part[name].get(model, float("nan")) for model in models]
                axis.plot(values, range(len(models)), signs[number % len(signs)], label=name, alpha=0.85)
            axis.set_title(f"{target}, {split}")
            axis.set_yticks(range(len(models)), models)
            axis.set_ylim(len(models) - 0.5, -0.5)
        for axis in axes[-1]:
            axis.set_xlabel("median NSE")
        handles, labels = axes.flat[0].get_legend_handles_labels()
        drawing.legend(handles, labels, loc="outside lower center", ncols=3)
        buffer = io.BytesIO()
        drawing.savefig(buffer, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
