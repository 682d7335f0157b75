"""Input data of runs: finding the path that was given, and telling whether files are still the same."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from data.errors import DataError, RunError
from data.files import sha256

from .runfolder import RunFolder, Status

Files = Sequence[dict[str, str]]


def find_data(data: Path | None) -> Path | None:
    """Return an existing data path: as given, or under the folder that TERRAX_DATA names."""
    if data is None:
        return None
    collection = os.environ.get("TERRAX_DATA")
    for path in (data, Path(collection) / data if collection else data):
        if path.exists():
            return path.resolve()
    raise DataError("no such data file or folder", str(data), "give an existing path")


def changed_files(before: Files, now: Files) -> str:
    """Return a phrase naming the first file that differs between two lists, or an empty text."""
    old, new = ({item["path"]: item["sha256"] for item in files} for files in (before, now))
    for path in sorted({*old, *new}):
        if path not in new:
            return f"'{path}' is missing"
        if path not in old:
            return f"'{path}' is new"
        if old[path] != new[path]:
            return f"'{path}' has changed"
    return ""


def differ(before: Files, now: Files, where: str) -> None:
    """Raise RunError where two lists of files differ."""
    changed = changed_files(before, now)
    if changed:
        what = f"the data differ from those the run was started with, {changed}"
        raise RunError(what, where, "give the same --data or start a new run")


def check_same(folder: RunFolder, status: Status, data: Path | None) -> None:
    """Check, before a run is resumed, that its input files still have the hashes that it recorded.

    Paths are looked for in the data folder and above it. Where none is found there (a reader may name files
    in its own way), the check is left to ``Context.inputs``, which sees them when they are opened.
    """
    files = folder.read_json(folder.data_file).get("files", [])
    if data is not None and status.data is None:
        raise RunError("the run was started without --data", str(folder.path), "leave --data out")
    root = data or (Path(status.data) if status.data else None)
    if root is None:
        return
    if not root.exists():
        raise RunError("the data of the run are gone", str(root), "give --data their new path")
    present = []
    for item in files:
        for base in (root, *root.parents[:2]):
            path = base / item["path"]
            if path.exists():
                present.append({"path": item["path"], "sha256": sha256(path)})
                break
    if present:
        differ(files, present, str(root))
