"""What an experiment puts into its report: sections of text, figures and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Figure:
    """A figure file of the run folder (svg or png), with the text that stands in for it and its caption."""

    path: str | Path
    alt: str
    caption: str = ""


@dataclass(frozen=True)
class Table:
    """A table: column names, rows of text or numbers, and a caption."""

    header: Sequence[str]
    rows: Sequence[Sequence[Any]]
    caption: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the report: text, then figures and tables.

    Text is paragraphs with blank lines between; ``**bold**``, backticks and lists of ``- `` lines are known.
    """

    title: str
    text: str = ""
    figures: Sequence[Figure | str | Path] = ()
    tables: Sequence[Table] = ()
