"""Worker processes end when they should, and say so when they die."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from causal.engines.tigramite_engine.pool import run_chunks
from data.errors import ConfigError, RunError

ROOT = Path(__file__).parents[2]


def test_order_is_that_of_the_chunks():
    chunks = [["a", "b"], ["c"], [], ["d"]]
    calls = []
    joined = run_chunks(sorted, chunks, [2, 1, 0, 1], workers=2, progress=lambda *a: calls.append(a))
    assert joined == ["a", "b", "c", "d"]
    assert calls[-1] == (4, 4)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)


def test_an_interrupt_stops_the_workers():
    before = set(multiprocessing.active_children())

    def interrupt(done, total):
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_chunks(time.sleep, [0.01, 300, 300], [1, 1, 1], workers=2, progress=interrupt)  # pyright: ignore[reportArgumentType]
    while set(multiprocessing.active_children()) - before and time.monotonic() - began < 100:
        time.sleep(0.05)  # another thread of the pool may be first to learn of an end
    assert time.monotonic() - began < 100


def test_a_dead_worker_is_one_sentence():
    with pytest.raises(RunError, match="a worker process ended"):
        run_chunks(os._exit, [1, 1], [1, 1], workers=2)  # pyright: ignore[reportArgumentType]


def test_dask_that_is_not_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match="needs the package distributed"):
        run_chunks(sorted, [[1]], [1], scheduler="dask")


def test_tigramite_is_loaded_by_searches_alone():
    code = "import sys, causal.engines.tigramite_engine; assert not {'tigramite', 'jax'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_tigramite_is_imported_in_its_engine_alone():
    found = [
        path.relative_to(ROOT).as_posix()
        for package in ("data", "hybrid", "causal", "xai", "experiments")
        for path in (ROOT / package).rglob("*.py")
        if any(
            line.split()[:1] in (["import"], ["from"]) and line.split()[1].startswith("tigramite")
            for line in path.read_text(encoding="utf-8").splitlines()
            if len(line.split()) > 1
        )
    ]
    outside = [
        f for f in found if not f.startswith(("causal/engines/tigramite_engine/", "experiments/benches/"))
    ]
    assert outside == []
