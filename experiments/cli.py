"""The command line ``terrax``: every command is a file in ``commands``, heavy imports wait until one runs."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

import typer

from .commands import (
    bench,
    compare,
    data,
    discover,
    doctor,
    explain,
    list_,
    paper,
    project,
    report,
    run,
    runs,
    show,
    show_config,
)
from .compilation import compile_quickly

app = typer.Typer(
    name="terrax",
    help="Hybrid physics and learning for Earth-system science: simulate, train, explain, project.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
COMMANDS = (
    run,
    list_,
    runs,
    show,
    compare,
    report,
    project,
    explain,
    discover,
    bench,
    doctor,
    show_config,
    data,
    paper,
)
for command in COMMANDS:
    command.add(app)


def _version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        from importlib.metadata import version

        typer.echo(f"terrax {version('terrax')}")
        raise typer.Exit


@app.callback()
def _root(
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error, after any command."),
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Take the options that stand before a command."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    compile_quickly()
    arguments = sys.argv[1:]
    debug = "--debug" in arguments or os.environ.get("TERRAX_DEBUG") == "1"
    sys.exit(call([item for item in arguments if item != "--debug"], debug))


def call(arguments: list[str], debug: bool = False) -> int:
    """Run a command and return its exit code: 0 well, 1 failed, 2 a mistake in the input, 130 stopped."""
    try:
        code = app(args=arguments, prog_name="terrax", standalone_mode=False)
        sys.stdout.flush()
        return _say("stopped.", 130) if code == 130 else code if isinstance(code, int) else 0
    except (KeyboardInterrupt, EOFError):
        return _say("stopped.", 130)
    except BrokenPipeError:  # the reader of a pipe has gone, as in `terrax runs | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except Exception as error:
        if type(error).__name__ == "Stopped":
            return _say(f"stopped; {error}.", 130)
        if debug:
            raise
        return _explain(error)


def _explain(error: Exception) -> int:
    """Print one sentence for an error and return the exit code."""
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        return _usage(error)
    from data.errors import TerraxError

    from .faults import disk_fault

    fault = error if isinstance(error, TerraxError) else disk_fault(error)
    if fault is not None:
        return _say(" ".join(str(fault).split()), 2)
    text = " ".join(str(error).split()).rstrip(".")[:300]
    told = f"unexpected {type(error).__name__}" + (f", {text}" if text else "")
    return _say(f"{told}: run again with --debug.", 1)


def _usage(error: Any) -> int:
    """Print one sentence for a command, option or argument that does not exist or lacks its value."""
    message = " ".join(error.format_message().split())
    if not message:  # no command was given: the help has been printed
        return 2
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", None) or "terrax"
    if "No such command" in message:
        from data.errors import nearest

        known = list(getattr(context.command, "commands", {})) if context is not None else []
        wanted = message.split("'")[1] if "'" in message else ""
        if "?" not in message:
            message = message.rstrip(".") + (f":{hint}" if (hint := nearest(wanted, known)) else ".")
    end = "" if message.endswith(("?", ".")) else "."
    return _say(f"{message}{end} See '{path} --help'." if "?" not in message else message, 2)


def _say(text: str, code: int) -> int:
    """Print a sentence on stderr and return the exit code."""
    with contextlib.suppress(OSError):
        print(f"terrax: {text}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
