"""Checks of what is given to fire behaviour: each mistake one sentence, before anything is computed."""

from __future__ import annotations

from typing import Any

import numpy as np

from data.errors import DataError

MOST_DEAD, MOST_LIVE, MOST_FOLIAR = 1.0, 5.0, 5.0
"""Greatest moisture [1] that is taken as a fraction: above it, percent is meant."""
STEEPEST = 5.0
"""Greatest slope [1] that is taken as rise over run."""
FASTEST = 100.0
"""Greatest wind speed [m s-1]."""


def check_finite(values: Any, name: str) -> np.ndarray:
    """Values as an array; raise DataError where one is missing or not a number."""
    found = np.asarray(values)
    if found.dtype.kind not in "iufb":
        raise DataError(f"{name} is of type {found.dtype}", name, "give numbers")
    bad = int((~np.isfinite(found)).sum())
    if bad:
        raise DataError(f"{name} is missing in {bad} of {found.size} places", name, "fill or mask it first")
    return found


def check_moisture(values: Any, name: str, most: float = MOST_LIVE) -> np.ndarray:
    """Moisture contents as fractions of dry mass; raise DataError where one is negative or in percent."""
    found = check_finite(values, name)
    if (found < 0.0).any():
        raise DataError(f"moisture {name} is {found.min():g}", name, "a moisture content is zero or above")
    if (found > most).any():
        raise DataError(
            f"moisture {name} is {found.max():g}, where a fraction of dry mass is wanted",
            name,
            "divide percent by 100, or give an array with units = '%'",
        )
    return found


def check_speed(values: Any, name: str = "wind_speed") -> np.ndarray:
    """Wind speeds [m s-1]; raise DataError where one is negative or beyond any wind."""
    found = check_finite(values, name)
    if (found < 0.0).any():
        raise DataError(
            f"{name} is {found.min():g} m s-1", name, "a speed is zero or above: turn the direction instead"
        )
    if (found > FASTEST).any():
        raise DataError(f"{name} is {found.max():g} m s-1", name, "give it in m s-1")
    return found


def check_slope(values: Any, name: str = "slope") -> np.ndarray:
    """Slopes as rise over run; raise DataError where one is negative or in degrees or percent."""
    found = check_finite(values, name)
    if (found < 0.0).any():
        raise DataError(
            f"{name} is {found.min():g}", name, "a slope is zero or above: turn the aspect instead"
        )
    if (found > STEEPEST).any():
        raise DataError(
            f"{name} is {found.max():g}, where rise over run is wanted",
            name,
            "divide percent by 100 or take the tangent of degrees, or give an array with units",
        )
    return found


def check_fraction(values: Any, name: str) -> np.ndarray:
    """Fractions from 0 to 1; raise DataError beyond."""
    found = check_finite(values, name)
    if (found < 0.0).any() or (found > 1.0).any():
        worst = found.max() if (found > 1.0).any() else found.min()
        raise DataError(f"{name} is {worst:g}", name, "give a fraction from 0 to 1 (divide percent by 100)")
    return found


def check_canopy(base_height: Any, height: Any, bulk_density: Any, foliar_moisture: Any) -> None:
    """Raise DataError where a canopy's numbers contradict each other or are in other units."""
    base, top = check_finite(base_height, "canopy_base_height"), check_finite(height, "canopy_height")
    density = check_finite(bulk_density, "canopy_bulk_density")
    for name, found in (
        ("canopy_base_height", base),
        ("canopy_height", top),
        ("canopy_bulk_density", density),
    ):
        if (found < 0.0).any():
            raise DataError(f"{name} is {found.min():g}", name, "it is zero or above")
    if (np.less(top, base) & np.greater(density, 0.0)).any():
        raise DataError(
            "the canopy's base is above its top", "canopy_base_height", "exchange or correct them"
        )
    if (density > 2.0).any():
        raise DataError(
            f"canopy_bulk_density is {density.max():g} kg m-3",
            "canopy_bulk_density",
            "give it in kg m-3 (a dense conifer canopy has 0.3)",
        )
    check_moisture(foliar_moisture, "foliar_moisture", MOST_FOLIAR)


def check_shapes(**arrays: Any) -> tuple[int, ...]:
    """Common shape of arrays by name; raise DataError where they do not broadcast."""
    shape: tuple[int, ...] = ()
    for name, values in arrays.items():
        try:
            shape = np.broadcast_shapes(shape, np.shape(values))
        except ValueError:
            raise DataError(
                f"{name} is of shape {np.shape(values)}, which does not broadcast with {shape}",
                name,
                "bring all inputs onto one grid",
            ) from None
    return shape


__all__ = [
    "check_canopy",
    "check_finite",
    "check_fraction",
    "check_moisture",
    "check_shapes",
    "check_slope",
    "check_speed",
]
