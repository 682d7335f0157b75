"""Burned area of single fires at Montesinho: the published cross-validation, and what its error rewards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from data.errors import DataError, counted, listing, nearest

from .config import Montesinho

WEATHER = ("temp", "RH", "wind", "rain")
"""Inputs of the published model with the least error [@cortez2007]: degC, %, km h-1, mm m-2."""
PUBLISHED = 12.71
"""Its mean absolute deviation [ha], ten folds, thirty runs [@cortez2007]."""
GAMMAS = tuple(2.0**k for k in (-9, -7, -5, -3, -1))
"""Widths of the published search [@cortez2007]; one is chosen inside each fold, by three folds of its own."""
Fit = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def open_single(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Weather (fire, 4) and burned area [ha] (fire,).

    Raises:
        DataError: a column that is missing, no number or out of its range.
    """
    import pandas as pd

    try:
        frame = pd.read_csv(path)
    except (ValueError, OSError) as error:
        raise DataError("it cannot be read as CSV", path.name, "copy it again from its source") from error
    for name in (*WEATHER, "area"):
        if name not in frame.columns:
            hint = nearest(name, frame.columns).strip() or f"it holds {listing(frame.columns, 13)}"
            raise DataError(f"the column '{name}' is missing", path.name, hint)
        if frame[name].dtype.kind not in "fiu" or not np.isfinite(frame[name]).all():
            raise DataError(f"'{name}' has values that are no numbers", path.name, "correct or drop them")
    for name in ("area", "rain", "wind", "RH"):
        bad = int((frame[name].to_numpy() < 0).sum())
        if bad:
            raise DataError(
                f"'{name}' has {counted(bad, 'value')} below 0", path.name, "check units and source"
            )
    return frame[list(WEATHER)].to_numpy(float), frame["area"].to_numpy(float)


def candidates(seed: int) -> dict[str, Fit]:
    """Models by name: each fits weather and log(1 + area), and forecasts log(1 + area) of other fires.

    The support vector machine has the published C of 3 and chooses its width inside the data that fit.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.model_selection import KFold
    from sklearn.svm import SVR

    def scaled(x: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean, spread = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-9)
        return (x - mean) / spread, (other - mean) / spread

    def machine(x: np.ndarray, z: np.ndarray, other: np.ndarray, gamma: Any) -> np.ndarray:
        a, b = scaled(x, other)
        mean, spread = z.mean(), z.std()
        return SVR(C=3.0, gamma=gamma, epsilon=0.1).fit(a, (z - mean) / spread).predict(b) * spread + mean

    def svm(x: np.ndarray, z: np.ndarray, other: np.ndarray) -> np.ndarray:
        error = np.zeros(len(GAMMAS))
        for fit, test in KFold(3, shuffle=True, random_state=seed).split(x):
            for i, gamma in enumerate(GAMMAS):
                told = np.expm1(machine(x[fit], z[fit], x[test], gamma))
                error[i] += np.abs(np.maximum(told, 0.0) - np.expm1(z[test])).sum()
        return machine(x, z, other, GAMMAS[int(error.argmin())])

    def boosted(x: np.ndarray, z: np.ndarray, other: np.ndarray) -> np.ndarray:
        model = HistGradientBoostingRegressor(
            loss="absolute_error",
            max_iter=30,
            learning_rate=0.05,
            max_leaf_nodes=4,
            min_samples_leaf=30,
            random_state=seed,
        )
        return model.fit(x, z).predict(other)

    def median(x: np.ndarray, z: np.ndarray, other: np.ndarray) -> np.ndarray:
        return np.full(len(other), np.median(z))

    def mean(x: np.ndarray, z: np.ndarray, other: np.ndarray) -> np.ndarray:
        return np.full(len(other), np.log1p(np.expm1(z).mean()))

    return {"svm": svm, "boosted": boosted, "median": median, "mean": mean}


def cross_validate(x: np.ndarray, area: np.ndarray, settings: Montesinho, tick: Any) -> dict[str, Any]:
    """Mean absolute deviation and root mean squared error [ha] of every model, a value per run.

    Folds are drawn anew in each run, seeds 0, 1, ... in the order of the file, settled before any model was fitted.
    """
    from sklearn.model_selection import KFold
    from threadpoolctl import threadpool_limits

    z = np.log1p(area)
    names = list(candidates(0))
    mad: dict[str, list[float]] = {n: [] for n in names}
    rmse: dict[str, list[float]] = {n: [] for n in names}
    forecast = {n: np.zeros(len(area)) for n in names}
    with threadpool_limits(1):
        for run in range(settings.runs):
            for fit, test in KFold(settings.folds, shuffle=True, random_state=run).split(x):
                for name, model in candidates(run).items():
                    forecast[name][test] = np.maximum(np.expm1(model(x[fit], z[fit], x[test])), 0.0)
            for name in names:
                error = forecast[name] - area
                mad[name].append(float(np.abs(error).mean()))
                rmse[name].append(float(np.sqrt((error**2).mean())))
            tick(run + 1, settings.runs)
    order = np.argsort(area)
    large = order[-max(len(area) // 10, 1) :]
    return {
        "fires": len(area),
        "runs": settings.runs,
        "published": PUBLISHED,
        "mad": mad,
        "rmse": rmse,
        "mean_forecast": {n: float(v.mean()) for n, v in forecast.items()},
        "mean_area": float(area.mean()),
        "median_area": float(np.median(area)),
        "zero_share": float((area == 0).mean()),
        "mad_of_zero": float(area.mean()),
        "large_share": float(area[large].sum() / area.sum()),
        "large_miss": {n: float(v[large].sum() / area[large].sum()) for n, v in forecast.items()},
    }
