"""Fire weather over days: three codes carried from day to day, four indices of each day, all cells at once."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from . import drought, duff, fine_fuel, indices
from .daylength import DayLength
from .days import over_days
from .family import Family, family_of

Value = Float[Array, "..."]


class Weather(NamedTuple):
    """Weather at noon, (time, ...) or one day (...).

    Attributes:
        tas: air temperature at noon [degC].
        hurs: relative humidity at noon [%].
        wind: wind speed at 10 m at noon [km h-1].
        pr: precipitation of the 24 hours up to noon [mm d-1].
    """

    tas: Value
    hurs: Value
    wind: Value
    pr: Value


class Codes(NamedTuple):
    """The three moisture codes, which a run starts from and ends with.

    Attributes:
        ffmc: Fine Fuel Moisture Code [1].
        dmc: Duff Moisture Code [1].
        dc: Drought Code [1].
    """

    ffmc: Value
    dmc: Value
    dc: Value


class FireWeather(NamedTuple):
    """Codes and indices of each day.

    Attributes:
        ffmc: Fine Fuel Moisture Code [1].
        dmc: Duff Moisture Code [1].
        dc: Drought Code [1].
        isi: Initial Spread Index [1].
        bui: Buildup Index [1].
        fwi: Fire Weather Index [1].
        dsr: Daily Severity Rating [1].
    """

    ffmc: Value
    dmc: Value
    dc: Value
    isi: Value
    bui: Value
    fwi: Value
    dsr: Value


_SPRING: Any = (85.0, 6.0, 15.0)
START = Codes(*_SPRING)
"""Codes that a season starts from after snow melt [@vanwagner1985equations]."""


def next_codes(codes: Codes, day: Weather, hours: Value, factor: Value, family: Family) -> Codes:
    """Codes of a day from those of the day before; all are NaN where any weather of the day is.

    Humidity above 100 % is taken for 100 %.

    Args:
        codes: of the day before.
        day: weather.
        hours: effective day length of the Duff Moisture Code [h].
        factor: day-length factor of the Drought Code [1].
        family: constants in which programs differ.
    """
    day = day._replace(hurs=jnp.minimum(day.hurs, 100.0))
    found = Codes(
        fine_fuel.next_ffmc(codes.ffmc, *day, family.scale),
        duff.next_dmc(codes.dmc, day.tas, day.hurs, day.pr, hours, family.printed),
        drought.next_dc(codes.dc, day.tas, day.pr, factor),
    )
    missing = jnp.isnan(day.tas + day.hurs + day.wind + day.pr)
    return Codes(*(jnp.where(missing, jnp.nan, c) for c in found))


def with_indices(codes: Codes, wind: Value, family: Family) -> FireWeather:
    """Codes of a day with the indices that follow from them and from the wind [km h-1]."""
    isi = indices.initial_spread(codes.ffmc, wind, family.scale)
    bui = indices.buildup(codes.dmc, codes.dc)
    fwi = indices.fire_weather_index(isi, bui)
    return FireWeather(*codes, isi, bui, fwi, indices.daily_severity(fwi))


def run_days(
    weather: Weather,
    month: Int[Array, " time"],
    start: Codes,
    length: DayLength,
    family: str = "1985",
) -> tuple[FireWeather, Codes]:
    """Codes and indices of each day, from codes to start from to codes to go on from.

    Days that are run in pieces, each started with the codes that the one before ended with, are those of one run to
    the last bit. A day without all its weather has no codes, nor have those after it.

    Args:
        weather: (time, ...), one day after another without gaps.
        month: month of each day [0-11].
        start: codes of the day before the first, of the shape (...) or numbers.
        length: tables of day length (12,) or (12, ...).
        family: of `family.FAMILIES`.

    Returns:
        Codes and indices (time, ...), and the codes of the last day (...).

    Raises:
        ConfigError: an unknown family.
    """
    constants = family_of(family)

    def one(codes: Codes, today: tuple[Weather, Value]) -> tuple[Codes, FireWeather]:
        day, m = today
        found = next_codes(codes, day, length.dmc[m], length.dc[m], constants)
        return found, with_indices(found, day.wind, constants)

    shape = jnp.broadcast_shapes(*(w.shape[1:] for w in weather))
    begun = Codes(*(jnp.broadcast_to(jnp.asarray(c, weather.tas.dtype), shape) for c in start))
    end, found = over_days(one, begun, (weather, month))
    return found, end


__all__ = [
    "START",
    "Codes",
    "FireWeather",
    "Weather",
    "next_codes",
    "run_days",
    "with_indices",
]
