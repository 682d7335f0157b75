"""A synthetic landscape with hills, fuels, a road and three ignitions; what burns there is left to a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

FUELS = (106, 123, 183, 186)
"""Grass, grass and shrubs, conifer litter, broadleaf litter, by the numbers of [@scott2005standard]."""
WIDTH = 10.0
"""Of a cell [m]."""
WEST, NORTH = 700_000.0, 600_000.0
"""Place of the first cell [m]."""
WINDS = (
    ((14.0, 180.0), (12.0, 200.0), (12.0, 230.0)),
    ((10.0, 90.0), (14.0, 110.0), (12.0, 150.0)),
    ((16.0, 300.0), (10.0, 330.0), (12.0, 20.0)),
)
"""Speed [km h-1] and direction [degree] of the wind by hour, of each fire."""


def fire_landscape(cells: int, seed: int) -> list[tuple[str, xr.Dataset, pd.DataFrame, pd.DataFrame]]:
    """Name, landscape, weather and ignition of three fires, in the form of the files of real ones.

    Args:
        cells: along each side.
        seed: of hills and fuels.
    """
    import pandas as pd
    import xarray as xr

    rng = np.random.default_rng(seed)
    along = np.arange(cells) * WIDTH
    x, y = WEST + along, NORTH - along
    east, south = np.meshgrid(along, along)
    elevation = np.zeros((cells, cells))
    patch = np.zeros((cells, cells))
    for scale in (600.0, 300.0, 150.0):
        angle, phase, other = rng.uniform(0.0, 2.0 * np.pi, 3)
        wave = 2.0 * np.pi * (east * np.cos(angle) + south * np.sin(angle)) / scale
        elevation += 0.03 * scale * np.sin(wave + phase)
        cross = 2.0 * np.pi * (east * np.sin(angle) - south * np.cos(angle)) / scale
        patch += np.sin(wave + other) * np.cos(cross + phase)
    down, right = np.gradient(elevation, WIDTH)
    slope = np.degrees(np.arctan(np.hypot(down, right)))
    aspect = np.degrees(np.arctan2(-right, down)) % 360.0
    place = np.searchsorted(np.quantile(patch, (0.35, 0.6, 0.85)), patch)
    fuel = np.asarray(FUELS)[place].astype(np.int16)
    fuel[:, cells // 8] = 91  # a road
    dims = ("y", "x")
    held = {
        "fuel": (dims, fuel, {"long_name": "fuel model number"}),
        "elevation": (dims, elevation.astype(np.float32), {"units": "m", "long_name": "elevation"}),
        "slope": (dims, slope.astype(np.float32), {"units": "degree", "long_name": "slope angle"}),
        "aspect": (dims, aspect.astype(np.float32), {"units": "degree", "long_name": "downslope direction"}),
        "crs": ((), np.int32(0), {"grid_mapping_name": "transverse_mercator", "epsg_code": "EPSG:3812"}),
    }
    ds = xr.Dataset(held, {"y": ("y", y, {"units": "m"}), "x": ("x", x, {"units": "m"})})
    out = []
    for name, wind, (across, below) in zip(
        ("east", "west", "north"), WINDS, ((0.6, 0.6), (0.6, 0.4), (0.4, 0.4)), strict=True
    ):
        weather = pd.DataFrame(list(wind), columns=["wind_km_h", "wind_from_deg"])
        lit = pd.DataFrame({"x_m": [x[int(across * cells)]], "y_m": [y[int(below * cells)]]})
        out.append((name, ds, weather, lit))
    return out
