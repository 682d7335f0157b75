"""Print the report of a check, with rich or as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rich.console import Group

    from .check import Report, SourceReport, VariableReport

HEADINGS = ("variable", "unit", "missing", "longest gap", "min", "max", "remarks")
MARK = {
    "ok": "",
    "converts": "unit converts",
    "incompatible": "UNIT DOES NOT FIT",
    "missing": "UNIT MISSING",
    "unknown variable": "not used",
}


def cells(variable: VariableReport) -> tuple[str, ...]:
    """Return one row of the table as text."""
    share = 100.0 * variable.missing / variable.values if variable.values else 0.0
    remarks = [MARK[variable.unit_status]]
    if variable.known_as and variable.known_as != variable.name:
        remarks.append(f"read as {variable.known_as}")
    if variable.out_of_range:
        remarks.append(f"{variable.out_of_range} out of range")
    if variable.infinite:
        remarks.append(f"{variable.infinite} infinite")
    return (
        variable.name,
        variable.unit,
        "" if not variable.missing else f"{variable.missing} ({share:.1f} %)",
        str(variable.longest_gap or ""),
        _number(variable.minimum),
        _number(variable.maximum),
        ", ".join(r for r in remarks if r),
    )


def heading(source: SourceReport) -> str:
    """Return the line above the table of one file."""
    if not source.steps:
        return source.name
    faults = [
        f"{n} {t}"
        for n, t in (
            (source.duplicates, "doubled"),
            (source.unsorted, "unsorted"),
            (source.gaps, "missing steps"),
        )
        if n
    ]
    told = f"{source.name}: {source.start} to {source.end}, {source.steps} steps"
    return (
        told
        + (
            f" of one {source.step}"
            if source.step and not source.step[0].isdigit()
            else f" of {source.step}"
            if source.step
            else ""
        )
        + (", " + ", ".join(faults) if faults else "")
    )


def render(report: Report) -> Group:
    """Return the report as tables for a rich console."""
    from rich.console import Group
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    parts: list = []
    for source in report.sources:
        table = Table(title=escape(heading(source)), title_justify="left", box=None, header_style="bold")
        for i, name in enumerate(HEADINGS):
            table.add_column(name, justify="right" if 2 <= i <= 5 else "left", no_wrap=i < 6)
        for variable in source.variables:
            table.add_row(*map(escape, cells(variable)))
        parts.append(table if source.variables else Text(heading(source), style="bold"))
        parts += [Text(f"  problem: {p}", style="red") for p in source.problems]
        parts += [Text(f"  note: {n}", style="dim") for n in source.notes]
    parts.append(Text(_closing(report), style="green" if not report.verdict else "yellow"))
    return Group(*parts)


def as_text(report: Report) -> str:
    """Return the report as plain lines."""
    lines: list[str] = []
    for source in report.sources:
        lines.append(heading(source))
        rows = [HEADINGS, *(cells(v) for v in source.variables)] if source.variables else []
        widths = [max(len(r[i]) for r in rows) for i in range(len(HEADINGS))] if rows else []
        lines += ["  " + "  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in rows]
        lines += [f"  problem: {p}" for p in source.problems] + [f"  note: {n}" for n in source.notes]
    return "\n".join([*lines, _closing(report)])


def _closing(report: Report) -> str:
    if report.verdict:
        return f"Not ready as site data: {report.verdict}"
    return "Ready: data.open_sites opens it."


def _number(value: float) -> str:
    return "" if not np.isfinite(value) else f"{value:.4g}"
