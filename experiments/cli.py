"""The command line ``terrax``: every command is a file in ``commands``, heavy imports wait until one runs."""

from __future__ import annotations

import os
import sys

import typer

from .commands import run

app = typer.Typer(
    name="terrax",
    help="Hybrid physics and learning for Earth-system science: simulate, train, explain, project.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
run.add(app)


@app.callback()
def _root(
    debug: bool = typer.Option(
        False, "--debug", help="Show the traceback of an error (works after any command)."
    ),
) -> None:
    """Take the options that stand before a command."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    arguments = sys.argv[1:]
    debug = "--debug" in arguments or os.environ.get("TERRAX_DEBUG") == "1"
    sys.exit(call([item for item in arguments if item != "--debug"], debug))


def call(arguments: list[str], debug: bool = False) -> int:
    """Run a command and return its exit code: 0 well, 1 failed, 2 a mistake in the input, 130 stopped."""
    try:
        code = app(args=arguments, prog_name="terrax", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except (KeyboardInterrupt, EOFError):
        return _say("stopped; resume with terrax run EXPERIMENT --resume.", 130)
    except Exception as error:
        if type(error).__name__ == "Abort":
            return _say("stopped; resume with terrax run EXPERIMENT --resume.", 130)
        if debug:
            raise
        return _explain(error)


def _explain(error: Exception) -> int:
    """Print one sentence for an error and return the exit code."""
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        return _say(error.format_message(), 2)  # type: ignore[attr-defined]
    from data.errors import TerraxError

    from .faults import disk_fault

    fault = error if isinstance(error, TerraxError) else disk_fault(error)
    if fault is not None:
        return _say(str(fault), 2)
    text = " ".join(str(error).split()).rstrip(".")
    return _say(f"unexpected {type(error).__name__}, {text[:300]}: run again with --debug.", 1)


def _say(text: str, code: int) -> int:
    print(f"terrax: {text}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
