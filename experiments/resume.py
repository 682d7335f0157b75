"""Carry on a run: find its folder, and check that configuration, data and versions are what they were."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from data.errors import RunError

from . import config as configuration
from .datafiles import check_same, find_data
from .environment import versions
from .progress import Progress
from .runfolder import RunFolder, Status, find


def folder_to_resume(name: str, out: Path | None) -> RunFolder:
    """Return the folder named, or the newest unfinished run of the experiment."""
    if out is not None:
        folder = RunFolder(out)
        if not folder.exists() and not (out.is_dir() and folder.is_empty()):
            raise RunError("no run to resume", str(out), "name the folder of a run or leave --resume out")
        return folder
    waiting = [run for run in find(experiment=name) if run.glance().state in ("interrupted", "failed")]
    if not waiting:
        raise RunError(f"no unfinished run of '{name}'", "runs", "leave --resume out or name one with --out")
    return waiting[-1]


def carry_on(
    module: ModuleType,
    name: str,
    folder: RunFolder,
    *,
    data: Path | None,
    config_file: Path | None,
    sets: Sequence[str],
    quick: bool,
) -> tuple[Any, Status, Path | None]:
    """Return configuration, status and data of the run to resume; raise RunError where something differs."""
    status = folder.status()
    where = str(folder.path)
    if status.experiment != name:
        what = f"the folder holds a run of '{status.experiment}', not of '{name}'"
        raise RunError(what, where, f"say terrax run {status.experiment}")
    if status.state == "running":
        raise RunError("the run is still going on", where, "wait for it to end")
    config = folder.load_config(module.Config)
    if config_file is not None or sets:
        given = configuration.load(module.Config, config_file, sets)
        changed = configuration.differences(config.model_dump(mode="json"), given.model_dump(mode="json"))
        if changed:
            key, (old, new) = next(iter(changed.items()))
            what = f"the configuration differs from the run's, '{key}' was {old!r} and is now {new!r}"
            raise RunError(what, where, "leave --config and --set out to resume, or start a new run")
    if quick and not status.quick:
        raise RunError("the run was started without --quick", where, "leave --quick out")
    data = find_data(data)
    if status.state != "finished":
        check_same(folder, status, data)
    return config, status, data or (Path(status.data) if status.data else None)


def note_versions(folder: RunFolder, progress: Progress) -> None:
    """Say which versions have changed since the run was started: its last digits may depend on them."""
    before = folder.read_json(folder.environment_file).get("versions", {})
    for name, version in versions().items():
        if before.get(name, version) != version:
            progress.note(f"note: the run was started with {name} {before[name]}, this is {version}")
