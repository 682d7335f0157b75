"""The package's own estimators in the shape that refuters call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from scipy import stats

from data.errors import ModelError

from ..effects import Bootstrap, average_effect, effect_of, two_way
from ..effects.panel_data import graph_of, node_of
from .estimate import Estimate, Estimator


def two_way_estimator(
    outcome: str,
    treatment: str,
    controls: Sequence[str | tuple[str, int]] = (),
    *,
    lags: Sequence[int] = (0,),
    effects: Sequence[str] = ("unit", "time"),
    cluster: str = "unit",
    level: float = 0.95,
) -> Estimator:
    """Two-way fixed effects: the effect of a treatment summed over lags (see `effects.two_way`).

    Args:
        outcome: the outcome.
        treatment: the treatment.
        controls: further terms.
        lags: lags of the treatment whose coefficients are summed, 0 or positive.
        effects: fixed effects.
        cluster: what errors are clustered by.
        level: probability of the interval.
    """
    own = list(controls)

    def estimate(data: xr.Dataset, controls: Sequence[str] = ()) -> Estimate:
        terms = [(treatment, -h) for h in lags]
        fit = two_way(data, outcome, terms, [*own, *controls], effects=effects, cluster=cluster)
        weights = np.r_[np.ones(len(terms)), np.zeros(len(fit.terms) - len(terms))]
        value, error = fit.combination(weights)
        classical = float(np.sqrt(weights @ fit.classical @ weights))
        reach = float(stats.t.ppf(0.5 + level / 2, fit.dof)) * error
        return Estimate(value, error, value - reach, value + reach, fit.residual_dof, classical, fit.units[0])

    return estimate


def average_estimator(
    outcome: str, treatment: str, controls: Sequence[str | tuple[str, int]], **options: Any
) -> Estimator:
    """Doubly robust average effect (see `effects.average_effect`, whose options it takes)."""
    own = list(controls)

    def estimate(data: xr.Dataset, controls: Sequence[str] = ()) -> Estimate:
        found = average_effect(data, outcome, treatment, [*own, *controls], **options)
        return Estimate(found.estimate, found.stderr, found.lower, found.upper, unit=found.unit)

    return estimate


def graph_estimator(
    graph: xr.Dataset | xr.DataArray | np.ndarray,
    source: tuple[str | int, int],
    target: tuple[str | int, int],
    *,
    variables: Sequence[str] | None = None,
    bootstrap: Bootstrap | None = None,
    **options: Any,
) -> Estimator:
    """Effect identified by a graph (see `effects.effect_of`); a further control is drawn as a cause of both ends.

    Args:
        graph: marks ``[source, target, lag]``.
        source: cause as (name, lag).
        target: effect as (name, 0).
        variables: names along the graph's axes where it tells none.
        bootstrap: default 200 replicates, 95 %.
        options: further arguments of `effect_of`.
    """
    bootstrap = bootstrap or Bootstrap(200, 0.95)

    def estimate(data: xr.Dataset, controls: Sequence[str] = ()) -> Estimate:
        own = [n for n in data.data_vars if n not in controls] if variables is None else variables
        marks, names = graph_of(graph, data, [str(n) for n in own])
        one, other = node_of(source, names), node_of(target, names)
        marks, names = _with_causes(marks, names, controls, one[0], other[0], -one[1])
        found = effect_of(marks, data, one, other, variables=names, bootstrap=bootstrap, **options)
        if not found.identified:
            raise ModelError(
                found.sentence.rstrip("."), "graph_estimator", "refute an effect that is identified"
            )
        return Estimate(
            found.estimate, found.stderr, found.lower, found.upper, found.dof, found.classical, found.unit
        )

    return estimate


def _with_causes(
    marks: np.ndarray, names: list[str], causes: Sequence[str], source: int, target: int, lag: int
) -> tuple[np.ndarray, list[str]]:
    """Add variables that cause the source at once and the target `lag` steps later."""
    n, lags = marks.shape[0], max(marks.shape[2], lag + 1 if causes else 0)
    wide = np.zeros((n + len(causes), n + len(causes), lags), "<U3")
    wide[:n, :n, : marks.shape[2]] = marks
    for k in range(n, n + len(causes)):
        for end, at in ((source, 0), (target, lag)):
            wide[k, end, at] = "-->"
            if at == 0:
                wide[end, k, 0] = "<--"
    return wide, [*names, *causes]
