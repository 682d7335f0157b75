"""The page of a report: its frame, its table of contents and its look, all in one file without requests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

CSS = """
:root { color-scheme: light dark; --fg:#1c2024; --soft:#5a6470; --bg:#ffffff; --card:#f4f6f8; --line:#d5dbe1;
  --link:#0b5cad; --good:0,114,178; --bad:213,94,0; }
@media (prefers-color-scheme: dark) { :root { --fg:#e8ebee; --soft:#a5afba; --bg:#15181b; --card:#1f2428;
  --line:#3a424a; --link:#7ab8f5; --good:74,160,220; --bad:230,120,40; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--bg); color: var(--fg); font: 16px/1.55 system-ui, sans-serif; }
main, header, footer { max-width: 62rem; margin: 0 auto; padding: 0 1.1rem; }
header { padding-top: 2rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 2.4rem 0 .6rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .4rem; }
p, ul { max-width: 46rem; }
a { color: var(--link); }
.lead { color: var(--soft); margin: 0; }
nav ul { list-style: none; margin: 1.2rem 0 0; padding: .6rem .9rem; background: var(--card); border-radius: 8px;
  display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; max-width: none; }
code, pre { font: .86em/1.5 ui-monospace, "DejaVu Sans Mono", monospace; }
code { background: var(--card); padding: .05em .3em; border-radius: 4px; overflow-wrap: anywhere; }
pre { background: var(--card); padding: .9rem; border-radius: 8px; overflow: auto; }
.scroll { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums;
  min-width: min(100%, 22rem); }
.grid { display: flex; flex-wrap: wrap; gap: 0 2.5rem; align-items: start; }
caption { text-align: left; color: var(--soft); padding-bottom: .35rem; max-width: 46rem; }
th, td { padding: .3rem .65rem; border-bottom: 1px solid var(--line); text-align: left; }
thead th { border-bottom: 2px solid var(--line); vertical-align: bottom; }
tbody th { font-weight: 500; }
td.n, th.n { text-align: right; white-space: nowrap; }
td.hash { overflow-wrap: anywhere; }
figure { margin: 1.2rem 0; }
img { display: block; max-width: 100%; height: auto; background: #fff; border-radius: 6px; padding: 4px; }
figcaption { color: var(--soft); font-size: .9rem; max-width: 46rem; margin-top: .4rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; margin: 1rem 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
details { margin: .8rem 0; } summary { cursor: pointer; padding: .3rem 0; }
footer { color: var(--soft); font-size: .85rem; padding: 2rem 1.1rem 3rem; }
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
  img.wide { max-width: none; width: 38rem; } body { font-size: 15px; } th, td { padding: .3rem .45rem; } }
@media print { :root { --fg:#000; --soft:#333; --bg:#fff; --card:#f3f3f3; --line:#bbb; --link:#000;
    --good:0,114,178; --bad:213,94,0; }
  body { font-size: 10pt; } nav { display: none; } main, header, footer { max-width: none; padding: 0; }
  figure, tr { break-inside: avoid; } h2, h3 { break-after: avoid; } .scroll { overflow: visible; }
  details::details-content { content-visibility: visible; block-size: auto; } pre { white-space: pre-wrap; }
  * { print-color-adjust: exact; } @page { margin: 18mm 15mm; } }
"""

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(title: str, lead: str, parts: Sequence[tuple[str, str]], foot: str = "") -> str:
    """Return a whole HTML page.

    Args:
        title: title of the page (text).
        lead: a sentence under the title (HTML).
        parts: heading (text) and body (HTML) of each part, in order.
        foot: last line (HTML).
    """
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
        f"<title>{escape(title)}</title>\n<style>{CSS}</style>\n</head>\n<body>\n"
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
