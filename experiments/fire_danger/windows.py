"""Weather of the months up to a target, what is normal for them, and what is known some months ahead."""

from __future__ import annotations

from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from hybrid.fire.index import daylength

from .opening import Fires

SPAN = 12
"""Months of weather up to and with the target."""
TOLD = 17
"""Features that trees and network are told."""


class Windows(eqx.Module):
    """Weather that a model may know of each cell-month; arrays are (time, cell, lag), the target last.

    Attributes:
        tas: air temperature [degC].
        pr: precipitation [mm d-1].
        wind: wind speed [m s-1], the target month alone (time, cell).
        sun: net solar radiation [MJ m-2 d-1], the target month alone (time, cell).
        recent: ln(1 + months with fire in the cell) over the twelve months known before the target, less its mean over
            the fit (time, cell).
        normal_tas: mean of the calendar months over the years that fit, up to and with each (12, cell, lag).
        normal_pr: the same of precipitation.
        normal_wind: the same of wind speed (time, cell).
        normal_sun: the same of radiation (time, cell).
        days: days of each month (time, 1, lag).
        factor: day-length factor of the Drought Code of each month (time, 1, lag).
        season: sine and cosine of the target's month (time, 2).
        cover: of each cell (cell, 3).
        base: logit of the climatology (time, cell).
        month: calendar month 0 to 11 (time,).
        first: where each calendar month stands first in the record (12,).
        scale: standard deviations of the drivers over the fit (4,), ones until they are known.
        centre: means of the features over the fit, zero until they are known.
        spread: their standard deviations.
    """

    tas: Float[Array, "time cell lag"]
    pr: Float[Array, "time cell lag"]
    wind: Float[Array, "time cell"]
    sun: Float[Array, "time cell"]
    recent: Float[Array, "time cell"]
    normal_tas: Float[Array, "month cell lag"]
    normal_pr: Float[Array, "month cell lag"]
    normal_wind: Float[Array, "time cell"]
    normal_sun: Float[Array, "time cell"]
    days: Float[Array, "time 1 lag"]
    factor: Float[Array, "time 1 lag"]
    season: Float[Array, "time 2"]
    cover: Float[Array, "cell 3"]
    base: Float[Array, "time cell"]
    month: Int[Array, " time"]
    first: Int[Array, " month"]
    scale: Float[Array, " driver"]
    centre: Float[Array, " feature"]
    spread: Float[Array, " feature"]


@dataclass(frozen=True)
class Change:
    """A change of climate: what is added to temperature [K], and the factor of precipitation."""

    tas: float = 0.0
    pr: float = 1.0


def normals(values: np.ndarray, month: np.ndarray, fit: np.ndarray) -> np.ndarray:
    """Mean of each calendar month over the months that fit, (12, cell)."""
    return np.stack([values[fit & (month == k)].mean(axis=0) for k in range(12)])


def recent_fires(fires: Fires, lead: int) -> np.ndarray:
    """ln(1 + months with fire) of each cell (time, cell) over the twelve months known before the target.

    A month's fires are known once it is over: at a lead of 0 those of the month before are, at a lead of n those of
    n months before. Months before the record are taken to be as the known ones of the window.
    """
    earlier, steps = len(fires.earlier), len(fires.months)
    gap = int((fires.months[0] - fires.earlier_months[-1]).astype(int)) - 1 if earlier else 0
    unknown = np.full((gap, fires.burned.shape[1]), np.nan)
    burned = np.concatenate([fires.earlier, unknown, fires.burned])
    out = np.zeros((steps, burned.shape[1]))
    for i in range(steps):
        end = len(burned) - steps + i + 1 - max(lead, 1)
        known = burned[max(end - SPAN, 0) : max(end, 0)]
        known = known[np.isfinite(known).all(axis=1)]
        if len(known):
            out[i] = known.sum(axis=0) * SPAN / len(known)
    return np.log1p(out)


def windows(
    fires: Fires,
    fit: np.ndarray,
    base: np.ndarray,
    lead: int,
    change: Change = Change(),
    places: bool = True,
) -> Windows:
    """Windows of every month.

    The weather of the last `lead` months is not known: it is the normal of the calendar month. So is what lies before
    the record.

    Args:
        fires: fire and weather.
        fit: years over which normals are taken.
        base: logit of the climatology (time, cell).
        lead: months from the last known weather to the target.
        change: of temperature and precipitation of every month; normals stay as they were.
        places: whether fires of the cell itself may be known.
    """
    month, steps = fires.month, len(fires.months)
    held = np.isin(fires.years, fit)
    place = np.arange(steps)[:, None] + np.arange(1 - SPAN, 1)[None]
    calendar = place + int(month[0])
    known = (place >= 0) & (np.arange(SPAN) < SPAN - lead)[None]

    def pair(values: np.ndarray, changed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        normal = np.moveaxis(normals(values, month, held)[calendar % 12], 2, 1)
        # what is not known is the normal of the changed climate as far as it is known: its mean change
        mean = normals(changed, month, held)[calendar % 12]
        actual = np.where(known[..., None], changed[np.maximum(place, 0)], mean)
        return np.moveaxis(actual, 2, 1), normal

    tas, normal_tas = pair(fires.tas, fires.tas + change.tas)
    pr, normal_pr = pair(fires.pr, fires.pr * change.pr)
    first = [int(np.flatnonzero(month == k)[0]) for k in range(12)]
    wind, normal_wind = pair(fires.wind, fires.wind)
    sun, normal_sun = pair(fires.sun, fires.sun)
    recent = recent_fires(fires, lead)
    recent = recent - recent[held].mean() if places else np.zeros_like(recent)
    stamps = fires.months[0] + place.astype("timedelta64[M]")
    days = (
        (stamps + np.timedelta64(1, "M")).astype("datetime64[D]") - stamps.astype("datetime64[D]")
    ).astype(float)
    factor = np.asarray(daylength.by_latitude(np.array([fires.lat.mean()])).dc)[:, 0][calendar % 12]
    phase = 2.0 * np.pi * month / 12.0

    def f32(values: np.ndarray) -> Array:
        return jnp.asarray(values, jnp.float32)

    return Windows(
        f32(tas),
        f32(pr),
        f32(wind[..., -1]),
        f32(sun[..., -1]),
        f32(recent),
        f32(normal_tas[first]),
        f32(normal_pr[first]),
        f32(normal_wind[..., -1]),
        f32(normal_sun[..., -1]),
        f32(days[:, None]),
        f32(factor[:, None]),
        f32(np.stack([np.sin(phase), np.cos(phase)], axis=-1)),
        f32(fires.cover),
        f32(base),
        jnp.asarray(month),
        jnp.asarray(first),
        jnp.ones(4),
        jnp.zeros(TOLD),
        jnp.ones(TOLD),
    )
