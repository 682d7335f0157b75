"""The effect of one variable on another at a lag, from a graph and data, where the graph identifies it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from data.errors import ModelError

from .identify import Query, label
from .panel_data import Panel, as_panel, graph_of, lagged, node_of, unit_of_effect
from .resample import Bootstrap, Fit, least_squares
from .unroll import Node

Named = tuple[str, int]
"""A variable's name and its lag, 0 or negative."""


@dataclass(frozen=True)
class Effect:
    """A linear effect and what it rests on.

    Attributes:
        source: cause as (name, lag).
        target: effect as (name, 0).
        kind: ``total`` or ``direct``.
        estimate: change of the target per unit of the source; NaN where it is not identified.
        lower: lower end of the interval; NaN without replicates.
        upper: upper end.
        level: the interval's probability.
        stderr: standard deviation over the replicates.
        adjustment: the adjustment set as (name, lag).
        identified: whether the graph identifies the effect.
        sentence: why it does or does not.
        unit: unit(target) / unit(source), '' where the data tell none.
        samples: rows of the regression.
        dof: degrees of freedom left.
        classical: standard error under independent errors of one variance, what partial R2 rests on.
        draws: estimates of the replicates.
    """

    source: Named
    target: Named
    kind: str
    estimate: float
    lower: float
    upper: float
    level: float
    stderr: float
    adjustment: tuple[Named, ...]
    identified: bool
    sentence: str
    unit: str
    samples: int
    dof: int
    classical: float
    draws: np.ndarray = field(repr=False)

    def __str__(self) -> str:
        if not self.identified:
            return self.sentence
        unit = f" {self.unit}" if self.unit else ""
        if self.samples and np.isfinite(self.lower):
            unit += f" ({100 * self.level:g} % interval {self.lower:.4g} to {self.upper:.4g})"
        return f"{self.sentence} It is {self.estimate:.4g}{unit}."


def effect_of(
    graph: xr.Dataset | xr.DataArray | np.ndarray,
    data: xr.Dataset,
    source: tuple[str | int, int],
    target: tuple[str | int, int],
    *,
    kind: str = "total",
    adjustment: Sequence[tuple[str | int, int]] | None = None,
    latent: Sequence[str | int] = (),
    admg: bool = False,
    variables: Sequence[str] | None = None,
    intercept: str = "unit",
    bootstrap: Bootstrap | None = None,
    start: int | None = None,
) -> Effect:
    """Estimate a lagged effect by regression on a set that the graph proves to be an adjustment set.

    The target is regressed on the source and the set, over all units together and never across a unit's border.
    With own levels of the units (``intercept="unit"``) and a lagged target among the regressors, short series bias
    the estimate by order 1 / length [@nickell1981].

    Args:
        graph: marks ``[source, target, lag]``, or what `causal.discover` returns for one cell.
        data: series over ``time`` and at most one panel dimension.
        source: cause as (name or index, lag), lag 0 or negative.
        target: effect as (name or index, 0).
        kind: ``total`` (all causal paths) or ``direct`` (the link alone, the path coefficient).
        adjustment: a set to adjust for instead of the optimal one, as (name or index, lag).
        latent: variables of the graph that are not observed.
        admg: read ``<->`` as a hidden common cause and ``-->`` as a cause without one.
        variables: names along the graph's axes, where it tells none and has others than the data.
        intercept: ``unit`` or ``common``.
        bootstrap: how the interval is made; default 500 replicates, 90 %.
        start: first step of the target that is used; default the graph's largest lag plus the source's, so that
            regressions of one source rest on the same samples.

    Returns:
        The effect; NaN with ``identified=False`` and the reason where the graph does not identify it.

    Raises:
        ModelError: `adjustment` is no valid adjustment set, or the graph cannot be read.
        DataError: the data cannot be read or are too few.
    """
    marks, names = graph_of(graph, data, variables)
    one, other = node_of(source, names), node_of(target, names)
    hidden = [node_of((v, 0), names)[0] for v in latent]
    wanted = None if adjustment is None else [node_of(n, names) for n in adjustment]
    query = Query(marks, one, other, names, hidden, admg, kind, frozenset(wanted or ()))
    found = query.search()
    chosen = found.adjustment
    if wanted is not None:
        _check(query, wanted)
        chosen = tuple(wanted)
        sets = ", ".join(label(n, names) for n in wanted) or "nothing"
        text = f"{label(one, names)} on {label(other, names)}"
        sentence = f"The {kind} effect of {text} is identified by adjusting for {sets}, the given set."
        identified = True
    else:
        sentence, identified = found.sentence, found.identified
    bootstrap = bootstrap or Bootstrap()
    panel = as_panel(data, [n for k, n in enumerate(names) if k not in hidden])
    place = {n: k for k, n in enumerate(panel.names)}
    units = [panel.units[place[names[v]]] for v, _ in (other, one)]

    def result(estimate: float, draws: np.ndarray, samples: int, dof: int, classical: float) -> Effect:
        low, high = bootstrap.interval(draws)
        spread = float(draws.std(ddof=1)) if draws.size > 1 else float("nan")
        return Effect(
            (names[one[0]], one[1]),
            (names[other[0]], 0),
            kind,
            estimate,
            float(low),
            float(high),
            bootstrap.level,
            spread,
            tuple((names[v], lag) for v, lag in chosen),
            identified,
            sentence,
            unit_of_effect(*units),
            samples,
            dof,
            classical,
            draws,
        )

    if not identified:
        return result(float("nan"), np.empty(0), 0, 0, float("nan"))
    if not found.causal and wanted is None:
        return result(0.0, np.zeros(bootstrap.replicates), 0, 0, 0.0)
    nodes = [(place[names[v]], lag) for v, lag in (one, *chosen)]
    first = max(marks.shape[2] - 1 - one[1] if start is None else start, *(-lag for _, lag in nodes))
    fit = regress(panel, (place[names[other[0]]], 0), nodes, first, bootstrap, intercept)
    groups = panel.values.shape[0] if intercept == "unit" else 1
    dof = fit.samples - len(nodes) - groups
    return result(float(fit.coefficients[0]), fit.draws[:, 0], fit.samples, dof, float(fit.stderr[0]))


def regress(
    panel: Panel,
    target: Node,
    nodes: list[Node],
    start: int,
    bootstrap: Bootstrap,
    intercept: str,
    lags: int | None = None,
) -> Fit:
    """Regress a target on lagged columns of a panel, with bootstrap draws (see `least_squares`).

    `lags` sets the length of blocks where several regressions share their draws; default the largest lag.
    """
    columns = lagged(panel, [target, *nodes], start)
    lags = max(-lag for _, lag in nodes) if lags is None else lags
    weights = bootstrap.weights(columns.shape[0], columns.shape[1], lags)
    return least_squares(columns[..., 0], columns[..., 1:], weights, intercept)


def _check(query: Query, wanted: list[Node]) -> None:
    reason = query.invalid(frozenset(wanted))
    if reason:
        better = query.search()
        sets = ", ".join(label(n, query.names) for n in better.adjustment) or "nothing"
        raise ModelError(
            f"the set is no adjustment set: {reason}",
            f"{query.kind} effect of {label(query.source, query.names)} on {label(query.target, query.names)}",
            f"adjust for {sets}"
            if better.identified and better.causal
            else "no regression gives this effect here",
        )
