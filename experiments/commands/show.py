"""``terrax show``: what one run is and what it found."""

from __future__ import annotations

from pathlib import Path

import typer


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("show")(show)


def show(
    run: str = typer.Argument(help="Run folder, or its name under --root."),
    root: Path = typer.Option(Path("runs"), help="Folder that holds run folders."),
    json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Show a run: its state, its median scores and its files."""
    from .. import console, runfolder
    from ..report import scores

    folder = runfolder.locate(run, root)
    status = folder.status()
    medians = scores.medians(scores.read(folder.scores)) if folder.scores.exists() else None
    files = sorted(
        path.relative_to(folder.path).as_posix()
        for path in folder.path.rglob("*")
        if path.is_file() and not folder.is_leftover(path)
    )
    if json:
        content = dict(vars(status), stages=list(status.stages), path=str(folder.path), files=files)
        content["medians"] = [] if medians is None else medians.to_dict("records")
        console.emit_json(content)
        return
    facts = [
        ("run", str(folder.path)),
        ("experiment", status.experiment + (" --quick" if status.quick else "")),
        ("state", status.state),
        ("started", status.started),
        ("updated", status.updated),
        ("stages done", ", ".join(status.stages) or "none"),
        ("data", status.data or "synthetic"),
    ]
    if status.message:
        facts.append(("message", status.message))
    if status.state in ("interrupted", "failed"):
        facts.append(("go on", f"terrax run {status.experiment} --resume --out {folder.path}"))
    console.table(("", ""), facts)
    if medians is not None and len(medians):
        rows = [tuple(row) for row in medians.itertuples(index=False)]
        console.table(("split", "metric", "target", "model", "median", "groups"), rows, "\nmedian scores")
    typer.echo(f"\nfiles: {', '.join(files)}")
