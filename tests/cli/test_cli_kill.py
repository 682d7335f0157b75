"""A run killed at any moment: no folder that later commands choke on, and equal results after a resume."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time

import pytest
from toyfixtures import command, process, tree

SAME = ("scores.csv", "checkpoints/first.json", "checkpoints/second.json", "figures/skill.svg", "config.yaml")


def _later_commands_work(folder, terrax):
    """Every command that reads runs must live with what a killed run left."""
    assert terrax("runs").code == 0
    for run in json.loads(terrax("runs", "--json").out):
        assert run["state"] in ("interrupted", "finished")
        shown = terrax("show", run["path"])
        assert shown.code == 0, shown.err
        assert terrax("report", run["path"]).code in (0, 2)


def _resume(folder, terrax, plain):
    result = terrax("run", "toy", "--resume", "--out", "runs/one")
    if result.code == 2 and not (folder / "runs" / "one").exists():
        assert terrax("run", "toy", "--out", "runs/one").code == 0
    else:
        assert result.code == 0, result.err
    done = tree(folder / "runs" / "one")
    for name in SAME:
        assert done[name] == plain[name], name
    assert not [name for name in done if name.split("/")[-1].startswith(".") and name != ".lock"]
    status = json.loads(done["status.json"])
    assert status["state"] == "finished"
    assert status["stages"] == ["first", "second"]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    assert process("run", "toy", "--out", "runs/one", cwd=folder).code == 0
    return tree(folder / "runs" / "one")


QUICK = (1, 3, 4, 6, 18)


@pytest.mark.parametrize(
    "number", [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in range(1, 30)]
)
def test_killed_before_the_nth_file_is_in_place(tmp_path, terrax, plain, number):
    result = process("run", "toy", "--out", "runs/one", cwd=tmp_path, TOY_KILL_AT=str(number))
    if number in QUICK:
        assert result.code == -signal.SIGKILL
    _later_commands_work(tmp_path, terrax)
    _resume(tmp_path, terrax, plain)


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_at_random_moments(tmp_path, terrax, plain, kills):
    rng = random.Random(kills)
    first = True
    for _ in range(kills):
        arguments = () if first else ("--resume",)
        run = subprocess.Popen(
            command("run", "toy", "--out", "runs/one", *arguments),
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(rng.uniform(0.2, 3.0))
        run.kill()
        run.wait()
        first = first and not (tmp_path / "runs" / "one").exists()
        _later_commands_work(tmp_path, terrax)
    _resume(tmp_path, terrax, plain)
