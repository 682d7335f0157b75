"""The causal engine beside tigramite: the same links, and how much less processor time."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

from .. import bench
from .measured import measured, row_of

LARGE = {"cells": 100_000, "variables": 8, "length": 400}
TARGETS = {
    "differing marks": (0.0, True),
    "largest |d val|": (1e-10, True),
    "largest relative d p": (1e-8, True),
    "cells with other parents": (0.0, True),
    "with compilation": (50.0, False),
}


def target_of(name: str) -> tuple[float | None, bool]:
    """The number to reach, and whether it is an upper bound."""
    for ending, target in TARGETS.items():
        if name.endswith(ending):
            return target
    if name.endswith("warm"):
        return (300.0, False) if name.startswith("pcmci,") else (100.0, False)
    return (150.0, False) if "bootstrap" in name else (None, False)


def rows(data: Path | None, quick: bool) -> list[bench.Row]:
    """Rows of ``terrax bench causal``; cells are synthetic, so ``data`` is not read."""
    del data
    items = measured("experiments.benches.causal_measure", quick)
    out = [row_of(item, "tigramite", target_of, "ms a cell") for item in items]
    if not quick:
        out += _large()
    return out


def _large() -> list[bench.Row]:
    """A cube of 100 000 cells in one call, in a process of its own: seconds, and the most memory it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "experiments.benches.causal_large"], check=True)
    seconds = time.perf_counter() - start
    most = max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 2**20
    label = f"{LARGE['cells']} cells of N={LARGE['variables']}, T={LARGE['length']}"
    return [
        bench.Row(f"{label}, PCMCI in one call", seconds, "s"),
        bench.Row(f"{label}, most memory", most, "GiB", target=4.0, at_most=True),
    ]
