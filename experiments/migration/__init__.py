"""Displacement by drought: forecasts, causes, the effect of a drought month, and what drove the forecasts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from .config import Config

if TYPE_CHECKING:
    from ..context import Context
    from ..report import Section
    from ..runfolder import RunFolder

__all__ = ["Config", "explain", "plan", "run", "sections"]


def plan(config: Config, data: Path | None, quick: bool) -> list[tuple[str, str]]:
    """Rows of the plan, printed before anything starts.

    Raises:
        ConfigError: settings that do not go together.
        DataError: a path without the monthly file.
    """
    from .prepare import find_monthly
    from .settings import plan_rows

    rows = plan_rows(config, data, quick)
    if data is not None:
        find_monthly(data)
    return rows


def run(context: Context) -> None:
    """Clean the panel, forecast, search for causes, estimate effects, explain forecasts; write all tables."""
    from .stages import run_all

    run_all(context)


def explain(folder: RunFolder, tell: Callable[[int, int], None]) -> None:
    """Explain the forecasts of a finished run."""
    from .explain_run import again

    again(folder, tell)


def sections(folder: RunFolder) -> list[Section]:
    """Figures, tables and text of the report, from the run folder alone."""
    from .story import build

    return build(folder)
