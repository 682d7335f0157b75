"""Droughts of the test period that are explained: the driest days of each site and season in which it grows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from data.batches import Panel
from hybrid.inputs import Inputs, from_panel

from .memory import _climate_forcing, replace_inputs

SEASONS = ("DJF", "MAM", "JJA", "SON")
DAYS = 30
"""Length of the window whose mean flux is explained [d]."""
RAIN = 90
"""Days up to the window's end whose rain says how dry it is [d]."""
STRIDE = 5
"""Days between windows that are looked at."""
LEAST = 10.0
"""Rain of `RAIN` days in the climatology below which a lack of it is nothing special [mm]."""
GROWS = 0.5
"""A site grows in a season whose mean GPP is at least this share of the largest of the year."""
CALENDAR = ("day_of_year", "day_length")


@dataclass(frozen=True)
class Events:
    """The droughts of a run, each a column of simulations that end with its last day.

    Attributes:
        site: index of the site, (event,).
        season: label of the season, (event,).
        end: step of the last day of the window, (event,).
        rain: of the `RAIN` days up to then, relative to the climatology [1], (event,).
        first: step at which its simulation begins, (event,).
        days: steps of a simulation.
        lead: steps at its beginning, before what is explained.
    """

    site: Int[np.ndarray, " event"]
    season: tuple[str, ...]
    end: Int[np.ndarray, " event"]
    rain: Float[np.ndarray, " event"]
    days: int
    lead: int

    def __len__(self) -> int:
        return len(self.season)

    @property
    def first(self) -> Int[np.ndarray, " event"]:
        """Step at which each simulation begins."""
        return self.end + 1 - self.days

    def names(self, panel: Panel) -> list[str]:
        """Site, season and last day of each event."""
        return [
            f"{panel.sites[j]} {s} {panel.dates[t, j]}"
            for j, s, t in zip(self.site, self.season, self.end, strict=True)
        ]


def season_of(dates: np.ndarray) -> Int[np.ndarray, " day"]:
    """Number of the season, 0 (December to February) to 3, of each date."""
    months = dates.astype("datetime64[M]").astype(int) % 12 + 1
    return months % 12 // 3


def growing(panel: Panel, site: int) -> Bool[np.ndarray, " season"]:
    """Seasons in which a site grows: mean observed GPP at least half of the largest of a smoothed year."""
    if "gpp" not in panel.targets:
        return np.ones(4, bool)
    held = panel.masks["gpp"][:, site] & panel.valid[:, site]
    doy = np.minimum(panel.forcing["day_of_year"][:, site].astype(int), 365) - 1
    total = np.bincount(doy[held], panel.targets["gpp"][held, site], minlength=365)
    count = np.bincount(doy[held], minlength=365)
    if not (count > 0).any():
        return np.zeros(4, bool)
    there = np.flatnonzero(count)
    mean = np.interp(np.arange(365), there, total[there] / count[there], period=365)
    smooth = np.convolve(np.concatenate([mean] * 3), np.ones(DAYS) / DAYS, "same")[365:730]
    of = season_of(np.arange("2001-01-01", "2002-01-01", dtype="datetime64[D]"))
    return np.array([mean[of == s].mean() for s in range(4)]) >= GROWS * smooth.max()


def choose(
    panel: Panel, train: np.ndarray, test: np.ndarray, history: int, lead: int, most: int | None = None
) -> Events:
    """The driest window of the test period, by rain relative to its climatology, of each site and growing season.

    Args:
        panel: all days.
        train: training days, whose mean is the climatology, (time, site).
        test: test days, (time, site).
        history: days before a window's end that are explained.
        lead: days before those.
        most: seasons of a site, the driest first; all where None.
    """
    climate = _climate_forcing(panel, train)["pr"]
    doy = panel.forcing["day_of_year"].astype(int)
    found: list[tuple[int, int, int, float]] = []
    for j in range(panel.shape[1]):
        rain = _trailing(panel.forcing["pr"][:, j])
        usual = _trailing(climate[doy[:, j], j])
        inside = _trailing((test[:, j] & panel.valid[:, j]).astype(float), DAYS) > DAYS - 0.5
        season = season_of(panel.dates[:, j] - np.timedelta64(DAYS // 2, "D"))
        grows = growing(panel, j)
        steps = np.arange(panel.shape[0])
        near = inside & (steps >= history + lead - 1) & (steps % STRIDE == 0) & (usual >= LEAST)
        mine = []
        for s in range(4):
            candidates = np.flatnonzero(near & (season == s))
            if grows[s] and len(candidates):
                ratio = rain[candidates] / usual[candidates]
                k = int(np.argmin(ratio))
                if ratio[k] < 1.0:
                    mine.append((j, s, int(candidates[k]), float(ratio[k])))
        kept = sorted(mine, key=lambda e: e[3])[:most]
        found += sorted(kept, key=lambda e: e[1])
    columns: Any = list(zip(*found, strict=True)) if found else [(), (), (), ()]
    return Events(
        np.array(columns[0], int),
        tuple(SEASONS[s] for s in columns[1]),
        np.array(columns[2], int),
        np.array(columns[3], float),
        history + lead,
        lead,
    )


def weather(panel: Panel, events: Events, train: np.ndarray) -> tuple[dict[str, Any], dict[str, Any]]:
    """Forcing of each event's simulation and its climatology, (time, event), both the same before the history."""
    climate = _climate_forcing(panel, train)
    actual, usual = {}, {}
    index = events.first[None, :] + np.arange(events.days)[:, None]
    doy = panel.forcing["day_of_year"].astype(int)[index, events.site]
    for name, series in panel.forcing.items():
        actual[name] = series[index, events.site]
        usual[name] = actual[name].copy()
        if name not in CALENDAR:
            usual[name][events.lead :] = climate[name][doy, events.site][events.lead :]
    return actual, usual


def inputs_of(panel: Panel, events: Events, forcing: dict[str, Any], categories: dict[str, Any]) -> Inputs:
    """Inputs of a model whose columns are the events."""
    return replace_inputs(from_panel(panel, categories), forcing, events.site)


def _trailing(series: np.ndarray, window: int = RAIN) -> np.ndarray:
    """Sum over the last `window` steps."""
    total = np.concatenate([[0.0], np.cumsum(series, dtype=float)])
    stop = np.arange(1, len(series) + 1)
    return total[stop] - total[np.maximum(stop - window, 0)]
