"""Fire weather over seasons: codes start anew with each, and the Drought Code remembers the winter."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from .daylength import DayLength
from .days import over_days
from .drought import overwintered
from .family import family_of
from .run import START, Codes, FireWeather, Weather, next_codes, with_indices

Value = Float[Array, "..."]
Mask = Bool[Array, "..."]


class Winter(NamedTuple):
    """How winter wets deep layers, see `drought.overwintered`.

    Attributes:
        carried: share of autumn moisture carried over [1].
        effective: share of winter precipitation that wets the layer [1].
    """

    carried: Value | float = 0.75
    effective: Value | float = 0.75


class State(NamedTuple):
    """What a run over seasons goes on from.

    Attributes:
        codes: of the last day; out of season those that do not count.
        active: whether the last day was in season.
        autumn_dc: Drought Code of the last day in season [1], NaN where there was none.
        winter_rain: precipitation since then [mm].
    """

    codes: Codes
    active: Mask
    autumn_dc: Value
    winter_rain: Value


def out_of_season(shape: tuple[int, ...], dtype: Any = None) -> State:
    """State before any season, for cells of a shape."""
    codes = Codes(*(jnp.full(shape, c, dtype) for c in START))
    return State(codes, jnp.zeros(shape, bool), jnp.full(shape, jnp.nan, dtype), jnp.zeros(shape, dtype))


def run_seasons(
    weather: Weather,
    month: Int[Array, " time"],
    active: Mask,
    state: State,
    length: DayLength,
    family: str = "1985",
    opening: Codes = START,
    winter: Winter | None = None,
) -> tuple[FireWeather, State]:
    """Codes and indices of the days in season, NaN out of it.

    The first day of a season goes on from the opening codes. With ``winter`` its Drought Code is that of autumn
    after the precipitation since, where there was a season before. Weather missing out of season does no harm, but
    precipitation that is missing in winter leaves the next season without codes where winter is asked for.

    Args:
        weather: (time, ...), one day after another without gaps.
        month: month of each day [0-11].
        active: whether a day is in season (time, ...), see `season`.
        state: to go on from; `out_of_season` for none.
        length: tables of day length (12,) or (12, ...).
        family: of `family.FAMILIES`.
        opening: codes that a season opens with: numbers, (...), or (time, ...) by the day it opens on.
        winter: how winter wets deep layers; None to open with the code given.

    Returns:
        Codes and indices (time, ...), and the state of the last day.

    Raises:
        ConfigError: an unknown family.
    """
    constants = family_of(family)
    shape = weather.tas.shape
    opens = Codes(*(jnp.broadcast_to(jnp.asarray(c, weather.tas.dtype), shape) for c in opening))

    def one(s: State, today: tuple[Weather, Value, Value, Codes]) -> tuple[State, FireWeather]:
        day, m, on, new = today
        first = on & ~s.active
        if winter is not None:
            known = ~jnp.isnan(s.autumn_dc)
            dc = overwintered(jnp.where(known, s.autumn_dc, 15.0), s.winter_rain, *winter)
            new = new._replace(dc=jnp.where(known, dc, new.dc))
        begun = Codes(*(jnp.where(first | ~on, n, c) for n, c in zip(new, s.codes, strict=True)))
        calm = Weather(*(jnp.where(on, w, q) for w, q in zip(day, (20.0, 50.0, 10.0, 0.0), strict=True)))
        codes = next_codes(begun, calm, length.dmc[m], length.dc[m], constants)
        found = FireWeather(*(jnp.where(on, v, jnp.nan) for v in with_indices(codes, calm.wind, constants)))
        autumn = jnp.where(on, codes.dc, s.autumn_dc)
        rain = jnp.where(on, 0.0, s.winter_rain + day.pr)
        return State(codes, on, autumn, rain), found

    end, found = over_days(one, state, (weather, month, active, opens))
    return found, end


__all__ = ["State", "Winter", "out_of_season", "run_seasons"]
