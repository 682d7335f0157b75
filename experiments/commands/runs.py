"""``terrax runs``: the runs in a folder."""

from __future__ import annotations

from pathlib import Path

import typer


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("runs")(runs)


def runs(
    root: Path = typer.Option(Path("runs"), help="Folder that holds run folders."),
    json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """List the runs under ./runs, oldest first, with their state."""
    from data.errors import RunError

    from .. import console, runfolder

    if root != Path("runs") and not root.is_dir():
        raise RunError("no such folder of runs", str(root), "give --root an existing folder")
    rows = []
    for folder in runfolder.find(root):
        status = folder.glance()
        stages = ", ".join(status.stages)
        rows.append((str(folder.path), status.experiment, status.state, status.started, stages))
    if json:
        keys = ("path", "experiment", "state", "started")
        console.emit_json([dict(zip(keys, row[:4], strict=True), stages=row[4].split(", ")) for row in rows])
    elif rows:
        console.table(("run", "experiment", "state", "started", "stages done"), rows)
    else:
        typer.echo(f"no runs under {root}; 'terrax run EXPERIMENT' makes one")
