"""Measurements in a process of their own with one thread, since threads are settled when JAX starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
FLAGS = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1 --xla_backend_optimization_level=1"


def measured(module: str, quick: bool) -> list[dict[str, Any]]:
    """Run a module that prints a JSON object on a line for each number, and pass on what it says.

    Args:
        module: name of the module; it is given ``--quick`` where that is asked.
        quick: whether few rounds are enough.
    """
    command = [sys.executable, "-m", module, *(["--quick"] if quick else [])]
    found = []
    with subprocess.Popen(
        command, env=os.environ | ONE_THREAD | {"XLA_FLAGS": FLAGS}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("{"):
                found.append(json.loads(line))
                print(f"{found[-1]['name']}: {found[-1]['value']:.4g}", file=sys.stderr, flush=True)
    if process.returncode:
        raise RuntimeError("the measurements ended early")
    return found
