"""Everything that the text asks for: numbers, runs, tables of scores, the process and figures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import hybrid
from data.errors import RunError

from ..report import scores, style
from . import figures
from .answers import answers
from .declared import declared
from .numbers import collect, table
from .sources import ROLES, Source
from .values import SKILLS, skill

_ENTRY = re.compile(r"^@\w+\{\s*([^,\s]+)\s*,", re.MULTILINE)


def gather(sources: Mapping[str, Source], source: Path) -> tuple[dict[str, Any], dict[str, Path]]:
    """Return the content for the text, and the figure files by the name under which the text finds them.

    Args:
        sources: runs by the part they play.
        source: folder of the text.

    Raises:
        RunError: a file of a run that is missing or cannot be read.
        ConfigError: figures that are not declared well.
    """
    chosen = figures.choose(figures.read(source / "figures.yml"), sources)
    files = {f"figures/{name}{item.path.suffix}": item.path for name, item in chosen.items()}
    references = keys(source / "refs.bib")
    numbers: dict[str, Any] = {}
    for item in sources.values():
        for name, number in collect(item).items():
            held = {"text": number.text, "unit": number.unit, "value": number.value}
            numbers[name] = held | {"run": item.folder.name, "file": number.file}
    content = {
        "numbers": numbers,
        "runs": {role: {"is": ROLES[role], "name": item.folder.name} for role, item in sources.items()},
        "parts": list(ROLES),
        "scores": {role: score_tables(item) for role, item in sources.items()},
        "answers": {role: answers(item.folder) for role, item in sources.items()},
        "process": declared(hybrid.process.ecosystem(), references),
        "figures": {
            name: {
                "file": f"figures/{name}{item.path.suffix}",
                "caption": item.figure.caption,
                "alt": item.figure.alt,
                "run": item.role,
            }
            for name, item in chosen.items()
        },
        "declared": list(figures.read(source / "figures.yml")),
        "references": sorted(references),
    }
    return content, files


def score_tables(source: Source) -> dict[str, dict[str, Any]]:
    """Return, by split and metric, models down and targets across: medians as text, the best one marked."""
    frame = scores.read(source.folder.scores)
    medians = table(frame)
    found: dict[str, dict[str, Any]] = {}
    for split, metric, _ in medians:
        if metric not in SKILLS or metric in found.get(split, {}):
            continue
        columns = {t: values for (s, m, t), values in medians.items() if (s, m) == (split, metric)}
        models = scores.order((name for values in columns.values() for name in values), style.MODELS)
        best = {target: scores.best(values, metric) for target, values in columns.items()}
        part = frame[(frame["split"] == split) & (frame["metric"] == metric)]
        found.setdefault(split, {})[metric] = {
            "targets": list(columns),
            "rows": [
                {
                    "model": model,
                    "cells": [
                        {
                            "text": skill(values[model]).text if model in values else "–",
                            "best": best[target] == model,
                        }
                        for target, values in columns.items()
                    ],
                }
                for model in models
            ],
            "groups": [str(name) for name in dict.fromkeys(part["group"])],
        }
    return found


def keys(path: Path) -> set[str]:
    """Return the keys of a BibTeX file, or raise RunError where it is missing."""
    try:
        return set(_ENTRY.findall(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError):
        raise RunError("the references cannot be read", str(path), "work in a checkout of terrax") from None
