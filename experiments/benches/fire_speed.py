"""Speed of the wildfire part, alone and beside peers in environments of their own: rows of each of its parts."""

from __future__ import annotations

import importlib
from pathlib import Path

from .. import bench

PARTS = ("fwi_speed", "spread_speed", "weather_peer", "spread_peer", "cells_peer")
"""Modules of ``experiments.benches.fire`` with rows, in order."""


def rows(data: Path | None, quick: bool) -> list[bench.Row]:
    """Rows of ``terrax bench fire``."""
    found = []
    for part in PARTS:
        found += importlib.import_module(f".fire.{part}", __package__).rows(data, quick)
    return found
