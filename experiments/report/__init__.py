"""The report of a run: one self-contained page, made from the run folder alone."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from .sections import Figure, Section, Table

if TYPE_CHECKING:
    from ..runfolder import RunFolder

__all__ = ["Figure", "Section", "Table", "build"]


def build(folder: RunFolder, module: ModuleType | None = None) -> Path:
    """Write ``report.html`` into a run folder and return its path.

    The experiment's ``sections(folder)`` draws the figures; `module` is looked up by the run's name where it
    is not given. Nothing but the folder is read, and equal folders give equal pages.
    Raises RunError where scores or figures are missing or not readable.
    """
    from data.files import atomic_write_text

    from .. import registry
    from . import markup, parts, scores
    from .page import page

    status = folder.status()
    module = module or registry.load(status.experiment)
    environment = folder.read_json(folder.environment_file)
    sections = module.sections(folder)
    body: list[tuple[str, str]] = [("Summary", parts.summary(folder, status, environment))]
    frame = scores.read(folder.scores) if folder.scores.exists() else None
    if frame is not None and len(frame):
        body.append(("Scores", parts.score_tables(frame)))
    for section in sections:
        pieces = [markup.prose(section.text)]
        pieces += [markup.figure(item, folder.path, section.title) for item in section.figures]
        pieces += [markup.table(item) for item in section.tables]
        body.append((section.title, "\n".join(pieces)))
    if frame is not None and len(frame):
        body.append(("Scores per group", parts.heat_tables(frame)))
    recorded = folder.read_json(folder.data_file)
    body += [
        ("Configuration", parts.configuration(folder)),
        ("Environment", parts.surroundings(environment)),
        ("Input data", parts.inputs(recorded)),
    ]
    title = f"{status.experiment}: {folder.name}"
    lead = markup.inline((module.__doc__ or "").strip().splitlines()[0] if module.__doc__ else "")
    foot = (
        "Made by <code>terrax report</code> from the run folder alone; every number is read from its files."
    )
    atomic_write_text(folder.report, page(title, lead, body, foot))
    return folder.report
