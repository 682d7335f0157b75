"""Tables of the manuscript that a run's own tables fill: scenarios, their checks, and known parameters."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

from data.variables import REGISTRY

from ..runfolder import RunFolder
from .values import found, printed_unit

Rows = list[dict[str, Any]]


def answers(folder: RunFolder) -> dict[str, Any]:
    """Return ``responses``, ``checks`` and ``truth`` as text, each only where the run has it."""
    tables: dict[str, Any] = {}
    scenarios = _read(folder, "scenarios.json")
    if scenarios and scenarios.get("changes"):
        tables["responses"] = _responses(scenarios["changes"])
    if scenarios and scenarios.get("checks"):
        tables["checks"] = [
            {
                "check": row["check"],
                "value": f"{found(row['value']).text} {printed_unit(row['unit'])}".strip(),
                "ok": "yes" if row["ok"] else "no",
            }
            for row in scenarios["checks"]
        ]
    truth = _read(folder, "truth.json")
    if truth:
        tables["truth"] = [_known(row) for row in truth]
    return tables


def _responses(rows: Rows) -> dict[str, Any]:
    """Return, scenarios down and variables across, the median change over sites with its least and most."""
    from hybrid.scenario import SCENARIOS

    variables = list(dict.fromkeys(row["variable"] for row in rows))
    lines = []
    for name in dict.fromkeys(row["scenario"] for row in rows):
        part = [row for row in rows if row["scenario"] == name]
        shares = [100.0 * row["outside"] for row in part if row["variable"] == variables[0]]
        known = SCENARIOS.get(name)
        lines.append(
            {
                "scenario": name.replace("_", " "),
                "description": known.description if known else "",
                "cells": [_spread([r["change"] for r in part if r["variable"] == v]) for v in variables],
                "outside": f"{found(statistics.median(shares)).text} %",
            }
        )
    units = [printed_unit(REGISTRY[v].unit if v in REGISTRY else "mm d-1") for v in variables]
    headings = [name.upper() if len(name) < 5 else name.replace("_", " ") for name in variables]
    return {"variables": variables, "headings": headings, "units": units, "rows": lines}


def _spread(values: list[float]) -> dict[str, str]:
    middle = found(statistics.median(values)).text
    return {"middle": middle, "range": f"{found(min(values)).text} to {found(max(values)).text}"}


def _known(row: Mapping[str, Any]) -> dict[str, str]:
    text = {key: found(float(row[key])).text for key in ("start", "found", "truth")}
    return {
        "name": str(row["name"]).replace("_", " "),
        "unit": printed_unit(str(row["unit"])),
        "error": f"{found(100.0 * float(row['error'])).text} %",
        **text,
    }


def _read(folder: RunFolder, name: str) -> Any:
    path = folder.path / "tables" / name
    return folder.read_json(path) if path.is_file() else None
