"""How XLA compiles for the command line, set before JAX starts."""

from __future__ import annotations

import importlib.util
import os
import sys

FLAG = "xla_backend_optimization_level"


def compile_quickly() -> None:
    """Ask for LLVM's first level of optimisation on CPU, unless `XLA_FLAGS` already says one.

    A program of a process model is thousands of short loops without calls: compiled at the third level it takes
    half as long again and runs no faster. Where an accelerator's plug-in is installed nothing is changed.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    if FLAG in flags or "jax" in sys.modules or importlib.util.find_spec("jax_plugins"):
        return
    os.environ["XLA_FLAGS"] = f"{flags} --{FLAG}=1".strip()
