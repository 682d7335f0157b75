"""Small pieces of HTML: escaped text with a little markup, tables and figures as data URIs."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from data.errors import RunError

from .sections import Figure, Table

_MIME = {".svg": "image/svg+xml", ".png": "image/png"}


def prose(text: str) -> str:
    """Return paragraphs and ``- `` lists as HTML, with **bold** and `code`; everything else is escaped."""
    blocks = []
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in block.splitlines() if line.strip()]
        if lines and all(line.startswith("- ") for line in lines):
            blocks.append("<ul>" + "".join(f"<li>{inline(line[2:])}</li>" for line in lines) + "</ul>")
        elif lines:
            blocks.append(f"<p>{inline(' '.join(lines))}</p>")
    return "\n".join(blocks)


def inline(text: str) -> str:
    """Return one line of text as HTML with **bold** and `code`."""
    html = escape(text, quote=False)
    html = re.sub(r"`([^`]+)`", r"<code>\1</code>", html)
    return re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", html)


def number(value: Any) -> str:
    """Return a cell: three decimals for numbers of ordinary size, a dash for what is missing."""
    if value is None or (isinstance(value, float) and value != value):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        text = f"{value:.3f}" if 1e-3 <= abs(value) < 1e4 or value == 0 else f"{value:.3g}"
        return text.replace("-", "−")
    return inline(str(value))


def table(content: Table, *, styles: Sequence[Sequence[str]] | None = None, row_headers: bool = True) -> str:
    """Return an HTML table that scrolls sideways on a narrow screen; `styles` are inline styles of cells."""
    right = [_numeric(content.rows, column) for column in range(len(content.header))]
    head = "".join(
        f'<th scope="col"{" class=n" if at_right else ""}>{inline(str(name))}</th>'
        for name, at_right in zip(content.header, right, strict=True)
    )
    body = []
    for index, row in enumerate(content.rows):
        cells = []
        for column, value in enumerate(row):
            if column == 0 and row_headers:
                cells.append(f'<th scope="row">{number(value)}</th>')
                continue
            style = f' style="{styles[index][column]}"' if styles and styles[index][column] else ""
            kind = " class=n" if right[column] else ""
            cells.append(f"<td{kind}{style}>{number(value)}</td>")
        body.append(f"<tr>{''.join(cells)}</tr>")
    caption = f"<caption>{inline(content.caption)}</caption>" if content.caption else ""
    label = escape(content.caption or "table", quote=True)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{label}"><table>{caption}'
        f"<thead><tr>{head}</tr></thead>\n<tbody>{chr(10).join(body)}</tbody></table></div>"
    )


def _numeric(rows: Sequence[Sequence[Any]], column: int) -> bool:
    """Tell whether a column holds numbers (or nothing) and at least one of them."""
    values = [row[column] for row in rows if row[column] is not None]
    return bool(values) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)


def figure(content: Figure | str | Path, root: Path, title: str) -> str:
    """Return a figure of the run folder, embedded; a bare path takes its alternative text from `title`."""
    if not isinstance(content, Figure):
        content = Figure(content, f"{title}: {Path(content).stem.replace('_', ' ')}")
    caption = f"<figcaption>{inline(content.caption)}</figcaption>" if content.caption else ""
    source, wide = data_uri(root, Path(content.path))
    alt = escape(content.alt or content.caption or title, quote=True)
    kind = ' class="wide"' if wide else ""
    image = f'<img{kind} src="{source}" alt="{alt}">'
    scroll = f'<div class="scroll" role="region" tabindex="0" aria-label="figure">{image}</div>'
    return f"<figure>{scroll}{caption}</figure>"


def data_uri(root: Path, path: Path) -> tuple[str, bool]:
    """Return an image file as a data URI and whether it is wide, so that a phone scrolls it.

    A relative path is looked for in the folder and in its figures.
    """
    candidates = [path] if path.is_absolute() else [root / path, root / "figures" / path, path]
    for candidate in candidates:
        if candidate.is_file():
            if candidate.suffix not in _MIME:
                raise RunError("a figure is neither svg nor png", str(candidate), "save it with style.save")
            content = candidate.read_bytes()
            text = base64.b64encode(content).decode("ascii")
            return f"data:{_MIME[candidate.suffix]};base64,{text}", _wide(candidate.suffix, content)
    raise RunError("a figure of the report is missing", str(candidates[0]), "build the report again")


def _wide(suffix: str, content: bytes) -> bool:
    """Tell whether an image is wider than one column of a page."""
    if suffix == ".png":
        return int.from_bytes(content[16:20], "big") > 900
    found = re.search(rb'<svg[^>]* width="([0-9.]+)pt"', content[:4000])
    return bool(found) and float(found.group(1)) > 300
