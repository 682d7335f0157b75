"""A lock on a folder, held by one process and released by the system when that process ends in any way."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from data.errors import RunError

try:
    import fcntl
except ImportError:  # pragma: no cover  (Windows)
    fcntl = None

NAME = ".lock"


class FolderLock:
    """An exclusive lock on a folder: ``acquire`` once, ``release`` or simply end.

    The lock is the kernel's (flock), so that a killed process never leaves a stale one. Where the system
    or the file system has no flock, the process id written into the file is looked up instead.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the lock, or raise RunError naming the process that holds it."""
        if fcntl is None and _pid_alive(_read_pid(self.path)):  # pragma: no cover
            raise _busy(self.path)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        for attempt in range(5):
            try:
                _flock(handle, shared=False)
                break
            except BlockingIOError:
                if attempt == 4:
                    os.close(handle)
                    raise _busy(self.path) from None
                time.sleep(0.05)
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        self._handle = handle

    def release(self) -> None:
        """Give the lock back; does nothing where it is not held."""
        if self._handle is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None


def held(folder: Path) -> bool:
    """Tell whether a living process holds the lock on `folder`."""
    path = folder / NAME
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        if fcntl is None:  # pragma: no cover
            return _pid_alive(_read_pid(path))
        _flock(handle, shared=True)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(handle)


def _flock(handle: int, *, shared: bool) -> None:
    """Take a kernel lock without waiting; a file system without locks counts as unlocked."""
    if fcntl is None:  # pragma: no cover
        return
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:  # pragma: no cover  (no lock support)
        return


def _busy(path: Path) -> RunError:
    pid = _read_pid(path)
    who = f"process {pid}" if pid else "another process"
    return RunError(
        f"{who} is writing this run folder", str(path.parent), "wait for it to end or choose another --out"
    )


def _read_pid(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _pid_alive(pid: int | None) -> bool:  # pragma: no cover
    if pid is None or pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
