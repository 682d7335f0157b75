"""Two-way fixed effects with clustered errors, and distributed lags of a treatment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from data.errors import ConfigError, DataError, counted

from .panel_data import Panel, as_panel, lagged, unit_of_effect
from .resample import Bootstrap
from .within import Table, demean, draw_coefficients, dummy_rank

EFFECTS = ("unit", "time")
CLUSTERS = ("unit", "time", "both", "none")
Term = str | tuple[str, int]
"""A variable, or a variable at a lag (0 or negative)."""


@dataclass(frozen=True)
class PanelFit:
    """A linear regression with fixed effects.

    Attributes:
        terms: names of the coefficients, ``name`` or ``name(t-3)``.
        coefficients: ``[term]``.
        covariance: ``[term, term]``, clustered as asked for.
        classical: covariance under independent errors of one variance.
        dof: degrees of freedom of the t statistics: clusters - 1, or those of the residuals without clusters.
        residual_dof: samples less all coefficients, fixed effects counted.
        samples: complete rows.
        clusters: number of clusters; 0 for none.
        cluster: what errors are clustered by.
        units: unit of each coefficient, '' where the data tell none.
        draws: coefficients under replicates ``[replicate, term]``, empty without a bootstrap.
    """

    terms: tuple[str, ...]
    coefficients: np.ndarray
    covariance: np.ndarray
    classical: np.ndarray
    dof: int
    residual_dof: int
    samples: int
    clusters: int
    cluster: str
    units: tuple[str, ...]
    draws: np.ndarray = field(repr=False)

    @property
    def stderr(self) -> np.ndarray:
        """Standard errors ``[term]``."""
        return np.sqrt(np.diag(self.covariance))

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """Coefficients with standard error, t, p and interval, one row per term."""
        t = self.coefficients / self.stderr
        reach = stats.t.ppf(0.5 + level / 2, self.dof) * self.stderr
        return pd.DataFrame(
            {
                "estimate": self.coefficients,
                "stderr": self.stderr,
                "t": t,
                "p": 2 * stats.t.sf(np.abs(t), self.dof),
                "lower": self.coefficients - reach,
                "upper": self.coefficients + reach,
                "unit": self.units,
            },
            index=list(self.terms),
        )

    def combination(self, weights: np.ndarray) -> tuple[float, float]:
        """Value and standard error of a weighted sum of the coefficients."""
        return float(weights @ self.coefficients), float(np.sqrt(weights @ self.covariance @ weights))


def two_way(
    data: xr.Dataset,
    outcome: str,
    treatments: Term | Sequence[Term],
    controls: Sequence[Term] = (),
    *,
    effects: Sequence[str] = EFFECTS,
    cluster: str = "unit",
    bootstrap: Bootstrap | None = None,
) -> PanelFit:
    """Regress an outcome on treatments and controls with an effect of each unit and of each step.

    Unit and step effects are projected out exactly, in panels with gaps too [@frisch1933]. The clustered covariance
    is ``G / (G - 1) * (n - 1) / (n - k)`` times the sandwich, G clusters, n samples, k all coefficients with the
    fixed effects; for ``both``, unit's and step's covariance less that by sample [@cameron2011], with the smaller G
    in the t statistics. With few clusters (below about 30) intervals are too narrow.

    Args:
        data: series over ``time`` and one panel dimension.
        outcome: the variable explained.
        treatments: variables, or (variable, lag) pairs; lags 0 or negative.
        controls: the same, listed after the treatments.
        effects: ``unit``, ``time`` or both.
        cluster: ``unit``, ``time``, ``both`` or ``none``.
        bootstrap: draws over ``units`` or ``time`` beside the covariance; default none.

    Raises:
        ConfigError: `effects` or `cluster` is unknown.
        DataError: no panel dimension, too few samples, or terms that the fixed effects or other terms explain.
    """
    terms = [_term(t) for t in (*_listed(treatments), *controls)]
    unknown = [e for e in effects if e not in EFFECTS]
    if unknown or not effects:
        raise ConfigError(
            f"the fixed effects are {list(effects)}", "two_way", f"choose from {EFFECTS}, at least one"
        )
    if cluster not in CLUSTERS:
        raise ConfigError(f"cluster '{cluster}' is unknown", "two_way", f"choose one of {CLUSTERS}")
    names = list(dict.fromkeys([outcome, *(name for name, _ in terms)]))
    panel = as_panel(data, names)
    if panel.dim is None:
        raise DataError("the data have no panel dimension", "two_way", "give series of several units")
    columns = lagged(
        panel,
        [(names.index(n), lag) for n, lag in [*terms, (outcome, 0)]],
        max(-lag for _, lag in terms),
    )
    labels = tuple(f"{name}(t{lag})" if lag else name for name, lag in terms)
    units = tuple(_unit(panel, names, outcome, name) for name, _ in terms)
    return _fit(columns, labels, units, tuple(effects), cluster, bootstrap)


def _listed(terms: Term | Sequence[Term]) -> list[Term]:
    if isinstance(terms, str):
        return [terms]
    if isinstance(terms, tuple) and len(terms) == 2 and isinstance(terms[1], int):
        return [(str(terms[0]), terms[1])]
    return [t for t in terms if not isinstance(t, int)]


def _term(term: Term) -> tuple[str, int]:
    name, lag = (term, 0) if isinstance(term, str) else term
    if lag > 0:
        raise ConfigError(f"the lag of '{name}' is {lag}", "terms", "give lags of 0 or below")
    return name, lag


def _unit(panel: Panel, names: list[str], outcome: str, name: str) -> str:
    return unit_of_effect(panel.units[names.index(outcome)], panel.units[names.index(name)])


def _fit(columns, labels, units, effects, cluster, bootstrap) -> PanelFit:
    """Least squares on what the fixed effects leave, with its covariances."""
    table = Table.of(columns)
    rows, k = table.rows, columns.shape[-1] - 1
    rank = dummy_rank(table, effects)
    if rows <= rank + k:
        raise DataError(
            f"{counted(rows, 'complete sample')} for {rank + k} coefficients",
            "two_way",
            "give longer or more series",
        )
    within = demean(table, effects)
    before = np.sqrt((table.centred().reshape(-1, k + 1) ** 2).sum(0))
    flat = within.values.reshape(-1, k + 1)
    left = np.sqrt((flat**2).sum(0))
    for c, name in enumerate(labels):
        if left[c] <= 1e-8 * max(before[c], 1e-300):
            raise DataError(f"the fixed effects explain '{name}'", "two_way", "drop it or a fixed effect")
    scale = left[:-1]
    x, y = flat[:, :-1] / scale, flat[:, -1]
    beta, _, found, _ = np.linalg.lstsq(x, y, rcond=1e-10)
    if found < k:
        raise DataError("terms repeat each other", "two_way", "drop one of them")
    residual = y - x @ beta
    bread = np.linalg.inv(x.T @ x)
    dof = rows - rank - k
    scores = (x * residual[:, None]).reshape(*table.held.shape, k)
    classical = bread * (residual @ residual) / dof
    sums = {"unit": scores.sum(1), "time": scores.sum(0), "both": scores.reshape(-1, k)}
    held = {"unit": table.held.any(1).sum(), "time": table.held.any(0).sum(), "both": rows}

    def sandwich(by: str) -> np.ndarray:
        groups = held[by]
        return bread @ (sums[by].T @ sums[by]) @ bread * groups / (groups - 1) * (rows - 1) / dof

    if cluster == "none":
        covariance, clusters = classical, 0
    elif cluster == "both":
        covariance, clusters = (
            sandwich("unit") + sandwich("time") - sandwich("both"),
            min(held["unit"], held["time"]),
        )
    else:
        covariance, clusters = sandwich(cluster), held[cluster]
    outer = np.outer(scale, scale)
    draws = np.empty((0, k)) if bootstrap is None else draw_coefficients(table, effects, bootstrap)
    return PanelFit(
        labels,
        beta / scale,
        covariance / outer,
        classical / outer,
        int(clusters - 1 if clusters else dof),
        int(dof),
        rows,
        int(clusters),
        cluster,
        units,
        draws,
    )


def distributed_lags(
    data: xr.Dataset,
    outcome: str,
    treatment: str,
    lags: int = 6,
    controls: Sequence[Term] = (),
    *,
    effects: Sequence[str] = EFFECTS,
    cluster: str = "unit",
    level: float = 0.95,
    bootstrap: Bootstrap | None = None,
) -> xr.Dataset:
    """Effects of a treatment 0 to `lags` steps later in one regression, and their sum.

    The standard error of the sum comes from the covariance of the lags, ``1' V 1``.

    Args:
        data: series over ``time`` and one panel dimension.
        outcome: the variable explained.
        treatment: the variable whose lags explain it.
        lags: largest lag [steps].
        controls: further terms, see `two_way`.
        effects: fixed effects.
        cluster: what errors are clustered by.
        level: probability of the intervals.
        bootstrap: where given, percentile intervals of its level replace those of the covariance.

    Returns:
        Over ``lag``: ``effect``, ``stderr``, ``lower``, ``upper``, ``p``, ``cumulative``, ``cumulative_stderr``,
        ``cumulative_lower``, ``cumulative_upper``, ``cumulative_p`` [unit(outcome)/unit(treatment)].

    Raises:
        ConfigError: lags are negative.
        DataError: see `two_way`.
    """
    if lags < 0:
        raise ConfigError(f"lags is {lags}", "distributed_lags", "give 0 or more steps")
    terms = [(treatment, -h) for h in range(lags + 1)]
    fit = two_way(data, outcome, terms, controls, effects=effects, cluster=cluster, bootstrap=bootstrap)
    k = len(fit.terms)
    upto = np.tril(np.ones((lags + 1, lags + 1)))
    fields = {}
    for prefix, name, weights in (("", "effect", np.eye(lags + 1)), ("cumulative_", "cumulative", upto)):
        full = np.pad(weights, ((0, 0), (0, k - lags - 1)))
        value = full @ fit.coefficients
        error = np.sqrt(np.einsum("hi,ij,hj->h", full, fit.covariance, full))
        reach = stats.t.ppf(0.5 + level / 2, fit.dof) * error
        low, high = (value - reach, value + reach)
        if bootstrap is not None:
            low, high = bootstrap.interval(fit.draws @ full.T)
        p = 2 * stats.t.sf(np.abs(value / error), fit.dof)
        fields |= {
            name: value,
            f"{prefix}stderr": error,
            f"{prefix}lower": low,
            f"{prefix}upper": high,
            f"{prefix}p": p,
        }
    unit = {"units": fit.units[0]} if fit.units[0] else {}
    return xr.Dataset(
        {name: ("lag", values, {} if name.endswith("p") else unit) for name, values in fields.items()},
        coords={"lag": ("lag", np.arange(lags + 1), {"units": "steps"})},
        attrs={
            "outcome": outcome,
            "treatment": treatment,
            "cluster": cluster,
            "clusters": fit.clusters,
            "samples": fit.samples,
            "level": level if bootstrap is None else bootstrap.level,
        },
    )
