"""Print tables and JSON: bordered on a terminal, plain columns into a pipe."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any


def table(header: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "") -> None:
    """Print a table; numbers stand at the right."""
    cells = [[text(value) for value in row] for row in rows]
    right = [bool(rows) and all(_number(row[i]) for row in rows) for i in range(len(header))]
    if sys.stdout.isatty():
        _rich(header, cells, right, title)
        return
    if title:
        print(title)
    widths = [max(len(row[i]) for row in [list(header), *cells]) for i in range(len(header))]
    for row in [list(header), *cells]:
        pairs = zip(row, widths, right, strict=True)
        print("  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in pairs).rstrip())


def emit_json(value: Any) -> None:
    """Print a value as JSON."""
    print(json.dumps(value, indent=1, ensure_ascii=False, default=str))


def text(value: Any) -> str:
    """Return a cell: numbers with four significant digits, None as a dash."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "-" if value != value else f"{value:.4g}"
    return str(value)


def _number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _rich(header: Sequence[str], cells: list[list[str]], right: list[bool], title: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawing = Table(title=title or None, title_justify="left")
    for name, at_right in zip(header, right, strict=True):
        drawing.add_column(name, justify="right" if at_right else "left", overflow="fold")
    for row in cells:
        drawing.add_row(*(Text(cell) for cell in row))
    Console().print(drawing)
