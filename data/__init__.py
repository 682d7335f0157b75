"""Cubes in and out: variables, units, readers, checks, splits, batches and synthetic worlds.

Names are imported when first used, so that `import data` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import (
        batches,
        check,
        convert,
        errors,
        files,
        normalise,
        provenance,
        splits,
        synthetic,
        units,
        variables,
    )
    from .batches import Panel, pack
    from .errors import ConfigError, DataError, ModelError, RunError, ScenarioError, TerraxError
    from .readers.gridded import open_cube
    from .sites import open_sites
    from .splits import Fold
    from .variables import DEFAULT_FORCING, REGISTRY, TARGETS, Variable

_MODULES = (
    "batches",
    "check",
    "convert",
    "errors",
    "files",
    "normalise",
    "provenance",
    "splits",
    "synthetic",
    "units",
    "variables",
)
_HOME = {
    "open_cube": "readers.gridded",
    "open_sites": "sites",
    "Panel": "batches",
    "pack": "batches",
    "Fold": "splits",
    "DEFAULT_FORCING": "variables",
    "REGISTRY": "variables",
    "TARGETS": "variables",
    "Variable": "variables",
    "TerraxError": "errors",
    "DataError": "errors",
    "ConfigError": "errors",
    "RunError": "errors",
    "ModelError": "errors",
    "ScenarioError": "errors",
}

__all__ = [
    "DEFAULT_FORCING",
    "REGISTRY",
    "TARGETS",
    "ConfigError",
    "DataError",
    "Fold",
    "ModelError",
    "Panel",
    "RunError",
    "ScenarioError",
    "TerraxError",
    "Variable",
    "batches",
    "check",
    "convert",
    "errors",
    "files",
    "normalise",
    "open_cube",
    "open_sites",
    "pack",
    "provenance",
    "splits",
    "synthetic",
    "units",
    "variables",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module 'data' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
