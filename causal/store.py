"""Finished blocks of a long search on disk, so that it can be taken up again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from data.errors import ConfigError
from data.files import atomic_path, atomic_write_text


class Store:
    """A folder of blocks that belong to one search.

    Args:
        folder: made where it does not exist.
        search: what the search is, comparable as JSON.

    Raises:
        ConfigError: where the folder holds another search, or something else.
    """

    def __init__(self, folder: str | Path, search: dict[str, Any]) -> None:
        self.folder = Path(folder)
        told = json.dumps(search, sort_keys=True, default=str, indent=1)
        note = self.folder / "search.json"
        if note.exists():
            if note.read_text(encoding="utf-8") != told:
                raise ConfigError(
                    "the store holds a search with other settings or data",
                    str(self.folder),
                    "choose another folder, or delete this one",
                )
        elif self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise ConfigError("the store is not empty", str(self.folder), "choose another folder")
        else:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ConfigError(
                    f"the store cannot be made, {(error.strerror or 'no reason is given').lower()}",
                    str(self.folder),
                    "choose another folder",
                ) from error
            atomic_write_text(note, told)

    def load(self, number: int, digest: str) -> dict[str, np.ndarray] | None:
        """Return a finished block, or None where there is none of these data."""
        path = self.folder / f"block_{number:06d}.npz"
        if not path.exists():
            return None
        try:
            with np.load(path) as found:
                if str(found["digest"]) != digest:
                    return None
                return {name: found[name] for name in found.files if name != "digest"}
        except (OSError, ValueError, KeyError, EOFError):
            return None  # cut off by a full disk or a crash: it is searched again

    def save(self, number: int, digest: str, parts: dict[str, np.ndarray]) -> None:
        """Write a finished block, whole or not at all."""
        with (
            atomic_path(self.folder / f"block_{number:06d}.npz") as temporary,
            open(temporary, "wb") as stream,
        ):
            np.savez(stream, allow_pickle=False, digest=np.array(digest), **parts)  # type: ignore[arg-type]


def digest_of(*arrays: np.ndarray | None) -> str:
    """Digest of arrays, by their bytes and shapes."""
    found = hashlib.sha256()
    for array in arrays:
        if array is not None:
            found.update(str(array.shape).encode())
            found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()
