"""The drought experiment: a hybrid ecosystem model on flux towers, judged, explained and projected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .config import DRIVEN, Config

if TYPE_CHECKING:
    from ..context import Context
    from ..report import Section
    from ..runfolder import RunFolder

__all__ = ["Config", "explain", "plan", "project", "run", "sections"]


def plan(config: Config, data: Path | None, quick: bool) -> list[tuple[str, str]]:
    """What a run will do, as rows of name and text."""
    split = config.split
    how = {
        "time": f"first {split.train_years} calendar years train, the rest test",
        "site": "each site is predicted by models that never saw it",
        "drought": f"the {split.seasons} driest and {split.seasons} ordinary growing seasons of each site are held out",
    }[split.by]
    made = f"{len(config.synthetic.climates)} synthetic sites, {config.synthetic.years} years, known truth"
    train, world = config.train, config.synthetic
    members, steps = train.members, train.steps
    if data is None:
        members, steps = min(members, world.members), min(steps, world.steps)
    if split.by == "site":
        members, steps = min(members, split.members), min(steps, split.steps)
    if config.roles is not None:
        moved = sum(r.role == "dynamic" for r in config.roles.values())
    else:
        moved = 1 if data is None else len(DRIVEN)
    return [
        ("data", str(data) if data else made),
        ("split", how),
        ("targets", ", ".join(f"{t} ({w:g})" for t, w in config.targets.items())),
        ("process", f"ecosystem; networks move {moved} of its parameters each day"),
        (
            "training",
            "quick: few steps, one member" if quick else f"{members} members, {steps} steps at most",
        ),
        ("models", ", ".join(config.models)),
        ("scenarios", ", ".join(config.scenarios)),
    ]


def run(context: Context) -> None:
    """Run the experiment."""
    from .pipeline import run_all

    run_all(context)


def sections(folder: RunFolder) -> list[Section]:
    """Sections of the report, with their figures, from the run folder alone."""
    from .story import build

    return build(folder)


def project(folder: RunFolder, scenario: str, out: Path) -> Any:
    """Project a finished run under a scenario."""
    from .pipeline import project_run

    return project_run(folder, scenario, out)


def explain(folder: RunFolder, tell: Callable[[int, int], None]) -> None:
    """Explain the drought losses of a finished run."""
    from .pipeline import explain_run

    explain_run(folder, tell)
