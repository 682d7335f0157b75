"""Stages that need nothing of each other, side by side: while one compiles another is traced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

MOST = 3
"""Stages at once: each holds a program that compiles, and Python itself runs one at a time."""


def together(tasks: Sequence[Callable[[], object]], at_once: bool = True) -> None:
    """Call all tasks, side by side in threads or one after the other.

    Args:
        tasks: functions without argument that write to different files.
        at_once: whether they run side by side. An error of one lets those that have begun end, leaves out the rest
            and is then raised; where several fail, that of the first in order.
    """
    if not at_once or len(tasks) < 2:
        for task in tasks:
            task()
        return
    with ThreadPoolExecutor(MOST) as pool:
        begun = [pool.submit(task) for task in tasks]
        try:
            for one in begun:
                one.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
