"""Tell faults of the disk (full, read-only, forbidden) from faults of the program."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from data.errors import RunError, TerraxError

_REMEDIES = {
    errno.ENOSPC: ("the disk is full", "free some space, then resume with --resume"),
    errno.EDQUOT: ("the disk quota is used up", "free some space, then resume with --resume"),
    errno.EACCES: ("no permission", "choose a folder that you may write"),
    errno.EPERM: ("not permitted", "choose a folder that you may write"),
    errno.EROFS: ("the file system is read-only", "choose a folder that can be written"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter name"),
    errno.ENOTDIR: ("a part of the path is a file", "choose another folder"),
    errno.EISDIR: ("a folder where a file is wanted", "name a file"),
    errno.EIO: ("the disk reports an input or output error", "check the disk"),
    errno.ELOOP: ("the path is a loop of links", "choose another folder"),
    errno.EINVAL: ("the path is not valid here", "choose another name"),
}
_SMALL = 64 * 1024


def disk_fault(error: BaseException, folder: Path | None = None) -> TerraxError | None:
    """Return a RunError naming the path where `error` is a fault of the disk, else None.

    `folder` is named where the error carries no path. Libraries that report a full disk in words of their
    own (HDF5) are recognised by the space that is left.
    """
    if isinstance(error, TerraxError):
        return None
    if isinstance(error, OSError) and error.errno in _REMEDIES:
        what, remedy = _REMEDIES[error.errno]
        path = error.filename if isinstance(error.filename, str) else None
        return RunError(what, path or (str(folder) if folder else ""), remedy)
    if isinstance(error, OSError | RuntimeError) and folder is not None and _full(folder):
        what, remedy = _REMEDIES[errno.ENOSPC]
        return RunError(what, str(folder), remedy)
    return None


def _full(folder: Path) -> bool:
    """Tell whether the disk of a folder has no room left."""
    try:
        return shutil.disk_usage(folder).free < _SMALL
    except OSError:
        return False
