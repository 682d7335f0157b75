"""``terrax discover``: the causal graphs of a file's time series."""

from __future__ import annotations

from pathlib import Path

import typer


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("discover")(discover)


def discover(
    file: Path = typer.Argument(help="netCDF file, Zarr store, or CSV table with a column 'time'."),
    variables: str | None = typer.Option(None, help="Variables a,b,c; all over time by default."),
    out: Path | None = typer.Option(None, help="Result to write, .nc or .zarr."),
    method: str = typer.Option("pcmci", help="pcmci, pcmci+, lpcmci, j-pcmci+ or rpcmci."),
    test: str = typer.Option(
        "parcorr",
        help="parcorr, robust_parcorr, parcorr_wls, gpdc, cmi_knn, gsquared or regression_ci.",
    ),
    engine: str = typer.Option("auto", help="auto, jax or tigramite."),
    tau_min: int = typer.Option(0, help="Least lag [steps]."),
    tau_max: int = typer.Option(1, help="Largest lag [steps]."),
    pc_alpha: str | None = typer.Option(
        None, help="Significance of the selection: a number, several with commas, or 'search'."
    ),
    alpha: float = typer.Option(0.05, help="Significance of PCMCI's links."),
    fdr: str = typer.Option("none", help="False discovery rate: none, graph or field."),
    season: list[str] = typer.Option([], help="Season of the targets ('DJF'); repeatable."),
    pool: list[str] = typer.Option([], help="Dimension whose members share a graph; repeatable."),
    context: list[str] = typer.Option([], help="Variable that drives a panel (j-pcmci+); repeatable."),
    dummies: list[str] = typer.Option([], help="space or time: contexts nobody measured; repeatable."),
    panel: str | None = typer.Option(None, help="Column of a CSV table that names the unit of a row."),
    mask: str | None = typer.Option(None, metavar="FILE:VARIABLE", help="1 where values are left out."),
    mask_type: str = typer.Option("y", help="Whose masked values leave a sample out: letters of xyz."),
    priors: Path | None = typer.Option(None, help="YAML: required, forbidden, lags, exogenous."),
    option: list[str] = typer.Option(
        [], metavar="NAME=VALUE", help="Setting of tigramite's test or method; repeatable."
    ),
    bootstrap: int = typer.Option(0, help="Replicates of the block bootstrap."),
    block_length: int | None = typer.Option(None, help="Steps of its blocks."),
    seed: int = typer.Option(0, help="Its seed."),
    workers: int = typer.Option(1, help="Processes of tigramite."),
    store: Path | None = typer.Option(None, help="Folder for finished parts; a second call goes on there."),
    figure: Path | None = typer.Option(None, help="Figure to draw (.png, .svg or .pdf)."),
    force: bool = typer.Option(False, "--force", help="Replace an existing result or figure."),
    quiet: bool = typer.Option(False, "--quiet", help="Print neither progress nor table."),
    json: bool = typer.Option(False, "--json", help="Print the summary as JSON, and no progress."),
) -> None:
    """Find the time-series causal graph of every cell of a file, or one graph for a panel."""
    from ..datafiles import find_data
    from ..discovery import command

    path = find_data(file)
    assert path is not None
    command.run(
        path,
        panel=panel,
        out=out,
        figure=figure,
        force=force,
        talk="none" if quiet else "json" if json else "table",
        mask=mask,
        priors=priors,
        variables=variables,
        pc_alpha=pc_alpha,
        seasons=season,
        options=option,
        method=method,
        test=test,
        engine=engine,
        tau_min=tau_min,
        tau_max=tau_max,
        alpha=alpha,
        fdr=fdr,
        pool=pool or None,
        context=context,
        dummies=dummies,
        mask_type=mask_type,
        bootstrap=bootstrap,
        block_length=block_length,
        seed=seed,
        workers=workers,
        store=store,
    )
