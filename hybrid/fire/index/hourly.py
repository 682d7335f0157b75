"""Hourly Fine Fuel Moisture Code: the day's course of fine fuel moisture."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from .days import over_days
from .family import family_of
from .fine_fuel import code, moisture, settled, wetted
from .run import Weather

Value = Float[Array, "..."]

HOURLY_RATE = 0.0579
"""Factor of the log drying rate for an hour [1] [@vanwagner1977method]."""
DAILY_RATE = 0.581
"""Factor of the log drying rate for a day [1] [@vanwagner1985equations, eq. 6b]."""


def next_hour(ffmc: Value, hour: Weather, scale: float, hours: float = 1.0) -> Value:
    """Fine Fuel Moisture Code [1] after an hour of weather [@vanwagner1977method; @alexander1984hourly].

    As the daily code, with all rain reaching the fuel and a tenth of the rate of drying and wetting: 0.0579 in place
    of 0.581.

    Args:
        ffmc: code of the hour before [1].
        hour: temperature [degC], humidity [%], wind [km h-1] and precipitation [mm] of the step.
        scale: between code and moisture [%], see `family`.
        hours: length of the step [h].
    """
    wet = wetted(moisture(ffmc, scale), hour.pr)
    after = settled(wet, hour.tas, hour.hurs, hour.wind, hours * HOURLY_RATE / DAILY_RATE)
    missing = jnp.isnan(hour.tas + hour.hurs + hour.wind + hour.pr)
    return jnp.where(missing, jnp.nan, code(after, scale))


def run_hours(
    weather: Weather, start: Value | float = 85.0, family: str = "exact", hours: float = 1.0
) -> tuple[Value, Value]:
    """Hourly Fine Fuel Moisture Code [1] (time, ...), and that of the last hour (...).

    Args:
        weather: (time, ...) in steps without gaps, its precipitation the sum of each step [mm].
        start: code of the hour before the first [1].
        family: of `family.FAMILIES`; the hourly code has always had the exact scale.
        hours: length of a step [h], up to about one.

    Raises:
        ConfigError: an unknown family.
    """
    scale = family_of(family).scale

    def one(ffmc: Value, hour: Weather) -> tuple[Value, Value]:
        found = next_hour(ffmc, hour, scale, hours)
        return found, found

    shape = jnp.broadcast_shapes(*(w.shape[1:] for w in weather))
    begun = jnp.broadcast_to(jnp.asarray(start, weather.tas.dtype), shape)
    end, found = over_days(one, begun, weather)
    return found, end


__all__ = ["DAILY_RATE", "HOURLY_RATE", "next_hour", "run_hours"]
