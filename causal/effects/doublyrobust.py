"""Average effect of a binary treatment by cross-fitted augmented inverse probability weighting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from scipy import stats

from data.errors import ConfigError, DataError, counted

from .panel_data import Panel, as_panel, lagged

FOLDS_BY = ("unit", "time")


@dataclass(frozen=True)
class AverageEffect:
    """An average treatment effect and the values it is the mean of.

    Attributes:
        estimate: mean difference of the outcome, treated less untreated [unit of the outcome].
        stderr: its standard error, clustered.
        lower: lower end of the interval.
        upper: upper end.
        level: the interval's probability.
        naive: plain difference of the means of treated and untreated rows.
        naive_stderr: its standard error, clustered the same way.
        unit: unit of the outcome.
        samples: complete rows.
        treated: share of treated rows.
        clipped: share of rows whose propensity was moved to the bounds.
        clusters: number of clusters.
        pseudo: pseudo-outcome of each complete row ``[row]``; its mean is the estimate.
        propensity: chance of treatment given the controls ``[row]``.
        cluster: cluster of each row ``[row]``.
        place: unit and step of each row in the data ``[row, 2]``.
        data: the dataset, for modifiers and groups.
    """

    estimate: float
    stderr: float
    lower: float
    upper: float
    level: float
    naive: float
    naive_stderr: float
    unit: str
    samples: int
    treated: float
    clipped: float
    clusters: int
    pseudo: np.ndarray = field(repr=False)
    propensity: np.ndarray = field(repr=False)
    cluster: np.ndarray = field(repr=False)
    place: np.ndarray = field(repr=False)
    data: xr.Dataset = field(repr=False)

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return (
            f"The average effect is {self.estimate:.4g}{unit} ({100 * self.level:g} % interval {self.lower:.4g} to "
            f"{self.upper:.4g}); the plain difference of means is {self.naive:.4g}."
        )


def average_effect(
    data: xr.Dataset,
    outcome: str,
    treatment: str,
    controls: Sequence[str | tuple[str, int]],
    *,
    lag: int = 0,
    folds: int = 5,
    by: str = "unit",
    unit_means: bool = False,
    outcome_model: Any = None,
    treatment_model: Any = None,
    clip: float = 0.01,
    level: float = 0.95,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> AverageEffect:
    """Estimate the average effect of a binary treatment, given controls that leave no confounder out.

    Outcome and propensity are learned on the other folds; the estimate is the mean of
    ``m1 - m0 + A (Y - m1) / e - (1 - A) (Y - m0) / (1 - e)`` [@robins1994; @chernozhukov2018], right if either is,
    and its error is clustered by unit (``by="unit"``) or by block of time. Treatment changes that act on later rows
    of the same unit are effects at other lags; past treatment and outcome that steer treatment belong in the controls.

    Args:
        data: series over ``time`` and at most one panel dimension.
        outcome: the outcome at t.
        treatment: 0 or 1, at t - lag.
        controls: variables at t - lag, or (variable, further lag) pairs, further lags 0 or negative.
        lag: steps from treatment to outcome.
        folds: number of folds.
        by: ``unit`` (whole units are held out) or ``time`` (blocks of time, for one or few units).
        unit_means: add each unit's means of treatment and controls to the controls, which takes out levels of units
            that are linear in them [@mundlak1978].
        outcome_model: a scikit-learn regressor; default gradient boosting.
        treatment_model: a scikit-learn classifier with ``predict_proba``; default gradient boosting.
        clip: propensities are kept within clip and 1 - clip.
        level: the interval's probability.
        seed: seed of the folds.
        progress: called with (done, total) after each fold.

    Raises:
        ConfigError: `by`, `folds`, `clip` or a lag is out of bounds.
        DataError: the treatment is not 0 or 1, or a fold lacks treated or untreated rows.
    """
    if by not in FOLDS_BY:
        raise ConfigError(f"folds by '{by}' are unknown", "average_effect", f"choose one of {FOLDS_BY}")
    if folds < 2 or not 0 < clip < 0.5 or lag < 0:
        raise ConfigError(
            f"folds={folds}, clip={clip}, lag={lag}",
            "average_effect",
            "give folds >= 2, clip in (0, 0.5), lag >= 0",
        )
    y, a, x, place, panel = _rows(data, outcome, treatment, controls, lag, unit_means)
    cluster = _clusters(place, by, folds, panel)
    fold = _folds(cluster, folds, np.random.default_rng(seed))
    e, m0, m1 = np.empty(y.size), np.empty(y.size), np.empty(y.size)
    for k in range(folds):
        test = fold == k
        for arm, name in ((0, "untreated"), (1, "treated")):
            if ((a == arm) & ~test).sum() < 2:
                raise DataError(
                    f"fold {k + 1} leaves no {name} rows to learn from", treatment, "use fewer folds"
                )
        e[test] = _propensity(treatment_model, seed).fit(x[~test], a[~test]).predict_proba(x[test])[:, 1]
        for arm, target in ((0, m0), (1, m1)):
            train = ~test & (a == arm)
            target[test] = _regressor(outcome_model, seed).fit(x[train], y[train]).predict(x[test])
        if progress is not None:
            progress(k + 1, folds)
    bounded = np.clip(e, clip, 1 - clip)
    pseudo = m1 - m0 + a * (y - m1) / bounded - (1 - a) * (y - m0) / (1 - bounded)
    value, error, low, high = clustered_mean(pseudo, cluster, level)
    naive = y[a == 1].mean() - y[a == 0].mean()
    parts = np.where(a == 1, (y - y[a == 1].mean()) / a.mean(), -(y - y[a == 0].mean()) / (1 - a.mean()))
    return AverageEffect(
        value,
        error,
        low,
        high,
        level,
        float(naive),
        clustered_mean(parts, cluster, level)[1],
        str(data[outcome].attrs.get("units", "")),
        y.size,
        float(a.mean()),
        float((e != bounded).mean()),
        int(np.unique(cluster).size),
        pseudo,
        bounded,
        cluster,
        place,
        data,
    )


def clustered_mean(
    values: np.ndarray, cluster: np.ndarray, level: float
) -> tuple[float, float, float, float]:
    """Mean, its clustered standard error and interval (t with clusters - 1 degrees of freedom).

    Args:
        values: ``[row]``.
        cluster: label of each row's cluster.
        level: the interval's probability.
    """
    _, code = np.unique(cluster, return_inverse=True)
    groups = code.max() + 1
    mean = float(values.mean())
    if groups < 2:
        return mean, float("nan"), float("nan"), float("nan")
    sums = np.bincount(code, values - mean)
    error = float(np.sqrt((sums**2).sum() * groups / (groups - 1)) / values.size)
    reach = float(stats.t.ppf(0.5 + level / 2, groups - 1)) * error
    return mean, error, mean - reach, mean + reach


def _rows(data, outcome, treatment, controls, lag, unit_means):
    """Complete rows: outcome, treatment, controls, their place, the panel."""
    terms = [(c, 0) if isinstance(c, str) else c for c in controls]
    if any(k > 0 for _, k in terms):
        raise ConfigError("a control lies after the treatment", "controls", "give lags of 0 or below")
    names = list(dict.fromkeys([outcome, treatment, *(n for n, _ in terms)]))
    panel: Panel = as_panel(data, names)
    treat = panel.values[..., names.index(treatment)]
    odd = treat[np.isfinite(treat) & (treat != 0) & (treat != 1)]
    if odd.size:
        raise DataError(
            f"the treatment has the value {odd[0]:g}", treatment, "make it 0 or 1, as by a threshold"
        )
    nodes = [(outcome, 0), (treatment, -lag), *((n, k - lag) for n, k in terms)]
    start = max(-k for _, k in nodes)
    columns = lagged(panel, [(names.index(n), k) for n, k in nodes], start)
    if unit_means and panel.values.shape[0] > 1:
        means = np.nanmean(columns[..., 1:], axis=1, keepdims=True)
        columns = np.concatenate([columns, np.broadcast_to(means, columns[..., 1:].shape)], -1)
    held = np.isfinite(columns).all(-1)
    rows = columns[held]
    if rows.shape[0] < 20 or not 0 < rows[:, 1].mean() < 1:
        raise DataError(
            f"{counted(rows.shape[0], 'complete sample')}, {int(rows[:, 1].sum())} treated",
            "average_effect",
            "give 20 or more, some treated and some not",
        )
    place = np.argwhere(held) + np.array([0, start])
    x = rows[:, 2:] if rows.shape[1] > 2 else np.zeros((rows.shape[0], 1))
    return rows[:, 0], rows[:, 1].astype(int), x, place, panel


def _clusters(place: np.ndarray, by: str, folds: int, panel: Panel) -> np.ndarray:
    """Units, or blocks of time: two per fold, and ten at least."""
    units, steps = panel.values.shape[:2]
    if by == "time":
        return place[:, 1] * max(2 * folds, 10) // steps
    if units < folds:
        raise DataError(
            f"{counted(units, 'unit')} for {folds} folds", "average_effect", "use fewer folds or by='time'"
        )
    return place[:, 0]


def _folds(cluster: np.ndarray, folds: int, rng: np.random.Generator) -> np.ndarray:
    labels, code = np.unique(cluster, return_inverse=True)
    if labels.size < folds:
        raise DataError(
            f"{counted(labels.size, 'cluster')} for {folds} folds", "average_effect", "use fewer folds"
        )
    return (rng.permutation(labels.size) % folds)[code]


def _propensity(model: Any, seed: int) -> Any:
    from sklearn.base import clone
    from sklearn.ensemble import HistGradientBoostingClassifier

    if model is not None:
        return clone(model)
    return HistGradientBoostingClassifier(
        max_iter=60, max_leaf_nodes=8, min_samples_leaf=40, random_state=seed
    )


def _regressor(model: Any, seed: int) -> Any:
    from sklearn.base import clone
    from sklearn.ensemble import HistGradientBoostingRegressor

    if model is not None:
        return clone(model)
    return HistGradientBoostingRegressor(
        max_iter=100, max_leaf_nodes=8, min_samples_leaf=20, random_state=seed
    )
