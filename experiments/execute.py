"""Start or resume a run: folder, lock, plan, stages, report and provenance, in that order."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from data.errors import DataError, RunError
from data.files import atomic_write_text, sha256

from . import config as configuration
from . import registry
from .context import Context, changed_files
from .faults import disk_fault
from .progress import Progress
from .runfolder import RunFolder, Status, default_path, find, now


class Stopped(KeyboardInterrupt):
    """The user stopped a run; the text says how to resume it."""


def execute(
    name: str,
    *,
    data: Path | None = None,
    config_file: Path | None = None,
    sets: Sequence[str] = (),
    out: Path | None = None,
    resume: bool = False,
    quick: bool = False,
    progress: Progress | None = None,
) -> RunFolder:
    """Run an experiment and return its folder; see ``terrax run --help`` for the arguments.

    Raises TerraxError for every mistake of the user, before anything is written where that is possible.
    """
    module = registry.load(name)
    progress = progress or Progress()
    folder = _folder_to_resume(name, out) if resume else _folder_to_start(name, out)
    carried = resume and folder.exists() and folder.config_file.exists()
    if carried:
        config, status = _carry_on(module, name, folder, data, config_file, sets, quick)
        if status.state == "finished":
            progress.note(f"{folder.path} is finished already; nothing to do")
            return folder
        data, quick = Path(status.data) if status.data else None, status.quick
    else:
        config = configuration.load(module.Config, config_file, sets)
        data = find_data(data)
        status = Status(name, "running", started=now(), quick=quick, data=str(data) if data else None)
    progress.plan(module.plan(config, data, quick), name, folder.path)
    _make(folder.path)
    with folder.locked():
        _work(module, Context(config, data, quick, resume, folder, progress), status, carried)
    return folder


def find_data(data: Path | None) -> Path | None:
    """Return an existing data path: as given, or under the folder that TERRAX_DATA names."""
    if data is None:
        return None
    collection = os.environ.get("TERRAX_DATA")
    for path in (data, Path(collection) / data if collection else data):
        if path.exists():
            return path.resolve()
    raise DataError("no such data file or folder", str(data), "give --data an existing path")


def _work(module: ModuleType, context: Context, status: Status, carried: bool) -> None:
    """Do the run inside its locked folder and leave the right status behind, whatever happens."""
    folder, progress = context.folder, context.progress
    try:
        if carried:
            folder.clean()
            _note_versions(folder, progress)
        folder.write_status(replace(status, state="running", message=""))
        if not carried:
            _describe(context)
        with progress:
            for stage in status.stages:
                progress.finish(stage)
            module.run(context)
            _publish(module, context)
        folder.write_status(replace(folder.status(), state="finished", message=""))
    except KeyboardInterrupt:
        _leave(folder, "interrupted", "stopped from the keyboard")
        raise Stopped(f"resume with terrax run {status.experiment} --resume --out {folder.path}") from None
    except Exception as error:
        _leave(folder, "failed", " ".join(str(error).split()) or type(error).__name__)
        fault = disk_fault(error, folder.path)
        if fault is not None:
            raise fault from error
        raise


def _publish(module: ModuleType, context: Context) -> None:
    """Build what is made from the folder alone: figures, report, provenance."""
    from . import crate, report

    context.progress({"stage": "report"})
    report.build(context.folder, module)
    crate.build(context.folder)
    context.progress.finish("report")


def _describe(context: Context) -> None:
    """Write the configuration, environment and data files of a new run."""
    from .environment import describe
    from .showconfig import to_yaml

    folder = context.folder
    folder.write_json(folder.environment_file, describe(context.config.model_dump(mode="json")))
    root = str(context.data) if context.data else None
    folder.write_json(folder.data_file, {"root": root, "label": "", "files": []})
    atomic_write_text(folder.config_file, to_yaml(context.config))


def _note_versions(folder: RunFolder, progress: Progress) -> None:
    """Say which versions have changed since the run was started: its last digits may depend on them."""
    from .environment import versions

    before = folder.read_json(folder.environment_file).get("versions", {})
    for name, version in versions().items():
        if before.get(name, version) != version:
            progress.note(f"note: the run was started with {name} {before[name]}, this is {version}")


def _folder_to_start(name: str, out: Path | None) -> RunFolder:
    """Return a folder for a new run; one that already holds something is refused."""
    folder = RunFolder(out if out is not None else default_path(name))
    path = folder.path
    if path.exists() and not path.is_dir():
        raise RunError("the output folder is a file", str(path), "choose another --out")
    if folder.exists():
        raise RunError("the folder holds a run already", str(path), "add --resume or choose another --out")
    if path.is_dir() and not _empty(folder):
        raise RunError("the output folder is not empty", str(path), "choose another --out")
    return folder


def _folder_to_resume(name: str, out: Path | None) -> RunFolder:
    """Return the folder named, or the newest unfinished run of the experiment."""
    if out is not None:
        folder = RunFolder(out)
        if not folder.exists() and not (out.is_dir() and _empty(folder)):
            raise RunError("no run to resume", str(out), "name the folder of a run or leave --resume out")
        return folder
    waiting = [run for run in find(experiment=name) if run.glance().state in ("interrupted", "failed")]
    if not waiting:
        raise RunError(f"no unfinished run of '{name}'", "runs", "leave --resume out or name one with --out")
    return waiting[-1]


def _empty(folder: RunFolder) -> bool:
    """Tell whether a folder holds nothing, or only what a run killed in its first moment leaves."""
    return all(folder.is_leftover(path) for path in folder.path.iterdir())


def _carry_on(
    module: ModuleType,
    name: str,
    folder: RunFolder,
    data: Path | None,
    config_file: Path | None,
    sets: Sequence[str],
    quick: bool,
) -> tuple[Any, Status]:
    """Return the configuration and status of the run to resume, or raise RunError where something differs."""
    status = folder.status()
    where = str(folder.path)
    if status.experiment != name:
        raise RunError(
            f"the folder holds a run of '{status.experiment}', not of '{name}'",
            where,
            f"say terrax run {status.experiment}",
        )
    if status.state == "running":
        raise RunError("the run is still going on", where, "wait for it to end")
    config = folder.load_config(module.Config)
    if config_file is not None or sets:
        given = configuration.load(module.Config, config_file, sets)
        changed = configuration.differences(config.model_dump(mode="json"), given.model_dump(mode="json"))
        if changed:
            key, (old, new) = next(iter(changed.items()))
            raise RunError(
                f"the configuration differs from the run's, '{key}' was {old!r} and is now {new!r}",
                where,
                "leave --config and --set out to resume, or start a new run",
            )
    if quick and not status.quick:
        raise RunError("the run was started without --quick", where, "leave --quick out")
    _same_data(folder, status, find_data(data))
    return config, status


def _same_data(folder: RunFolder, status: Status, data: Path | None) -> None:
    """Check that the input files still have the hashes that the run recorded."""
    recorded = folder.read_json(folder.data_file)
    files = recorded.get("files", [])
    if data is not None and status.data is None:
        raise RunError("the run was started without --data", str(folder.path), "leave --data out")
    root = data or (Path(status.data) if status.data else None)
    if root is None or not files:
        return
    present = []
    for item in files:
        path = next(
            (base / item["path"] for base in (root, root.parent) if (base / item["path"]).exists()), None
        )
        if path is not None:
            present.append({"path": item["path"], "sha256": sha256(path)})
    changed = changed_files(files, present)
    if changed:
        raise RunError(
            f"the data differ from those the run was started with, {changed}",
            str(root),
            "give the same --data or start a new run",
        )


def _make(path: Path) -> None:
    """Make the run folder and check that it can be written."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / ".probe"
        probe.write_bytes(b"terrax")
        probe.unlink()
    except OSError as error:
        raise disk_fault(error, path) or error from error


def _leave(folder: RunFolder, state: str, message: str) -> None:
    """Write the last status of a run that did not end well, if the disk still takes it."""
    with contextlib.suppress(Exception):
        folder.write_status(replace(folder.status(), state=state, message=message[:500]))
