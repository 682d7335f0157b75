"""``terrax compare``: runs side by side."""

from __future__ import annotations

from pathlib import Path

import typer


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("compare")(compare)


def compare(
    runs: list[str] = typer.Argument(help="Two or more run folders."),
    root: Path = typer.Option(Path("runs"), help="Folder that holds run folders."),
    out: Path | None = typer.Option(
        None, help="HTML page (default: compare-RUN-RUN.html beside the first run)."
    ),
) -> None:
    """Compare the median scores and the settings of runs, as a table and as an HTML page."""
    from data.errors import RunError

    from .. import comparison, console, runfolder

    if len(runs) < 2:
        raise RunError("a comparison needs at least two runs", ", ".join(runs), "name another run")
    folders = [runfolder.locate(run, root) for run in runs]
    found = comparison.compare(folders)
    rows = [tuple(row) for row in found.medians.itertuples(index=False)]
    console.table(("split", "metric", "target", "model", *found.names), rows, "median scores")
    if found.settings:
        console.table(("key", *found.names), found.settings, "\nsettings that differ")
    else:
        typer.echo("\nthe configurations are the same")
    names = "-".join(name.replace("/", "-") for name in found.names)
    target = out or folders[0].path.parent / f"compare-{names[:120]}.html"
    typer.echo(f"\npage: {comparison.write_page(found, target)}")
