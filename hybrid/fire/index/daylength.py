"""Day length in the moisture codes: the published tables by month and belt of latitude."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from data.errors import ConfigError, DataError

_DMC = {
    "north": (6.5, 7.5, 9.0, 12.8, 13.9, 13.9, 12.4, 10.9, 9.4, 8.0, 7.0, 6.0),
    "north tropic": (7.9, 8.4, 8.9, 9.5, 9.9, 10.2, 10.1, 9.7, 9.1, 8.6, 8.1, 7.8),
    "equator": (9.0,) * 12,
    "south tropic": (10.1, 9.6, 9.1, 8.5, 8.1, 7.8, 7.9, 8.3, 8.9, 9.4, 9.9, 10.2),
    "south": (11.5, 10.5, 9.2, 7.9, 6.8, 6.2, 6.5, 7.4, 8.7, 10.0, 11.2, 11.8),
}
_DC = {
    "north": (-1.6, -1.6, -1.6, 0.9, 3.8, 5.8, 6.4, 5.0, 2.4, 0.4, -1.6, -1.6),
    "equator": (1.39,) * 12,
    "south": (6.4, 5.0, 2.4, 0.4, -1.6, -1.6, -1.6, -1.6, -1.6, 0.9, 3.8, 5.8),
}


class DayLength(NamedTuple):
    """What the codes take of the length of the day, by month (month 12, ...).

    Attributes:
        dmc: effective day length of the Duff Moisture Code [h].
        dc: day-length factor of the Drought Code [1].
    """

    dmc: Float[Array, "12 ..."]
    dc: Float[Array, "12 ..."]


def canadian() -> DayLength:
    """The tables of Canada (46 degrees north), the same everywhere [@vanwagner1985equations]."""
    return DayLength(jnp.asarray(_DMC["north"]), jnp.asarray(_DC["north"]))


def by_latitude(lat: np.ndarray) -> DayLength:
    """The tables by belt of latitude (month 12, ...) [@lawson2008weather], belts as in [@wang2017cffdrs].

    Day length of the Duff Moisture Code: Canada's north of 30 degrees, 20 north from 10 to 30, nine hours within 10
    of the equator, 20 south to -30, 40 south beyond. Factor of the Drought Code: Canada's north of 20 degrees, its
    mean of 1.39 within 20 of the equator (some programs round it to 1.4) [@field2015development], Canada's six months
    later beyond.

    Args:
        lat: latitude [degree north], any shape.

    Raises:
        DataError: where a latitude is missing or outside -90 to 90.
    """
    lat = np.asarray(lat, dtype=np.float64)
    if not (np.abs(lat) <= 90.0).all():
        wrong = lat[~(np.abs(lat) <= 90.0)].flat[0]
        raise DataError(
            f"the latitude {wrong:g} is not within -90 to 90", "day length", "give latitudes in degrees north"
        )
    dmc = np.stack([_DMC[n] for n in ("south", "south tropic", "equator", "north tropic", "north")], axis=1)
    dc = np.stack([_DC[n] for n in ("south", "equator", "north")], axis=1)
    belt = (lat > -30.0).astype(int) + (lat > -10.0) + (lat > 10.0) + (lat > 30.0)
    zone = (lat > -20.0).astype(int) + (lat > 20.0)
    return DayLength(*(jnp.asarray(a, jnp.result_type(float)) for a in (dmc[:, belt], dc[:, zone])))


def of(kind: str, lat: np.ndarray | None = None) -> DayLength:
    """Tables by name: "latitude" for belts of latitude, "canada" for Canada's everywhere.

    Raises:
        ConfigError: another name, or "latitude" without latitudes.
    """
    if kind == "canada":
        return canadian()
    if kind != "latitude":
        raise ConfigError(f"there is no day length '{kind}'", "day_length", "choose latitude or canada")
    if lat is None:
        raise ConfigError(
            "day length by latitude needs the latitudes", "day_length", "give lat, or choose 'canada'"
        )
    return by_latitude(lat)


__all__ = ["DayLength", "by_latitude", "canadian", "of"]
