"""Fire behaviour: surface fire of Rothermel, crown fire, and the moisture of dead fuel.

A bed is prepared once for its fuel and moisture, then spreads under any wind and slope::

    bed = prepare(fuel("GS4"), Moisture(0.06, 0.07, 0.08, 0.6, 0.9))
    fire = spread(bed, wind=(0.0, 1.2), slope=(0.0, 0.3))  # east and north: m s-1 at midflame, rise over run
    fire.ellipse.head, fire.flame_length, fire.intensity

``surface_dataset`` does so for a grid of fuel codes; ``dead_moisture_dataset`` gives its moistures from weather.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.lazy import lazily

if TYPE_CHECKING:
    from . import check, crown, equilibrium, flame, midflame, rothermel, stick, surface, timelag, two_fuels
    from .convention import DEFAULT, PUBLISHED, REFERENCE, Convention
    from .crown import Canopy, Crown, crown_fire
    from .dataset import surface_dataset
    from .fuelbed import Moisture
    from .fuels import Fuel, FuelModel, fuel, fuel_grid, fuel_kinds, table
    from .midflame import slope_vector, twenty_foot_wind, wind_adjustment, wind_vector
    from .moisture_dataset import dead_moisture_dataset
    from .moisture_process import fuel_moisture
    from .rothermel import Bed, prepare
    from .surface import Surface, spread
    from .two_fuels import two_fuel_rate

_HOME = {
    "stick": "",
    "dead_moisture_dataset": "moisture_dataset",
    "equilibrium": "",
    "timelag": "",
    "fuel_moisture": "moisture_process",
    "check": "",
    "crown": "",
    "flame": "",
    "midflame": "",
    "rothermel": "",
    "surface": "",
    "two_fuels": "",
    "DEFAULT": "convention",
    "PUBLISHED": "convention",
    "REFERENCE": "convention",
    "Convention": "convention",
    "Moisture": "fuelbed",
    "Fuel": "fuels",
    "FuelModel": "fuels",
    "fuel": "fuels",
    "fuel_grid": "fuels",
    "fuel_kinds": "fuels",
    "table": "fuels",
    "slope_vector": "midflame",
    "twenty_foot_wind": "midflame",
    "wind_adjustment": "midflame",
    "wind_vector": "midflame",
    "Bed": "rothermel",
    "prepare": "rothermel",
    "Surface": "surface",
    "spread": "surface",
    "Canopy": "crown",
    "Crown": "crown",
    "crown_fire": "crown",
    "surface_dataset": "dataset",
    "two_fuel_rate": "two_fuels",
}

__all__ = [
    "DEFAULT",
    "PUBLISHED",
    "REFERENCE",
    "Bed",
    "Canopy",
    "Convention",
    "Crown",
    "Fuel",
    "FuelModel",
    "Moisture",
    "Surface",
    "check",
    "crown",
    "crown_fire",
    "dead_moisture_dataset",
    "equilibrium",
    "flame",
    "fuel",
    "fuel_grid",
    "fuel_kinds",
    "fuel_moisture",
    "midflame",
    "prepare",
    "rothermel",
    "slope_vector",
    "spread",
    "stick",
    "surface",
    "surface_dataset",
    "table",
    "timelag",
    "twenty_foot_wind",
    "two_fuel_rate",
    "two_fuels",
    "wind_adjustment",
    "wind_vector",
]

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
