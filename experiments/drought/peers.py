"""What the hybrid is judged against beside networks: climatology, boosted trees, published scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from data.batches import Panel
from data.errors import DataError

TRAILING = {"pr": (7, 30, 90, 365), "tas_max": (7, 30, 90), "vpd": (7, 30), "rsds": (7, 30)}
"""Windows of the trailing means that trees read [d]."""


def climatology(panel: Panel, days: np.ndarray, pooled: bool) -> dict[str, np.ndarray]:
    """Mean by day of year over training days, smoothed over 15 days, by target (time, site).

    ``pooled`` takes the mean over all training sites (for sites held out).
    """
    doy = np.minimum(panel.forcing["day_of_year"].astype(int), 365)
    out = {}
    for name, target in panel.targets.items():
        held = panel.masks[name] & days
        columns = [np.arange(target.shape[1])] if pooled else [[j] for j in range(target.shape[1])]
        series = np.full(target.shape, np.nan, np.float32)
        for column in columns:
            c = np.asarray(column)
            total = np.bincount(doy[:, c][held[:, c]], target[:, c][held[:, c]], minlength=366)[1:]
            count = np.bincount(doy[:, c][held[:, c]], minlength=366)[1:]
            smooth = _ring(total) / np.maximum(_ring(count), 1)
            known = _ring(count) > 0
            if known.any():
                day = np.arange(365)
                smooth = np.interp(day, day[known], smooth[known], period=365)
                series[:, c] = smooth[doy[:, c] - 1]
        out[name] = series
    return out


def _ring(values: np.ndarray, half: int = 7) -> np.ndarray:
    """Sum over 15 days of a year that closes on itself."""
    wide = np.concatenate([values[-half:], values, values[:half]]).astype(float)
    return np.convolve(wide, np.ones(2 * half + 1), "valid")


def features(panel: Panel, attributes: tuple[str, ...] = ()) -> np.ndarray:
    """Weather, its trailing means, season, and attributes: (time, site, feature)."""
    names = ("tas_min", "tas_max", "rsds", "vpd", "pr", "co2")
    columns = [panel.forcing[n] for n in names]
    for name, windows in TRAILING.items():
        columns += [_trailing(panel.forcing[name], w) for w in windows]
    angle = 2 * np.pi * panel.forcing["day_of_year"] / 365.25
    columns += [np.sin(angle), np.cos(angle)]
    columns += [np.broadcast_to(panel.attributes[a], panel.shape) for a in attributes]
    return np.stack(columns, axis=-1)


def _trailing(series: np.ndarray, window: int) -> np.ndarray:
    total = np.cumsum(np.vstack([np.zeros((1, series.shape[1])), series.astype(float)]), axis=0)
    start = np.maximum(np.arange(1, len(series) + 1) - window, 0)
    stop = np.arange(1, len(series) + 1)
    return ((total[stop] - total[start]) / (stop - start)[:, None]).astype(np.float32)


def trees(
    panel: Panel,
    days: np.ndarray,
    pooled: bool,
    attributes: tuple[str, ...],
    seed: int,
    iterations: int = 150,
) -> dict[str, np.ndarray]:
    """Histogram gradient boosting on weather and its trailing means, by target (time, site).

    One model per site, or one over all training sites with attributes where ``pooled``. Settings: 150
    iterations unless told, rate 0.06, 15 leaves, 30 samples a leaf, L2 of 1.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    x = features(panel, attributes if pooled else ())
    out = {}
    # one thread: on few samples more of them only wait for each other
    with threadpool_limits(1):
        for name, target in panel.targets.items():
            held = panel.masks[name] & days
            series = np.full(target.shape, np.nan, np.float32)
            groups = (
                [np.arange(target.shape[1])] if pooled else [np.array([j]) for j in range(target.shape[1])]
            )
            for c in groups:
                mask = held[:, c]
                if mask.sum() < 60:
                    continue
                model = HistGradientBoostingRegressor(
                    max_iter=iterations,
                    learning_rate=0.06,
                    max_leaf_nodes=15,
                    min_samples_leaf=30,
                    l2_regularization=1.0,
                    early_stopping=False,  # pyright: ignore[reportArgumentType]
                    random_state=seed,
                )
                model.fit(x[:, c][mask], target[:, c][mask])
                series[:, c] = model.predict(x[:, c].reshape(-1, x.shape[-1])).reshape(len(x), len(c))
            out[name] = series
    return out


def published(folder: Path, sites: tuple[str, ...]) -> Any:
    """Published test scores: site, variable and the median over configurations, as tidy rows.

    Columns: target, group, metric, value, configuration. Each configuration of the file is kept.

    Raises:
        DataError: a table without the columns site, configuration, split, variable and nse.
    """
    import pandas as pd

    path = folder / "published_scores.csv"
    table: Any = pd.read_csv(path)
    lacking = {"site", "configuration", "split", "variable", "nse"} - set(table.columns)
    if lacking:
        raise DataError(f"the table lacks the columns {sorted(lacking)}", str(path), "add them")
    table = table[(table["split"] == "test") & table["site"].isin(list(sites))]
    rows = []
    for metric in ("nse", "rmse"):
        if metric in table:
            part = table[["site", "configuration", "variable", metric]].rename(columns={metric: "value"})
            rows.append(part.assign(metric=metric))
    out = pd.concat(rows, ignore_index=True)
    return out.assign(target=out["variable"].str.lower()).rename(columns={"site": "group"})
