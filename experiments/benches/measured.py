"""Measurements in a process of their own with one thread, since threads are settled when JAX starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from .. import bench

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


def row_of(
    item: dict[str, Any], peer: str, target_of: Callable[[str], tuple[float | None, bool]], unit: str = "ms"
) -> bench.Row:
    """The row of one measured number; one with times of ours and of a peer is a ratio of processor time.

    Args:
        item: what :func:`measured` passed on: name and value, and for times ``ours`` and ``peer`` [s].
        peer: name of the peer.
        target_of: name to the number to reach and whether it is an upper bound.
        unit: of the times that are told ("ms a cell").
    """
    target, at_most = target_of(item["name"])
    timed = "ours" in item
    told = None
    if timed:
        told = f"{peer} {item['peer'] * 1e3:.3g} ms, terrax {item['ours'] * 1e3:.3g} {unit}"
    name, value = item["name"], float(item["value"])
    return bench.Row(
        name, value, "times less processor time" if timed else "1", told, target=target, at_most=at_most
    )
