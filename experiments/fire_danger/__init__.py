"""Danger of fire by month: does a hybrid of drought and learned parts beat climatology, and for the right reason?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .config import Config

if TYPE_CHECKING:
    from ..context import Context
    from ..report import Section
    from ..runfolder import RunFolder

__all__ = ["Config", "plan", "project", "run", "sections"]


def plan(config: Config, data: Path | None, quick: bool) -> list[tuple[str, str]]:
    """Rows of the plan, printed before anything starts.

    Raises:
        ConfigError: settings that do not go together.
        DataError: a path without the monthly file.
    """
    from .settings import plan_rows

    rows = plan_rows(config, data, quick)
    if data is not None:
        from .opening import find_files

        find_files(data)
    return rows


def run(context: Context) -> None:
    """Fit every model on the fit years, score the test years once, and write results, scores and tables."""
    from .stages import run_all

    run_all(context)


def sections(folder: RunFolder) -> list[Section]:
    """Figures, tables and text of the report, from the run folder alone."""
    from .story import build

    return build(folder)


def project(folder: RunFolder, scenario: str, out: Path) -> None:
    """Danger of a finished run under a scenario of temperature and rain."""
    from .projection import project_run

    project_run(folder, scenario, out)
