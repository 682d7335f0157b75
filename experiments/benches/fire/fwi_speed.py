"""Speed of fire weather: cell-days a second of all codes and indices, from arrays in memory to arrays in memory."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from hybrid.fire.index import START, Codes, DayLength, Weather, daylength, run_days
from hybrid.fire.index.blocks import in_blocks

from ... import bench

DAYS = 365
CELLS, QUICK = 100_000, 20_000
PEER, PEER_SPEED = "xclim 0.062 on two cores, wall clock", 1.55e6
"""The middle of the 1.3 to 1.8 million cell-days a second that were measured."""
ROUNDS = 3


def weather(cells: int, seed: int = 0) -> Weather:
    """Random weather (time, cell) in float32: rain on three days of ten."""
    rng = np.random.default_rng(seed)
    shape = (DAYS, cells)

    def uniform(low: float, high: float) -> Any:
        return rng.random(shape, np.float32) * np.float32(high - low) + np.float32(low)

    rain = -5.0 * np.log1p(-rng.random(shape, np.float32)) * (rng.random(shape, np.float32) < 0.3)
    return Weather(uniform(-5.0, 35.0), uniform(10.0, 100.0), uniform(0.0, 40.0), rain.astype(np.float32))  # pyright: ignore[reportArgumentType]


def job(cells: int) -> Callable[[], Any]:
    """A call that computes all codes and indices of a year's random weather."""
    days = weather(cells)
    tables: Any = [np.asarray(a, np.float32) for a in daylength.by_latitude(np.linspace(-60.0, 80.0, cells))]
    length = DayLength(*tables)
    first: Any = [np.full(cells, c, np.float32) for c in START]
    start = Codes(*first)
    month = np.minimum(np.arange(DAYS) // 30, 11).astype(np.int32)
    return functools.partial(in_blocks, _run(), (days, start, length), month)


def rows(data: Path | None, quick: bool) -> list[bench.Row]:
    """Rows of ``terrax bench fire`` on fire weather; all is made from a seed, so ``data`` is not read."""
    del data
    cells = QUICK if quick else CELLS
    call = job(cells)
    call()
    wall = busy = np.inf
    for _ in range(ROUNDS):
        began, worked = time.perf_counter(), time.process_time()
        call()
        wall = min(wall, time.perf_counter() - began)
        busy = min(busy, time.process_time() - worked)
    label = f"{cells} cells x {DAYS} days, float32, JAX {jax.__version__}"
    total = cells * DAYS
    return [
        bench.Row(
            f"fire weather, {label}, on two cores by processor time",
            2.0 * total / busy,
            "cell-days s-1",
            PEER,
            PEER_SPEED,
            target=1e7,
        ),
        bench.Row(
            f"fire weather, {label}, wall clock on {os.cpu_count()} processors, others at work included",
            total / wall,
            "cell-days s-1",
            PEER,
            PEER_SPEED,
        ),
    ]


def _run() -> Any:
    @jax.jit
    def function(part: Any, month: Any) -> Any:
        days, start, length = part
        return run_days(days, month, start, length)

    return function
