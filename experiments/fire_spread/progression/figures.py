"""Figures of a fire with timed perimeters, from its results alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...report import style
from ..figures import shade
from . import scores

if TYPE_CHECKING:
    import xarray as xr

MARGIN = 2.0
"""Ground shown about what burned [km]."""


@style.use()
def progression_map(ds: xr.Dataset, folder: Path) -> str:
    """Burn probability at each forecast over shaded relief, with the mapped perimeters; returns the figure's name."""
    times = scores.labels(ds)
    drawing, axes = style.figure(len(times), 2, width="two", height=58.0 * len(times))
    axes = np.atleast_2d(axes)
    x, y = ds["x"].values / 1000.0, ds["y"].values / 1000.0
    seen, last = ds["observed"].values > 0, int(ds.attrs["analysed"])
    half = 0.5 * (x[1] - x[0])
    extent = (x[0] - half, x[-1] + half, y[-1] - half, y[0] + half)
    relief = shade(ds["elevation"].values, 1000.0 * (x[1] - x[0]))
    held = seen[-1] | (ds["chance_gradient"].values[-1] > 0.05)
    rows, columns = np.nonzero(held)
    image: Any = None
    for i, time in enumerate(times):
        for axis, method, text in zip(
            axes[i], ("gradient", "prior"), ("assimilated", "not assimilated"), strict=True
        ):
            axis.imshow(relief, extent=extent, cmap="gray", vmin=-0.6, vmax=1.2)
            chance = ds[scores.headline(ds, method)].values[i]
            shown = np.ma.masked_where((chance < 0.02) | seen[last], chance)
            image = axis.imshow(shown, extent=extent, cmap="YlOrRd", vmin=0, vmax=1, alpha=0.75)
            axis.contour(x, y, seen[last], [0.5], colors="#0072b2", linewidths=0.9)
            axis.contour(x, y, seen[last + 1 + i], [0.5], colors="#111111", linewidths=1.2)
            axis.set_xlim(x[columns.min()] - MARGIN, x[columns.max()] + MARGIN)
            axis.set_ylim(y[rows.max()] - MARGIN, y[rows.min()] + MARGIN)
            axis.set_aspect("equal")
            axis.grid(False)
            axis.set_title(f"{time[-5:]}, {text}")
            axis.set_xlabel("easting [km]")
        axes[i][0].set_ylabel("northing [km]")
    axes[0][0].plot([], [], color="#0072b2", lw=0.9, label="mapped, forecasts begin here")
    axes[0][0].plot([], [], color="#111111", lw=1.2, label="mapped at the time of the forecast")
    drawing.legend(loc="outside lower center", ncols=2)
    drawing.colorbar(image, ax=axes, label="burn probability", shrink=0.7)
    style.save(drawing, folder, "progression_map")
    return "progression_map"


@style.use()
def progression_reliability(ds: xr.Dataset, folder: Path, bins: int) -> str:
    """Share of cells that newly burned against burn probability, before and after correction."""
    drawing, axis = style.figure(1, 1, width="one", height=78)
    axis.plot([0, 1], [0, 1], color="#222222", lw=0.6)
    for method, label, pale, colour in (
        ("gradient", "assimilated", "#56b4e9", "#0072b2"),
        ("prior", "not assimilated", "#f0c987", "#e69f00"),
    ):
        best = scores.headline(ds, method)
        told = scores.examined(ds, best, bins)[-1]
        found = told.reliability
        if best != f"chance_{method}":
            plain = scores.curve(ds, f"chance_{method}", bins)
            axis.plot(plain.forecast, plain.frequency, "o-", color=pale, label=f"{label}, members")
            label = f"{label}, corrected"
        axis.plot(found.forecast, found.frequency, "o-", color=colour, label=label)
        if method == "gradient":
            some = found.count > 0
            axis.vlines(
                found.forecast[some],
                told.low[some],
                told.high[some],
                color=colour,
                lw=3,
                alpha=0.25,
                label="if calibrated",
            )
    axis.set_xlabel("burn probability")
    axis.set_ylabel("share of the cells that burned")
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1)
    axis.legend()
    style.save(drawing, folder, "progression_reliability")
    return "progression_reliability"
