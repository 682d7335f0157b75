"""River networks in flood with a known tree: moving storms, runoff by linear stores, Muskingum reaches, gauges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.signal import lfilter

from ..errors import ConfigError

WARM_UP = 20.0
"""Days before the record that fill the stores [d]."""
_AREA = 100.0
"""Median catchment between two gauges [km2]."""


@dataclass(frozen=True)
class _Storm:
    """A band of rain that crosses the network."""

    start: float  # h
    amount: float  # 1
    duration: float  # h
    velocity: np.ndarray  # km h-1
    centre: np.ndarray  # km
    width: float  # km


def river_network(
    stations: int | None = None, steps: int = 3010, step: float = 0.25, seed: int | tuple[int, ...] = 0
) -> tuple[xr.Dataset, np.ndarray]:
    """Simulate the gauges of a river network whose every station drains into one other.

    Storms cross a random tree of gauges. Rain runs off through two linear stores in series, whose time grows with
    the 0.38th power of the catchment, and through a slow one; reaches are Muskingum reaches of 0.2 weight
    [@mccarthy1938muskingum], about 8 km each, with celerities about 1.2 m/s. In half of the networks one headwater
    carries the flow of a large basin upstream of all gauges. Gauges have random errors, the resolution of a
    stage through a power-law rating, and in part a daily cycle or gate operation.

    Args:
        stations: number of gauges, or None for 6 to 19 at random.
        steps: length of the record.
        step: time step [h].
        seed: seed of everything.

    Returns:
        Dataset with ``discharge`` (station, time) [m3 s-1], and the truth: an array [N, N] of 0 and 1, where
        ``[i, j] = 1`` says that the next gauge below i is j.

    Raises:
        ConfigError: for fewer than 2 stations, 2 steps or a step that is not positive.
    """
    if (stations is not None and stations < 2) or steps < 2 or not step > 0:
        raise ConfigError(
            f"stations={stations}, steps={steps}, step={step} h make no network",
            "synthetic.river_network",
            "take at least 2 stations, 2 steps and a positive step",
        )
    rng = np.random.default_rng(seed)
    n = stations or int(rng.integers(6, 20))
    down, distance, place = _tree(rng, n)
    total = steps + round(WARM_UP * 24 / step)
    hours = np.arange(total) * step - WARM_UP * 24
    area = _AREA * np.exp(rng.normal(0, 1.2, n))
    storms = _storms(rng, place, steps * step)
    heads = [i for i in range(n) if i not in down]
    main = int(rng.choice(heads)) if rng.random() < 0.5 else -1
    flow = np.zeros((n, total))
    for i in reversed(range(n)):  # a gauge has a higher number than the one below it
        flow[i] += _runoff(rng, storms, place[i], area[i], hours, step)
        if i == main:
            beyond = area.sum() * np.exp(rng.uniform(0, 4))
            basin = _runoff(rng, storms, place[i] + rng.normal(0, 150, 2), beyond, hours, step)
            spread = _stores(basin, rng.uniform(5, 25), 2, step)
            flow[i] += _route(spread, rng.uniform(10, 100), 20, step)
        if down[i] >= 0:
            celerity = 1.2 * np.exp(rng.normal(0, 0.35)) * 3.6  # km h-1
            flow[down[i]] += _route(
                flow[i], max(distance[i] / celerity, 0.3), max(1, int(np.ceil(distance[i] / 8))), step
            )
    read = np.stack([_gauge(rng, q, step) for q in flow[:, total - steps :] / 3.6])
    truth = np.zeros((n, n), dtype=int)
    truth[np.arange(1, n), down[1:]] = 1
    order = rng.permutation(n)
    times = np.datetime64("2000-01-01", "ns") + np.round(np.arange(steps) * step * 3600e9).astype(
        "timedelta64[ns]"
    )
    attrs = {"units": "m3 s-1", "standard_name": "water_volume_transport_in_river_channel"}
    ds = xr.Dataset(
        {"discharge": (("station", "time"), read[order], attrs)},
        {"station": [f"s{k:02d}" for k in range(n)], "time": times},
    )
    return ds, truth[np.ix_(order, order)]


def _tree(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gauge below each (-1 at the outlet, 0), the distance to it [km] and positions [km]."""
    down, distance, place = np.full(n, -1), np.zeros(n), np.zeros((n, 2))
    branching, heading = rng.uniform(0, 1), rng.uniform(0, 2 * np.pi)
    for i in range(1, n):
        below = int(rng.integers(0, i)) if rng.random() > branching else 0
        distance[i] = 25 * np.exp(rng.normal(0, 0.8))
        angle = heading + rng.normal(0, 1)
        place[i] = place[below] + 0.7 * distance[i] * np.array([np.cos(angle), np.sin(angle)])
        down[i] = below
    return down, distance, place


def _storms(rng: np.random.Generator, place: np.ndarray, length: float) -> list[_Storm]:
    """Draw one or more storms over the network's centre, within ``length`` hours."""
    centre, span = place.mean(0), place.std() + 20
    found = []
    for _ in range(rng.poisson(4) + 1):
        speed, heading = rng.uniform(15, 50), rng.uniform(0, 2 * np.pi)
        found.append(
            _Storm(
                rng.uniform(-100, length),
                rng.lognormal(0, 0.8),
                rng.uniform(4, 48),
                speed * np.array([np.cos(heading), np.sin(heading)]),
                centre + rng.normal(0, span, 2),
                rng.uniform(0.7, 3) * span,
            )
        )
    return found


def _runoff(
    rng: np.random.Generator,
    storms: list[_Storm],
    place: np.ndarray,
    area: float,
    hours: np.ndarray,
    step: float,
) -> np.ndarray:
    """Runoff of a catchment [mm h-1 km2]: rain through two quick stores and a slow one, with baseflow."""
    rain = np.zeros(len(hours))
    for storm in storms:
        delay = place @ storm.velocity / (storm.velocity @ storm.velocity)
        share = np.exp(-0.5 * np.sum((place - storm.centre) ** 2) / storm.width**2)
        t = hours - storm.start - delay
        shape = np.where((t > 0) & (t < storm.duration), 1 - np.abs(2 * t / storm.duration - 1), 0)
        rain += storm.amount * share * shape * rng.gamma(8, 1 / 8)
    gust = _stores(rng.gamma(0.3, 1 / 0.3, len(hours)), 0.5, 1, step)
    shower = _stores(rng.gamma(0.01, 1 / 0.01, len(hours)), 2.0, 1, step)
    rain = rain * (0.5 + 0.5 * gust) + 0.002 * shower * rng.gamma(2, 0.5)
    quick = _stores(rain, 1.5 * (area / _AREA) ** 0.38 * np.exp(rng.normal(0, 0.5)) + 0.3, 2, step)
    slow = _stores(rain, rng.uniform(80, 300), 1, step)
    share = rng.uniform(0.3, 0.85)
    base = rng.uniform(0.02, 0.3) * rain.mean() * 4 + 1e-3
    return area * (share * quick + (1 - share) * slow + base)


def _stores(inflow: np.ndarray, hours: float, count: int, step: float) -> np.ndarray:
    """Outflow of ``count`` equal linear stores in series, each of mean delay ``hours``."""
    keep = np.exp(-step / hours)
    for _ in range(count):
        inflow = np.asarray(lfilter([1 - keep], [1, -keep], inflow))
    return inflow


def _route(inflow: np.ndarray, hours: float, reaches: int, step: float, weight: float = 0.2) -> np.ndarray:
    """Outflow of Muskingum reaches in series, delayed by ``hours`` in all; steady before the first step."""
    k = hours / reaches
    d = 2 * k * (1 - weight) + step
    b = np.array([step - 2 * k * weight, step + 2 * k * weight]) / d
    a = (2 * k * (1 - weight) - step) / d
    for _ in range(reaches):
        inflow = np.asarray(lfilter(b, [1, -a], inflow, zi=[inflow[0] * (1 - b[0])])[0])
    return np.maximum(inflow, 0)


def _gauge(rng: np.random.Generator, flow: np.ndarray, step: float) -> np.ndarray:
    """What a gauge reports: a stage of finite resolution turned back into discharge, with errors."""
    time = np.arange(len(flow)) * step
    if rng.random() < 0.25:
        flow = flow * (1 + rng.uniform(0.005, 0.05) * np.sin(2 * np.pi * time / 24 + rng.uniform(0, 6)))
    if rng.random() < 0.25:
        gate = (np.cumsum(rng.random(len(flow)) < 0.08 * step) % 2).astype(float) - 0.5
        flow = flow * (1 + rng.uniform(0.005, 0.05) * _stores(gate, 0.5, 1, step))
    flow = flow * np.exp(10 ** rng.uniform(-3.5, -1.8) * rng.normal(size=len(flow)))
    power = rng.uniform(1.3, 2.2)
    stage = flow ** (1 / power)
    resolution = rng.uniform(0.001, 0.01) * np.median(stage)
    return (np.round(stage / resolution) * resolution) ** power
