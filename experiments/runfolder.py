"""The folder of one run: where its files are, its state, its lock, and finding runs again."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from data.errors import RunError
from data.files import atomic_write_text

from .lock import NAME as LOCK_NAME
from .lock import FolderLock, held

STATUS = "status.json"
STATES = ("running", "finished", "failed", "interrupted")
_TEMPORARY = re.compile(r"\..+\.[A-Za-z0-9_]{8}(\.[A-Za-z0-9]+)?\Z")
Model = TypeVar("Model")


@dataclass(frozen=True)
class Status:
    """What ``status.json`` says: state is running, finished, failed or, seen from outside, interrupted."""

    experiment: str
    state: str
    stages: tuple[str, ...] = ()
    started: str = ""
    updated: str = ""
    pid: int = 0
    quick: bool = False
    data: str | None = None
    message: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)


class RunFolder:
    """Paths and state of one run. ``RunFolder(path)`` does not touch the disk."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock = FolderLock(self.path)

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.resolve().name

    @property
    def config_file(self) -> Path:
        """The configuration, as commented YAML."""
        return self.path / "config.yaml"

    @property
    def environment_file(self) -> Path:
        """Versions, device, commit and seeds, as JSON."""
        return self.path / "environment.json"

    @property
    def data_file(self) -> Path:
        """Every input file with its SHA-256, as JSON."""
        return self.path / "data.json"

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints (made where missing)."""
        return self._folder("checkpoints")

    @property
    def figures(self) -> Path:
        """The folder of figures (made where missing)."""
        return self._folder("figures")

    @property
    def results(self) -> Path:
        """The CF netCDF file of predictions, observations, states and parameters."""
        return self.path / "results.nc"

    @property
    def scores(self) -> Path:
        """The tidy table of scores."""
        return self.path / "scores.csv"

    @property
    def report(self) -> Path:
        """The self-contained report."""
        return self.path / "report.html"

    @property
    def crate(self) -> Path:
        """The RO-Crate metadata."""
        return self.path / "ro-crate-metadata.json"

    def _folder(self, name: str) -> Path:
        folder = self.path / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def exists(self) -> bool:
        """Tell whether the folder holds a run."""
        return (self.path / STATUS).is_file()

    def status(self) -> Status:
        """Return the state; ``running`` without a living process becomes ``interrupted``.

        Raises RunError where the folder is missing, holds no run or its status is not readable.
        """
        if not self.path.is_dir():
            raise RunError("no such run folder", str(self.path), "see 'terrax runs'")
        if not self.exists():
            raise RunError("the folder holds no run", str(self.path), "name a folder that 'terrax run' made")
        raw = self.read_json(self.path / STATUS)
        known = Status.__dataclass_fields__
        try:
            status = Status(**{key: value for key, value in raw.items() if key in known})
            stages = tuple(str(stage) for stage in status.stages)
            if status.state not in STATES or not isinstance(status.experiment, str):
                raise TypeError
        except (TypeError, AttributeError):
            raise RunError(
                "the run's status is incomplete", str(self.path / STATUS), "run the experiment again"
            ) from None
        values = dict(vars(status), stages=stages)
        if status.state == "running" and not held(self.path):
            values["state"] = "interrupted"
        return Status(**values)

    def glance(self) -> Status:
        """Return the state, ``unreadable`` instead of an error."""
        try:
            return self.status()
        except RunError as error:
            return Status("", "unreadable", message=str(error))

    def read_json(self, path: Path) -> Any:
        """Return the content of a JSON file of this run, or raise RunError."""
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise RunError("a file of the run is missing", str(path), "run the experiment again") from None
        except (ValueError, UnicodeDecodeError):
            raise RunError(
                "a file of the run is not valid JSON", str(path), "remove it and run the experiment again"
            ) from None

    def write_json(self, path: Path, value: Any) -> None:
        """Write `value` as JSON, whole or not at all."""
        atomic_write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")

    def write_status(self, status: Status) -> None:
        """Write the status with the present time and process."""
        values = dict(vars(status), updated=now(), pid=os.getpid(), stages=list(status.stages))
        self.write_json(self.path / STATUS, values)

    def load_config(self, model: type[Model]) -> Model:
        """Return the run's configuration as the experiment's model."""
        from . import config

        return config.load(model, self.config_file)  # type: ignore[type-var]

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder's lock; raise RunError where another process does."""
        self._lock.acquire()
        try:
            yield
        finally:
            self._lock.release()

    def clean(self) -> list[str]:
        """Remove half-written temporary files that a killed run left; return their names."""
        removed = []
        for path in sorted(self.path.rglob(".*")):
            if path.name != LOCK_NAME and self.is_leftover(path):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
                removed.append(path.name)
        return removed

    def is_empty(self) -> bool:
        """Tell whether the folder holds nothing, or only what a run killed in its first moment leaves."""
        return all(self.is_leftover(path) for path in self.path.iterdir())

    @staticmethod
    def is_leftover(path: Path) -> bool:
        """Tell whether a path is a lock, a probe or a half-written temporary file."""
        return path.name in (LOCK_NAME, ".probe") or bool(_TEMPORARY.match(path.name))


def now() -> str:
    """Return the present time, UTC, to the second, in ISO 8601."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def default_path(experiment: str, root: Path = Path("runs")) -> Path:
    """Return a folder ``runs/<experiment>-<timestamp>`` that does not exist yet."""
    stem = f"{experiment}-{time.strftime('%Y%m%d-%H%M%S')}"
    path, number = root / stem, 1
    while path.exists():
        number += 1
        path = root / f"{stem}-{number}"
    return path


def find(root: Path = Path("runs"), experiment: str | None = None) -> list[RunFolder]:
    """Return the runs directly under `root`, oldest first."""
    if not root.is_dir():
        return []
    found: list[tuple[str, str, RunFolder]] = []
    for path in root.iterdir():
        folder = RunFolder(path)
        if not path.is_dir() or not folder.exists():
            continue
        status = folder.glance()
        if experiment is None or status.experiment == experiment:
            found.append((status.started, path.name, folder))
    return [folder for _, _, folder in sorted(found, key=lambda item: item[:2])]


def locate(name: str, root: Path = Path("runs")) -> RunFolder:
    """Return the run at a path, or with that name under `root`; raise RunError with the nearest name."""
    from data.errors import nearest

    for path in (Path(name), root / name):
        if RunFolder(path).exists():
            return RunFolder(path)
    if Path(name).is_dir():
        raise RunError("the folder holds no run", name, "name a folder that 'terrax run' made")
    known = [folder.path.name for folder in find(root)]
    raise RunError(f"no run '{name}'", str(root), nearest(name, known).strip() or "see 'terrax runs'")
