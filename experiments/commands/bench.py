"""``terrax bench``: measure, compare with peers, and fail where a target is missed."""

from __future__ import annotations

from pathlib import Path

import typer


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bench")(bench)


def bench(
    name: str = typer.Argument(help="The bench, for instance 'hybrid'."),
    data: Path | None = typer.Option(None, help="Folder or file of input data."),
    json: Path | None = typer.Option(None, help="Write the rows to this JSON file."),
    quick: bool = typer.Option(False, "--quick", help="A small, fast version; its numbers are rough."),
) -> None:
    """Run a bench, print its rows, and exit with 1 where a row misses its target."""
    from .. import bench as benches
    from .. import console
    from ..datafiles import find_data
    from ..environment import versions

    rows = benches.run(name, find_data(data), quick)
    header = ("measure", "value", "unit", "peer", "peer's", "ratio", "target", "")
    lines = []
    for row in rows:
        sign = "" if row.target is None else f"{'<=' if row.at_most else '>='} {row.target:.4g}"
        verdict = "" if row.target is None else ("ok" if row.ok else "MISSED")
        lines.append((row.name, row.value, row.unit, row.peer, row.peer_value, row.ratio, sign, verdict))
    console.table(header, lines, f"bench {name}")
    if json is not None:
        benches.write_json(json, name, versions(), rows)
    missed = [row.name for row in rows if not row.ok]
    if missed:
        typer.echo(f"missed: {', '.join(missed)}", err=True)
        raise typer.Exit(1)
