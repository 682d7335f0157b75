"""The tables of a process, from its own declaration: pools, fluxes and parameters."""

from __future__ import annotations

import inspect
import re
from collections.abc import Set
from typing import TYPE_CHECKING, Any

from .values import plain, printed_unit

if TYPE_CHECKING:
    from hybrid.process import Process

_SOURCES = re.compile(r"\s*\[(@[^\]]+)\]")
_KEY = re.compile(r"@([\w-]+)")


def declared(process: Process, references: Set[str]) -> dict[str, Any]:
    """Return pools, fluxes and parameters as rows of text.

    A flux is described by the first paragraph of its rate law's docstring. Sources that are keys of
    ``references`` are given as ``keys`` to cite, other sources as words.
    """
    laws = {quantity.name: quantity for quantity in process.quantities}
    fluxes = []
    for flux in process.fluxes:
        law = laws.get(flux.name)
        text, keys = _rate(law, references)
        fluxes.append(
            {
                "name": _words(flux.name),
                "donor": _words(flux.donor) if flux.donor else "",
                "receiver": _words(flux.receiver) if flux.receiver else "",
                "unit": printed_unit(getattr(law, "unit", "")),
                "law": text,
                "keys": keys,
            }
        )
    return {
        "name": process.name,
        "pools": [
            {"name": _words(pool.name), "unit": printed_unit(pool.unit), "meaning": pool.meaning}
            for pool in process.pools
        ],
        "fluxes": fluxes,
        "parameters": [_parameter(item, references) for item in process.parameters],
        "counts": {
            "pools": len(process.pools),
            "fluxes": len(process.fluxes),
            "parameters": len(process.parameters),
        },
    }


def _parameter(parameter: Any, references: Set[str]) -> dict[str, Any]:
    known = parameter.source in references
    return {
        "name": _words(parameter.name),
        "default": plain(float(parameter.default)).text,
        "lower": plain(float(parameter.lower)).text,
        "upper": plain(float(parameter.upper)).text,
        "unit": printed_unit(parameter.unit),
        "meaning": parameter.meaning,
        "keys": [parameter.source] if known else [],
        "source": "" if known else parameter.source,
    }


def _rate(quantity: Any, references: Set[str]) -> tuple[str, list[str]]:
    """Return what a rate law says of itself in its first paragraph, and the sources of its docstring."""
    law = getattr(quantity, "law", None)
    document = inspect.getdoc(law) or "" if law is not None else ""
    keys = [key for group in _SOURCES.findall(document) for key in _KEY.findall(group)]
    first = " ".join(document.split("\n\n")[0].split())
    text = _SOURCES.sub("", first).replace("``", "").rstrip(".")
    text = text or getattr(quantity, "meaning", "")
    return _units(text), [key for key in dict.fromkeys(keys) if key in references]


def _units(text: str) -> str:
    """Return text whose bracketed units have raised exponents."""
    return re.sub(r"\[([^\]@]+)\]", lambda match: f"[{printed_unit(match.group(1)) or '1'}]", text)


def _words(name: str) -> str:
    return name.replace("_", " ")
