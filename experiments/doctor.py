"""Look at an installation: versions, devices, clashes of package names, and data."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from .environment import ROOT, devices, versions

PACKAGES = ("data", "hybrid", "causal", "xai", "experiments")
MINIMUM = (3, 11)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `ok` is False where it needs the remedy."""

    topic: str
    text: str
    ok: bool = True
    remedy: str = ""


def examine(data: Path | None = None) -> list[Finding]:
    """Return everything that was found, good and bad."""
    return [
        *_python(),
        *_versions(),
        *_devices(),
        *(_package(name) for name in PACKAGES),
        *_data(data),
        _writable(Path.cwd()),
    ]


def _python() -> list[Finding]:
    text = f"{platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    enough = sys.version_info[:2] >= MINIMUM
    return [Finding("python", text, enough, "" if enough else "install Python 3.11 or newer")]


def _versions() -> list[Finding]:
    found = [
        Finding("version", f"{name} {version}", version != "not installed", f"pip install {name}")
        for name, version in versions().items()
        if name != "python"
    ]
    numbers = tuple(int(part) for part in metadata.version("jax").split(".")[:2] if part.isdigit())
    if numbers < (0, 11):
        text = (
            "the scan gradient of JAX 0.10, the last line for Python 3.11, is far slower on a CPU than "
            "that of later JAX: use Python 3.12 or newer where speed counts"
        )
        found.append(Finding("speed", text))
    else:
        found.append(Finding("speed", "this JAX has the fast scan gradient on CPUs"))
    return found


def _devices() -> list[Finding]:
    try:
        present = devices()
    except RuntimeError as error:
        return [Finding("device", f"JAX finds no device, {error}", False, "check the installation of jaxlib")]
    return [Finding("device", f"{item['platform']} ({item['kind']})") for item in present]


def _package(name: str) -> Finding:
    """Tell whether an import package is terrax's own or another distribution's of the same name."""
    spec = importlib.util.find_spec(name)
    origin = Path(spec.origin).resolve() if spec is not None and spec.origin else None
    own = ROOT / name / "__init__.py"
    others = sorted(set(metadata.packages_distributions().get(name, [])) - {"terrax"})
    if origin is None or origin != own.resolve():
        where = f"import {name} finds {origin or 'a folder without __init__.py'}"
        return Finding(
            "package",
            f"{where}, not terrax's",
            False,
            f"rename or remove it, or start elsewhere than {Path.cwd()}",
        )
    if others:
        text = f"'{name}' is terrax's here, but {', '.join(others)} also installs it"
        return Finding("package", text, False, f"uninstall {', '.join(others)}")
    return Finding("package", f"'{name}' is terrax's own")


def _data(given: Path | None) -> list[Finding]:
    places = [
        ("given", given),
        ("TERRAX_DATA", os.environ.get("TERRAX_DATA")),
        ("beside", ROOT.parent / "shared" / "data"),
    ]
    found = []
    for label, place in places:
        if not place:
            continue
        path = Path(place)
        if path.is_dir():
            sets = sorted(item.name for item in path.iterdir() if item.is_dir())
            listed = ", ".join(sets[:20]) if sets else f"{sum(1 for _ in path.glob('*.nc'))} netCDF files"
            found.append(Finding("data", f"{path} ({label}): {listed}"))
        elif label != "beside":
            found.append(Finding("data", f"{path} ({label}) does not exist", False, "mend the path"))
    return found or [Finding("data", "none found; runs without --data use built-in synthetic data")]


def _writable(folder: Path) -> Finding:
    can = os.access(folder, os.W_OK)
    text = f"runs go to {folder / 'runs'}"
    return Finding("runs", text, can, "" if can else "give --out, the folder cannot be written")
