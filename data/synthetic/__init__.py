"""Synthetic worlds with known truth: stochastic weather, virtual sites, their files."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module 'data.synthetic' has no attribute '{name}'")
