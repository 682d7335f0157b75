"""Cubes in and out: variables, units, readers, checks, splits, batches and synthetic worlds.

Names are imported when first used, so that `import data` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lazy import lazily

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

_HOME = {
    "batches": "",
    "check": "",
    "convert": "",
    "errors": "",
    "files": "",
    "normalise": "",
    "provenance": "",
    "splits": "",
    "synthetic": "",
    "units": "",
    "variables": "",
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

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
