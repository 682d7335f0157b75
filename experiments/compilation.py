"""How XLA compiles for the command line, set before JAX starts."""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.metadata import version

FLAG = "xla_backend_optimization_level"


def compile_quickly(seldom_run: bool = False) -> None:
    """Ask for LLVM's first level of optimisation on CPU, unless `XLA_FLAGS` already says one.

    A program of a process model is thousands of short loops without calls: compiled at the third level it takes
    half as long again and runs no faster. Where an accelerator's plug-in is installed nothing is changed.

    Args:
        seldom_run: no optimisation by LLVM, and under JAX 0.10 fusions as plain loops: a program compiles two to
            three times as fast and runs slower: for tests.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    if FLAG in flags or "jax" in sys.modules or importlib.util.find_spec("jax_plugins"):
        return
    ours = f"--{FLAG}={0 if seldom_run else 1}"
    if seldom_run and version("jaxlib").startswith("0.10."):
        ours += " --xla_cpu_use_fusion_emitters=false"  # later versions have no such flag
    os.environ["XLA_FLAGS"] = f"{flags} {ours}".strip()
