"""From text and content to PDF, with typst; a fault is one sentence."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from data.errors import RunError

SIGN = "terrax:"
"""Begins what the text's own functions say when they fail: what | where | remedy."""


def typeset(source: Path, content: Mapping[str, Any], files: Mapping[str, Path], date: str) -> bytes:
    """Return the PDF of a text.

    Args:
        source: folder with ``main.typ``, ``layout.typ`` and ``refs.bib``.
        content: what ``paper.json`` holds, which the text reads.
        files: figure files by the path under which the text finds them.
        date: of the document, ISO 8601.

    Raises:
        RunError: typst is not installed, or the text cannot be set.
    """
    typst = _typst()
    with tempfile.TemporaryDirectory(prefix="terrax-paper-") as name:
        root = Path(name)
        for path in sorted(source.iterdir()):
            if path.suffix in (".typ", ".bib"):
                shutil.copyfile(path, root / path.name)
        for place, path in files.items():
            (root / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, root / place)
        (root / "paper.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        try:
            made = typst.compile(
                root / "main.typ",
                root=root,
                format="pdf",
                ignore_system_fonts=True,
                timestamp=_seconds(date),
                pdf_standards="ua-1",
            )
        except typst.TypstError as error:
            raise _fault(error, root, source) from None
    return bytes(made)


def _typst() -> ModuleType:
    try:
        import typst
    except ImportError:
        raise RunError(
            "typst is not installed", "terrax paper build", "install the extra: pip install 'terrax[paper]'"
        ) from None
    return typst


def _seconds(date: str) -> int:
    """Return seconds since 1970, 0 for a date that cannot be read."""
    try:
        return int(datetime.fromisoformat(date).astimezone(UTC).timestamp())
    except ValueError:
        return 0


def _fault(error: Exception, root: Path, source: Path) -> RunError:
    """Return one sentence for what typst says."""
    text = str(getattr(error, "message", error)).replace(str(root), str(source))
    if SIGN in text:
        parts = text.split(SIGN, 1)[1].rstrip('"').split("|")
        what, where, remedy = (part.strip().replace('\\"', '"') for part in (*parts, "", "")[:3])
        return RunError(what, where, remedy)
    hints = "; ".join(getattr(error, "hints", []) or [])
    what = f"the text cannot be set, {' '.join(text.split())}"
    return RunError(what, str(source / "main.typ"), hints or "mend it")
