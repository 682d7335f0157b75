"""What the learned parts look like: driven parameters against what drives them, beside the global value."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from data.batches import Panel

PAIRS = (
    ("light_use_efficiency", "vpd"),
    ("light_use_efficiency", "tas_max"),
    ("stomatal_slope", "vpd"),
    ("priestley_taylor", "rsds"),
    ("half_wetness", "pr_month"),
    ("maximum_leaf_area", "day_length"),
    ("maintenance_rate", "tas_max"),
    ("litter_rate", "pr_month"),
)
"""Parameter and the variable it is shown against."""
LABELS = {
    "vpd": "vapour pressure deficit [hPa]",
    "tas_max": "maximum temperature [degC]",
    "rsds": "shortwave radiation [MJ m-2 d-1]",
    "pr_month": "rain of 30 days [mm d-1]",
    "day_length": "day length [h]",
}
BINS = 16


def trailing_rain(panel: Panel, window: int = 30) -> np.ndarray:
    """Mean rain of the last ``window`` days [mm d-1], (time, site)."""
    pr = panel.forcing["pr"].astype(float)
    total = np.cumsum(np.vstack([np.zeros((1, pr.shape[1])), pr]), axis=0)
    stop = np.arange(1, len(pr) + 1)
    start = np.maximum(stop - window, 0)
    return (total[stop] - total[start]) / (stop - start)[:, None]


def curves(panel: Panel, driven: dict[str, np.ndarray], centres: dict[str, float]) -> list[dict[str, Any]]:
    """Median and quartiles of each driven parameter, relative to its median at the site, by bins of a variable.

    Rows: parameter, against, x, median, low, high, centre.
    """
    rows = []
    for parameter, against in PAIRS:
        if parameter not in driven or driven[parameter].ndim != 2:
            continue
        x = trailing_rain(panel) if against == "pr_month" else panel.forcing[against]
        value = driven[parameter]
        middle = np.array([np.median(value[panel.valid[:, j], j]) for j in range(value.shape[1])])
        relative = (value / np.maximum(np.abs(middle), 1e-9))[panel.valid]
        x = np.asarray(x)[panel.valid]
        edges = np.unique(np.quantile(x, np.linspace(0.0, 1.0, BINS + 1)))
        for low, high in itertools.pairwise(edges):
            held = relative[(x >= low) & (x <= high)]
            if held.size >= 50:
                q = np.quantile(held, [0.25, 0.5, 0.75])
                rows.append(
                    {
                        "parameter": parameter,
                        "against": against,
                        "x": float(0.5 * (low + high)),
                        "median": float(q[1]),
                        "low": float(q[0]),
                        "high": float(q[2]),
                        "centre": float(centres.get(parameter, np.nan)),
                    }
                )
    return rows
