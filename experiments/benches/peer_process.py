"""A peer as a process that answers calls, taken in turns with our own work."""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from .. import bench
from .peer_environment import Peer, Unavailable, outside, python_of

PATIENCE = 900.0
"""Time that a call may take [s]."""


class Talk:
    """A running script of a peer: a JSON object a line goes in, a reply comes out.

    Args:
        python: interpreter of the peer's environment.
        script: file to run with it.
    """

    def __init__(self, python: Path, script: Path) -> None:
        try:
            self._process = subprocess.Popen(
                [str(python), str(script)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=outside(),
            )
        except OSError as error:
            raise Unavailable(f"its interpreter cannot be started: {error}") from error

    def __enter__(self) -> Talk:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, call: str, patience: float = PATIENCE, **arguments: Any) -> dict[str, Any]:
        """Call a function of the script and return its reply.

        Raises:
            Unavailable: the script ended, failed, or took longer than ``patience`` [s].
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        end = threading.Timer(patience, self._process.kill)
        end.start()
        try:
            self._process.stdin.write(json.dumps({"call": call, **arguments}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:
            line = ""
        finally:
            end.cancel()
        if not line:
            raise Unavailable(f"its process ended in '{call}'")
        reply = json.loads(line)
        if "error" in reply:
            raise Unavailable(f"'{call}' failed: {reply['error']}")
        return reply


class Times(NamedTuple):
    """Wall-clock and processor time of each round [s]."""

    wall: list[float]
    busy: list[float]


def spread_of(values: list[float], scale: float = 1.0) -> str:
    """Least and greatest of values, as text."""
    return f"{scale * min(values):.3g} to {scale * max(values):.3g}"


def median(values: list[float]) -> float:
    """Median of values."""
    return float(statistics.median(values))


def in_turns(
    rounds: int, ours: Callable[[], Any], theirs: Callable[[], dict[str, Any]]
) -> tuple[Times, Times]:
    """Measure our work and a peer's, one after the other in each round; ours is called once before."""
    ours()
    mine, peers = Times([], []), Times([], [])
    for _ in range(rounds):
        wall, busy = time.perf_counter(), time.process_time()
        ours()
        mine.busy.append(time.process_time() - busy)
        mine.wall.append(time.perf_counter() - wall)
        reply = theirs()
        peers.wall.append(float(reply["wall"]))
        peers.busy.append(float(reply["busy"]))
    return mine, peers


def beside(peer: Peer, quick: bool, work: Callable[[Talk], list[bench.Row]]) -> list[bench.Row]:
    """Rows of work beside a peer, or one that says why the peer is not available; nothing fails for want of a peer.

    Args:
        peer: the peer.
        quick: whether only an environment that is already built is used.
        work: what to measure.
    """
    try:
        with Talk(python_of(peer, not quick), peer.script) as talk:
            talk.ask("ready")
            return work(talk)
    except Unavailable as reason:
        print(f"{peer.name}: not available, {reason}", file=sys.stderr, flush=True)
        return [bench.Row(f"{peer.name}: not available, {reason}", math.nan, "")]


__all__ = ["Talk", "Times", "beside", "in_turns", "median", "spread_of"]
