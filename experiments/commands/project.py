"""``terrax project``: a trained run under a scenario."""

from __future__ import annotations

from pathlib import Path

import typer


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("project")(project)


def project(
    run: str = typer.Argument(help="Run folder, or its name under --root."),
    scenario: str = typer.Option(..., help="Name of a scenario, or a YAML file with one."),
    root: Path = typer.Option(Path("runs"), help="Folder that holds run folders."),
    out: Path | None = typer.Option(
        None, help="Folder of the projection (default: RUN/projections/SCENARIO)."
    ),
) -> None:
    """Project a finished run under a scenario of changed forcing; no observations are needed."""
    from data.errors import RunError

    from .. import crate, registry, runfolder

    folder = runfolder.locate(run, root)
    status = folder.status()
    if status.state != "finished":
        remedy = f"finish it with terrax run {status.experiment} --resume --out {folder.path}"
        raise RunError(f"the run is {status.state}", str(folder.path), remedy)
    module = registry.load(status.experiment)
    if not hasattr(module, "project"):
        raise RunError(f"the experiment '{status.experiment}' has no projection", run, "choose another run")
    target = out or folder.path / "projections" / Path(scenario).stem
    with folder.locked():
        module.project(folder, scenario, target)
        if folder.path.resolve() in target.resolve().parents:
            crate.build(folder)
    typer.echo(f"projection: {target}")
