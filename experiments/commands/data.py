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
def check(path: Path = typer.Argument(help="Folder or file of input data.")) -> None:
    """Report variables, units, gaps, ranges, duplicates and time steps; nothing is changed."""
    from data.check import check as examine

    from ..execute import find_data

    typer.echo(examine(find_data(path) or path))


@convert.command("fluxnet")
def fluxnet(
    inputs: list[Path] = typer.Argument(help="FLUXNET or ICOS CSV files, or folders of them."),
    out: Path = typer.Argument(help="Folder for one netCDF file per site."),
) -> None:
    """Convert FLUXNET or ICOS CSV files into one CF netCDF file per site."""
    from data.convert import convert_fluxnet

    for path in convert_fluxnet(inputs, out):
        typer.echo(str(path))
