"""Water vapour: saturation pressure, deficit, latent heat, potential evapotranspiration."""

from __future__ import annotations

import numpy as np

from .solar import extraterrestrial

SECONDS_PER_DAY = 86400.0


def saturation_pressure(temperature: np.ndarray) -> np.ndarray:
    """Return the saturation vapour pressure over water [hPa] at an air temperature [degC].

    FAO-56 eq. 11, `6.108 exp(17.27 T / (T + 237.3))` [@allen1998].
    """
    t = np.asarray(temperature, dtype=np.float64)
    return 6.108 * np.exp(17.27 * t / (t + 237.3))


def deficit(tas_min: np.ndarray, tas_max: np.ndarray, dew_point: np.ndarray) -> np.ndarray:
    """Return the daily vapour pressure deficit [hPa], never negative.

    Mean of the saturation pressures at the extremes less the pressure at the dew point,
    FAO-56 eqs. 12 and 14 [@allen1998].

    Args:
        tas_min: daily minimum temperature [degC].
        tas_max: daily maximum temperature [degC].
        dew_point: dew point [degC]; the minimum temperature is the usual stand-in (FAO-56 eq. 48).
    """
    mean = 0.5 * (saturation_pressure(tas_min) + saturation_pressure(tas_max))
    return np.maximum(mean - saturation_pressure(dew_point), 0.0)


def latent_heat(temperature: np.ndarray) -> np.ndarray:
    """Return the latent heat of vaporization [MJ kg-1] at an air temperature [degC].

    `2.501 - 0.002361 T`, FAO-56 annex 3 eq. 3-1 [@allen1998].
    """
    return 2.501 - 0.002361 * np.asarray(temperature, dtype=np.float64)


def evapotranspiration(latent_heat_flux: np.ndarray, temperature: np.ndarray) -> np.ndarray:
    """Return evapotranspiration [mm d-1] from a latent heat flux [W m-2] at an air temperature [degC].

    One kilogram of water on a square metre is one millimetre; see `latent_heat`.
    """
    energy = np.asarray(latent_heat_flux, dtype=np.float64) * SECONDS_PER_DAY * 1e-6
    return energy / latent_heat(temperature)


def potential_evapotranspiration(
    tas_min: np.ndarray, tas_max: np.ndarray, lat: np.ndarray, day_of_year: np.ndarray
) -> np.ndarray:
    """Return the Hargreaves reference evapotranspiration [mm d-1], never negative.

    `0.0023 (T + 17.8) sqrt(Tmax - Tmin) Ra / lambda`, FAO-56 eq. 52
    [@allen1998; @hargreaves1985reference].

    Args:
        tas_min: daily minimum temperature [degC].
        tas_max: daily maximum temperature [degC].
        lat: latitude [degree north].
        day_of_year: day of the year [1-366].
    """
    low, high = np.asarray(tas_min, dtype=np.float64), np.asarray(tas_max, dtype=np.float64)
    mean = 0.5 * (low + high)
    depth = 0.408 * extraterrestrial(lat, day_of_year)
    return np.maximum(0.0023 * (mean + 17.8) * np.sqrt(np.maximum(high - low, 0.0)) * depth, 0.0)
