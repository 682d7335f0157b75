"""What a run was made with: versions, device, platform, commit and seeds."""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from data import provenance

ROOT = Path(__file__).resolve().parent.parent


def versions() -> dict[str, str]:
    """Return the installed versions of terrax, of Python and of every package that terrax asks for."""
    found = {"python": platform.python_version()}
    names = ["terrax"]
    try:
        for requirement in metadata.requires("terrax") or []:
            name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
            if "extra ==" not in requirement:
                names.append(name)
    except metadata.PackageNotFoundError:
        pass
    for name in [*names, "jaxlib"]:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def commit(root: Path = ROOT) -> dict[str, Any]:
    """Return the git commit of terrax's own checkout and whether tracked files differ from it."""
    found = provenance.commit(root) if (root / ".git").exists() else None
    return {"commit": found["commit"] if found else None, "dirty": found["changed"] if found else None}


def devices() -> list[dict[str, str]]:
    """Return JAX's devices."""
    import jax

    return [{"platform": device.platform, "kind": device.device_kind} for device in jax.devices()]


def seeds(config: Any, prefix: str = "") -> dict[str, Any]:
    """Return every key of a configuration whose name is or ends with ``seed``."""
    found: dict[str, Any] = {}
    for key, value in (config or {}).items():
        if isinstance(value, dict):
            found.update(seeds(value, f"{prefix}{key}."))
        elif key == "seed" or key.endswith(("_seed", "seeds")):
            found[f"{prefix}{key}"] = value
    return found


def describe(config: dict[str, Any]) -> dict[str, Any]:
    """Return the environment of this process, ready for ``environment.json``."""
    return {
        "versions": versions(),
        "devices": devices(),
        "platform": {
            "system": platform.system(),
            "release": platform.release(),
            "machine": platform.machine(),
            "cpu_count": os.cpu_count(),
        },
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
        "executable": Path(sys.executable).name,
        "git": commit(),
        "seeds": seeds(config),
    }
