"""``terrax data``: check and convert input data."""

from __future__ import annotations

from pathlib import Path

import typer

group = typer.Typer(no_args_is_help=True, help="Check and convert input data.")
convert = typer.Typer(no_args_is_help=True, help="Convert files of other formats.")
group.add_typer(convert, name="convert")


def add(app: typer.Typer) -> None:
    """Add the command group."""
    app.add_typer(group, name="data")


@group.command("check")
def check(
    path: Path = typer.Argument(help="netCDF file, Zarr store, FLUXNET CSV, or a folder of these."),
    json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Report variables, units, gaps, ranges, duplicates and time steps; exit with 1 where one is wrong."""
    import sys

    from data.check import check as examine

    from .. import console
    from ..datafiles import find_data

    report = examine(find_data(path) or path)
    if json:
        console.emit_json(report.to_dict())
    elif sys.stdout.isatty():
        from rich.console import Console

        Console().print(report)
    else:
        typer.echo(str(report))
    if not report.ok:
        raise typer.Exit(1)


@convert.command("fluxnet")
def fluxnet(
    inputs: list[Path] = typer.Argument(help="FLUXNET or ICOS CSV files, or folders of them."),
    out: Path = typer.Argument(help="Folder for one netCDF file per site."),
    metadata: Path | None = typer.Option(None, help="Table of sites (default: sites.csv beside the inputs)."),
    min_quality: float = typer.Option(
        0.5, help="Least share of good data in a day for a flux to be kept [0-1]."
    ),
    min_coverage: float = typer.Option(
        0.8, help="Least share of half hours for a day to have a value [0-1]."
    ),
    partitioning: str = typer.Option("NT", help="Partitioning of GPP and RECO: NT or DT."),
    closed: bool = typer.Option(
        False, "--closed", help="ET from the latent heat that closes the energy balance."
    ),
) -> None:
    """Convert FLUXNET or ICOS CSV files into one CF netCDF file per site."""
    from data.convert import convert_fluxnet

    from ..datafiles import find_data

    written = convert_fluxnet(
        [find_data(item) or item for item in inputs],
        out,
        metadata=metadata,
        min_quality=min_quality,
        min_coverage=min_coverage,
        partitioning=partitioning,
        closed=closed,
    )
    for path in written:
        typer.echo(str(path))
