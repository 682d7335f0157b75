"""Progress of a run as throttled plain lines; ``open_progress`` gives the live table on a terminal."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

Event = Mapping[str, Any]
KEYS = ("stage", "label", "step", "steps", "loss", "validation", "skill", "parameters", "closure", "eta")


class Progress:
    """Takes events: mappings with any of the keys in ``KEYS``; other keys are passed over.

    ``label`` says more of where a stage is (its fold). ``skill`` and ``parameters`` are mappings of names to
    numbers; ``eta`` [s] is worked out where missing.
    Call the object with an event; ``note`` prints a line that stays.
    """

    def __init__(self, stages: Sequence[str] = (), stream: TextIO | None = None, every: float = 5.0) -> None:
        self.stages = list(stages)
        self.done: list[str] = []
        self.stream = stream or sys.stdout
        self.every = every
        self.state: dict[str, Any] = {}
        self._stage_start = time.monotonic()
        self._first_step: float | None = None
        self._last_line = float("-inf")
        self._lock = threading.RLock()  # stages may run side by side

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __call__(self, event: Event) -> None:
        """Take one event."""
        stage = event.get("stage")
        with self._lock:
            if stage and stage != self.state.get("stage"):
                self.start(str(stage))
            self.state.update({key: event[key] for key in KEYS if key in event})
            if self._first_step is None and event.get("step") is not None:
                self._first_step, self._stage_start = event["step"], time.monotonic()
            self.render()

    def plan(self, rows: Sequence[tuple[str, str]], title: str, path: object) -> None:
        """Print what will be done, before it is done."""
        width = max((len(name) for name, _ in rows), default=0)
        self.note(f"{title} -> {path}")
        for name, text in rows:
            self.note(f"  {name:<{width}}  {text}")

    def start(self, stage: str) -> None:
        """Begin a stage: values of the stage before are forgotten."""
        if stage not in self.stages:
            self.stages.append(stage)
        self.state = {"stage": stage}
        self._first_step = None
        self._stage_start = time.monotonic()
        self._last_line = float("-inf")

    def finish(self, stage: str) -> None:
        """End a stage."""
        if stage not in self.stages:
            self.stages.append(stage)
        if stage not in self.done:
            self.done.append(stage)
        if self.state.get("stage") == stage:
            self.state = {}

    def note(self, text: str) -> None:
        """Print a line that stays."""
        print(text, file=self.stream, flush=True)

    def render(self) -> None:
        """Print a plain line at most every `every` seconds, and always at the last step."""
        moment = time.monotonic()
        last = self.state.get("step") is not None and self.state.get("step") == self.state.get("steps")
        if moment - self._last_line < self.every and not last:
            return
        self._last_line = moment
        print(line(self.state, self.eta()), file=self.stream, flush=True)

    def eta(self) -> float | None:
        """Return the seconds the present stage still needs, or None where that is not known."""
        if self.state.get("eta") is not None:
            return float(self.state["eta"])
        step, steps = self.state.get("step"), self.state.get("steps")
        if not step or not steps or self._first_step is None or step <= self._first_step:
            return None
        rate = (time.monotonic() - self._stage_start) / (step - self._first_step)
        return rate * max(steps - step, 0)


def open_progress(stream: TextIO | None = None) -> Progress:
    """Return a live table where `stream` is a terminal that can move its cursor, else plain lines."""
    stream = stream or sys.stdout
    if stream is not None and stream.isatty() and os.environ.get("TERM", "") != "dumb":
        from .progress_live import LiveProgress

        return LiveProgress(stream=stream)
    return Progress(stream=stream)


def line(state: Event, eta: float | None) -> str:
    """Return one plain line for a state of progress."""
    parts = [str(state.get("label") or state.get("stage", ""))]
    if state.get("step") is not None:
        parts.append(f"step {state['step']}" + (f"/{state['steps']}" if state.get("steps") else ""))
    for name in ("loss", "validation", "closure"):
        if state.get(name) is not None:
            parts.append(f"{name} {number(state[name])}")
    for name in ("skill", "parameters"):
        values = state.get(name) or {}
        if values:
            parts.append(f"{name} " + " ".join(f"{key}={number(value)}" for key, value in values.items()))
    if eta is not None and eta >= 1:
        parts.append(f"about {clock(eta)} left")
    return "  ".join(parts)


def number(value: Any) -> str:
    """Return a number with four significant digits."""
    try:
        return f"{float(value):.4g}"
    except (TypeError, ValueError):
        return str(value)


def clock(seconds: float) -> str:
    """Return a duration as ``45 s``, ``3 min 20 s`` or ``2 h 05 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
