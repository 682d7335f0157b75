"""The manuscript as a PDF: the text of ``paper/``, and every number, table and figure from run folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from data.errors import RunError
from data.files import atomic_write_bytes

from ..environment import ROOT
from ..runfolder import RunFolder
from .content import gather
from .press import typeset
from .sources import assign

SOURCE = ROOT / "paper"

__all__ = ["SOURCE", "build"]


def build(folders: Sequence[RunFolder], out: Path, source: Path = SOURCE) -> Path:
    """Write the manuscript as PDF and return its path.

    Equal runs and an equal text give equal bytes; the date of the document is that of the newest run.

    Args:
        folders: finished runs, one of each kind at most (see :mod:`experiments.paper.sources`).
        out: the PDF; it is written whole or not at all.
        source: folder with ``main.typ``, ``layout.typ``, ``figures.yml`` and ``refs.bib``.

    Raises:
        RunError: a run that is not finished, of no use here, or given twice; a number, figure or reference
            that the text names and the runs lack; typst missing.
    """
    if out.suffix.lower() != ".pdf":
        raise RunError("the manuscript is written as PDF", str(out), "name a file that ends in .pdf")
    if not (source / "main.typ").is_file():
        raise RunError("the text of the manuscript is not there", str(source), "work in a checkout of terrax")
    sources = assign(folders)
    content, files = gather(sources, source)
    newest = max(item.status.updated for item in sources.values())
    atomic_write_bytes(out, typeset(source, content, files, newest))
    return out
