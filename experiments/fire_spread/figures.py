"""Figures of a run, from its results alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..report import style
from .judge import reliability

if TYPE_CHECKING:
    import xarray as xr

MARGIN = 100.0
"""Ground shown about what burned [m]."""


@style.use()
def fire_map(ds: xr.Dataset, fire: str, folder: Path) -> str:
    """Burn probability over shaded relief, with scar, chosen front and ignition; returns the figure's name."""
    part = ds.sel(fire=fire)
    x, y = part["x"].values, part["y"].values
    ignition = float(part["ignition_x"]), float(part["ignition_y"])
    east, north = x - ignition[0], y - ignition[1]
    scar, chance = part["observed_scar"].values, part["burn_probability"].values
    front = np.isfinite(part["arrival_time"].values)
    likely = part["likely_burned"].values
    rows, columns = np.nonzero((scar > 0) | front | (chance > 0.05))
    drawing, axis = style.figure(1, 1, width="one", height=88)
    half = 0.5 * (x[1] - x[0])
    extent = (east[0] - half, east[-1] + half, north[-1] - half, north[0] + half)
    axis.imshow(shade(part["elevation"].values, x[1] - x[0]), extent=extent, cmap="gray", vmin=-0.6, vmax=1.2)
    shown = np.ma.masked_less_equal(chance, 0.0)
    image = axis.imshow(shown, extent=extent, cmap="YlOrRd", vmin=0, vmax=1, alpha=0.75)
    axis.contour(east, north, scar, [0.5], colors="#111111", linewidths=1.3)
    if front.any():
        axis.contour(east, north, front.astype(float), [0.5], colors="#0072b2", linewidths=1.0)
    if likely.any():
        axis.contour(east, north, likely, [0.5], colors="#009e73", linewidths=0.9, linestyles="--")
    axis.plot(0, 0, "*", color="#111111", ms=7)
    axis.set_xlim(east[columns].min() - MARGIN, east[columns].max() + MARGIN)
    axis.set_ylim(north[rows].min() - MARGIN, north[rows].max() + MARGIN)
    axis.set_aspect("equal")
    axis.grid(False)
    axis.set_xlabel("east of the ignition [m]")
    axis.set_ylabel("north of the ignition [m]")
    axis.set_title(fire)
    axis.plot([], [], color="#111111", lw=1.3, label="mapped scar")
    axis.plot([], [], color="#0072b2", lw=1.0, label="chosen on the other fires")
    axis.plot([], [], color="#009e73", lw=0.9, ls="--", label="likely area of the ensemble")
    axis.plot([], [], "*", color="#111111", ls="", label="ignition")
    drawing.legend(loc="outside lower center", ncols=2)
    drawing.colorbar(image, ax=axis, label="burn probability", shrink=0.8)
    name = f"map_{fire}"
    style.save(drawing, folder, name)
    return name


def shade(elevation: np.ndarray, width: float) -> np.ndarray:
    """Shaded relief lit from the north-west at 45 degrees, as the cosine of the light's angle [1]."""
    down, along = np.gradient(elevation, width)
    light = np.array([-0.5, 0.5, np.sqrt(0.5)])
    # the surface's normal is (-dz/dx, -dz/dy, 1), and rows run southwards
    return (-along * light[0] + down * light[1] + light[2]) / np.sqrt(1.0 + along**2 + down**2)


@style.use()
def reliability_curve(ds: xr.Dataset, folder: Path, bins: int) -> None:
    """Share that burned against burn probability, over the cells that any member burns, all fires pooled."""
    drawing, axis = style.figure(1, 1, width="one", height=75)
    axis.plot([0, 1], [0, 1], color="#222222", lw=0.6)
    reach = ds["within_reach"].values > 0
    scar = ds["observed_scar"].values[reach]
    for name, label, colour in (
        ("burn_probability", "weighed by the other fires", "#0072b2"),
        ("burn_probability_calibrated", "and recalibrated there", "#009e73"),
        ("burn_probability_prior", "all members alike", "#e69f00"),
    ):
        curve = reliability(ds[name].values[reach], scar, bins=bins)
        # dashed, so that it shows where weights leave all members alike
        dash = "--" if name == "burn_probability_prior" else "-"
        axis.plot(curve.forecast, curve.frequency, "o", color=colour, label=label, ls=dash)
    axis.set_xlabel("burn probability")
    axis.set_ylabel("share of the cells that burned")
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1)
    axis.legend()
    style.save(drawing, folder, "reliability")
