"""Environments of peers: each in its own folder of the user's cache, built once and never part of this project."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = "TERRAX_PEERS"
"""Environment variable with the folder that holds the environments, or "off" to build and use none."""
LONGEST = 1800.0
"""Time after which a build is given up [s]."""


class Unavailable(Exception):
    """A peer that cannot be measured here, and why."""


@dataclass(frozen=True)
class Peer:
    """A package to compare with, run by a script in an environment of its own.

    Attributes:
        name: what rows call it, with its version.
        requires: what is installed.
        script: the file that runs in the environment and answers calls.
        pythons: versions of Python that it installs on, best first.
        options: of ``uv pip install``, left out where it fails with them.
    """

    name: str
    requires: tuple[str, ...]
    script: Path
    pythons: tuple[str, ...] = ("3.11", "3.12")
    options: tuple[str, ...] = ()


def folder() -> Path:
    """Where environments of peers lie; raise Unavailable where they are turned off."""
    given = os.environ.get(FOLDER)
    if given == "off":
        raise Unavailable(f"{FOLDER} is off")
    if given:
        return Path(given)
    if sys.platform == "win32":
        cache = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
    elif sys.platform == "darwin":
        cache = Path.home() / "Library/Caches"
    else:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "terrax" / "peers"


def python_of(peer: Peer, build: bool = True) -> Path:
    """The interpreter of a peer's environment, which is built where it is not there.

    Args:
        peer: the peer.
        build: whether it may be built; that takes minutes and the network.

    Raises:
        Unavailable: it is not there and cannot be built, or may not be.
    """
    what = json.dumps([peer.requires, peer.pythons, sys.platform])
    name = f"{peer.requires[0].split('=')[0]}-{hashlib.sha256(what.encode()).hexdigest()[:8]}"
    home = folder() / name
    if not _python_in(home).is_file():
        if not build:
            raise Unavailable("its environment is not built yet, which a run without --quick does")
        _build(peer, home)
    return _python_in(home)


def outside() -> dict[str, str]:
    """Environment variables of a process that shall see nothing of this project's environment."""
    ours = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "XLA_FLAGS")
    return {name: value for name, value in os.environ.items() if name not in ours}


def _python_in(home: Path) -> Path:
    return home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _build(peer: Peer, home: Path) -> None:
    """Build an environment beside its place and move it there once it is whole."""
    print(f"building the environment of {peer.name} in {home}, once", file=sys.stderr, flush=True)
    part = None
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{home.name}-", dir=home.parent))
        place = part / "environment"
        if shutil.which("uv"):
            _by_uv(peer, place)
        else:
            _by_pip(peer, place)
        os.replace(place, home)
    except OSError as error:
        if not _python_in(home).is_file():  # another run may have built it meanwhile
            raise Unavailable(f"its environment cannot be written: {error}") from error
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)


def _by_uv(peer: Peer, place: Path) -> None:
    _any_of([["uv", "venv", "--quiet", "--python", version, str(place)] for version in peer.pythons], place)
    install = ["uv", "pip", "install", "--quiet", "--python", str(_python_in(place))]
    ways = [[*install, *peer.options, *peer.requires], [*install, *peer.requires]]
    _any_of(ways if peer.options else ways[1:], place)


def _by_pip(peer: Peer, place: Path) -> None:
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = [sys.executable if v == ours else shutil.which(f"python{v}") for v in peer.pythons]
    ways = [[python, "-m", "venv", str(place)] for python in found if python]
    if not ways:
        raise Unavailable(f"there is neither uv nor a Python {' or '.join(peer.pythons)}")
    _any_of(ways, place)
    _any_of([[str(_python_in(place)), "-m", "pip", "install", "--quiet", *peer.requires]], place)


def _any_of(commands: list[list[str]], place: Path) -> None:
    """Run commands until one succeeds; raise Unavailable with what the last one said where none does."""
    said = ""
    for command in commands:
        try:
            done = subprocess.run(
                command, cwd=place.parent, env=outside(), capture_output=True, text=True, timeout=LONGEST
            )
        except subprocess.TimeoutExpired:
            said = f"{command[0]} took longer than {LONGEST:g} s"
            continue
        if done.returncode == 0:
            return
        said = _reason(done.stderr) or f"{command[0]} ended with {done.returncode}"
    raise Unavailable(f"its environment cannot be built: {said}")


def _reason(text: str) -> str:
    """What an installer says is wrong, and why: two lines of its messages without markings, at most 200 characters."""
    lines = [line.strip(" ×│├╰─▶\t") for line in text.splitlines() if line.strip()]
    telling = [i for i, line in enumerate(lines) if "error" in line.lower() or "failed" in line.lower()]
    first = telling[0] if telling else 0
    said = [line.removeprefix("error: ").removeprefix("cause: ") for line in lines[first : first + 2]]
    return ": ".join(said)[:200]
