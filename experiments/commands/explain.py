"""``terrax explain``: what drove the results of a finished run."""

from __future__ import annotations

from pathlib import Path

import typer


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(explain)


def explain(
    run: str = typer.Argument(help="Run folder, or its name under --root."),
    root: Path = typer.Option(Path("runs"), help="Folder that holds run folders."),
) -> None:
    """Explain a finished run again: attributions, how far to trust them, and the report with them."""
    from data.errors import RunError

    from .. import crate, registry, runfolder
    from .. import report as reports
    from ..progress import open_progress

    folder = runfolder.locate(run, root)
    status = folder.status()
    if status.state != "finished":
        remedy = f"finish it with terrax run {status.experiment} --resume --out {folder.path}"
        raise RunError(f"the run is {status.state}", str(folder.path), remedy)
    module = registry.load(status.experiment)
    if not hasattr(module, "explain"):
        raise RunError(
            f"the experiment '{status.experiment}' has nothing to explain", run, "choose another run"
        )
    progress = open_progress()

    def tell(done: int, whole: int) -> None:
        progress({"stage": "explain", "step": done, "steps": whole})

    with folder.locked():
        folder.clean()
        with progress:
            module.explain(folder, tell)
            progress.finish("explain")
        reports.build(folder, module)
        crate.build(folder)
    typer.echo(f"report: {folder.report}")
