"""What an experiment is given to run with: configuration, data, folder, progress and its finished stages."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .datafiles import differ
from .progress import Progress
from .runfolder import RunFolder

_ONE = threading.Lock()
"""Held while a status is read and written: stages may run side by side."""


@dataclass
class Context:
    """The surroundings of one run.

    Attributes:
        config: the experiment's configuration.
        data: the folder or file of input data, or None for the built-in synthetic data.
        quick: whether a small, fast version is wanted.
        resume: whether an earlier, unfinished run is carried on.
        folder: where everything is written.
        progress: takes progress events; pass ``context.progress`` itself as ``on_progress``.
    """

    config: Any
    data: Path | None
    quick: bool
    resume: bool
    folder: RunFolder
    progress: Progress

    def done(self, stage: str) -> bool:
        """Tell whether a stage was finished, in this process or before a resume."""
        return stage in self.folder.status().stages

    def finish(self, stage: str, seconds: float | None = None) -> None:
        """Mark a stage as finished; its files must be on disk by now."""
        with _ONE:
            status = self.folder.status()
            if stage not in status.stages:
                times = dict(status.seconds)
                if seconds is not None:
                    times[stage] = round(seconds, 3)
                status = replace(status, state="running", stages=(*status.stages, stage), seconds=times)
                self.folder.write_status(status)
        self.progress.finish(stage)

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[bool]:
        """Yield whether the stage is still to be done; mark it finished when the block ends well.

        Use: ``with context.stage("hybrid") as todo:`` then ``if todo: ...``.
        """
        if self.done(name):
            self.progress.finish(name)
            yield False
            return
        self.progress({"stage": name})
        start = time.monotonic()
        yield True
        self.finish(name, time.monotonic() - start)

    def inputs(self, source: Any, label: str = "") -> None:
        """Record the input files of a run in ``data.json``; on resume, check that they are the same.

        Args:
            source: an xarray object whose ``attrs["source_files"]`` is a JSON list of path and sha256,
                or such a list.
            label: what is synthetic, where there are no files (``"synthetic, seed 0"``).
        """
        raw = getattr(source, "attrs", {}).get("source_files", "[]") if hasattr(source, "attrs") else source
        files = json.loads(raw) if isinstance(raw, str) else list(raw)
        files = [{"path": str(item["path"]), "sha256": str(item["sha256"])} for item in files]
        path = self.folder.data_file
        known = self.folder.read_json(path) if path.exists() else None
        if known and known.get("files"):
            differ(known["files"], files, str(path))
            return
        self.folder.write_json(
            path, {"root": str(self.data) if self.data else None, "label": label, "files": files}
        )
