"""Progress of a run as a live table on a terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from .progress import Event, Progress, clock, number


class LiveProgress(Progress):
    """Draws the stages, the bar, and a table of loss, validation, skill, parameters and closure."""

    def __init__(self, stages: Sequence[str] = (), stream: TextIO | None = None, every: float = 0.2) -> None:
        super().__init__(stages, stream, every)
        self.console = Console(file=self.stream)
        self._live: Live | None = None
        self._start = time.monotonic()

    def __enter__(self) -> LiveProgress:
        self._start = time.monotonic()
        self._live = Live(console=self.console, refresh_per_second=4, get_renderable=self._draw)
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def note(self, text: str) -> None:
        """Print a line that stays, above the table."""
        self.console.print(text, markup=False, highlight=False)

    def plan(self, rows: Sequence[tuple[str, str]], title: str, path: object) -> None:
        """Print what will be done, before it is done."""
        table = Table(title=f"{title} -> {path}", title_justify="left", show_header=False, box=None)
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        for name, text in rows:
            table.add_row(Text(name), Text(text))
        self.console.print(table)

    def render(self) -> None:
        """Leave the drawing to the live display, which asks for it by itself."""

    def _draw(self) -> Group:
        return draw(self.stages, self.done, self.state, self.eta(), time.monotonic() - self._start)


def draw(
    stages: Sequence[str], done: Sequence[str], state: Event, eta: float | None, elapsed: float
) -> Group:
    """Return the drawing of a state of progress."""
    current = state.get("stage")
    words = Text("stages  ", style="bold")
    for stage in stages:
        sign, style = ("✓", "green") if stage in done else ("▶", "cyan") if stage == current else ("·", "dim")
        said = state.get("label") if stage == current else None
        words.append(f"{sign} {said or stage}  ", style=style)
    parts: list[Any] = [words]
    step, steps = state.get("step"), state.get("steps")
    timing = f"{clock(elapsed)} gone" + (
        f", about {clock(eta)} left in this stage" if eta is not None else ""
    )
    if step is not None and steps:
        bar = Table.grid(padding=(0, 1))
        bar.add_row(ProgressBar(total=steps, completed=step, width=36), f"{step}/{steps}")
        parts += [bar, Text(timing, style="dim")]
    else:
        parts.append(Text(timing, style="dim"))
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column()
    for name in ("loss", "validation", "closure"):
        if state.get(name) is not None:
            table.add_row(name, number(state[name]))
    for name in ("skill", "parameters"):
        values = state.get(name) or {}
        if values:
            table.add_row(name, "  ".join(f"{key} {number(value)}" for key, value in values.items()))
    if table.row_count:
        parts.append(table)
    return Group(*parts)
