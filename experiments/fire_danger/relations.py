"""Expected against learned relations: accumulated local effects of drivers, hybrid beside trees and network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import xarray as xr

import xai

from .models import LEARNED, Fitted
from .opening import Fires
from .windows import Windows

RECENT = 3
"""Months up to the target whose weather is moved together."""


@dataclass(frozen=True)
class Expectation:
    """What physics expects of a driver.

    Attributes:
        driver: name.
        unit: of its values.
        sign: expected sign of the effect on danger.
        why: reason.
        hybrid: whether the hybrid is given it or learns it.
    """

    driver: str
    unit: str
    sign: int
    why: str
    hybrid: str


EXPECTED = (
    Expectation("temperature", "K", 1, "evaporation dries fuel and soil", "given through the drought balance"),
    Expectation("rain", "1", -1, "rain wets fuel and soil", "given through the drought balance"),
    Expectation("wind", "m s-1", 1, "wind dries fine fuel and drives spread", "learned"),
    Expectation("low vegetation", "1", 1, "grass and shrubs cure and carry fire", "learned, as sensitivity alone"),
)  # fmt: skip


def logit_mean(chance: np.ndarray) -> np.ndarray:
    """Logit of the members' mean chance (time, cell)."""
    mean = np.clip(chance.mean(axis=0), 1e-5, 1.0 - 1e-5)
    return np.log(mean / (1.0 - mean))


def own_values(w: Windows) -> dict[str, np.ndarray]:
    """Regional departures of each month (time,): temperature [K], log ratio of rain [1], wind [m s-1]."""
    tas = np.asarray(w.tas - w.normal_tas[w.month])[..., -RECENT:].mean((1, 2))
    pr = np.asarray(w.pr)[..., -RECENT:].mean((1, 2))
    normal = np.asarray(w.normal_pr[w.month])[..., -RECENT:].mean((1, 2))
    return {
        "temperature": tas,
        "rain": np.log((pr + 0.05) / (normal + 0.05)),
        "wind": np.asarray(w.wind - w.normal_wind).mean(1),
    }


def moved(w: Windows, driver: str, by: np.ndarray) -> Windows:
    """Windows whose recent weather is moved by an amount for each month (time,), everywhere alike."""
    shift = jnp.asarray(by, jnp.float32)[:, None]
    if driver == "wind":
        return eqx.tree_at(lambda x: x.wind, w, jnp.maximum(w.wind + shift, 0.0))
    recent = (jnp.arange(w.tas.shape[-1]) >= w.tas.shape[-1] - RECENT)[None, None]
    if driver == "temperature":
        return eqx.tree_at(lambda x: x.tas, w, w.tas + recent * shift[..., None])
    return eqx.tree_at(lambda x: x.pr, w, w.pr * jnp.exp(recent * shift[..., None]))


def weather_effect(
    ask: Callable[[Windows], np.ndarray],
    w: Windows,
    driver: str,
    held: np.ndarray,
    years: np.ndarray,
    seed: int,
) -> xr.Dataset:
    """Accumulated local effect of a driver's regional departure on the region's mean logit, years resampled.

    Args:
        ask: chance of fire (member, time, cell) from windows.
        w: windows.
        driver: of `own_values`.
        held: months that count, bool (time,).
        years: calendar year of each month.
        seed: of the bootstrap.
    """
    own = own_values(w)[driver]
    ds = xr.Dataset({driver: ("sample", own[held]), "place": ("sample", np.flatnonzero(held).astype(float))})

    def f(x: Any) -> np.ndarray:
        place = x["place"].round().astype(int)
        by = np.zeros(len(own))
        by[place] = x[driver] - own[place]
        return logit_mean(ask(moved(w, driver, by)))[place].mean(axis=1)

    return _ale(f, ds, driver, xr.DataArray(years[held], dims="sample"), seed)


def cover_effect(
    ask: Callable[[Windows], np.ndarray], w: Windows, column: int, held: np.ndarray, seed: int
) -> xr.Dataset:
    """The same of a column of cover at each cell, its neighbours moved alike, on its mean logit over some months."""
    own = np.asarray(w.cover[:, column], float)
    name = "low vegetation"
    ds = xr.Dataset({name: ("sample", own), "place": ("sample", np.arange(len(own), dtype=float))})

    def f(x: Any) -> np.ndarray:
        place = x["place"].round().astype(int)
        cover = np.array(w.cover)
        cover[place, column] = x[name]
        there = eqx.tree_at(lambda v: v.cover, w, jnp.asarray(cover))
        return logit_mean(ask(there))[held].mean(axis=0)[place]

    return _ale(f, ds, name, None, seed)


def _ale(f: Any, ds: xr.Dataset, name: str, blocks: xr.DataArray | None, seed: int) -> xr.Dataset:
    return xai.ale(
        xai.Plain(f, batched=True), ds, name, bins=5, bootstrap=200, blocks=blocks, seed=seed, units="logit"
    )


def relations(fires: Fires, fitted: Fitted, fit: np.ndarray, seed: int) -> list[dict[str, Any]]:
    """A row for each driver and learned model: the curve, its rise with interval, its shape and the verdict."""
    w = fitted.windows
    rate = np.array([fires.burned[fires.month == k].mean() for k in fires.month])
    held = np.isin(fires.years, fit) & (rate > 0)
    out = []
    for expected in EXPECTED:
        for name in LEARNED:
            ask = fitted.chance[name]
            if expected.driver == "low vegetation":
                found = cover_effect(ask, w, 1, held, seed)
            else:
                found = weather_effect(ask, w, expected.driver, held, fires.years, seed)
            out.append(_row(expected, name, found))
    return out


def _row(expected: Expectation, name: str, found: xr.Dataset) -> dict[str, Any]:
    curve = found["ale"].values
    steps = np.diff(curve)
    rise = float(curve[-1] - curve[0])
    error = float(np.hypot(found["stderr"].values[0], found["stderr"].values[-1]))
    same = float((np.sign(steps) == expected.sign).mean())
    clear = abs(rise) > 1.96 * error and abs(rise) > 0.02
    verdict = "no clear effect"
    if clear:
        verdict = "as expected" if np.sign(rise) == expected.sign else "against expectation"
    bend = "straight"
    if np.abs(steps).sum() > 0:
        half = len(steps) // 2
        slopes = steps / np.diff(found[expected.driver].values)
        low, high = np.abs(slopes[:half]).mean(), np.abs(slopes[-half:]).mean()
        bend = "steeper when high" if high > 1.5 * low else "flatter when high" if low > 1.5 * high else bend
    if same not in (0.0, 1.0):
        bend += ", not monotone"
    return {
        "driver": expected.driver,
        "model": name,
        "unit": expected.unit,
        "expected": expected.sign,
        "why": expected.why,
        "hybrid": expected.hybrid,
        "edges": found[expected.driver].values,
        "ale": curve,
        "lower": found["lower"].values,
        "upper": found["upper"].values,
        "rise": rise,
        "error": error,
        "monotone": same,
        "shape": bend,
        "verdict": verdict,
    }
