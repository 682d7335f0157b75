"""What forecasts may read at an origin: means that forget, neighbours, drivers; nothing of later months."""

from __future__ import annotations

import numpy as np

from .prepare import CLIMATE, CONFLICT, Panel

OWN = (1.0, 2.0, 4.0, 8.0, 24.0)
"""Half-lives of the forgetting means of a district's own counts [months]."""
DISTANCE = 100.0
"""Distance over which the weight of a neighbour falls to 1/e [km]."""


def forgetting(
    values: np.ndarray, half_life: float, shrink: float = 0.5, weights: np.ndarray | None = None
) -> np.ndarray:
    """Exponentially forgetting mean of each unit, drawn towards that of all units: (unit, time).

    An empirical-Bayes mean: the national forgetting mean counts as `shrink` observations, so that a district
    without reports has the national mean and one with many its own. Missing values count for nothing.

    Args:
        values: (unit, time).
        half_life: steps after which an observation weighs half.
        shrink: observations that the national mean counts for.
        weights: (unit, unit), for a mean over others instead of the unit's own values.
    """
    units, steps = values.shape
    keep = 0.5 ** (1.0 / half_life)
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    total, count = np.zeros(units), np.zeros(units)
    national, number = 0.0, 0.0
    out = np.zeros((units, steps))
    for t in range(steps):
        now, here = filled[:, t], known[:, t].astype(float)
        national, number = keep * national + now.sum(), keep * number + here.sum()
        if weights is not None:
            now, here = weights @ now, weights @ here
        total, count = keep * total + now, keep * count + here
        mean = national / number if number > 0 else 0.0
        out[:, t] = (total + shrink * mean) / np.maximum(count + shrink, 1e-9)
    return out


def distances(panel: Panel) -> np.ndarray:
    """Distances between the centres of districts [km], (district, district)."""
    lat, lon = np.deg2rad(panel.lat), np.deg2rad(panel.lon)
    half = (
        np.sin((lat[:, None] - lat) / 2) ** 2
        + np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    )
    return 2 * 6371.0 * np.arcsin(np.sqrt(np.minimum(half, 1.0)))


def features(panel: Panel, half_life: float, shrink: float) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """All that a model may read at each month.

    Returns:
        ``level``, the forgetting mean that the forecast starts from (district, time); ``x`` (district, time,
        feature), each feature less its mean over the districts of the month, so that few years of national ups and
        downs are not taken for laws; and the names.
    """
    y = panel.target
    near = np.exp(-distances(panel) / DISTANCE)
    np.fill_diagonal(near, 0.0)
    region = np.asarray(panel.regions)
    same = (region[:, None] == region).astype(float)
    np.fill_diagonal(same, 0.0)
    found: dict[str, np.ndarray] = {f"own_{h:g}": forgetting(y, h) for h in OWN}
    found["reported"] = forgetting(np.isfinite(y[:, :]).astype(float), 3.0)
    found["last"] = last_known(y, found["own_4"])
    found |= {f"region_{h:g}": forgetting(y, h, weights=same) for h in (1.0, 4.0)}
    found |= {f"near_{h:g}": forgetting(y, h, weights=near) for h in (1.0, 4.0, 12.0)}
    found |= {f"other_{h:g}": forgetting(panel.other, h, 2.0) for h in (1.0, 3.0, 12.0)}
    found["other_near"] = forgetting(panel.other, 3.0, weights=near)
    for name in CONFLICT:
        found |= {f"{name}_{h:g}": forgetting(panel.drivers[name], h) for h in (1.0, 3.0, 12.0)}
    found["conflict_near"] = forgetting(panel.drivers[CONFLICT[0]], 2.0, weights=near)
    for name in CLIMATE:
        found[name] = panel.drivers[name]
        found |= {f"{name}_{h:g}": forgetting(panel.drivers[name], h) for h in (2.0, 5.0)}
    x = np.stack([v - v.mean(axis=0, keepdims=True) for v in found.values()], axis=-1)
    return forgetting(y, half_life, shrink), x, list(found)


def last_known(y: np.ndarray, otherwise: np.ndarray, limit: int = 6) -> np.ndarray:
    """The last observation of at most `limit` months before, else the value of `otherwise`."""
    from data.panelclean import carry_forward

    held = carry_forward(y, limit)
    return np.where(np.isfinite(held), held, otherwise)


def past_mean(y: np.ndarray) -> np.ndarray:
    """Mean of all observations so far of each unit; that of all units where it has none yet."""
    known = np.isfinite(y)
    total, count = np.cumsum(np.where(known, y, 0.0), axis=1), np.cumsum(known, axis=1)
    national = total.sum(axis=0) / np.maximum(count.sum(axis=0), 1)
    return np.where(count > 0, total / np.maximum(count, 1), national[None])
