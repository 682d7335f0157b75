"""``terrax run``: run an experiment."""

from __future__ import annotations

from pathlib import Path

import typer


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(
    experiment: str = typer.Argument(help="The experiment; 'terrax list' names them."),
    data: Path | None = typer.Option(
        None, help="Folder or file of input data; without it, built-in synthetic data."
    ),
    config: Path | None = typer.Option(None, help="YAML file laid over the defaults."),
    set_: list[str] = typer.Option(
        [], "--set", metavar="KEY=VALUE", help="One setting, as key.sub=value; repeatable."
    ),
    out: Path | None = typer.Option(None, help="Run folder (default: runs/EXPERIMENT-TIME)."),
    resume: bool = typer.Option(
        False, "--resume", help="Carry on the run in --out, or the newest unfinished one."
    ),
    quick: bool = typer.Option(False, "--quick", help="A small, fast version of the run."),
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error."),
) -> None:
    """Run an experiment and write a run folder: results, scores, figures, report and provenance."""
    from ..execute import execute
    from ..progress import open_progress

    folder = execute(
        experiment,
        data=data,
        config_file=config,
        sets=set_,
        out=out,
        resume=resume,
        quick=quick,
        progress=open_progress(),
    )
    typer.echo(f"report: {folder.report}")
