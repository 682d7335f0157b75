"""The report of a run: one self-contained page, made from the run folder alone."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

from .sections import Figure, Section, Table

__all__ = ["Figure", "Section", "Table", "build"]


def build(folder: Any, module: ModuleType | None = None) -> Path:
    """Write ``report.html`` into a run folder and return its path."""
    return folder.report
