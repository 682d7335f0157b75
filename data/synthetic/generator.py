"""Stochastic daily weather after Richardson (1981), as in WGEN."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from ..align import ATTRIBUTES
from ..errors import ConfigError, nearest
from ..solar import day_of_year, extraterrestrial
from ..vapour import deficit
from ..variables import REGISTRY
from .climates import CLIMATES, Climate

if TYPE_CHECKING:
    import xarray as xr

WET_THRESHOLD = 0.254
"""Least rain of a wet day [mm], 0.01 inch as in WGEN [@richardson1984wgen]."""

LAG = np.array([[0.567, 0.086, -0.002], [0.253, 0.504, -0.050], [-0.006, -0.039, 0.244]])
"""Matrix A of the residuals of maximum, minimum temperature and radiation [@richardson1984wgen]."""

NOISE = np.array([[0.781, 0.0, 0.0], [0.328, 0.637, 0.0], [0.238, -0.341, 0.873]])
"""Matrix B of the same process [@richardson1984wgen]."""

CLEARNESS_SPREAD = 0.10
"""Standard deviation of the clearness about its wet-day or dry-day mean [1]."""

CO2_2000, CO2_RATE, CO2_SEASON = 369.0, 2.1, 3.0
"""Mole fraction at the start of 2000 [ppm], its rise [ppm yr-1], and the half range of its season [ppm]."""

FORCING = ("tas_min", "tas_max", "rsds", "vpd", "pr", "co2", "ps")


def weather(
    climates: str | Climate | Iterable[str | Climate],
    years: int,
    start: str = "2001-01-01",
    seed: int = 0,
) -> xr.Dataset:
    """Generate daily weather, one site per climate named.

    Occurrence of rain is a two-state Markov chain, wet-day amounts are gamma distributed, maximum and
    minimum temperature and radiation follow a trivariate AR(1) process about means that differ between
    wet and dry days [@richardson1981stochastic; @richardson1984wgen]. Extensions: a yearly factor on rain
    amounts, for such generators have too few dry years; radiation as a share of the extraterrestrial
    [@allen1998]; vapour pressure deficit from the temperatures and a dew point below the minimum on
    dry days (FAO-56 eqs. 12, 14, 48); CO2 as a trend with a season; pressure from the elevation.

    Args:
        climates: name in `CLIMATES`, a `Climate`, or several; a name may come more than once, as
            sites with the same statistics and different weather.
        years: whole years to generate.
        start: first day.
        seed: the same seed gives the same weather; a site's weather depends on its place in the list only.

    Returns:
        Dataset (site, time) as `data.open_sites` gives it, forcing only: tas_min, tas_max [degC],
        rsds [MJ m-2 d-1], vpd [hPa], pr [mm d-1], co2 [ppm], ps [kPa].

    Raises:
        ConfigError: for an unknown climate, no climate, or fewer than one year.
    """
    chosen = _chosen(climates)
    if years < 1:
        raise ConfigError(f"years={years} is out of bounds", "synthetic.weather", "choose 1 or more")
    try:
        first = np.datetime64(start, "D")
    except ValueError as error:
        raise ConfigError(
            f"start='{start}' is no date", "synthetic.weather", "write it as 2001-01-01"
        ) from error
    last = _years_later(first, years)
    days = np.arange(first, last)
    blocks: dict[str, list[np.ndarray]] = {name: [] for name in FORCING}
    for place, climate in enumerate(chosen):
        rng = np.random.default_rng(np.random.SeedSequence([seed, place]))
        for name, values in generate(climate, days, rng).items():
            blocks[name].append(values)
    return _dataset(chosen, days, {n: np.stack(b) for n, b in blocks.items()}, seed)


def generate(climate: Climate, days: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return the forcing of one site, variable -> float64 (time,); see `weather`.

    Args:
        climate: statistics of the place.
        days: datetime64[D] (time,).
        rng: random generator, advanced.
    """
    wet = occurrence(climate, days, rng)
    rain = amounts(climate, days, wet, rng)
    residual = residuals(len(days), rng)
    fraction = seasonal(climate.wet, days)
    # means of wet and dry days differ by wet_cooling and (range_dry - range_wet), the mean over both is kept
    offset = np.where(wet, fraction - 1.0, fraction)
    width_mean = fraction * climate.range_wet + (1.0 - fraction) * climate.range_dry
    width = width_mean + offset * (climate.range_dry - climate.range_wet)
    middle = seasonal(climate.tas, days)
    cooling = climate.wet_cooling - 0.5 * (climate.range_dry - climate.range_wet)
    centre = middle + offset * cooling
    cold, warm = climate.spread
    warmth = (middle - middle.min()) / max(float(np.ptp(middle)), 1e-9)
    spread = cold + (warm - cold) * warmth
    high = centre + 0.5 * width + spread * residual[:, 0]
    low = centre - 0.5 * width + spread * residual[:, 1]
    low = np.minimum(low, high - 0.5)
    doy = day_of_year(days)
    clearness = (
        np.where(wet, climate.clearness_wet, climate.clearness_dry) + CLEARNESS_SPREAD * residual[:, 2]
    )
    radiation = np.clip(clearness, 0.05, 0.78) * extraterrestrial(np.asarray(climate.lat), doy)
    dew_point = low - np.where(wet, 0.0, climate.dew_depression)
    elapsed = (days - np.datetime64("2000-01-01")).astype(np.float64) / 365.2425
    hemisphere = np.sign(climate.lat) if abs(climate.lat) > 20 else 0.3
    season = CO2_SEASON * hemisphere * np.cos(2.0 * np.pi * (doy - 125) / 365.2425)
    return {
        "tas_min": low,
        "tas_max": high,
        "rsds": radiation,
        "vpd": deficit(low, high, dew_point),
        "pr": rain,
        "co2": CO2_2000 + CO2_RATE * elapsed + season,
        "ps": np.full(len(days), pressure(climate.elevation)),
    }


def occurrence(climate: Climate, days: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return wet days, bool (time,): a first-order two-state Markov chain [@richardson1981stochastic]."""
    fraction = seasonal(climate.wet, days)
    after_wet = fraction + climate.persistence * (1.0 - fraction)
    after_dry = fraction * (1.0 - climate.persistence)
    draw = rng.random(len(days))
    wet = np.zeros(len(days), dtype=bool)
    state = bool(draw[0] < fraction[0])
    wet[0] = state
    for i in range(1, len(days)):
        state = bool(draw[i] < (after_wet[i] if state else after_dry[i]))
        wet[i] = state
    return wet


def amounts(climate: Climate, days: np.ndarray, wet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return precipitation [mm d-1] (time,): gamma distributed on wet days, with a factor for each year."""
    month = days.astype("datetime64[M]").astype(int) % 12
    length = np.array([31, 28.2425, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    fraction = seasonal(climate.wet, days)
    expected = (
        np.array([fraction[month == m].mean() if (month == m).any() else 1.0 for m in range(12)]) * length
    )
    mean = np.asarray(climate.rain) / np.maximum(expected, 1e-9)
    beyond = np.maximum(mean - WET_THRESHOLD, 0.05)[month]
    year = days.astype("datetime64[Y]").astype(int)
    year -= year[0]
    count = int(year[-1]) + 1
    factor = np.ones(count)
    if climate.rain_variability > 0:
        shape = climate.rain_variability**-2
        factor = rng.gamma(shape, 1.0 / shape, count)
    draw = rng.gamma(climate.shape, 1.0 / climate.shape, len(days))
    return np.where(wet, WET_THRESHOLD + beyond * factor[year] * draw, 0.0)


def residuals(steps: int, rng: np.random.Generator) -> np.ndarray:
    """Return standardised residuals (time, 3) of maximum, minimum temperature and radiation.

    `x[t] = A x[t-1] + B e[t]` with the matrices of WGEN [@richardson1984wgen].
    """
    noise = rng.standard_normal((steps, 3)) @ NOISE.T
    found = np.empty((steps, 3))
    state = rng.standard_normal(3)
    for i in range(steps):
        state = LAG @ state + noise[i]
        found[i] = state
    return found


def seasonal(monthly: tuple[float, ...], days: np.ndarray) -> np.ndarray:
    """Return monthly values as daily ones (time,), linear between mid-months, keeping monthly means."""
    target = np.asarray(monthly, dtype=np.float64)
    middle = np.array([15.5, 45.1, 74.6, 105.1, 135.6, 166.1, 196.6, 227.6, 258.1, 288.6, 319.1, 349.6])
    knots = np.concatenate(([middle[-1] - 365.2425], middle, [middle[0] + 365.2425]))
    year = np.arange(1, 366)
    month = np.repeat(np.arange(12), [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    value = target.copy()
    low, high = (0.0, np.inf) if (target >= 0).all() and target.max() <= 1.0 else (-np.inf, np.inf)
    for _ in range(20):
        daily = np.interp(year, knots, np.concatenate(([value[-1]], value, [value[0]])))
        value = np.clip(value + target - np.bincount(month, daily) / np.bincount(month), low, high)
    daily = np.interp(year, knots, np.concatenate(([value[-1]], value, [value[0]])))
    return daily[np.minimum(day_of_year(days), 365) - 1]


def pressure(elevation: float) -> float:
    """Return the air pressure [kPa] at an elevation [m], FAO-56 eq. 7 [@allen1998]."""
    return 101.3 * ((293.0 - 0.0065 * elevation) / 293.0) ** 5.26


def _chosen(climates: str | Climate | Iterable[str | Climate]) -> list[Climate]:
    asked = [climates] if isinstance(climates, str | Climate) else list(climates)
    if not asked:
        raise ConfigError(
            "no climate is asked for", "synthetic.weather", f"name some of {', '.join(CLIMATES)}"
        )
    found = []
    for item in asked:
        if not isinstance(item, Climate) and item not in CLIMATES:
            hint = nearest(item, CLIMATES).strip() or f"choose from {', '.join(CLIMATES)}"
            raise ConfigError(f"the climate '{item}' is unknown", "synthetic.weather", hint)
        found.append(item if isinstance(item, Climate) else CLIMATES[item])
    return found


def _years_later(first: np.datetime64, years: int) -> np.datetime64:
    month = first.astype("datetime64[M]")
    return (month + np.timedelta64(12 * years, "M")).astype("datetime64[D]") + (
        first - month.astype("datetime64[D]")
    )


def _dataset(
    climates: list[Climate], days: np.ndarray, blocks: dict[str, np.ndarray], seed: int
) -> xr.Dataset:
    import xarray as xr

    names = [c.name for c in climates]
    sites = [n if names.count(n) == 1 else f"{n}-{names[: i + 1].count(n)}" for i, n in enumerate(names)]
    stamp = days.astype("datetime64[ns]")
    coords: dict = {"site": sites, "time": ("time", stamp, {"standard_name": "time", "axis": "T"})}
    for name, attrs in ATTRIBUTES.items():
        coords[name] = ("site", np.array([getattr(c, name) for c in climates], dtype=np.float64), attrs)
    coords["igbp"] = ("site", np.array([c.igbp for c in climates]), {"long_name": "IGBP land cover class"})
    coords["record_start"] = ("site", np.full(len(sites), stamp[0]))
    coords["record_end"] = ("site", np.full(len(sites), stamp[-1]))
    variables = {
        name: (("site", "time"), block.astype(np.float32), REGISTRY[name].attributes())
        for name, block in blocks.items()
    }
    attrs = {
        "Conventions": "CF-1.10",
        "title": "Synthetic daily weather",
        "featureType": "timeSeries",
        "history": f"generated by terrax, climates {', '.join(names)}, seed {seed}",
        "references": "Richardson 1981, Water Resour. Res. 17(1):182-190, doi:10.1029/WR017i001p00182",
        "source_files": "[]",
    }
    return xr.Dataset(variables, coords, attrs)
