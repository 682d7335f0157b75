"""Half-known respiration: is its temperature sensitivity (Q10) found again, and what made that possible?"""

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
        ConfigError: input data, which this experiment makes itself, or settings that do not go together.
    """
    from .settings import plan_rows

    return plan_rows(config, data, quick)


def run(context: Context) -> None:
    """Make the world, train every variant from every start, and write results and scores."""
    from .stages import run_all

    run_all(context)


def sections(folder: RunFolder) -> list[Section]:
    """Figures, tables and text of the report, from the run folder alone."""
    from .story import build

    return build(folder)
