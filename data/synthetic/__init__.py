"""Synthetic worlds with known truth: stochastic weather, virtual sites, their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import lazily

if TYPE_CHECKING:
    from .climates import CLIMATES, Climate
    from .files import write_sites
    from .generator import weather
    from .worlds import virtual_sites

_HOME = {
    "CLIMATES": "climates",
    "Climate": "climates",
    "weather": "generator",
    "virtual_sites": "worlds",
    "write_sites": "files",
}

__all__ = ["CLIMATES", "Climate", "virtual_sites", "weather", "write_sites"]

__getattr__ = lazily(__name__, _HOME)
