"""Fire Weather Index System: three moisture codes and four indices of each day, over any cube."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.lazy import lazily

if TYPE_CHECKING:
    from . import daylength, drought, duff, fine_fuel, hourly, indices, season
    from .dataset import fire_weather
    from .daylength import DayLength
    from .family import FAMILIES
    from .hourly import run_hours
    from .hourly_dataset import hourly_fire_weather
    from .run import START, Codes, FireWeather, Weather, run_days
    from .seasonal import State, Winter, out_of_season, run_seasons

_HOME = {
    "daylength": "",
    "drought": "",
    "duff": "",
    "fine_fuel": "",
    "hourly": "",
    "indices": "",
    "season": "",
    "fire_weather": "dataset",
    "DayLength": "daylength",
    "FAMILIES": "family",
    "run_hours": "hourly",
    "hourly_fire_weather": "hourly_dataset",
    "START": "run",
    "Codes": "run",
    "FireWeather": "run",
    "Weather": "run",
    "run_days": "run",
    "State": "seasonal",
    "Winter": "seasonal",
    "out_of_season": "seasonal",
    "run_seasons": "seasonal",
}

__all__ = [
    "FAMILIES",
    "START",
    "Codes",
    "DayLength",
    "FireWeather",
    "State",
    "Weather",
    "Winter",
    "daylength",
    "drought",
    "duff",
    "fine_fuel",
    "fire_weather",
    "hourly",
    "hourly_fire_weather",
    "indices",
    "out_of_season",
    "run_days",
    "run_hours",
    "run_seasons",
    "season",
]

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
