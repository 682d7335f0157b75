"""Checkpoints: one file, written whole or not at all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np

from data.errors import ModelError
from data.files import atomic_path, sha256

MAGIC = "terrax checkpoint 1"


@dataclass(frozen=True)
class Checkpoint:
    """A file that holds a pytree of arrays and a note (JSON), so that training resumes bit for bit."""

    path: Path
    identity: str = ""
    """What the checkpoint belongs to (a hash of the configuration); another one is refused."""

    def exists(self) -> bool:
        """Whether a checkpoint was written."""
        return self.path.exists()

    def save(self, tree: Any, note: dict[str, Any]) -> None:
        """Write arrays and note; a crash leaves the previous file as it was."""
        leaves = [np.asarray(x) for x in _arrays(tree)]
        head = {
            "magic": MAGIC,
            "identity": self.identity,
            "note": note,
            "leaves": [[list(x.shape), str(x.dtype)] for x in leaves],
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(self.path) as temporary, open(temporary, "wb") as file:
            file.write(json.dumps(head).encode() + b"\n")
            for x in leaves:
                file.write(np.ascontiguousarray(x).tobytes())

    def load(self, like: Any) -> tuple[Any, dict[str, Any]]:
        """Read arrays into the structure of ``like``.

        Raises:
            ModelError: a file cut short, another format, or one that does not fit ``like``.
        """
        where, remedy = str(self.path), "delete the file and train again, or restore it"
        raw = self.path.read_bytes()
        line, _, body = raw.partition(b"\n")
        try:
            head = json.loads(line)
            shapes = [(tuple(s), np.dtype(d)) for s, d in head["leaves"]]
            identity, note = head["identity"], head["note"]
            if head["magic"] != MAGIC:
                raise ValueError
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError("the checkpoint is cut short or not one of terrax", where, remedy) from error
        if self.identity and identity != self.identity:
            raise ModelError(
                "the checkpoint belongs to another configuration",
                where,
                "resume with the configuration it was made by, or train in a new folder",
            )
        wanted = _arrays(like)
        if len(body) != sum(int(np.prod(s)) * d.itemsize for s, d in shapes):
            raise ModelError("the checkpoint is cut short", where, remedy)
        if [(tuple(w.shape), np.dtype(w.dtype)) for w in wanted] != shapes:
            raise ModelError(
                "the checkpoint does not fit the model's networks and parameters",
                where,
                "resume with the configuration it was made by, or train in a new folder",
            )
        arrays, at = [], 0
        for shape, dtype in shapes:
            size = int(np.prod(shape)) * dtype.itemsize
            arrays.append(jax.numpy.asarray(np.frombuffer(body[at : at + size], dtype).reshape(shape)))
            at += size
        leaves, structure = jax.tree.flatten(like)
        held = iter(arrays)
        return jax.tree.unflatten(structure, [next(held) if eqx.is_array(x) else x for x in leaves]), note

    def digest(self) -> str:
        """SHA-256 of the file."""
        return sha256(self.path)


def _arrays(tree: Any) -> list[Any]:
    return [x for x in jax.tree.leaves(tree) if eqx.is_array(x)]
