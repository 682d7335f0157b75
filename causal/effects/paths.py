"""Path coefficients of a lagged linear model, total effects along its paths, and what passes through mediators."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr

from data.errors import ModelError, listing

from .effect import regress
from .panel_data import as_panel, graph_of, node_of, unit_of_effect
from .resample import Bootstrap
from .unroll import Marks, possible_ancestors, read_marks


@dataclass(frozen=True)
class PathModel:
    """The regressions of every variable on its parents.

    Attributes:
        names: variables' names.
        units: their units.
        coefficients: ``[lag, target, source]``, 0 where there is no link [unit(target)/unit(source)].
        draws: the same under the replicates ``[replicate, lag, target, source]``.
        bootstrap: how the draws were made.
        marks: the graph.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    coefficients: np.ndarray
    draws: np.ndarray = field(repr=False)
    bootstrap: Bootstrap
    marks: Marks = field(repr=False)

    def check(self, source: int, target: int) -> None:
        """Raise where the parents of a variable on the way are not known.

        Raises:
            ModelError: an undecided link or a hidden cause touches a variable on the way.
        """
        reversed_marks = Marks(
            tuple((j, i, lag) for i, j, lag in self.marks.directed),
            self.marks.undecided,
            self.marks.confounded,
            self.marks.variables,
            self.marks.tau_max,
        )
        on_way = possible_ancestors(self.marks, [target]) & possible_ancestors(reversed_marks, [source])
        for i, j, *_ in (*self.marks.undecided, *self.marks.confounded):
            if on_way & {i, j}:
                raise ModelError(
                    f"the link of {self.names[i]} and {self.names[j]} is not directed",
                    f"paths from {self.names[source]} to {self.names[target]}",
                    "direct it, or estimate the effect by adjustment (`effect_of`), which may do without",
                )

    def total(self, horizon: int, blocked: Iterable[int] = ()) -> np.ndarray:
        """Total effects at the lags 0 to horizon ``[lag, target, source]`` (see `along_paths`)."""
        return along_paths(self.coefficients, horizon, blocked)

    def total_draws(self, horizon: int, blocked: Iterable[int] = ()) -> np.ndarray:
        """Total effects under the replicates ``[replicate, lag, target, source]``."""
        return along_paths(self.draws, horizon, blocked)


def along_paths(coefficients: np.ndarray, horizon: int, blocked: Iterable[int] = ()) -> np.ndarray:
    """Sum the products of path coefficients along all directed paths [@wright1921; @runge2015gateways].

    ``psi(0) = inverse(1 - phi(0))``, ``psi(h) = psi(0) sum over s of phi(s) psi(h - s)``.

    Args:
        coefficients: ``[..., lag, target, source]``.
        horizon: largest lag [steps].
        blocked: variables into which no path may lead.

    Returns:
        Effects ``[..., lag, target, source]`` at the lags 0 to horizon.
    """
    phi = np.array(coefficients, float)
    phi[..., list(blocked), :] = 0.0
    variables, lags = phi.shape[-1], phi.shape[-3]
    now = np.linalg.inv(np.eye(variables) - phi[..., 0, :, :])
    found = [now]
    for h in range(1, horizon + 1):
        terms = [phi[..., s, :, :] @ found[h - s] for s in range(1, min(h, lags - 1) + 1)]
        found.append(now @ sum(terms) if terms else np.zeros_like(now))
    return np.stack(found, axis=-3)


def path_coefficients(
    graph: xr.Dataset | xr.DataArray | np.ndarray,
    data: xr.Dataset,
    *,
    intercept: str = "unit",
    bootstrap: Bootstrap | None = None,
    start: int | None = None,
) -> PathModel:
    """Regress every variable on its parents in the graph.

    Links without a direction count for neither end; `PathModel.check` refuses effects that would need them.

    Args:
        graph: marks ``[source, target, lag]``, or what `causal.discover` returns for one cell.
        data: series over ``time`` and at most one panel dimension.
        intercept: ``unit`` or ``common``.
        bootstrap: how intervals are made.
        start: first step of the targets that is used; default the graph's largest lag.

    Raises:
        ModelError: the graph cannot be read.
        DataError: the data cannot be read or are too few.
    """
    array, names = graph_of(graph, data)
    marks = read_marks(array, names, admg=True)
    bootstrap = bootstrap or Bootstrap()
    panel = as_panel(data, names)
    first = max(marks.tau_max, start or 0)
    variables = len(names)
    phi = np.zeros((marks.tau_max + 1, variables, variables))
    draws = np.zeros((bootstrap.replicates, *phi.shape))
    for j in range(variables):
        nodes = sorted((i, -lag) for i, target, lag in marks.directed if target == j)
        if not nodes:
            continue
        fit = regress(panel, (j, 0), nodes, first, bootstrap, intercept, lags=marks.tau_max)
        for c, (i, lag) in enumerate(nodes):
            phi[-lag, j, i] = fit.coefficients[c]
            draws[:, -lag, j, i] = fit.draws[:, c]
    return PathModel(panel.names, panel.units, phi, draws, bootstrap, marks)


def mediation(
    model: PathModel,
    source: tuple[str | int, int],
    target: tuple[str | int, int],
    through: Sequence[str | int] | None = None,
) -> pd.DataFrame:
    """Split a total effect into its direct link and what passes through each mediator [@runge2015gateways].

    What passes through a mediator is the total effect less the effect along paths that avoid it at every lag. Paths
    may pass through several mediators, so the rows need not add up.

    Args:
        model: path coefficients.
        source: cause as (name or index, lag).
        target: effect as (name or index, 0).
        through: mediators; default every variable on a path, the target left out.

    Returns:
        Rows ``total``, ``direct``, ``through NAME``; columns ``estimate``, ``lower``, ``upper`` (in the attribute
        ``unit``) and ``share`` of the total.

    Raises:
        ModelError: links on the way are undecided, or the target is among the mediators.
    """
    i, lag = node_of(source, model.names)
    j, zero = node_of(target, model.names)
    if lag > 0 or zero != 0 or (i, lag) == (j, 0):
        raise ModelError(
            f"paths from {source} to {target} are asked for",
            "source and target",
            "give lags below 0, target lag 0",
        )
    model.check(i, j)
    lag = -lag
    total, draws = model.total(lag), model.total_draws(lag)
    if through is None:
        chosen = [
            k
            for k in range(len(model.names))
            if k not in (i, j) and total[:, k, i].any() and total[:, j, k].any()
        ]
    else:
        chosen = [node_of((k, 0), model.names)[0] for k in through]
    if j in chosen:
        raise ModelError(
            f"'{model.names[j]}' is the target", "mediators", f"leave it out of {listing(through or [])}"
        )
    inside = lag < model.coefficients.shape[0]
    direct = model.coefficients[lag, j, i] if inside else 0.0
    rows = {
        "total": (total[lag, j, i], draws[:, lag, j, i]),
        "direct": (direct, model.draws[:, lag, j, i] if inside else np.zeros(len(draws))),
    }
    for k in chosen:
        past = total[lag, j, i] - model.total(lag, [k])[lag, j, i]
        rows[f"through {model.names[k]}"] = (
            past,
            draws[:, lag, j, i] - model.total_draws(lag, [k])[:, lag, j, i],
        )
    table = pd.DataFrame(
        [[value, *map(float, model.bootstrap.interval(drawn))] for value, drawn in rows.values()],
        index=list(rows),
        columns=["estimate", "lower", "upper"],
    )
    table["share"] = table["estimate"] / table["estimate"].iloc[0] if table["estimate"].iloc[0] else np.nan
    table.attrs["unit"] = unit_of_effect(model.units[j], model.units[i])
    return table
