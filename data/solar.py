"""Sun and day: geometry of the daily radiation at the top of the atmosphere."""

from __future__ import annotations

import numpy as np

SOLAR_CONSTANT = 0.0820
"""Solar constant [MJ m-2 min-1], FAO-56 eq. 21 [@allen1998]."""


def declination(day_of_year: np.ndarray) -> np.ndarray:
    """Return the solar declination [rad] for the day of the year [1-366].

    FAO-56 eq. 24, `0.409 sin(2 pi J / 365 - 1.39)` [@allen1998].
    """
    return 0.409 * np.sin(2.0 * np.pi / 365.0 * np.asarray(day_of_year, dtype=np.float64) - 1.39)


def sunset_hour_angle(lat: np.ndarray, day_of_year: np.ndarray) -> np.ndarray:
    """Return the sunset hour angle [rad], 0 in polar night and pi on polar days.

    FAO-56 eq. 25, `arccos(-tan(lat) tan(declination))` [@allen1998].

    Args:
        lat: latitude [degree north], broadcast against `day_of_year`.
        day_of_year: day of the year [1-366].
    """
    phi = np.deg2rad(np.asarray(lat, dtype=np.float64))
    return np.arccos(np.clip(-np.tan(phi) * np.tan(declination(day_of_year)), -1.0, 1.0))


def day_length(lat: np.ndarray, day_of_year: np.ndarray) -> np.ndarray:
    """Return the hours between sunrise and sunset [h].

    FAO-56 eq. 34, `24 / pi` times the sunset hour angle [@allen1998].

    Args:
        lat: latitude [degree north], broadcast against `day_of_year`.
        day_of_year: day of the year [1-366].
    """
    return 24.0 / np.pi * sunset_hour_angle(lat, day_of_year)


def extraterrestrial(lat: np.ndarray, day_of_year: np.ndarray) -> np.ndarray:
    """Return the daily radiation on a horizontal surface above the atmosphere [MJ m-2 d-1].

    FAO-56 eq. 21 with the inverse relative distance of eq. 23 [@allen1998].

    Args:
        lat: latitude [degree north], broadcast against `day_of_year`.
        day_of_year: day of the year [1-366].
    """
    phi = np.deg2rad(np.asarray(lat, dtype=np.float64))
    delta = declination(day_of_year)
    omega = sunset_hour_angle(lat, day_of_year)
    distance = 1.0 + 0.033 * np.cos(2.0 * np.pi / 365.0 * np.asarray(day_of_year, dtype=np.float64))
    geometry = omega * np.sin(phi) * np.sin(delta) + np.cos(phi) * np.cos(delta) * np.sin(omega)
    return np.maximum(24.0 * 60.0 / np.pi * SOLAR_CONSTANT * distance * geometry, 0.0)


def day_of_year(dates: np.ndarray) -> np.ndarray:
    """Return the day of the year [1-366] of datetime64 values, any shape."""
    days = np.asarray(dates).astype("datetime64[D]")
    return (days - days.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64) + 1
