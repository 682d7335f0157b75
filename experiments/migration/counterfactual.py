"""As if no drought: log counts less the estimated effects of every drought month since a date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .config import Config

if TYPE_CHECKING:
    import xarray as xr

    from causal.effects import Bootstrap


def run(ds: xr.Dataset, config: Config, boot: Bootstrap, known: np.ndarray | None = None) -> dict[str, Any]:
    """Persons displaced in observed months with and without the drought months since ``effect.since``.

    The world without drought keeps everything else as it was, the national course included: what a drought does to
    all districts at once is in the course of the months and is not removed. Intervals are from resampled districts.

    Args:
        ds: panel (district, time) of log counts and drought.
        config: of the experiment.
        boot: how districts are resampled.
        known: true effects by month after the drought, where the panel is synthetic.

    Returns:
        Totals with intervals, by year, by month and by district; with `known` the true difference beside the total.
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
    held = np.isfinite(y)
    observed = np.where(held, np.expm1(y), 0.0)

    def without(weights: np.ndarray) -> np.ndarray:
        moved = np.maximum(y - lagged(drought, len(weights)) @ weights, 0.0)
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
    total = told(later)
    if known is not None:
        total["true"] = float((observed - without(known))[:, later].sum())
    tail = (1.0 - LEVEL) / 2.0
    low, high = np.quantile([d.sum(axis=0) for d in draws], [tail, 1.0 - tail], axis=0)
    seen = [int(v) for v in np.unique(years) if held[:, (years == v) & later].any()]
    return {
        "since": config.effect.since,
        "level": LEVEL,
        "total": total,
        "years": [{"year": v} | told((years == v) & later) for v in seen],
        "monthly_observed": observed.sum(axis=0),
        "monthly_without": point.sum(axis=0),
        "monthly_lower": low,
        "monthly_upper": high,
        "months": [str(m) for m in months],
        "districts": [str(d) for d in ds["district"].values],
        "by_district": (observed - point)[:, later].sum(axis=1),
        "observed_by_district": observed[:, later].sum(axis=1),
    }


def lagged(values: np.ndarray, count: int) -> np.ndarray:
    """Values (district, time) of this month and of those before it, (district, time, count); 0 before the first."""
    size = values.shape[1]
    return np.stack([np.pad(values, ((0, 0), (h, 0)))[:, :size] for h in range(count)], axis=-1)
