"""Run an experiment: folder, lock, plan, stages, report and provenance, in that order."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from data.errors import RunError, TerraxError
from data.files import atomic_write_text

from . import config as configuration
from . import registry
from .context import Context
from .datafiles import find_data
from .environment import describe
from .faults import disk_fault
from .progress import Progress
from .resume import carry_on, folder_to_resume, note_versions
from .runfolder import RunFolder, Status, default_path, now


class Stopped(Exception):
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
    folder = folder_to_resume(name, out) if resume else _folder_to_start(name, out)
    carried = resume and folder.exists() and folder.config_file.exists()
    if carried:
        config, status, data = carry_on(
            module, name, folder, data=data, config_file=config_file, sets=sets, quick=quick
        )
        if status.state == "finished":
            progress.note(f"{folder.path} is finished already; nothing to do")
            return folder
    else:
        config = configuration.load(module.Config, config_file, sets)
        data = find_data(data)
        status = Status(name, "running", started=now(), quick=quick, data=str(data) if data else None)
    progress.plan(module.plan(config, data, status.quick), name, folder.path)
    fresh = not folder.path.exists()
    _make(folder.path)
    with folder.locked():
        try:
            _work(module, Context(config, data, status.quick, resume, folder, progress), status, carried)
        except TerraxError:
            if not carried:
                _discard(folder, fresh)
            raise
    return folder


def _work(module: ModuleType, context: Context, status: Status, carried: bool) -> None:
    """Do the run inside its locked folder and leave the right status behind, whatever happens."""
    folder, progress = context.folder, context.progress
    try:
        folder.clean()
        folder.write_status(replace(status, state="running", message=""))
        if carried:
            note_versions(folder, progress)
        else:
            _describe(context)
        with progress:
            for stage in status.stages:
                progress.finish(stage)
            module.run(context)
            _publish(module, context)
        folder.write_status(replace(folder.status(), state="finished", message=""))
    except KeyboardInterrupt:
        _leave(folder, "interrupted", "stopped from the keyboard")
        told = f"resume with terrax run {status.experiment} --resume --out {folder.path}"
        raise Stopped(told) from None
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
    """Write the environment, data and configuration files of a new run; the configuration comes last.

    A folder without ``config.yaml`` was killed before it began and is begun anew.
    """
    from .showconfig import to_yaml

    folder = context.folder
    folder.write_json(folder.environment_file, describe(context.config.model_dump(mode="json")))
    root = str(context.data) if context.data else None
    folder.write_json(folder.data_file, {"root": root, "label": "", "files": []})
    atomic_write_text(folder.config_file, to_yaml(context.config))


def _folder_to_start(name: str, out: Path | None) -> RunFolder:
    """Return a folder for a new run; one that already holds something is refused."""
    folder = RunFolder(out if out is not None else default_path(name))
    path = folder.path
    if path.exists() and not path.is_dir():
        raise RunError("the output folder is a file", str(path), "choose another --out")
    if folder.exists():
        raise RunError("the folder holds a run already", str(path), "add --resume or choose another --out")
    if path.is_dir() and not folder.is_empty():
        raise RunError("the output folder is not empty", str(path), "choose another --out")
    return folder


def _make(path: Path) -> None:
    """Make the run folder and check that it can be written."""
    fresh = not path.exists()
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / ".probe"
        probe.write_bytes(b"terrax")
        probe.unlink()
    except OSError as error:
        if fresh:
            shutil.rmtree(path, ignore_errors=True)
        raise disk_fault(error, path) or error from error


def _discard(folder: RunFolder, fresh: bool) -> None:
    """Remove a new run that failed before any stage or checkpoint was done: it holds nothing of worth."""
    worthless = {"status.json", "config.yaml", "environment.json", "data.json"}
    with contextlib.suppress(OSError, TerraxError):
        if folder.exists() and folder.status().stages:
            return
        files = [path for path in folder.path.rglob("*") if not path.is_dir()]
        if any(path.name not in worthless and not folder.is_leftover(path) for path in files):
            return
        for path in folder.path.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if fresh:
            folder.path.rmdir()


def _leave(folder: RunFolder, state: str, message: str) -> None:
    """Write the last status of a run that did not end well, if the disk still takes it."""
    with contextlib.suppress(Exception):
        folder.write_status(replace(folder.status(), state=state, message=message[:500]))
