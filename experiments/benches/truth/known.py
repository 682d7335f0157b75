"""Precision and recall of causes on worlds with known graphs: each method where its assumptions hold and where not.

What is counted is a claim: a mark ``-->`` between two different variables. Marks that leave a direction open claim
nothing, so they cost recall but no precision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from causal.engines import tigramite_engine
from causal.settings import Settings
from data.synthetic.graphs import PERIOD, values, world

from ... import bench
from .scores import Counts
from .search import search

LINEAR = Settings(method="pcmci", tau_max=2, pc_alpha=0.05, alpha=0.01)
PLUS = Settings(method="pcmci+", tau_max=2, pc_alpha=0.01)
LATENT = Settings(method="lpcmci", tau_max=2, pc_alpha=0.01)
PRECISION, RECALL = 0.85, 0.9
"""To reach where nothing is broken: five links in forty tests at 0.01 leave 0.92 of the claims true on average."""
REGIMES = {"num_regimes": 2, "max_transitions": 16, "num_iterations": 20, "max_anneal": 3, "seed": 1}
"""Options of RPCMCI; annealings from few starts, for it searches two graphs in every iteration."""


@dataclass(frozen=True)
class Case:
    """A method on a world.

    Attributes:
        kind: of the world.
        method: name in the table.
        broken: the assumption of the method that the world breaks, or an empty string.
        graphs: from the world's Dataset and random models to marks ``(cell, source, target, lag)``.
        models: worlds that are drawn in the full bench.
        steps: length of the records.
        size: number of variables.
        cells: realisations of each world.
        slow: left out of the quick bench.
    """

    kind: str
    method: str
    broken: str
    graphs: Callable[[xr.Dataset], np.ndarray]
    models: int = 40
    steps: int = 500
    size: int = 5
    cells: int = 4
    slow: bool = False


def plain(settings: Settings) -> Callable[[xr.Dataset], np.ndarray]:
    """Every cell by itself, as it is."""
    return lambda ds: search(values(ds), settings).graph


def without_seasons(ds: xr.Dataset) -> np.ndarray:
    """PCMCI of anomalies from the mean of each month over the record."""
    x = values(ds)
    month = np.arange(x.shape[1]) % PERIOD
    climate = np.stack([x[:, month == m].mean(1) for m in range(PERIOD)], axis=1)
    return search(x - climate[:, month], LINEAR).graph


def known_regimes(ds: xr.Dataset) -> np.ndarray:
    """Union of PCMCI in either regime, the regimes given."""
    x, regime = values(ds), ds["regime"].values
    settings = replace(LINEAR, tau_max=1, alpha=LINEAR.alpha / 2)
    union = np.full((len(x), x.shape[2], x.shape[2], 2), "", dtype="<U3")
    for k in (0, 1):
        hidden = np.broadcast_to((regime != k)[:, None], x.shape)
        found = search(x, settings, hidden).graph
        union = np.where(found != "", found, union)
    return union


def found_regimes(ds: xr.Dataset) -> np.ndarray:
    """Union of the graphs of both regimes that RPCMCI finds."""
    x = values(ds)
    settings = replace(LINEAR, method="rpcmci", tau_max=1, alpha=LINEAR.alpha / 2, options=REGIMES)
    found = tigramite_engine.run_regimes(x, settings, names=[f"x{k}" for k in range(x.shape[2])])
    first, second = (part.graph for part in found.links)
    return np.where(second != "", second, first)


def pooled(ds: xr.Dataset) -> np.ndarray:
    """PCMCI+ of all members together; the context is a variable like the others."""
    x = values(ds)
    context = np.broadcast_to(ds["context"].values[None, :, None], (*x.shape[:2], 1))
    joined = np.concatenate([x, context], axis=2)
    names = [f"x{k}" for k in range(joined.shape[2])]
    return tigramite_engine.run_panel(joined, replace(PLUS, tau_max=1), names=names).graph


def joint(ds: xr.Dataset) -> np.ndarray:
    """J-PCMCI+ with the context and a dummy for members."""
    x = values(ds)
    settings = replace(PLUS, method="j-pcmci+", tau_max=1)
    return tigramite_engine.run_panel(
        x,
        settings,
        names=[f"x{k}" for k in range(x.shape[2])],
        contexts={"context": ds["context"].values},
        space_dummy=True,
    ).graph


CASES = (
    Case("linear", "PCMCI", "", plain(LINEAR)),
    Case("linear", "PCMCI+", "", plain(PLUS)),
    Case("linear", "LPCMCI", "", plain(LATENT), models=6, cells=1, slow=True),
    Case("contemporaneous", "PCMCI", "no effects within a step", plain(LINEAR)),
    Case("contemporaneous", "PCMCI+", "", plain(PLUS)),
    Case("nonlinear", "PCMCI, ParCorr", "linear effects", plain(LINEAR)),
    Case(
        "nonlinear", "PCMCI, RobustParCorr", "monotone effects", plain(replace(LINEAR, test="robust_parcorr"))
    ),
    Case(
        "nonlinear",
        "PCMCI, ParCorr, 3 variables",
        "linear effects",
        plain(LINEAR),
        models=8,
        steps=250,
        size=3,
        cells=1,
    ),
    Case(
        "nonlinear",
        "PCMCI, GPDC, 3 variables",
        "",
        plain(replace(LINEAR, test="gpdc")),
        models=4,
        steps=250,
        size=3,
        cells=1,
        slow=True,
    ),
    Case(
        "nonlinear",
        "PCMCI, CMIknn, 3 variables",
        "",
        plain(replace(LINEAR, test="cmi_knn", options={"sig_samples": 200})),
        models=2,
        steps=250,
        size=3,
        cells=1,
        slow=True,
    ),
    Case("latent", "PCMCI", "no hidden common cause", plain(LINEAR)),
    Case("latent", "PCMCI+", "no hidden common cause", plain(PLUS)),
    Case("latent", "LPCMCI", "", plain(LATENT), models=10, cells=1, slow=True),
    Case("regime", "PCMCI", "the same links at all times", plain(replace(LINEAR, tau_max=1))),
    Case("regime", "PCMCI, regimes known", "", known_regimes),
    Case("regime", "RPCMCI", "", found_regimes, models=4, steps=400, size=3, cells=1, slow=True),
    Case("seasonal", "PCMCI", "a constant mean", plain(LINEAR)),
    Case("seasonal", "PCMCI of anomalies", "", without_seasons),
    Case("panel", "PCMCI+ pooled", "no hidden level of members", pooled, models=16, steps=80, cells=12),
    Case("panel", "J-PCMCI+", "", joint, models=16, steps=80, cells=12),
)
"""The table."""


def claims(found: np.ndarray, truth: np.ndarray) -> Counts:
    """Count the claims of one graph; lags that one of the two does not have hold no link in it."""
    lags = max(found.shape[2], truth.shape[2])
    off = ~np.eye(len(truth), dtype=bool)[:, :, None]
    said, real = (_widened(g == "-->", lags) & off for g in (found, truth))
    return Counts(int((said & real).sum()), int(said.sum()), int(real.sum()))


def score(case: Case, models: int, seed: int = 11) -> Counts:
    """Counts of a case over random models."""
    total = Counts(0, 0, 0)
    for k in range(models):
        ds, truth = world(case.kind, case.cells, case.steps, case.size, (seed, k))
        for found in case.graphs(ds):
            total = total + claims(found, truth)
    return total


def rows(quick: bool) -> list[bench.Row]:
    """Precision and recall of each case; targets for linear tests on many cells where no assumption is broken."""
    out = []
    for case in CASES:
        if quick and case.slow:
            continue
        counts = score(case, min(case.models, 3) if quick else case.models)
        what = f"{case.kind} world, {case.method}" + (f" (broken: {case.broken})" if case.broken else "")
        sure = not case.broken and not case.slow and case.kind != "panel"
        precision, recall = (PRECISION, RECALL) if sure else (None, None)
        out.append(bench.Row(f"{what}: precision of causes", counts.precision, "1", target=precision))
        out.append(bench.Row(f"{what}: recall of causes", counts.recall, "1", target=recall))
    return out


def _widened(said: np.ndarray, lags: int) -> np.ndarray:
    """Fill up with lags without links."""
    return np.pad(said, ((0, 0), (0, 0), (0, lags - said.shape[2])))
