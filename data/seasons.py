"""Growing seasons and their water deficit, from forcing alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .solar import day_length, day_of_year
from .vapour import potential_evapotranspiration


@dataclass(frozen=True)
class Season:
    """One growing season of one site.

    Attributes:
        year: calendar year in which it starts.
        first: index of its first day in the site's record.
        last: index of its last day, inclusive.
        deficit: mean running water deficit over the season [mm].
    """

    year: int
    first: int
    last: int
    deficit: float


def growing_season_index(tas_min: np.ndarray, vpd: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Return the growing season index [1], 0 for no growth to 1 for none of the three limits.

    Product of three ramps: minimum temperature -2 to 5 degC, vapour pressure deficit 41 to 9 hPa, day length
    10 to 11 h [@jolly2005].

    Args:
        tas_min: daily minimum temperature [degC].
        vpd: vapour pressure deficit [hPa].
        hours: day length [h].
    """
    cold = np.clip((np.asarray(tas_min) + 2.0) / 7.0, 0.0, 1.0)
    dry = 1.0 - np.clip((np.asarray(vpd) - 9.0) / 32.0, 0.0, 1.0)
    dark = np.clip(np.asarray(hours) - 10.0, 0.0, 1.0)
    return cold * dry * dark


def monthly_moisture(pr: np.ndarray, pet: np.ndarray) -> np.ndarray:
    """Return how well the water of each month meets half its demand [1], 0 to 1.

    A month grows where rain and what is left of 100 mm of stored soil water reach half the potential
    evapotranspiration, the rule of the length of growing period [@fao1978report].

    Args:
        pr: climatological precipitation by month [mm month-1] (12,).
        pet: climatological potential evapotranspiration by month [mm month-1] (12,).
    """
    store, found = 0.0, np.ones(12)
    for month in range(36):  # three times round, so that the store forgets its start
        m = month % 12
        water = pr[m] + store
        found[m] = np.clip(water / max(0.5 * pet[m], 1e-6), 0.0, 1.0)
        store = float(np.clip(water - pet[m], 0.0, 100.0))
    return found


def growing_months(
    days: np.ndarray, forcing: dict[str, np.ndarray], pet: np.ndarray, lat: float
) -> list[int]:
    """Return the contiguous months [1-12] of the growing season, in order, across the new year if need be.

    The season is the run of months around the best one in which growing season index times moisture is at
    least half the best month's. A site that grows all year gets twelve months, starting after its worst.

    Args:
        days: datetime64[D] (time,).
        forcing: tas_min [degC], vpd [hPa], pr [mm d-1], each (time,).
        pet: potential evapotranspiration [mm d-1] (time,).
        lat: latitude [degree north].
    """
    index = growing_season_index(
        forcing["tas_min"], forcing["vpd"], day_length(np.asarray(lat), day_of_year(days))
    )
    month = days.astype("datetime64[M]").astype(int) % 12
    count = np.maximum(np.bincount(month, minlength=12), 1)
    index, rain, demand = (
        np.bincount(month, weights=x, minlength=12) / count for x in (index, forcing["pr"], pet)
    )
    monthly = index * monthly_moisture(30.4 * rain, 30.4 * demand)
    best = int(np.argmax(monthly))
    grows = monthly >= 0.5 * monthly[best]
    if grows.all():
        start = (int(np.argmin(monthly)) + 1) % 12
        return [(start + k) % 12 + 1 for k in range(12)]
    first = best
    while grows[(first - 1) % 12]:
        first -= 1
    last = best
    while grows[(last + 1) % 12]:
        last += 1
    return [m % 12 + 1 for m in range(first, last + 1)]


def running_deficit(pet: np.ndarray, pr: np.ndarray) -> np.ndarray:
    """Return the running water deficit [mm]: `D = max(0, D + PET - P)`, from 0 before the first day.

    The cumulative water deficit of a one-layer store without a floor [@stocker2023global].

    Args:
        pet: potential evapotranspiration [mm d-1] (time,).
        pr: precipitation [mm d-1] (time,).
    """
    walk = np.concatenate(([0.0], np.cumsum(np.asarray(pet) - np.asarray(pr))))
    return (walk - np.minimum.accumulate(walk))[1:]


def seasons(days: np.ndarray, forcing: dict[str, np.ndarray], lat: float, lead: int = 90) -> list[Season]:
    """Return the growing seasons that lie whole in a record, with their water deficit.

    The deficit restarts `lead` days before each season (or at the record's first day), so that seasons of
    dry places, where it never closes, can be compared.

    Args:
        days: datetime64[D] (time,), without gaps.
        forcing: tas_min, tas_max [degC], vpd [hPa], pr [mm d-1], each (time,).
        lat: latitude [degree north].
        lead: days before the season over which the deficit builds up [d].
    """
    pet = potential_evapotranspiration(
        forcing["tas_min"], forcing["tas_max"], np.asarray(lat), day_of_year(days)
    )
    months = growing_months(days, forcing, pet, lat)
    found: list[Season] = []
    for year in range(int(str(days[0])[:4]), int(str(days[-1])[:4]) + 1):
        start = np.datetime64(f"{year:04d}-{months[0]:02d}-01", "D")
        stop = (start.astype("datetime64[M]") + np.timedelta64(len(months), "M")).astype("datetime64[D]")
        first, last = int((start - days[0]).astype(int)), int((stop - days[0]).astype(int)) - 1
        if first < 0 or last >= len(days):
            continue
        begin = max(first - lead, 0)
        deficit = running_deficit(pet[begin : last + 1], forcing["pr"][begin : last + 1])[first - begin :]
        found.append(Season(year, first, last, float(deficit.mean())))
    return found
