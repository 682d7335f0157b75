"""The parts of a report that every run has: summary, scores, configuration, environment and data."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from ..progress import clock
from ..runfolder import RunFolder, Status
from . import scores, style
from .markup import inline, table
from .sections import Table

if TYPE_CHECKING:
    import pandas as pd

SKILLS = ("nse", "kge")


def summary(folder: RunFolder, status: Status, environment: dict[str, Any]) -> str:
    """Return the facts of the run as a list of terms."""
    git = environment.get("git", {})
    versions = environment.get("versions", {})
    commit = (git.get("commit") or "not known")[:12] + (" with local changes" if git.get("dirty") else "")
    devices = ", ".join(sorted({item["kind"] for item in environment.get("devices", [])})) or "not known"
    seconds = sum(status.seconds.values())
    facts = [
        ("experiment", status.experiment + (" (--quick: not for conclusions)" if status.quick else "")),
        ("started", status.started.replace("T", " ").replace("Z", " UTC")),
        ("time in stages", clock(seconds) if seconds else "not known"),
        ("data", _data_line(folder)),
        ("terrax", f"{versions.get('terrax', '?')}, commit {commit}"),
        (
            "computed with",
            f"JAX {versions.get('jax', '?')} on {devices}, Python {versions.get('python', '?')}",
        ),
        ("seeds", ", ".join(f"{k} = {v}" for k, v in environment.get("seeds", {}).items()) or "none"),
    ]
    return "<dl>" + "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in facts) + "</dl>"


def score_tables(frame: pd.DataFrame) -> str:
    """Return the medians over groups, a table per split for the first metric and the others folded below."""
    middle = scores.medians(frame)
    parts = []
    for split in dict.fromkeys(middle["split"]):
        here = scores.only(middle, split=split)
        first, *others = scores.order(here["metric"], SKILLS)
        parts.append(f"<h3>Split {escape(split)}</h3>")
        parts.append(_median_table(scores.only(here, metric=first), split, first))
        if others:
            tables = "".join(_median_table(scores.only(here, metric=name), split, name) for name in others)
            names = ", ".join(name.upper() for name in others)
            parts.append(f'<details><summary>{names}</summary><div class="grid">{tables}</div></details>')
    return "\n".join(parts)


def heat_tables(frame: pd.DataFrame) -> str:
    """Return skill per group, one table per split, metric and target, coloured by value."""
    parts = []
    for split in dict.fromkeys(frame["split"]):
        here = scores.only(frame, split=split)
        for metric in [name for name in SKILLS if name in set(here["metric"])]:
            rows = scores.only(here, metric=metric)
            inner = "\n".join(
                _heat(scores.only(rows, target=target), target) for target in dict.fromkeys(rows["target"])
            )
            opened = " open" if metric == "nse" else ""
            title = f"{metric.upper()} per group, split {escape(split)}"
            parts.append(
                f'<details{opened}><summary>{title}</summary><div class="grid">{inner}</div></details>'
            )
    others = [name for name in dict.fromkeys(frame["metric"]) if name not in SKILLS]
    for metric in others:
        rows = scores.only(frame, metric=metric)
        plain = Table(
            ("split", "target", "group", "model", metric),
            [
                tuple(row)
                for row in rows[["split", "target", "group", "model", "value"]].itertuples(index=False)
            ],
        )
        body = table(plain, row_headers=False)
        parts.append(f"<details><summary>{escape(metric)} per group</summary>{body}</details>")
    return "\n".join(parts)


def configuration(folder: RunFolder) -> str:
    """Return the configuration as it stands in the folder."""
    text = folder.config_file.read_text(encoding="utf-8") if folder.config_file.exists() else "missing"
    return f"<details><summary>config.yaml</summary><pre>{escape(text)}</pre></details>"


def surroundings(environment: dict[str, Any]) -> str:
    """Return the versions and the platform."""
    rows = [(name, version) for name, version in environment.get("versions", {}).items()]
    machine = environment.get("platform", {})
    line = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in machine.items())
    return (
        f"<p>{escape(line)}</p><details><summary>versions</summary>"
        + table(Table(("package", "version"), rows), row_headers=True)
        + "</details>"
    )


def inputs(recorded: dict[str, Any]) -> str:
    """Return the input files with their SHA-256."""
    files = recorded.get("files", [])
    if not files:
        return f"<p>{escape(recorded.get('label') or 'No input files: the data are synthetic.')}</p>"
    rows = [(item["path"], f"`{item['sha256']}`") for item in files]
    return table(Table(("file", "SHA-256"), rows, f"{len(rows)} input file{'s' if len(rows) > 1 else ''}"))


def _data_line(folder: RunFolder) -> str:
    recorded = folder.read_json(folder.data_file) if folder.data_file.exists() else {}
    count = len(recorded.get("files", []))
    if count:
        return f"{count} file{'s' if count > 1 else ''} from {recorded.get('root') or 'not known'}"
    return recorded.get("label") or "synthetic"


def _median_table(rows: pd.DataFrame, split: str, metric: str) -> str:
    """Return targets down and models across."""
    models = scores.order(rows["model"], style.MODELS)
    targets = list(dict.fromkeys(rows["target"]))
    lines, styles = [], []
    for target in targets:
        part = rows[rows["target"] == target]
        values = dict(zip(part["model"], part["median"], strict=True))
        winner = scores.best(values, metric)
        lines.append((target, *(round(float(values.get(model, float("nan"))), 3) for model in models)))
        styles.append(["", *("font-weight:700" if model == winner else "" for model in models)])
    groups = int(rows["groups"].to_numpy().max())
    caption = (
        f"Median {metric.upper()} over {groups} group{'s' if groups > 1 else ''}, split {split}; best in bold"
    )
    return table(Table(("target", *models), lines, caption), styles=styles)


def _heat(rows: pd.DataFrame, target: str) -> str:
    """Return groups down and models across, coloured: blue for skill above 0, orange below."""
    models = scores.order(rows["model"], style.MODELS)
    wide = rows.pivot(index="group", columns="model", values="value").reindex(columns=models)
    lines, styles = [], []
    for group, values in zip(wide.index, wide.to_numpy(), strict=True):
        lines.append((group, *(round(float(value), 3) for value in values)))
        styles.append(["", *(_shade(float(value)) for value in values)])
    return table(Table(("group", *models), lines, f"{inline(target)}"), styles=styles)


def _shade(value: float) -> str:
    """Return the background of a skill: none when missing."""
    if value != value:
        return ""
    name, strength = ("--good", min(value, 1.0)) if value >= 0 else ("--bad", min(-value, 1.0))
    return f"background:rgba(var({name}),{0.05 + 0.45 * strength:.2f})"
