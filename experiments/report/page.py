"""The page of a report: its frame, its table of contents and its look, all in one file without requests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from importlib import resources

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(title: str, lead: str, parts: Sequence[tuple[str, str]], foot: str = "") -> str:
    """Return a whole HTML page.

    Args:
        title: title of the page (text).
        lead: a sentence under the title (HTML).
        parts: heading (text) and body (HTML) of each part, in order.
        foot: last line (HTML).
    """
    css = resources.files("experiments.report").joinpath("page.css").read_text(encoding="utf-8")
    anchors = _anchors([heading for heading, _ in parts])
    contents = "".join(
        f'<li><a href="#{anchor}">{escape(heading)}</a></li>'
        for anchor, (heading, _) in zip(anchors, parts, strict=True)
    )
    body = "\n".join(
        f'<section aria-labelledby="{anchor}"><h2 id="{anchor}">{escape(heading)}</h2>\n{html}\n</section>'
        for anchor, (heading, html) in zip(anchors, parts, strict=True)
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>{css}</style>\n</head>\n<body>\n"
        f'<header><h1>{escape(title)}</h1>\n<p class="lead">{lead}</p>\n'
        f'<nav aria-label="Contents"><ul>{contents}</ul></nav></header>\n<main>\n{body}\n</main>\n'
        f"<footer>{foot}</footer>\n</body>\n</html>\n"
    )


def _anchors(headings: Sequence[str]) -> list[str]:
    """Return a distinct anchor for each heading."""
    found: list[str] = []
    for heading in headings:
        anchor = re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-") or "part"
        found.append(anchor if anchor not in found else f"{anchor}-{len(found)}")
    return found
