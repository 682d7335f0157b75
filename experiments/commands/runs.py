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
    found = [(folder, folder.glance()) for folder in runfolder.find(root)]
    if json:
        content = [dict(vars(status), path=str(folder.path)) for folder, status in found]
        console.emit_json(content)
    elif found:
        rows = [
            (str(folder.path), status.experiment, status.state, status.started, ", ".join(status.stages))
            for folder, status in found
        ]
        console.table(("run", "experiment", "state", "started", "stages done"), rows)
    else:
        typer.echo(f"no runs under {root}; 'terrax run EXPERIMENT' makes one")
