"""When the fire season is on, by temperature or snow."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

Value = Float[Array, "..."]
Mask = Bool[Array, "..."]
Days = Int[Array, "..."]


class Season(NamedTuple):
    """What decides whether the next day is in season.

    Attributes:
        active: whether the last day was in season.
        opening: days in a row, up to the last, that speak for a start [d].
        closing: days in a row, up to the last, that speak for an end [d].
    """

    active: Mask
    opening: Days
    closing: Days


def closed(shape: tuple[int, ...]) -> Season:
    """Out of season, with no day counted, for cells of a shape."""
    none = jnp.zeros(shape, jnp.int32)
    return Season(jnp.zeros(shape, bool), none, none)


def by_temperature(
    tas: Value, state: Season, start: float = 12.0, end: float = 5.0, days: int = 3
) -> tuple[Mask, Season]:
    """Season from the day after three days above 12 degC to that after three below 5 degC [@wotton1993length].

    Args:
        tas: noon or daily maximum temperature [degC] (time, ...).
        state: of the day before the first.
        start: temperature above which a day speaks for the start [degC].
        end: temperature below which a day speaks for the end [degC].
        days: how many in a row are needed [d].

    Returns:
        Whether each day is in season (time, ...), and the state of the last day.
    """

    def one(s: Season, t: Value) -> tuple[Season, Mask]:
        active = jnp.where(s.active, s.closing < days, s.opening >= days)
        return _counted(s, active, t > start, t < end), active

    state, active = jax.lax.scan(one, state, tas)
    return active, state


def by_snow(snd: Value, state: Season, depth: float = 0.0, days: int = 3) -> tuple[Mask, Season]:
    """Season from the third day without snow to the first day with snow [@lawson2008weather].

    Args:
        snd: depth of snow [m] (time, ...).
        state: of the day before the first.
        depth: above which there is snow [m].
        days: without snow in a row, with which the season starts [d].

    Returns:
        Whether each day is in season (time, ...), and the state of the last day.
    """

    def one(s: Season, d: Value) -> tuple[Season, Mask]:
        bare = d <= depth
        counted = _counted(s, s.active, bare, ~bare)
        active = jnp.where(s.active, bare, counted.opening >= days)
        return counted._replace(active=active), active

    state, active = jax.lax.scan(one, state, snd)
    return active, state


def _counted(s: Season, active: Mask, opens: Mask, closes: Mask) -> Season:
    return Season(active, jnp.where(opens, s.opening + 1, 0), jnp.where(closes, s.closing + 1, 0))


def by_means(tas: Value, snd: Value, warm: float = 6.0, depth: float = 0.01, days: int = 3) -> Mask:
    """Days in season of the Global Fire Weather Database (time, ...) [@field2015development].

    The mean temperature of the last three days, the present one included, is above 6 degC, and their mean depth of
    snow below 1 cm; the first two days of a series have no such mean and are out of season.

    Args:
        tas: temperature at noon [degC] (time, ...).
        snd: depth of snow [m] (time, ...).
        warm: mean temperature to exceed [degC].
        depth: mean depth of snow to stay below [m].
        days: over which the means are taken [d].
    """
    return (_mean(tas, days) > warm) & (_mean(snd, days) < depth)


def dry_start(
    pr: Value,
    snd: Value,
    rain: float = 1.0,
    days: int = 60,
    depth: float = 0.1,
    share: float = 0.75,
    factors: tuple[float, float] = (2.0, 5.0),
) -> tuple[Value, Value]:
    """Duff Moisture and Drought Code to start from on each day (time, ...), as the Global Fire Weather Database has it.

    After a winter of snow 6 and 15: mean depth of 60 days 10 cm or more, snow on three days of four. Without it 2 and
    5 for each day since the last with rain [@field2015development].

    Args:
        pr: precipitation [mm d-1] (time, ...).
        snd: depth of snow [m] (time, ...).
        rain: precipitation from which a day is one of rain [mm d-1].
        days: over which snow is looked at [d], the present one included; fewer at the begin of a series.
        depth: mean depth of a winter of snow [m].
        share: of days with snow in it [1].
        factors: what each dry day adds to the two codes [1].
    """

    def one(dry: Days, r: Value) -> tuple[Days, Days]:
        dry = jnp.where(r >= rain, 0, dry + 1)
        return dry, dry

    _, dry = jax.lax.scan(one, jnp.zeros(pr.shape[1:], jnp.int32), pr)
    n = min(days, len(pr))
    snowy = (_mean(snd, n, partial=True) >= depth) & (
        _mean((snd > 0.01).astype(snd.dtype), n, partial=True) >= share
    )
    dmc, dc = (jnp.where(snowy, s, f * dry) for s, f in zip((6.0, 15.0), factors, strict=True))
    return dmc, dc


def _mean(x: Value, days: int, partial: bool = False) -> Value:
    """Mean of the last days; NaN where there are not so many, or of those there are."""
    missing = 0.0 if partial else jnp.nan
    before = jnp.concatenate([jnp.full((days - 1, *x.shape[1:]), missing, x.dtype), x])
    total = sum(before[k : k + len(x)] for k in range(days))
    count = jnp.minimum(jnp.arange(1, len(x) + 1), days) if partial else jnp.full(len(x), days)
    return total / count.reshape(-1, *(1,) * (x.ndim - 1))


__all__ = ["Season", "by_means", "by_snow", "by_temperature", "closed", "dry_start"]
