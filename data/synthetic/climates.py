"""Climates from savanna to boreal, as the monthly statistics the weather generator needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Months = tuple[float, float, float, float, float, float, float, float, float, float, float, float]


@dataclass(frozen=True)
class Climate:
    """Statistics of the daily weather of one place, by month from January to December.

    The numbers are round values typical of the biome, not a record of any station.

    Attributes:
        name: name of the climate.
        igbp: IGBP land cover class of the virtual site.
        lat: latitude [degree north].
        lon: longitude [degree east].
        elevation: elevation above sea level [m].
        tas: mean air temperature [degC].
        rain: mean precipitation [mm month-1].
        wet: fraction of wet days [1].
        persistence: lag-1 autocorrelation of wet and dry days, P(wet|wet) - P(wet|dry) [1].
        shape: shape of the gamma distribution of wet-day amounts [1].
        rain_variability: coefficient of variation of a yearly factor on rain amounts [1].
        spread: standard deviation of daily temperature about its month, in the coldest and the warmest [K].
        wet_cooling: how much cooler wet days are than dry days at their maximum [K].
        range_dry: mean difference of maximum and minimum temperature on dry days [K].
        range_wet: the same on wet days [K].
        dew_depression: how far the dew point lies below the minimum temperature on dry days [K].
        clearness_dry: mean ratio of surface to extraterrestrial radiation on dry days [1].
        clearness_wet: the same on wet days [1].
    """

    name: str
    igbp: str
    lat: float
    lon: float
    elevation: float
    tas: Months
    rain: Months
    wet: Months
    persistence: float
    shape: float
    rain_variability: float
    spread: tuple[float, float]
    wet_cooling: float
    range_dry: float
    range_wet: float
    dew_depression: float
    clearness_dry: float
    clearness_wet: float

    @property
    def mean_annual_temperature(self) -> float:
        """Mean of the monthly temperatures [degC]."""
        return float(np.mean(self.tas))

    @property
    def mean_annual_precipitation(self) -> float:
        """Sum of the monthly precipitation [mm yr-1]."""
        return float(np.sum(self.rain))


_DECLARED = (
    Climate(
        "savanna",
        "WSA",
        38.4,
        -121.0,
        180,
        (8, 10, 12, 14, 18.5, 22.5, 25, 24.5, 22, 17.5, 11.5, 8),
        (105, 95, 85, 40, 18, 4, 1, 1, 5, 27, 65, 100),
        (0.33, 0.33, 0.3, 0.19, 0.1, 0.03, 0.01, 0.01, 0.03, 0.11, 0.25, 0.32),
        0.35,
        0.75,
        0.28,
        (2.8, 2.8),
        2.0,
        15.5,
        9.0,
        2.5,
        0.66,
        0.33,
    ),
    Climate(
        "tropical_savanna",
        "WSA",
        -12.5,
        131.2,
        60,
        (28, 27.8, 28, 28, 26.5, 25, 24.5, 25.5, 27.5, 29, 29.3, 28.8),
        (400, 350, 300, 90, 12, 1, 1, 3, 15, 60, 130, 270),
        (0.68, 0.67, 0.58, 0.25, 0.06, 0.01, 0.01, 0.02, 0.07, 0.2, 0.4, 0.55),
        0.3,
        0.7,
        0.18,
        (1.6, 1.1),
        1.5,
        12.5,
        7.5,
        2.0,
        0.64,
        0.42,
    ),
    Climate(
        "mediterranean",
        "EBF",
        43.7,
        3.6,
        270,
        (5.8, 6.6, 9.3, 11.8, 15.7, 19.9, 22.9, 22.6, 18.7, 14.8, 9.5, 6.4),
        (85, 70, 65, 85, 65, 40, 25, 45, 105, 130, 105, 85),
        (0.27, 0.24, 0.22, 0.28, 0.24, 0.16, 0.1, 0.14, 0.2, 0.28, 0.29, 0.27),
        0.33,
        0.65,
        0.22,
        (3.6, 2.7),
        2.0,
        11.0,
        7.0,
        2.0,
        0.61,
        0.3,
    ),
    Climate(
        "temperate_deciduous",
        "DBF",
        42.5,
        -72.2,
        340,
        (-5.5, -4, 0.5, 7, 13, 17.8, 20.5, 19.6, 15.6, 9.3, 3.6, -2.3),
        (85, 80, 95, 95, 95, 105, 100, 100, 95, 105, 100, 95),
        (0.36, 0.34, 0.37, 0.37, 0.38, 0.37, 0.34, 0.33, 0.31, 0.31, 0.36, 0.37),
        0.2,
        0.7,
        0.14,
        (5.2, 2.9),
        2.2,
        12.0,
        7.5,
        0.5,
        0.59,
        0.28,
    ),
    Climate(
        "temperate_evergreen",
        "ENF",
        51.0,
        13.6,
        380,
        (-0.6, 0.2, 3.6, 8, 12.7, 15.8, 17.9, 17.4, 13.3, 8.8, 4, 0.6),
        (65, 50, 60, 50, 70, 75, 95, 90, 65, 60, 65, 70),
        (0.5, 0.45, 0.46, 0.4, 0.42, 0.44, 0.44, 0.41, 0.38, 0.41, 0.48, 0.52),
        0.27,
        0.68,
        0.13,
        (4.4, 3.2),
        2.2,
        10.5,
        6.0,
        0.8,
        0.56,
        0.26,
    ),
    Climate(
        "boreal",
        "ENF",
        61.8,
        24.3,
        180,
        (-7, -7.2, -3.2, 3, 9.3, 13.6, 16.5, 14.7, 9.6, 4.2, -0.7, -4.7),
        (50, 36, 38, 34, 45, 67, 82, 78, 62, 65, 60, 54),
        (0.52, 0.45, 0.42, 0.34, 0.36, 0.41, 0.43, 0.44, 0.45, 0.48, 0.53, 0.54),
        0.26,
        0.66,
        0.14,
        (5.5, 2.8),
        1.8,
        9.5,
        5.5,
        0.8,
        0.57,
        0.27,
    ),
    Climate(
        "grassland_monsoon",
        "GRA",
        -17.2,
        133.4,
        230,
        (29.8, 29, 28.2, 26.3, 22.8, 20, 20, 22.5, 26.7, 29.5, 30.7, 30.5),
        (165, 150, 100, 22, 6, 3, 1, 1, 6, 24, 58, 104),
        (0.42, 0.42, 0.28, 0.08, 0.03, 0.02, 0.01, 0.01, 0.03, 0.1, 0.2, 0.31),
        0.33,
        0.65,
        0.35,
        (2.6, 1.5),
        3.0,
        14.5,
        9.0,
        4.0,
        0.68,
        0.42,
    ),
    Climate(
        "semiarid_steppe",
        "GRA",
        31.7,
        -109.9,
        1530,
        (8.5, 9.8, 12.6, 16, 20.4, 25.2, 25.3, 24.2, 22.6, 18.2, 12.4, 8.4),
        (20, 18, 14, 6, 6, 12, 95, 85, 40, 22, 14, 22),
        (0.12, 0.12, 0.09, 0.04, 0.04, 0.07, 0.38, 0.36, 0.18, 0.09, 0.08, 0.12),
        0.3,
        0.65,
        0.25,
        (3.3, 1.9),
        2.5,
        15.0,
        10.5,
        4.0,
        0.68,
        0.44,
    ),
)

CLIMATES: dict[str, Climate] = {c.name: c for c in _DECLARED}
"""Climates by name."""
