"""A synthetic landscape, weather and first perimeter of a fire that is mapped again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

WIDTH = 100.0
"""Of a cell [m]."""
FUELS = {2: "C-2", 3: "C-3", 13: "D-1/D-2", 33: "O-1a/O-1b", 650: "M-1/M-2 (50 PC)", 101: "Non-fuel"}
"""Types of the Canadian system by their numbers."""
CASES = (240.0, 270.0)
"""Origins of the winds whose local speeds are told [degree]."""


def fire_progression(
    rows: int, columns: int, seed: int, first: str, analysed: str, last: str
) -> tuple[xr.Dataset, pd.DataFrame, pd.DataFrame]:
    """Landscape with the first perimeter, weather and names of fuels, in the form of the files of a real fire.

    The perimeters after the first hold a cell more each: what burns is left to a model.

    Args:
        rows: of the landscape.
        columns: of the landscape.
        seed: of hills and fuels.
        first: time of the first perimeter.
        analysed: time of the third; the second lies midway.
        last: time of the fifth; the fourth lies midway.
    """
    import pandas as pd
    import xarray as xr

    rng = np.random.default_rng(seed)
    x, y = 500_000.0 + WIDTH * np.arange(columns), 5_700_000.0 - WIDTH * np.arange(rows)
    east, south = np.meshgrid(WIDTH * np.arange(columns), WIDTH * np.arange(rows))
    elevation, patch = np.full((rows, columns), 1500.0), np.zeros((rows, columns))
    for scale in (6000.0, 3000.0, 1500.0):
        angle, phase, other = rng.uniform(0.0, 2.0 * np.pi, 3)
        wave = 2.0 * np.pi * (east * np.cos(angle) + south * np.sin(angle)) / scale
        elevation += 0.012 * scale * np.sin(wave + phase)
        cross = 2.0 * np.pi * (east * np.sin(angle) - south * np.cos(angle)) / scale
        patch += np.sin(wave + other) * np.cos(cross + phase)
    down, right = np.gradient(elevation, WIDTH)
    place = np.searchsorted(np.quantile(patch, (0.5, 0.7, 0.8, 0.92, 0.97)), patch)
    fuel = np.array(list(FUELS))[place].astype(np.int16)
    # winds are faster on heights and turn along contours a little
    high = (elevation - elevation.mean()) / elevation.std()
    speed = np.stack([30.0 * np.clip(1.0 + 0.25 * high, 0.2, 2.0)] * len(CASES))
    turned = np.stack([c + 10.0 * np.tanh(20.0 * down) for c in CASES])
    times = pd.DatetimeIndex([pd.Timestamp(t) for t in (first, analysed, last)])
    between = [times[i] + (times[i + 1] - times[i]) / 2 for i in (0, 1)]
    clock = pd.DatetimeIndex([times[0], between[0], times[1], between[1], times[2]])
    burned = np.zeros((5, rows, columns), np.int8)
    burned[:, np.hypot(south - south.mean(), east - 0.2 * east.max()) <= 500.0] = 1
    for i in range(1, 5):
        burned[i:, rows // 2, columns // 5 + 6 + i] = 1
    dims = ("y", "x")
    held = {
        "fuel_official": (dims, fuel, {"long_name": "fuel type"}),
        "elevation": (dims, elevation, {"units": "m"}),
        "slope": (dims, 100.0 * np.hypot(down, right), {"units": "%"}),
        "aspect": (dims, np.degrees(np.arctan2(-right, down)) % 360.0, {"units": "degree"}),
        "curing": (dims, np.full((rows, columns), 80.0), {"units": "%"}),
        "windninja_speed": (("wind_case", *dims), speed, {"units": "km h-1"}),
        "windninja_direction": (("wind_case", *dims), turned % 360.0, {"units": "degree"}),
        "burned": (("obs_time", *dims), burned, {"units": "1"}),
        "crs": ((), np.int32(0), {"grid_mapping_name": "transverse_mercator", "epsg_code": "EPSG:3400"}),
    }
    coords = {
        "y": ("y", y, {"units": "m"}),
        "x": ("x", x, {"units": "m"}),
        "wind_case": ("wind_case", np.array(CASES)),
        "obs_time": ("obs_time", clock),
    }
    hours = pd.date_range(times[0].floor("h"), times[-1].ceil("h"), freq="h")
    weather = pd.DataFrame(
        {
            "time": hours,
            "wind_km_h": 16.0 + 4.0 * np.sin(np.arange(len(hours))),
            "wind_from_deg": 250.0 + 15.0 * np.cos(0.8 * np.arange(len(hours))),
            "FFMC": 90.0 + 0.2 * np.arange(len(hours)),
            "BUI": 80.0,
        }
    )
    lookup = pd.DataFrame({"grid_value": list(FUELS), "fuel_type": list(FUELS.values())})
    return xr.Dataset(held, coords), weather, lookup


__all__ = ["CASES", "FUELS", "WIDTH", "fire_progression"]
