"""For whom an effect is larger: the doubly robust learner's final regression, and averages of groups."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from data.errors import DataError

from .doublyrobust import AverageEffect, clustered_mean
from .panel_data import TIME


def effect_modifiers(fit: AverageEffect, modifiers: Sequence[str], level: float = 0.95) -> pd.DataFrame:
    """Regress the pseudo-outcome on modifiers, linearly: how the effect changes with each [@kennedy2023].

    Modifiers are centred, so the row ``average`` is the effect at their means.

    Args:
        fit: what `average_effect` returned; its folds make the pseudo-outcome independent of its own nuisances.
        modifiers: variables of the dataset, over units, time or both.
        level: probability of the intervals.

    Returns:
        Rows ``average`` and each modifier; columns ``estimate``, ``stderr``, ``p``, ``lower``, ``upper``, errors
        clustered as in `fit`.

    Raises:
        DataError: a modifier is missing, or constant.
    """
    z = np.stack([_at(fit, name) for name in modifiers], axis=1)
    held = np.isfinite(z).all(1)
    z, y, cluster = z[held], fit.pseudo[held], fit.cluster[held]
    design = np.column_stack([np.ones(len(z)), z - z.mean(0)])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise DataError("modifiers are constant or repeat each other", "effect_modifiers", "drop one of them")
    bread = np.linalg.inv(design.T @ design)
    beta = bread @ design.T @ y
    _, code = np.unique(cluster, return_inverse=True)
    groups = code.max() + 1
    scores = design * (y - design @ beta)[:, None]
    sums = np.stack([np.bincount(code, s) for s in scores.T], axis=1)
    correction = groups / (groups - 1) * (len(y) - 1) / (len(y) - design.shape[1])
    error = np.sqrt(np.diag(bread @ sums.T @ sums @ bread) * correction)
    reach = stats.t.ppf(0.5 + level / 2, groups - 1) * error
    return pd.DataFrame(
        {
            "estimate": beta,
            "stderr": error,
            "p": 2 * stats.t.sf(np.abs(beta / error), groups - 1),
            "lower": beta - reach,
            "upper": beta + reach,
        },
        index=["average", *modifiers],
    )


def effect_surface(fit: AverageEffect, modifiers: Sequence[str], learner: Any) -> np.ndarray:
    """Predicted effect of every row by any scikit-learn regressor of the pseudo-outcome, without intervals.

    Args:
        fit: what `average_effect` returned.
        modifiers: variables of the dataset.
        learner: a regressor.

    Returns:
        Effects ``[row]`` in the order of ``fit.place``; NaN where a modifier is missing.
    """
    z = np.stack([_at(fit, name) for name in modifiers], axis=1)
    held = np.isfinite(z).all(1)
    found = np.full(len(z), np.nan)
    found[held] = deepcopy(learner).fit(z[held], fit.pseudo[held]).predict(z[held])
    return found


def group_effects(
    fit: AverageEffect, group: str, bins: int | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Average effect within groups, with intervals clustered as in `fit`.

    Args:
        fit: what `average_effect` returned.
        group: a variable or coordinate of the dataset, over units, time or both.
        bins: cut a numeric variable into that many groups of equal size.
        level: probability of the intervals.

    Returns:
        One row per group: ``estimate``, ``stderr``, ``lower``, ``upper``, ``samples``, ``clusters``. Groups within a
        single cluster have no interval.

    Raises:
        DataError: the variable is missing.
    """
    values = _at(fit, group, numeric=bins is not None)
    labels = pd.Series(pd.qcut(values, bins) if bins else values)
    rows = {}
    for name in sorted(labels.dropna().unique()):
        inside = (labels == name).to_numpy()
        found = clustered_mean(fit.pseudo[inside], fit.cluster[inside], level)
        rows[str(name)] = [*found, int(inside.sum()), int(np.unique(fit.cluster[inside]).size)]
    columns = ["estimate", "stderr", "lower", "upper", "samples", "clusters"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def _at(fit: AverageEffect, name: str, numeric: bool = True) -> np.ndarray:
    """Values of a variable at the rows of a fit."""
    if name not in fit.data.variables:
        raise DataError(f"the variable '{name}' is missing", "modifiers", "add it to the dataset")
    found: xr.DataArray = fit.data[name]
    if numeric and found.dtype.kind not in "fiub":
        raise DataError(f"'{name}' is not numeric", f"dtype {found.dtype}", "use it as a group without bins")
    index = [fit.place[:, 1] if dim == TIME else fit.place[:, 0] for dim in found.dims]
    values = found.values[tuple(index)] if index else np.full(len(fit.place), found.values)
    return np.asarray(values, float) if numeric else values
