"""Forecasts with a rolling origin: what is issued at a month is made from data up to that month alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import process
from .config import Config
from .features import distances, features, last_known, past_mean
from .prepare import Panel

BASELINES = ("persistence", "district_mean", "blend", "two_lag_regression", "boosted_trees")
MODELS = ("terrax", *BASELINES)
FEWEST = 200
"""Fewest past pairs from which a regression is fitted; with fewer the level alone is the forecast."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Forecasts:
    """Forecasts of log(1 + count).

    Attributes:
        leads: months ahead.
        mean: by model, (lead, district, time), at the month that is forecast; NaN where none was issued.
        spread: standard deviation of the Gaussian process, (lead, district, time).
        scales: fitted scales of the process by the origin (index of month) at which they were fitted.
    """

    leads: tuple[int, ...]
    mean: dict[str, np.ndarray]
    spread: np.ndarray
    scales: dict[int, np.ndarray]


def run(panel: Panel, config: Config, first: int, progress: Progress | None = None) -> Forecasts:
    """Issue forecasts from every origin whose targets lie from month `first` to the end.

    All that is fitted at an origin is fitted on pairs whose target lies at or before it. The regressions, the
    forgetting means and the district means are renewed at every origin, the trees and the scales of the process at
    the origins that the configuration names.
    """
    settings, leads = config.forecast, tuple(config.forecast.leads)
    units, months = panel.shape
    level, x, _ = features(panel, settings.half_life, settings.shrink)
    apart = distances(panel)
    whole = past_mean(panel.target)
    last = last_known(panel.target, whole)
    lags = np.stack([last, np.concatenate([last[:, :1], last[:, :-1]], axis=1)], axis=-1)
    mean = {name: np.full((len(leads), units, months), np.nan) for name in MODELS}
    spread = np.full((len(leads), units, months), np.nan)
    scales: dict[int, np.ndarray] = {}
    p = process.start()
    origins = range(max(first - max(leads), panel.first + 1), months - min(leads))
    forests: dict[int, tuple[int, Any]] = {}
    menders: dict[int, tuple[int, Any]] = {}
    for number, origin in enumerate(origins):
        if (origin - origins[0]) % settings.refit_months == 0:
            p = process.fit(panel.target, apart, origin, settings.gp_window, settings.gp_iterations, p)
            scales[origin] = p
        far, variance = process.predict(panel.target, apart, origin, list(leads), settings.gp_window, p)
        for i, lead in enumerate(leads):
            month = origin + lead
            if not first <= month < months:
                continue
            base = level[:, origin]
            taught = residuals(panel.target, level, x, origin, lead, panel.first)
            held = menders.get(lead)
            if held is None or origin - held[0] >= config.trees.refit_months:
                menders[lead] = held = (origin, None if taught is None else sprout(*taught, config))
            linear = np.zeros(units) if taught is None else ridge(*taught, x[:, origin], settings.ridge)
            mended = linear if held[1] is None else held[1].predict(x[:, origin])
            corrected = base + (1 - settings.trees_share) * linear + settings.trees_share * mended
            mean["terrax"][i, :, month] = settings.gp_weight * far[i] + (1 - settings.gp_weight) * corrected
            spread[i, :, month] = np.sqrt(variance[i])
            mean["persistence"][i, :, month] = last[:, origin]
            mean["district_mean"][i, :, month] = whole[:, origin]
            mean["blend"][i, :, month] = 0.5 * (last[:, origin] + whole[:, origin])
            mean["two_lag_regression"][i, :, month] = two_lags(panel.target, lags, origin, lead, panel.first)
            every = np.concatenate([x, level[..., None]], axis=-1)
            held = forests.get(lead)
            if held is None or origin - held[0] >= config.trees.refit_months:
                seen, later, _ = pairs(panel.target, every, origin, lead, panel.first)
                forest = None if len(later) < FEWEST else sprout(seen, later, config)
                forests[lead] = held = (origin, forest)
            mean["boosted_trees"][i, :, month] = (
                base if held[1] is None else held[1].predict(every[:, origin])
            )
        if progress is not None:
            progress(number + 1, len(origins))
    return Forecasts(leads, mean, spread, scales)


def first_month(panel: Panel, config: Config) -> int:
    """Index of the first month that forecasts are issued for: the first that sizes intervals, if the record allows."""
    settings = config.forecast
    wanted = panel.shape[1] - settings.test_months - settings.validation_months
    return max(wanted, panel.first + max(settings.leads) + 2)


def pairs(
    y: np.ndarray, x: np.ndarray, origin: int, lead: int, first: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features and later counts known at `origin`: x (sample, feature), y (sample,), month of the target (sample,)."""
    starts = np.arange(first + 1, max(origin - lead + 1, first + 1))
    later = y[:, starts + lead]
    known = np.isfinite(later)
    month = np.broadcast_to(starts + lead, later.shape)
    return x[:, starts][known], later[known], month[known]


def residuals(
    y: np.ndarray, level: np.ndarray, x: np.ndarray, origin: int, lead: int, first: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Features and what the level missed, each month less its mean over districts; None where pairs are few.

    Months are compared within themselves: a national surprise, of which there are few, teaches nothing.
    """
    both = np.concatenate([x, level[..., None]], axis=-1)
    seen, later, month = pairs(y, both, origin, lead, first)
    if len(later) < FEWEST:
        return None
    missed = later - seen[:, -1]
    count = np.bincount(month)
    return seen[:, :-1], missed - (np.bincount(month, missed) / np.maximum(count, 1))[month]


def ridge(seen: np.ndarray, missed: np.ndarray, now: np.ndarray, penalty: float) -> np.ndarray:
    """Ridge regression without intercept on features in units of their spread, predicted for `now`: (district,)."""
    scale = seen.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    z = seen / scale
    weights = np.linalg.solve(z.T @ z + penalty * np.eye(z.shape[1]), z.T @ missed)
    return now / scale @ weights


def two_lags(y: np.ndarray, lags: np.ndarray, origin: int, lead: int, first: int) -> np.ndarray:
    """Least squares on the last two months, pooled over districts: (district,)."""
    seen, later, _ = pairs(y, lags, origin, lead, first)
    if len(later) < FEWEST:
        return lags[:, origin].mean(axis=-1)
    design = np.column_stack([np.ones(len(later)), seen])
    weights = np.linalg.lstsq(design, later, rcond=None)[0]
    return weights[0] + lags[:, origin] @ weights[1:]


def sprout(seen: np.ndarray, later: np.ndarray, config: Config) -> Any:
    """Boosted trees fitted to pairs."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    chosen = config.trees
    forest = HistGradientBoostingRegressor(
        max_iter=chosen.iterations,
        learning_rate=chosen.rate,
        max_leaf_nodes=chosen.leaves,
        min_samples_leaf=chosen.least,
        l2_regularization=chosen.l2,
        max_features=chosen.share,
        early_stopping=False,  # pyright: ignore[reportArgumentType]
        random_state=config.seed,
    )
    with threadpool_limits(1):
        forest.fit(seen, later)
    return forest
