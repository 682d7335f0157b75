"""Worlds with a known causal graph, one for each assumption that a search for causes makes, and nulls.

Every world returns a Dataset over ``cell`` (realisations of the same model) and ``time``, and its true graph: marks
``[source, target, lag]``, where ``-->`` at ``[i, j, k]`` says that i causes j after k steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import xarray as xr

from ..errors import ConfigError, nearest
from .scm import SPIN_UP, Model, draw, marks, run

PERIOD = 12
"""Steps of a year in the seasonal world."""
BLOCK = 50
"""Mean steps that a regime lasts."""

Seed = int | tuple[int, ...]


def world(
    kind: str, cells: int = 1, steps: int = 500, size: int = 5, seed: Seed = 0
) -> tuple[xr.Dataset, np.ndarray]:
    """Draw a world of a kind.

    Args:
        kind: one of `KINDS`.
        cells: realisations of the model.
        steps: length of the record.
        size: number of variables (of system variables, where there are contexts).
        seed: seed of everything.

    Returns:
        Dataset of variables (cell, time) with ``kind`` in its attributes, and the true graph.

    Raises:
        ConfigError: for an unknown kind, or cells, steps or a size that are too small.
    """
    if kind not in KINDS:
        raise ConfigError(
            f"no world '{kind}'",
            "synthetic.graphs",
            nearest(kind, KINDS).strip() or f"choose one of {', '.join(KINDS)}",
        )
    if cells < 1 or steps < 1 or size < 2:
        raise ConfigError(
            f"cells={cells}, steps={steps}, size={size} make no world",
            "synthetic.graphs",
            "take at least 1 cell, 1 step and 2 variables",
        )
    return KINDS[kind](np.random.default_rng(seed), cells, steps, size)


def null(
    cells: int, steps: int, size: int, autocorrelation: float, seed: Seed = 0
) -> tuple[xr.Dataset, np.ndarray]:
    """Independent first-order autoregressive series: every link between two of them is false.

    Args:
        cells: realisations.
        steps: length of the record.
        size: number of variables.
        autocorrelation: coefficient at lag 1, between -1 and 1; the series start in their stationary state.
        seed: seed of the noise.

    Returns:
        Dataset of variables (cell, time), and the graph [N, N, 2] of the links to a variable's own past.

    Raises:
        ConfigError: for an autocorrelation that is not between -1 and 1.
    """
    if not -1 < autocorrelation < 1:
        raise ConfigError(
            f"autocorrelation={autocorrelation} is not stationary", "synthetic.null", "stay between -1 and 1"
        )
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(cells, steps, size))
    x[:, 0] /= np.sqrt(1 - autocorrelation**2)
    for t in range(1, steps):
        x[:, t] += autocorrelation * x[:, t - 1]
    weight = np.zeros((size, size, 2))
    weight[np.arange(size), np.arange(size), 1] = autocorrelation
    return _dataset(x, "null"), marks(weight)


def _linear(rng: np.random.Generator, cells: int, steps: int, size: int) -> tuple[xr.Dataset, np.ndarray]:
    model = draw(rng, size, 2, 0.6, size)
    return _dataset(run(model, _noise(rng, cells, steps, size)), "linear"), model.graph


def _nonlinear(rng: np.random.Generator, cells: int, steps: int, size: int) -> tuple[xr.Dataset, np.ndarray]:
    model = draw(rng, size, 2, 0.3, size, strength=2.0, nonlinear=True)
    return _dataset(run(model, _noise(rng, cells, steps, size)), "nonlinear"), model.graph


def _instant(rng: np.random.Generator, cells: int, steps: int, size: int) -> tuple[xr.Dataset, np.ndarray]:
    model = draw(rng, size, 2, 0.6, size, contemporaneous=0.6)
    return _dataset(run(model, _noise(rng, cells, steps, size)), "contemporaneous"), model.graph


def _latent(rng: np.random.Generator, cells: int, steps: int, size: int) -> tuple[xr.Dataset, np.ndarray]:
    """Two pairs of variables share hidden white noise, one of each pair a step later: `<->` at lag 1."""
    model = draw(rng, size, 2, 0.5, max(1, size - 2))
    free = [
        (i, j)
        for i in range(size)
        for j in range(size)
        if i != j and not model.weight[i, j].any() and not model.weight[j, i].any()
    ]
    noise, graph = _noise(rng, cells, steps, size), model.graph
    for pick in rng.permutation(len(free))[:2]:
        i, j = free[pick]
        hidden = rng.normal(size=noise.shape[:2])
        noise[:, :, i] += hidden
        noise[:, 1:, j] += hidden[:, :-1]
        graph[i, j, 1] = "<->"
    return _dataset(run(model, noise), "latent"), graph


def _regimes(rng: np.random.Generator, cells: int, steps: int, size: int) -> tuple[xr.Dataset, np.ndarray]:
    """Links hold in one of two regimes each, or change sign; the graph is the union."""
    first = draw(rng, size, 1, 0.3, size, strength=0.6)
    other = first.weight.copy()
    other[~np.eye(size, dtype=bool)] *= -1
    switch = rng.random(steps + SPIN_UP) < 1 / BLOCK
    regime = np.cumsum(switch) % 2
    series = run([first, Model(other, first.order)], _noise(rng, cells, steps, size), regime)
    ds = _dataset(series, "regime")
    return ds.assign_coords(regime=("time", regime[SPIN_UP:])), first.graph


def _seasonal(rng: np.random.Generator, cells: int, steps: int, size: int) -> tuple[xr.Dataset, np.ndarray]:
    """Every variable also follows the season, with its own phase."""
    model = draw(rng, size, 2, 0.5, size)
    angle = 2 * np.pi * np.arange(steps + SPIN_UP)[:, None] / PERIOD + rng.uniform(0, 2 * np.pi, size)
    noise = _noise(rng, cells, steps, size)
    return _dataset(
        run(model, noise, drive=np.broadcast_to(2 * np.sin(angle), noise.shape)), "seasonal"
    ), model.graph


def _panel(rng: np.random.Generator, cells: int, steps: int, size: int) -> tuple[xr.Dataset, np.ndarray]:
    """Cells are members that share a model, an observed index ``context`` over time, and hidden levels of their own.

    The context drives the first two variables without delay; the levels shift the last two.
    """
    model = draw(rng, size, 1, 0.4, size, contemporaneous=0.3)
    index = rng.normal(size=steps + SPIN_UP)
    drive = np.zeros((cells, steps + SPIN_UP, size))
    drive[:, :, :2] += 0.8 * index[:, None]
    drive[:, :, -2:] += 1.5 * rng.normal(size=(cells, 1, 1))
    ds = _dataset(run(model, _noise(rng, cells, steps, size), drive=drive), "panel")
    ds["context"] = ("time", index[SPIN_UP:])
    graph = np.full((size + 1, size + 1, 2), "", dtype="<U3")
    graph[:size, :size] = model.graph
    graph[size, :2, 0], graph[:2, size, 0] = "-->", "<--"
    return ds, graph


KINDS: dict[str, Callable[[np.random.Generator, int, int, int], tuple[xr.Dataset, np.ndarray]]] = {
    "linear": _linear,
    "nonlinear": _nonlinear,
    "contemporaneous": _instant,
    "latent": _latent,
    "regime": _regimes,
    "seasonal": _seasonal,
    "panel": _panel,
}
"""Kinds of worlds by name."""


def values(ds: xr.Dataset, names: Sequence[str] | None = None) -> np.ndarray:
    """Return variables (cell, time) as an array ``(cell, time, variable)``."""
    kept = names or [str(n) for n in ds.data_vars if ds[n].dims == ("cell", "time")]
    return np.stack([ds[n].values for n in kept], axis=-1)


def _noise(rng: np.random.Generator, cells: int, steps: int, size: int) -> np.ndarray:
    return rng.normal(size=(cells, steps + SPIN_UP, size))


def _dataset(series: np.ndarray, kind: str) -> xr.Dataset:
    """Return series ``(cell, time, variable)`` as variables x0, x1, ..."""
    cells, steps, size = series.shape
    return xr.Dataset(
        {f"x{k}": (("cell", "time"), series[:, :, k], {"units": "1"}) for k in range(size)},
        {"cell": np.arange(cells), "time": np.arange(steps)},
        {"kind": kind},
    )
