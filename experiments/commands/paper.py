"""``terrax paper build``: the manuscript from run folders."""

from __future__ import annotations

from pathlib import Path

import typer

paper = typer.Typer(no_args_is_help=True, help="Build the manuscript.")


def add(app: typer.Typer) -> None:
    """Add the command group."""
    app.add_typer(paper, name="paper")


@paper.callback()
def _paper() -> None:
    """Build the manuscript."""


@paper.command("build")
def build(
    runs: list[str] = typer.Option(..., help="Run folders; more may follow."),
    more: list[str] = typer.Argument(None, help="More run folders.", metavar="[RUN]..."),
    root: Path = typer.Option(Path("runs"), help="Folder that holds run folders."),
    out: Path = typer.Option(Path("paper.pdf"), help="The PDF to write."),
) -> None:
    """Make the PDF; every number and figure in it is read from run folders."""
    from importlib import import_module

    from .. import runfolder

    folders = [runfolder.locate(run, root) for run in [*runs, *(more or [])]]
    typer.echo(f"paper: {import_module('experiments.paper').build(folders, out)}")
