"""Files written whole or not at all, and their hashes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .errors import DataError


@contextlib.contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that replaces it once the block ends without an error.

    The temporary file is flushed to disk before it takes the place of `path`; after a failure it is
    removed and an older `path` stays as it was. The suffix of `path` is kept, so that writers which
    look at suffixes work.

    Args:
        path: the file to write; its folder is created where missing.

    Yields:
        A path in the same folder.

    Raises:
        DataError: where the folder cannot be made or written.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        os.chmod(name, 0o666 & ~_umask())
    except OSError as error:
        raise DataError(
            f"the file cannot be written, {_reason(error)}", str(path), "choose a folder that can be written"
        ) from error
    temporary = Path(name)
    try:
        yield temporary
        _flush(temporary)
        os.replace(temporary, path)
        _flush_folder(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def atomic_write_bytes(path: str | Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all.

    Raises:
        DataError: where the file cannot be written (permission, full disk).
    """
    with atomic_path(path) as temporary:
        try:
            temporary.write_bytes(data)
        except OSError as error:
            raise DataError(
                f"the file cannot be written, {_reason(error)}",
                str(path),
                "free space or choose another folder",
            ) from error


def atomic_write_text(path: str | Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all.

    Raises:
        DataError: where the file cannot be written (permission, full disk).
    """
    atomic_write_bytes(path, text.encode("utf-8"))


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file; of a folder (a Zarr store), that of its sorted names and contents.

    Raises:
        DataError: where the file cannot be read.
    """
    path = Path(path)
    digest = hashlib.sha256()
    try:
        if path.is_dir():
            for item in sorted(p for p in path.rglob("*") if p.is_file()):
                digest.update(item.relative_to(path).as_posix().encode() + b"\0")
                digest.update(bytes.fromhex(sha256(item)))
            return digest.hexdigest()
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise DataError(
            f"the file cannot be read, {_reason(error)}", str(path), "check its path and rights"
        ) from error
    return digest.hexdigest()


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _flush(path: Path) -> None:
    items = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
    for item in items:
        with item.open("rb+") as stream:
            os.fsync(stream.fileno())


def _flush_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
