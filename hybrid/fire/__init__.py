"""Wildfire: behaviour of fire in its fuel, danger indices and spread over a landscape."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import behaviour, ellipse, fbp, index, spread
    from .ellipse import Ellipse
    from .fbp.dataset import fire_behaviour
    from .index.dataset import fire_weather

_HOME = {
    "behaviour": "",
    "fbp": "",
    "index": "",
    "spread": "",
    "ellipse": "",
    "Ellipse": "ellipse",
    "fire_behaviour": "fbp.dataset",
    "fire_weather": "index.dataset",
}

__all__ = [
    "Ellipse",
    "behaviour",
    "ellipse",
    "fbp",
    "fire_behaviour",
    "fire_weather",
    "index",
    "spread",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOME[name]
    if not home:
        return importlib.import_module(f".{name}", __name__)
    return getattr(importlib.import_module(f".{home}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
