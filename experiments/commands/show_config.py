"""``terrax show-config``: the whole configuration of an experiment."""

from __future__ import annotations

from pathlib import Path

import typer


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("show-config")(show_config)


def show_config(
    experiment: str = typer.Argument(help="The experiment; 'terrax list' names them."),
    config: Path | None = typer.Option(None, help="YAML file laid over the defaults."),
    set_: list[str] = typer.Option([], "--set", metavar="KEY=VALUE", help="One setting; repeatable."),
    schema: bool = typer.Option(False, "--schema", help="Print the JSON schema instead."),
    markdown: bool = typer.Option(False, "--markdown", help="Print a Markdown table instead."),
) -> None:
    """Print an experiment's configuration as commented YAML that 'terrax run --config' reads back."""
    from .. import config as configuration
    from .. import registry, showconfig

    module = registry.load(experiment)
    if schema:
        typer.echo(showconfig.to_schema(module.Config), nl=False)
    elif markdown:
        typer.echo(showconfig.to_markdown(module.Config), nl=False)
    else:
        typer.echo(showconfig.to_yaml(configuration.load(module.Config, config, set_)), nl=False)
