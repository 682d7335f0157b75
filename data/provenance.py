"""Where numbers come from: hashes of inputs, versions, commit, machine."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import DataError
from .files import sha256

if TYPE_CHECKING:
    import xarray as xr

PACKAGES = (
    "terrax",
    "jax",
    "jaxlib",
    "flax",
    "optax",
    "diffrax",
    "equinox",
    "numpy",
    "scipy",
    "pandas",
    "xarray",
    "netCDF4",
    "tigramite",
    "shap",
    "scikit-learn",
    "numpyro",
    "cf-xarray",
    "pint",
)


def environment() -> dict[str, Any]:
    """Return Python, platform, package versions and git commit, without touching a device."""
    return {
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "platform": platform.platform(),
        "machine": platform.machine(),
        "packages": versions(),
        "git": commit(),
    }


def versions(names: Iterable[str] = PACKAGES) -> dict[str, str | None]:
    """Return the installed version of each package, None where it is not installed."""
    found: dict[str, str | None] = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def commit(folder: str | Path | None = None) -> dict[str, Any] | None:
    """Return the git commit of the source tree and whether tracked files differ from it, None outside git.

    Args:
        folder: folder inside the working tree; that of this package where None.
    """
    place = Path(folder) if folder else Path(__file__).resolve().parent
    head = _git(place, "rev-parse", "HEAD")
    if head is None:
        return None
    changed = _git(place, "status", "--porcelain", "--untracked-files=no")
    return {"commit": head, "changed": bool(changed)}


def input_files(paths: Iterable[str | Path], base: str | Path | None = None) -> list[dict[str, Any]]:
    """Return path, size [byte] and SHA-256 of every file under the paths, sorted by path.

    Args:
        paths: files or folders.
        base: folder the paths are written relative to; the parent of each path where None.

    Raises:
        DataError: where a path does not exist or cannot be read.
    """
    found = []
    for top in (Path(p) for p in paths):
        if not top.exists():
            raise DataError("the path does not exist", str(top), "check the path")
        root = Path(base) if base else top.parent
        for path in [top] if top.is_file() else sorted(p for p in top.rglob("*") if p.is_file()):
            name = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
            found.append({"path": name.as_posix(), "bytes": path.stat().st_size, "sha256": sha256(path)})
    return sorted(found, key=lambda item: str(item["path"]))


def source_files(ds: xr.Dataset) -> list[dict[str, str]]:
    """Return the files a dataset of `data.open_sites` came from, path and SHA-256 of each."""
    return json.loads(str(ds.attrs.get("source_files", "[]")))


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
