"""The figures of the manuscript: which file of which run each one is, with its caption and its text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from data.errors import ConfigError, RunError, nearest

from .. import yamlfile
from ..config import Strict
from ..configerrors import explain
from .sources import ROLES, Source

SUFFIXES = (".svg", ".png")


class Figure(Strict):
    """One figure of ``figures.yml``."""

    experiment: str = Field(description="experiment whose run draws it")
    run: list[str] = Field(min_length=1, description="parts whose run holds it; the first given counts")
    file: str = Field(description="name of the file under figures/, without suffix")
    function: str = Field(description="function that draws it, module:name")
    when: str | None = Field(None, description="file of the run without which it has no such figure")
    caption: str = Field(min_length=10, description="caption, without numbers of results")
    alt: str = Field(min_length=10, description="what it shows, for those who do not see it")


@dataclass(frozen=True)
class Chosen:
    """A figure and the file that it is in these runs."""

    figure: Figure
    role: str
    path: Path


def read(path: Path) -> dict[str, Figure]:
    """Return the figures of ``figures.yml`` by name.

    Raises:
        ConfigError: a file that is missing or not YAML, an unknown key or part, a caption that is missing.
    """
    from pydantic import ValidationError

    raw, lines = yamlfile.read(path)
    found = {}
    for name, entry in raw.items():
        try:
            found[name] = Figure.model_validate(entry)
        except ValidationError as error:
            given = entry if isinstance(entry, dict) else {}
            raise explain(error, Figure, given, f"{path}, figure {name}", {}) from None
        for role in found[name].run:
            if role not in ROLES:
                line = lines.get((name, "run"), 0)
                remedy = nearest(role, ROLES).strip() or f"the parts are {', '.join(ROLES)}"
                raise ConfigError(f"no run plays the part '{role}'", f"{path}, line {line}", remedy)
    return found


def choose(figures: Mapping[str, Figure], sources: Mapping[str, Source]) -> dict[str, Chosen]:
    """Return the figures that the given runs are to hold; those that they cannot have are left out.

    Raises:
        RunError: a run that should hold a figure and does not.
    """
    found = {}
    for name, figure in figures.items():
        able = [role for role in figure.run if role in sources and _able(figure, sources[role])]
        if not able:
            continue
        role = able[0]
        folder = sources[role].folder
        paths = [folder.path / "figures" / f"{figure.file}{suffix}" for suffix in SUFFIXES]
        path = next((path for path in paths if path.is_file()), None)
        if path is None:
            raise RunError(
                f"the figure '{name}' is not in the run",
                str(paths[0]),
                f"draw it with terrax report {folder.path}",
            )
        found[name] = Chosen(figure, role, path)
    return found


def _able(figure: Figure, source: Source) -> bool:
    """Tell whether a run has what a figure is drawn from."""
    return figure.when is None or (source.folder.path / figure.when).is_file()
