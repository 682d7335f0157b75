"""``terrax report``: figures, report and provenance from a run folder alone."""

from __future__ import annotations

from pathlib import Path

import typer


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report")(report)


def report(
    run: str = typer.Argument(help="Run folder, or its name under --root."),
    root: Path = typer.Option(Path("runs"), help="Folder that holds run folders."),
) -> None:
    """Build figures, report.html and the provenance of a finished run again."""
    from data.errors import RunError

    from .. import crate, runfolder
    from .. import report as reports

    folder = runfolder.locate(run, root)
    status = folder.status()
    if status.state != "finished" and not folder.scores.exists():
        remedy = f"finish it with terrax run {status.experiment} --resume --out {folder.path}"
        raise RunError(f"the run is {status.state} and has no scores yet", str(folder.path), remedy)
    with folder.locked():
        reports.build(folder)
        crate.build(folder)
    typer.echo(f"report: {folder.report}")
