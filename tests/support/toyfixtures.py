"""Fixtures around the toy experiment: a finished run, and the command line in this process and in another."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from experiments import bench, registry
from experiments.cli import call
from experiments.execute import execute
from experiments.runfolder import RunFolder

SUPPORT = Path(__file__).parent
registry.register("toy", "toy", "a line fitted by gradient descent")
bench.register("toy", "toybench")


@dataclass
class Result:
    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> RunFolder:
    """A finished run; do not change it."""
    out = tmp_path_factory.mktemp("runs") / "done"
    return execute("toy", sets=["names=[US-Var, FR-Pue, DE-Tha]"], out=out)


@pytest.fixture
def terrax(capsys, tmp_path, monkeypatch):
    """The command line in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TERRAX_DATA", raising=False)

    def run(*arguments) -> Result:
        capsys.readouterr()
        code = call([str(item) for item in arguments])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


def command(*arguments) -> list[str]:
    """The command line as a process of its own."""
    return [sys.executable, str(SUPPORT / "toycli.py"), *map(str, arguments)]


def process(*arguments, cwd, **environment) -> Result:
    """Run the command line in a process of its own."""
    done = subprocess.run(
        command(*arguments),
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def one_sentence(result: Result) -> str:
    """Check that stderr is one sentence without a traceback, and return it."""
    assert "Traceback" not in result.err
    lines = result.err.strip().splitlines()
    assert len(lines) == 1, result.err
    assert lines[0].startswith("terrax: ")
    assert lines[0].endswith((".", "?"))
    return lines[0]


def tree(folder: Path) -> dict[str, bytes]:
    """Every file under a folder and its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
