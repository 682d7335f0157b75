"""Fire behaviour: surface fire of Rothermel, crown fire, and the moisture of dead fuel."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .convention import DEFAULT, PUBLISHED, REFERENCE, Convention
    from .fuelbed import Moisture
    from .fuels import Fuel, FuelModel, fuel, fuel_grid, table
    from .midflame import slope_vector, twenty_foot_wind, wind_adjustment, wind_vector
    from .rothermel import Bed, prepare
    from .surface import Surface, spread

_HOME = {
    "DEFAULT": "convention",
    "PUBLISHED": "convention",
    "REFERENCE": "convention",
    "Convention": "convention",
    "Moisture": "fuelbed",
    "Fuel": "fuels",
    "FuelModel": "fuels",
    "fuel": "fuels",
    "fuel_grid": "fuels",
    "table": "fuels",
    "slope_vector": "midflame",
    "twenty_foot_wind": "midflame",
    "wind_adjustment": "midflame",
    "wind_vector": "midflame",
    "Bed": "rothermel",
    "prepare": "rothermel",
    "Surface": "surface",
    "spread": "surface",
}

__all__ = [
    "DEFAULT",
    "PUBLISHED",
    "REFERENCE",
    "Bed",
    "Convention",
    "Fuel",
    "FuelModel",
    "Moisture",
    "Surface",
    "fuel",
    "fuel_grid",
    "prepare",
    "slope_vector",
    "spread",
    "table",
    "twenty_foot_wind",
    "wind_adjustment",
    "wind_vector",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
