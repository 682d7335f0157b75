"""Large fires: an ensemble over one and two hours of free burning, by time and by the memory that it needs."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from hybrid.fire.spread import Scheme, at_points, spread_groups

from ... import bench
from .spread_speed import LANDSCAPE, Landscape, members

RUNS = ((64, 60.0), (64, 120.0))
"""Members and minutes of each run."""
QUICK = ((8, 20.0),)
GROUP = 4
"""Members that share a window."""


def rows(data: Path | None, quick: bool) -> list[bench.Row]:
    """Rows of ``terrax bench fire-long``; each run has a process of its own, so that its memory can be told."""
    file = None if data is None else data / LANDSCAPE
    if file is None or not file.is_file():
        return []
    found = []
    for count, minutes in QUICK if quick else RUNS:
        command = [sys.executable, "-m", __name__, str(file), str(count), str(minutes)]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        told = json.loads(out.splitlines()[-1])
        label = f"spread, {count} members in groups of {GROUP}, Arlon 601 x 601 at 10 m, {minutes:g} min"
        found += [
            bench.Row(f"{label}, with compilation, wall clock", told["wall"], "s"),
            bench.Row(f"{label}, with compilation, processor time", told["processor"], "s"),
            bench.Row(f"{label}, peak memory", told["memory"], "MB"),
            bench.Row(f"{label}, median burned area", told["median"], "ha"),
            bench.Row(f"{label}, greatest burned area", told["greatest"], "ha"),
        ]
    return found


def one(file: Path, count: int, minutes: float) -> dict[str, float]:
    """Seconds, megabytes and hectares of one run, members that burn alike beside each other."""
    land, drawn = Landscape(file, int(np.ceil(minutes / 60.0)) + 1), members(count)
    order = np.argsort(drawn["speed"] / drawn["dead"])
    drawn = {name: values[order] for name, values in drawn.items()}
    wall, processor = time.perf_counter(), time.process_time()
    fire = spread_groups(
        land.grid,
        land.times,
        lambda some: land.rates({name: values[some] for name, values in drawn.items()}),
        count,
        at_points(land.grid, [land.place]),
        60.0 * minutes,
        size=GROUP,
        burnable=land.burnable,
        scheme=Scheme(max_steps=4096),
        edge="open",
        threads=2,
    )
    return {
        "wall": time.perf_counter() - wall,
        "processor": time.process_time() - processor,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
        "median": float(np.median(fire.area)) / 1e4,
        "greatest": float(fire.area.max()) / 1e4,
    }


if __name__ == "__main__":
    print(json.dumps(one(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))))
