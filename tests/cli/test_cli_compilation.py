"""The command line compiles quickly unless told otherwise; its choice is written into the run."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

ASK = "import os; from experiments.compilation import compile_quickly as c; c(); print(os.environ.get('XLA_FLAGS', ''))"


def flags(code, **environment):
    kept = {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=kept | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.fixture(autouse=True)
def _without_accelerator():
    if importlib.util.find_spec("jax_plugins"):
        pytest.skip("an accelerator's plug-in is installed, so the flag is left alone")


def test_the_flag_is_added_to_others():
    assert flags(ASK) == ["--xla_backend_optimization_level=1"]
    given = "--xla_force_host_platform_device_count=2"
    assert flags(ASK, XLA_FLAGS=given) == [given, "--xla_backend_optimization_level=1"]


def test_a_level_that_was_chosen_stays():
    given = "--xla_backend_optimization_level=3"
    assert flags(ASK, XLA_FLAGS=given) == [given]


def test_nothing_changes_once_jax_has_started():
    assert flags("import jax; " + ASK) == []


def test_programs_that_run_seldom_are_compiled_without_llvm_s_optimisation_and_jax_takes_the_flags():
    code = ASK.replace("c();", "c(seldom_run=True);") + "; import jax; jax.jit(lambda x: x + 1)(1.0)"
    assert flags(code)[0] == "--xla_backend_optimization_level=0"
