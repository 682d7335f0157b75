"""Answers calls from the bench: a JSON object a line on standard input, its reply a line on standard output.

Run in the environment of a peer, so nothing of terrax is imported.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any


def serve(calls: dict[str, Callable[..., dict[str, Any]]]) -> None:
    """Answer until the input ends; whatever the libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    calls = {"ready": dict, **calls}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = calls[request.pop("call")](**request)
        except Exception as error:  # told to the bench, which goes on
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=answers, flush=True)


def timed(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """What a piece of work returns, with its wall-clock and processor time [s]."""
    wall, busy = time.perf_counter(), time.process_time()
    found = work()
    return found, {"wall": time.perf_counter() - wall, "busy": time.process_time() - busy}
