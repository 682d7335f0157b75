"""Stages side by side: all are done, and of errors the first is raised once what began has ended."""

from __future__ import annotations

import io
import threading
import time

import pytest

from experiments.context import Context
from experiments.progress import Progress
from experiments.runfolder import RunFolder, Status, now
from experiments.together import MOST, together


def test_tasks_run_side_by_side():
    """Each waits for the others, so none would end alone."""
    met = threading.Barrier(MOST, timeout=30)
    together([met.wait] * MOST)


def test_one_after_the_other_keeps_the_order():
    order, main = [], threading.current_thread()

    def task(name):
        assert threading.current_thread() is main
        order.append(name)

    together([lambda: task("a"), lambda: task("b")], at_once=False)
    together([lambda: task("c")])
    assert order == ["a", "b", "c"]


def test_the_first_error_is_raised_when_what_began_has_ended():
    ended = []

    def fails(text):
        time.sleep(0.05)
        raise ValueError(text)

    def works():
        time.sleep(0.2)
        ended.append(True)

    with pytest.raises(ValueError, match="first"):
        together([lambda: fails("first"), works, lambda: fails("second")])
    assert ended == [True]


def test_every_stage_of_many_is_noted(tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_status(Status("toy", "running", started=now()))
    context = Context(None, None, True, False, folder, Progress(stream=io.StringIO()))
    names = [f"stage {i}" for i in range(20)]

    def stage(name):
        with context.stage(name) as todo:
            assert todo
            context.progress({"stage": name, "step": 1, "steps": 1})

    together([lambda n=n: stage(n) for n in names])
    status = folder.status()
    assert sorted(status.stages) == sorted(names)
    assert set(status.seconds) == set(names)
    assert sorted(context.progress.done) == sorted(names)
