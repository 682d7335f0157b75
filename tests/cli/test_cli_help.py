"""The command line answers fast and imports nothing heavy before a command needs it."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

import pytest
from toyfixtures import one_sentence

from experiments import cli

HEAVY = ("jax", "xarray", "matplotlib", "pydantic", "pandas", "numpy", "yaml", "netCDF4")
COMMANDS = ["run", "list", "runs", "show", "compare", "report", "project", "bench", "doctor"]
COMMANDS += ["show-config", "data", "paper", "discover", "explain"]


def test_help_takes_less_than_half_a_second(tmp_path):
    """Processor time, so that other work on the machine does not count; the best of a few.

    Bytecode is kept in a folder of the test's own: where Python may not write any, every start would compile
    the libraries anew.
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(tmp_path)

    def seconds():
        before = os.times()
        command = [sys.executable, "-m", "experiments.cli", "--help"]
        subprocess.run(command, env=environment, capture_output=True, check=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    assert min(seconds() for _ in range(5)) < 0.5


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["--help"], []),
        (["--version"], ["pydantic"]),  # typer itself converts options with pydantic
        (["run", "--help"], ["pydantic"]),
        (["list"], ["pydantic"]),
        (["runs"], ["pydantic"]),
    ],
)
def test_nothing_heavy_is_imported(arguments, allowed, tmp_path):
    code = (
        "import sys; from experiments.cli import call; code = call(sys.argv[1:]); "
        f"print('HEAVY', [name for name in {HEAVY!r} if name in sys.modules]); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    found = ast.literal_eval(done.stdout.splitlines()[-1].removeprefix("HEAVY "))
    assert set(found) <= set(allowed)


def test_every_command_is_there_and_has_help(terrax):
    listed = terrax("--help").out
    for name in COMMANDS:
        assert name in listed
        assert terrax(name, "--help").code == 0


def test_version(terrax):
    assert terrax("--version").out.startswith("terrax ")


def test_no_arguments_print_the_help(terrax):
    result = terrax()
    assert "Usage" in result.out + result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rnu"], "'run'"),
        (["data", "chekc"], "'check'"),
        (["run"], "experiment"),
        (["run", "toy", "--sets", "a=1"], "--set"),
        (["run", "toy", "--out"], "--out"),
        (["run", "toy", "second"], "second"),
        (["show"], "run"),
        (["project", "x"], "--scenario"),
        (["paper", "build"], "--runs"),
        (["runs", "--jsno"], "--json"),
    ],
)
def test_wrong_usage_is_one_sentence_with_a_hint(terrax, arguments, words):
    result = terrax(*arguments)
    assert result.code == 2
    assert words in one_sentence(result)


def test_the_module_names_every_command():
    names = {command.name for command in cli.app.registered_commands}
    groups = {group.name for group in cli.app.registered_groups}
    assert names | groups == set(COMMANDS)
