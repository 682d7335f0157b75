"""As if no drought: log counts less the estimated effects of every drought month since a date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .config import Config

if TYPE_CHECKING:
    import xarray as xr

    from causal.effects import Bootstrap


def run(ds: xr.Dataset, config: Config, boot: Bootstrap) -> dict[str, Any]:
    """Persons displaced in observed months with and without the drought months since ``effect.since``.

    The world without drought keeps everything else as it was, the national course included: what a drought does to
    all districts at once is in the course of the months and is not removed. Intervals are from resampled districts.

    Returns:
        Totals with intervals, by year, and by district.
    """
    from causal.effects import two_way

    from .effects import DROUGHT, LEVEL, OUTCOME

    horizon = config.effect.horizon
    terms = [(DROUGHT, -h) for h in range(horizon + 1)]
    fit = two_way(ds, OUTCOME, terms, cluster="both", bootstrap=boot)
    months = ds["time"].values.astype("datetime64[M]")
    y = ds[OUTCOME].values
    drought = np.where(np.isfinite(ds[DROUGHT].values), ds[DROUGHT].values, 0.0)
    drought[:, months < np.datetime64(config.effect.since, "M")] = 0.0
    lagged = np.stack([np.concatenate([np.zeros((len(y), h)), drought[:, : y.shape[1] - h]], axis=1)
                       for h in range(horizon + 1)], axis=-1)  # fmt: skip
    held = np.isfinite(y)
    observed = np.where(held, np.expm1(y), 0.0)

    def without(weights: np.ndarray) -> np.ndarray:
        moved = np.maximum(y - lagged @ weights, 0.0)
        return np.where(held, np.expm1(moved), 0.0)

    point = without(fit.coefficients[: horizon + 1])
    draws = [without(d[: horizon + 1]) for d in fit.draws]
    years = months.astype("datetime64[Y]").astype(int) + 1970

    def told(select: np.ndarray) -> dict[str, float]:
        total = float(observed[:, select].sum())
        drawn = np.array([total - d[:, select].sum() for d in draws])
        tail = (1.0 - LEVEL) / 2.0
        low, high = np.quantile(drawn, [tail, 1.0 - tail])
        return {
            "observed": total,
            "without": float(point[:, select].sum()),
            "difference": total - float(point[:, select].sum()),
            "lower": float(low),
            "upper": float(high),
        }

    later = months >= np.datetime64(config.effect.since, "M")
    seen = [int(v) for v in np.unique(years) if held[:, (years == v) & later].any()]
    return {
        "since": config.effect.since,
        "total": told(later),
        "years": [{"year": v} | told((years == v) & later) for v in seen],
        "monthly_observed": observed.sum(axis=0),
        "monthly_without": point.sum(axis=0),
        "months": [str(m) for m in months],
        "districts": [str(d) for d in ds["district"].values],
        "by_district": (observed - point)[:, later].sum(axis=1),
        "observed_by_district": observed[:, later].sum(axis=1),
    }
