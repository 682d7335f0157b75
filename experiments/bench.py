"""Benches by name: rows of numbers with a peer and a target, as a table and as JSON."""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.errors import ConfigError, nearest
from data.files import atomic_write_text

_MODULES = {
    "causal": "experiments.benches.causal",
    "causal-truth": "experiments.benches.causal_truth",
    "fire": "experiments.benches.fire_speed",
    "fire-long": "experiments.benches.fire.spread_long",
    "fire-truth": "experiments.benches.fire_truth",
    "hybrid": "experiments.benches.hybrid",
    "interventions": "experiments.benches.interventions",
    "refutation": "experiments.benches.refutation",
    "xai": "experiments.benches.xai",
    "xai-truth": "experiments.benches.xai_truth",
}


@dataclass(frozen=True)
class Row:
    """One number of a bench.

    Attributes:
        name: what was measured.
        value: the number, in `unit`.
        unit: its unit.
        peer: what it is compared with (a published model, another engine), or None.
        peer_value: the peer's number, in `unit`, or None.
        target: the number to reach, or None for a number that is only reported.
        at_most: the target is an upper bound (a time, an error) instead of a lower one.
    """

    name: str
    value: float
    unit: str
    peer: str | None = None
    peer_value: float | None = None
    target: float | None = None
    at_most: bool = False

    @property
    def ratio(self) -> float | None:
        """The value divided by the peer's, or None."""
        return self.value / self.peer_value if self.peer_value else None

    @property
    def ok(self) -> bool:
        """Whether the target is reached; a value that is not a number never reaches one."""
        if self.target is None:
            return True
        if math.isnan(self.value):
            return False
        return self.value <= self.target if self.at_most else self.value >= self.target

    def to_json(self) -> dict[str, Any]:
        """Return the row with the keys of ``terrax bench --json``."""
        return {
            "name": self.name,
            "value": _finite(self.value),
            "unit": self.unit,
            "peer": self.peer,
            "peer_value": _finite(self.peer_value),
            "ratio": _finite(self.ratio),
            "target": _finite(self.target),
            "ok": self.ok,
        }


def register(name: str, module: str) -> None:
    """Add a bench: a module with ``rows(data, quick) -> list[Row]``."""
    _MODULES[name] = module


def names() -> list[str]:
    """Return the benches by name."""
    return sorted(_MODULES)


def run(name: str, data: Path | None, quick: bool) -> list[Row]:
    """Run a bench and return its rows; raise ConfigError with the nearest name where there is none."""
    if name not in _MODULES:
        known = ", ".join(names())
        raise ConfigError(
            f"no bench '{name}'", "", nearest(name, _MODULES).strip() or f"the benches are {known}"
        )
    return list(importlib.import_module(_MODULES[name]).rows(data, quick))


def write_json(path: Path, name: str, versions: dict[str, str], rows: Sequence[Row]) -> None:
    """Write a bench as JSON, whole or not at all."""
    content = {"bench": name, "versions": versions, "rows": [row.to_json() for row in rows]}
    atomic_write_text(path, json.dumps(content, indent=1, allow_nan=False) + "\n")


def _finite(value: float | None) -> float | None:
    """Return a number that JSON can hold, or None."""
    return float(value) if value is not None and math.isfinite(value) else None
