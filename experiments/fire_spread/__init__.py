"""Spread of real fires: burned area from physics and priors, each fire scored by what the others taught."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .config import Config

if TYPE_CHECKING:
    from ..context import Context
    from ..report import Section
    from ..runfolder import RunFolder

__all__ = ["Config", "plan", "run", "sections"]


def plan(config: Config, data: Path | None, quick: bool) -> list[tuple[str, str]]:
    """Rows of the plan, printed before anything starts.

    Raises:
        ConfigError: settings that do not go together.
    """
    from .settings import plan_rows

    return plan_rows(config, data, quick)


def run(context: Context) -> None:
    """Spread every fire over the priors, choose on the other fires, and write results and scores."""
    from .stages import run_all

    run_all(context)


def sections(folder: RunFolder) -> list[Section]:
    """Figures, tables and text of the report, from the run folder alone."""
    from .story import build

    return build(folder)
