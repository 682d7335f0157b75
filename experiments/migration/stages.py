"""Stages of a run: data, forecasts, causes, effects, explanation, the weekly file, results."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data.errors import RunError
from data.files import atomic_write_bytes

from ..context import Context
from ..runfolder import RunFolder
from .config import Config
from .settings import check, effective

if TYPE_CHECKING:
    from .backtest import Forecasts
    from .prepare import Panel


def run_all(context: Context) -> None:
    """Do the stages that are not done yet."""
    from . import prepare, results

    config = effective(context.config, context.quick)
    check(config, context.data)
    context.progress({"stage": "data"})
    panel = prepare.prepare(config, context.data)
    weekly = weekly_file(config, context.data)
    fit_for_all(panel, config, weekly)
    files = _files(panel, weekly)
    context.inputs(files, label="" if context.data else f"synthetic panel, seed {config.seed}")
    write_json(context.folder, "cleaning.json", panel.log)
    context.finish("data")
    with context.stage("forecast") as todo:
        if todo:
            save(context.folder, forecast(context, config, panel))
            context.progress({"stage": "forecast"})
    with context.stage("causes") as todo:
        if todo:
            from . import causes

            write_json(context.folder, "causes.json", causes.run(panel, config, _ticks(context, "causes")))
    with context.stage("effects") as todo:
        if todo:
            from . import effects

            found = effects.run(panel, config, _ticks(context, "effects"))
            write_json(context.folder, "effects.json", found)
            if "truth" in found:
                write_json(context.folder, "truth.json", found["truth"])
    with context.stage("explain") as todo:
        if todo:
            from . import explain_run

            found = load(context.folder, config)
            explain_run.run(context.folder, panel, config, found, _ticks(context, "explain"))
    if weekly is not None:
        with context.stage("weekly") as todo:
            if todo:
                from . import weekly as published

                found = published.run(weekly, config, _ticks(context, "weekly"))
                write_json(context.folder, "weekly.json", found)
    with context.stage("results") as todo:
        if todo:
            results.write(context.folder, config, panel, load(context.folder, config))
    for line in results.lines(context.folder):
        context.progress.note(line)


def fit_for_all(panel: Panel, config: Config, weekly: Path | None) -> None:
    """Raise DataError where a later stage could not do its work, before anything is written."""
    from . import causes, effects

    effects.usable(effects.panel_of(panel, config))
    causes.enough(panel, config)
    if weekly is not None:
        from . import weekly as published

        published.opened(weekly, config)


def _ticks(context: Context, stage: str) -> Any:
    """Progress of a stage as (done, total)."""
    return lambda done, total: context.progress({"stage": stage, "step": done, "steps": total})


def _files(panel: Panel, weekly: Path | None) -> list[dict[str, str]]:
    """Input files of a run."""
    from data.provenance import input_files

    raw = getattr(panel.raw, "attrs", {}).get("source_files", "[]")
    files = json.loads(raw)
    if weekly is not None:
        files += [{"path": f["path"], "sha256": f["sha256"]} for f in input_files([weekly])]
    return files


def weekly_file(config: Config, data: Path | None) -> Path | None:
    """The weekly file of a data folder, or None."""
    from .prepare import WEEKLY

    if data is None or data.is_file() or not config.weekly.use:
        return None
    path = data / WEEKLY
    return path if path.exists() else None


def forecast(context: Context, config: Config, panel: Panel) -> Forecasts:
    """Forecasts of the validation and the test months."""
    from . import backtest

    first = backtest.first_month(panel, config)
    return backtest.run(panel, config, first, progress=_ticks(context, "forecast"))


def save(folder: RunFolder, found: Forecasts) -> None:
    """Keep the forecasts."""
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {f"mean__{name}": values for name, values in found.mean.items()}
    arrays |= {"leads": np.array(found.leads), "spread": found.spread}
    arrays |= {"scale_at": np.array(list(found.scales)), "scales": np.array(list(found.scales.values()))}
    np.savez(buffer, **arrays)
    atomic_write_bytes(folder.checkpoints / "forecast.npz", buffer.getvalue())


def load(folder: RunFolder, config: Config) -> Forecasts:
    """The forecasts that were kept.

    Raises:
        RunError: where they are missing, cut short or of other leads.
    """
    from .backtest import Forecasts

    path = folder.checkpoints / "forecast.npz"
    try:
        with np.load(path) as held:
            mean = {n.removeprefix("mean__"): held[n] for n in held.files if n.startswith("mean__")}
            scales = {int(k): v for k, v in zip(held["scale_at"], held["scales"], strict=True)}
            found = Forecasts(tuple(int(k) for k in held["leads"]), mean, held["spread"], scales)
    except (OSError, ValueError, EOFError, KeyError) as error:
        raise RunError("the forecasts are missing or cut short", str(path), "start a new run") from error
    if list(found.leads) != list(config.forecast.leads):
        raise RunError("the forecasts are of other leads", str(path), "start a new run")
    return found


def write_json(folder: RunFolder, name: str, value: Any) -> None:
    """Write a table of numbers beside the results."""
    folder.write_json(folder.path / "tables" / name, plain(value))


def read_json(folder: RunFolder, name: str) -> Any:
    """Return a table of the run, or None where its stage did not run."""
    path = folder.path / "tables" / name
    return folder.read_json(path) if path.exists() else None


def plain(value: Any) -> Any:
    """Values that JSON holds: numbers of numpy as numbers, what is not a number as null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(dataclasses.asdict(value))
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
