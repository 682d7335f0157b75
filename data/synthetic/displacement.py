"""A synthetic panel of displacement by drought whose effects are known, in the form of the monthly files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

REGIONS = 6
"""Regions of the synthetic country; districts of one region lie together and share weather."""


@dataclass(frozen=True)
class Effects:
    """What causes what, in standard units; a lag is in months.

    Attributes:
        drought: direct effect of a drought month on log departures, by lag from 0 on.
        drought_price: effect of a drought month on the log price of cereal one month later.
        price: effect of the log price on log departures one month later.
        conflict: effect of log(1 + fatalities) on log departures one month later.
        persistence: share of a month's price deviation that lasts to the next month.
        flow: effect of log departures of the neighbouring districts on log arrivals of the same month.
    """

    drought: tuple[float, ...] = (0.0, 0.5, 0.35, 0.2)
    drought_price: float = 0.25
    price: float = 0.8
    conflict: float = 0.4
    persistence: float = 0.5
    flow: float = 0.6

    def total(self, horizon: int) -> np.ndarray:
        """Total effect of one drought month on log departures, months 0 to `horizon`, other droughts as they were.

        Direct effects plus what passes through the price: drought_price x persistence^(k-2) x price at lag k >= 2.
        """
        direct = np.zeros(horizon + 1)
        known = min(len(self.drought), horizon + 1)
        direct[:known] = self.drought[:known]
        lags = np.arange(horizon + 1)
        through = np.where(
            lags >= 2, self.drought_price * self.persistence ** np.maximum(lags - 2, 0) * self.price, 0.0
        )
        return direct + through


@dataclass(frozen=True)
class Country:
    """Size and noise of the synthetic country.

    Attributes:
        districts: number of districts.
        months: number of months, from January 2014 on.
        threshold: a month whose drought index lies below it is a drought month.
        noise: standard deviation of log departures beyond what causes explain.
        level: standard deviation of lasting differences between districts.
        local: standard deviation of a district's own slow deviation, which lasts about four months.
        blank: share of counts that are blank.
        effects: what causes what.
    """

    districts: int = 36
    months: int = 96
    threshold: float = 0.8
    noise: float = 0.7
    level: float = 0.9
    local: float = 0.6
    blank: float = 0.1
    effects: Effects = field(default_factory=Effects)


def displacement(country: Country = Country(), seed: int = 0) -> xr.Dataset:
    """Make a panel (district, time) with known effects.

    Departures are ``expm1(max(0, y))`` rounded, with y linear in the causes of `Effects`, a lasting level and a slow
    deviation of each district, a national and a seasonal course, and normal noise. Drought is weather: it depends
    on nothing else in the panel. Conflict depends on its own past alone.

    Returns:
        Dataset with cdi, ndvi [1], pr [mm], insecurity_fatalities, insecurity_incidents, arrivals, departures
        [count], price_sorghum, price_rice, price_goat, wage [SOS], coordinates region, lat, lon, and the truth:
        ``drought_true`` (1 in a drought month), ``log_departures_true`` without noise, ``effect_true`` by horizon.
    """
    import pandas as pd
    import xarray as xr

    rng = np.random.default_rng(seed)
    places, months, told = country.districts, country.months, country.effects
    region = np.arange(places) % REGIONS
    centre = np.stack([rng.uniform(0.0, 11.0, REGIONS), rng.uniform(42.0, 50.0, REGIONS)], axis=1)
    spot = centre[region] + rng.normal(0.0, 0.5, (places, 2))
    burn = 24
    steps = months + burn
    wet = _courses(rng, region, steps, 0.75, (0.5, 0.6, 0.6))
    cdi = np.exp(0.55 * wet)
    drought = (cdi < country.threshold).astype(float)
    price = np.zeros((places, steps))
    quarrel = _courses(rng, region, steps, 0.6, (0.3, 0.4, 0.9))
    dead = rng.poisson(np.exp(0.6 + 0.9 * quarrel))
    conflict = np.log1p(dead)
    slow = _courses(rng, region, steps, 0.75, (0.0, 0.3, 0.9)) * country.local
    national = _courses(rng, region, steps, 0.8, (1.0, 0.0, 0.0)) * 0.3
    season = 0.3 * np.sin(2 * np.pi * np.arange(steps) / 12)
    level = 4.5 + country.level * rng.standard_normal(places)
    truth = np.zeros((places, steps))
    for t in range(1, steps):
        shock = 0.12 * rng.standard_normal(places)
        price[:, t] = told.persistence * price[:, t - 1] + told.drought_price * drought[:, t - 1] + shock
    for t in range(len(told.drought), steps):
        felt = sum(weight * drought[:, t - k] for k, weight in enumerate(told.drought))
        causes = felt + told.price * price[:, t - 1] + told.conflict * conflict[:, t - 1]
        truth[:, t] = level + causes + slow[:, t] + national[:, t] + season[t]
    y = truth + country.noise * rng.standard_normal(truth.shape)
    near = (region[:, None] == region[None]) & ~np.eye(places, dtype=bool)
    received = near @ y / np.maximum(near.sum(axis=1), 1)[:, None]
    arrived = 1.5 + told.flow * received + 0.7 * rng.standard_normal(y.shape) + 0.5 * level[:, None] - 2.0
    ndvi = 0.25 + 0.06 * np.roll(wet, 1, axis=1) + 0.02 * rng.standard_normal(wet.shape)
    rain = np.exp(
        2.3 + 0.8 * wet + np.sin(2 * np.pi * np.arange(steps) / 6) + 0.3 * rng.standard_normal(wet.shape)
    )
    keep = slice(burn, None)

    def market(base: float, share: float) -> np.ndarray:
        local = 0.1 * rng.standard_normal((places, 1))
        noise = 0.03 * rng.standard_normal(price.shape)
        return base * np.exp(share * price + local + noise)

    def blanked(log_count: np.ndarray) -> np.ndarray:
        counts = np.round(np.expm1(np.maximum(log_count, 0.0)))
        counts[(rng.random(counts.shape) < country.blank) | (counts == 0)] = np.nan
        return counts

    columns = {
        "cdi": (cdi, "1", "combined drought index"),
        "ndvi": (np.clip(ndvi, 0.02, 0.95), "1", "NDVI, monthly"),
        "pr": (rain, "mm", "rainfall in the month"),
        "insecurity_fatalities": (dead.astype(float), "count", "fatalities in security incidents"),
        "insecurity_incidents": (np.round(0.6 * dead + 1), "count", "security incidents"),
        "price_sorghum": (market(9e3, 1.0), "SOS kg-1", "price of sorghum"),
        "price_rice": (market(16e3, 0.4), "SOS kg-1", "price of red rice"),
        "price_goat": (market(9e5, -0.5), "SOS", "price of a local goat"),
        "wage": (market(9e4, -0.2), "SOS d-1", "daily wage of casual labour"),
        "arrivals": (blanked(arrived), "count", "persons arriving in the district in the month"),
        "departures": (blanked(y), "count", "persons leaving the district in the month"),
        "drought_true": (drought, "1", "1 in a drought month"),
        "log_departures_true": (truth, "1", "log(1 + departures) without noise"),
    }
    dims = ("district", "time")
    horizon = np.arange(7)
    return xr.Dataset(
        {n: (dims, v[:, keep], {"units": u, "long_name": told_}) for n, (v, u, told_) in columns.items()}
        | {
            "effect_true": (
                "horizon",
                told.total(6),
                {"units": "1", "long_name": "total effect of a drought month on log(1 + departures)"},
            )
        },
        {
            "district": [f"District {i + 1:02d}" for i in range(places)],
            "time": pd.date_range("2014-01-01", periods=months, freq="MS"),
            "horizon": ("horizon", horizon, {"units": "1", "long_name": "months after the drought month"}),
            "region": ("district", [f"Region {r + 1}" for r in region]),
            "lat": ("district", spot[:, 0], {"units": "degrees_north"}),
            "lon": ("district", spot[:, 1], {"units": "degrees_east"}),
        },
        {"Conventions": "CF-1.10", "title": "synthetic displacement panel", "seed": seed},
    )


def _courses(
    rng: np.random.Generator,
    region: np.ndarray,
    steps: int,
    persistence: float,
    shares: tuple[float, float, float],
) -> np.ndarray:
    """Courses of order one that are part national, part regional and part local: (district, time)."""
    weights = np.asarray(shares) / np.sqrt(np.sum(np.square(shares)))
    parts = (
        np.broadcast_to(rng.standard_normal(steps), (len(region), steps)),
        rng.standard_normal((REGIONS, steps))[region],
        rng.standard_normal((len(region), steps)),
    )
    shocks = sum(w * p for w, p in zip(weights, parts, strict=True))
    out = np.array(shocks)
    scale = np.sqrt(1.0 - persistence**2)
    for t in range(1, steps):
        out[:, t] = persistence * out[:, t - 1] + scale * out[:, t]
    return out
