"""``terrax list``: the experiments and benches there are."""

from __future__ import annotations

import typer


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("list")(list_)


def list_(json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """List the experiments that 'terrax run' knows."""
    from .. import console, registry

    rows = [(name, entry.summary) for name, entry in registry.entries()]
    if json:
        console.emit_json([{"name": name, "summary": summary} for name, summary in rows])
    else:
        console.table(("experiment", "what it does"), rows)
