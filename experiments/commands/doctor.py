"""``terrax doctor``: is this installation sound?"""

from __future__ import annotations

from pathlib import Path

import typer


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    data: Path | None = typer.Option(None, help="A data folder to look for."),
    json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Check versions, devices, clashes of package names and data; exit with 1 where something is wrong."""
    from .. import console
    from ..doctor import examine

    findings = examine(data)
    if json:
        console.emit_json([vars(finding) for finding in findings])
    else:
        rows = [
            (f.topic, "ok" if f.ok else "WRONG", f.text + (f": {f.remedy}" if not f.ok else ""))
            for f in findings
        ]
        console.table(("topic", "", "found"), rows)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
