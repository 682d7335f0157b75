"""Trust reports as a Dataset, as a table, and as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from data.errors import DataError
from data.files import atomic_path

from .assess import Assessment
from .resultfile import write
from .scores import joined, summarise
from .verdicts import TITLES, verdict

if TYPE_CHECKING:
    import pandas as pd

CURVES = ("deletion", "insertion", "random_deletion", "random_insertion", "best_deletion", "best_insertion")
_MEANING = {
    "value": "score of the attribution",
    "value_stderr": "its standard error, over samples or from its own draws",
    "random": "mean score of random explanations",
    "random_stderr": "its standard error",
    "random_spread": "standard deviation of the score over random explanations",
    "perfect": "score of the best explanation",
    "skill": "(value - random) / (perfect - random): 0 no better than random, 1 perfect",
    "skill_lower": "lower end of the 95 % interval of the skill",
    "skill_upper": "upper end of the 95 % interval of the skill",
    "standardised": "distance from random in standard deviations over random explanations, positive where better",
    "p": "share of random explanations at least as good",
    "samples": "samples in which the score is defined",
}
_FIELDS = (
    "value",
    "stderr",
    "random",
    "random_stderr",
    "random_spread",
    "perfect",
    "skill",
    "lower",
    "upper",
)
_COLUMNS = ("score", "value", "random", "skill", "skill_lower", "skill_upper", "p", "verdict")


def collected(
    found: Sequence[Sequence[Assessment]],
    labels: dict[str, Any],
    outputs: np.ndarray | None,
    checks: Sequence[str] = (),
) -> xr.Dataset:
    """Assessments of samples and outputs as one Dataset, scores summed up over samples.

    Args:
        found: by sample and output.
        labels: coordinates along ``case``.
        outputs: names of the outputs; None for a single one.
        checks: which were made, for the attributes.
    """
    held = {n for row in found for a in row for n in (s.name for s in a.scores)}
    names = [n for n in TITLES if n in held]
    many = len(found[0])
    table: dict[str, np.ndarray] = {n: np.full((len(names), many), np.nan) for n in _MEANING}
    words = np.full((2, len(names), many), "", dtype=object)
    each = {n: np.full((len(names), len(found), many), np.nan) for n in ("value", "random", "perfect")}
    for k in range(many):
        for j, name in enumerate(names):
            score = joined([s for row in found for s in row[k].scores if s.name == name])
            row = summarise(score)
            for key, attribute in zip(_MEANING, (*_FIELDS, "standardised", "p", "samples"), strict=True):
                table[key][j, k] = getattr(row, attribute)
            words[:, j, k] = score.units, verdict(name, row, score.units, score.why)
            each["value"][j, :, k], each["perfect"][j, :, k] = score.value, score.perfect
            each["random"][j, :, k] = score.random.mean(axis=1)
    last = () if outputs is None else ("output",)

    def shaped(values: np.ndarray) -> np.ndarray:
        return values if last else values[..., 0]

    out = xr.Dataset(
        {n: (("score", *last), shaped(v), {"long_name": _MEANING[n]}) for n, v in table.items()},
        {"score": names, **labels},
    )
    out["units"] = (("score", *last), shaped(words[0]).astype(str))
    out["verdict"] = (("score", *last), shaped(words[1]).astype(str))
    for n, v in each.items():
        out[f"case_{n}"] = (("score", "case", *last), shaped(v))
    if outputs is not None:
        out = out.assign_coords(output=outputs)
    out = _with_curves(out, found, last)
    stages = list(found[0][0].stages)
    if stages:
        mean = np.array([[np.mean([row[k].stages[n] for row in found]) for k in range(many)] for n in stages])
        out = out.assign_coords(stage=stages)
        text = {"long_name": "size of the rank correlation after randomising this layer and those before it"}
        out["stage_correlation"] = (("stage", *last), shaped(mean), text)
    out.attrs["checks"] = ", ".join(checks)
    return out


def trust_table(report: xr.Dataset) -> pd.DataFrame:
    """A trust report as a table: one row for each score (and output).

    Args:
        report: what :func:`trust` gave.

    Raises:
        DataError: it is not a trust report.
    """
    if "skill" not in report or "verdict" not in report:
        raise DataError("the Dataset is not a trust report", "trust_table", "give what xai.trust made")
    columns = [*_MEANING, "units", "verdict"]
    frame = report[columns].to_dataframe().reset_index()
    frame.insert(1, "title", [TITLES[str(n)] for n in frame["score"]])
    return frame


def markdown(report: xr.Dataset) -> str:
    """The table as Markdown, with scores to two significant digits."""
    from .verdicts import number

    frame = trust_table(report)
    several = "output" in frame
    lines = []
    head = [
        "score",
        *(["output"] if several else []),
        "value",
        "random",
        "perfect",
        "skill (95 %)",
        "verdict",
    ]
    lines.append("| " + " | ".join(head) + " |")
    lines.append("|" + " --- |" * len(head))
    for _, row in frame.iterrows():
        skill = (
            f"{row['skill']:.2f} ({row['skill_lower']:.2f} to {row['skill_upper']:.2f})"
            if np.isfinite(row["skill"])
            else "not defined"
        )
        held = [row["title"], *([str(row["output"])] if several else [])]
        held += [number(float(row[n])) for n in ("value", "random", "perfect")]  # pyright: ignore[reportArgumentType]
        held += [skill, row["verdict"]]
        lines.append("| " + " | ".join(str(h).replace("|", "\\|") for h in held) + " |")
    return "\n".join(lines) + "\n"


def write_trust(report: xr.Dataset, folder: str | Path, name: str = "trust") -> list[Path]:
    """Write a trust report as netCDF, CSV and Markdown.

    Args:
        report: what :func:`trust` gave.
        folder: where to write.
        name: of the files, without ending.

    Returns:
        The three paths.
    """
    folder = Path(folder)
    paths = [write(report, folder / f"{name}.nc"), folder / f"{name}.csv", folder / f"{name}.md"]
    with atomic_path(paths[1]) as part:
        trust_table(report).to_csv(part, index=False)
    with atomic_path(paths[2]) as part:
        part.write_text(markdown(report), encoding="utf-8")
    return paths


def _with_curves(out: xr.Dataset, found: Sequence[Sequence[Assessment]], last: tuple[str, ...]) -> xr.Dataset:
    """Add the curves, averaged over cases; those of random orders as mean and as the range of 95 % of them."""
    held = [[a.curves for a in row] for row in found]
    known = [c for row in held for c in row if c is not None]
    if not known:
        return out
    points = min(len(c.fraction) for c in known)
    grid = np.linspace(0, 1, points)

    def on_grid(values: np.ndarray, fraction: np.ndarray) -> np.ndarray:
        return np.apply_along_axis(lambda v: np.interp(grid, fraction, v), -1, values)

    added: dict[str, Any] = {}
    for name in CURVES:
        columns = []
        for k in range(len(found[0])):
            some = [on_grid(getattr(c, name), c.fraction) for row in held if (c := row[k]) is not None]
            columns.append(np.mean(some, axis=0) if some else np.full(getattr(known[0], name).shape, np.nan))
        mean = np.stack(columns, axis=-1)
        mean = mean if last else mean[..., 0]
        if not name.startswith("random"):
            added[f"curve_{name}"] = (("point", *last), mean)
            continue
        added[f"curve_{name}"] = (("point", *last), mean.mean(axis=0))
        for end, share in (("lower", 0.025), ("upper", 0.975)):
            added[f"curve_{name}_{end}"] = (("point", *last), np.quantile(mean, share, axis=0))
    return out.assign(added).assign_coords(
        fraction=("point", grid, {"long_name": "share of parts removed or put in"})
    )
