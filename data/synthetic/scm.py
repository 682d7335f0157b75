"""Random lagged structural causal models: links are drawn, made stable, and run for many cells at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import ConfigError

STABLE = 0.97
"""Largest spectral radius of a drawn model; cross links are weakened until it holds."""
SPIN_UP = 300
"""Steps before the record."""


@dataclass(frozen=True)
class Model:
    """Coefficients ``[source, target, lag]`` and whether links are nonlinear; lag 0 runs in ``order``."""

    weight: np.ndarray
    order: np.ndarray
    nonlinear: bool = False

    @property
    def graph(self) -> np.ndarray:
        """Marks ``[source, target, lag]`` of the true links."""
        return marks(self.weight)

    @property
    def radius(self) -> float:
        """Spectral radius of the companion matrix; below 1 the model is stationary."""
        return radius(self.weight)


def draw(
    rng: np.random.Generator,
    size: int,
    tau_max: int,
    autocorrelation: float,
    links: int,
    contemporaneous: float = 0.0,
    strength: float = 0.4,
    nonlinear: bool = False,
) -> Model:
    """Draw a stable model.

    Args:
        rng: source of the draws.
        size: number of variables.
        tau_max: largest lag [steps].
        autocorrelation: coefficient of every variable on itself, at lag 1.
        links: cross links, at most one per pair of variables.
        contemporaneous: share of the cross links at lag 0.
        strength: absolute coefficient of a cross link, half of them negative.
        nonlinear: whether cross links are nonlinear (`bump`).

    Raises:
        ConfigError: for more links than pairs, or an autocorrelation that no stable model has.
    """
    pairs = size * (size - 1) // 2
    if size < 2 or tau_max < 1 or not 0 <= links <= pairs or not abs(autocorrelation) < STABLE:
        raise ConfigError(
            f"no stable model has {links} links of {size} variables, lags to {tau_max} and autocorrelation "
            f"{autocorrelation}",
            "synthetic.graphs",
            f"take at most one link per pair, lags of at least 1 and an autocorrelation below {STABLE}",
        )
    order = rng.permutation(size)
    weight = np.zeros((size, size, tau_max + 1))
    for pick in rng.choice(pairs, links, replace=False):
        a, b = np.triu_indices(size, 1)[0][pick], np.triu_indices(size, 1)[1][pick]
        value = strength * rng.choice([-1.0, 1.0])
        if rng.random() < contemporaneous:
            weight[order[a], order[b], 0] = value
        else:
            i, j = (a, b) if rng.random() < 0.5 else (b, a)
            weight[order[i], order[j], rng.integers(1, tau_max + 1)] = value
    diagonal = np.arange(size)
    while True:
        weight[diagonal, diagonal, 1] = autocorrelation
        if nonlinear or radius(weight) < STABLE:  # a bounded effect leaves a stable variable stable
            return Model(weight, order, nonlinear)
        weight *= 0.9


def radius(weight: np.ndarray) -> float:
    """Spectral radius of a linear model's companion matrix.

    Args:
        weight: coefficients ``[source, target, lag]``, lag 0 without cycles.
    """
    size, _, lags = weight.shape
    now = np.linalg.inv(np.eye(size) - weight[:, :, 0].T)
    companion = np.zeros((size * (lags - 1),) * 2)
    companion[:size] = np.hstack([now @ weight[:, :, k].T for k in range(1, lags)])
    companion[size:, :-size] += np.eye(size * (lags - 2)) if lags > 2 else 0
    return float(np.abs(np.linalg.eigvals(companion)).max())


def marks(weight: np.ndarray) -> np.ndarray:
    """Marks ``[source, target, lag]`` of coefficients that are not zero."""
    graph = np.full(weight.shape, "", dtype="<U3")
    graph[weight != 0] = "-->"
    back = (weight[:, :, 0] != 0).T
    graph[:, :, 0][back] = "<--"
    return graph


def bump(x: np.ndarray) -> np.ndarray:
    """A nonlinear effect that is even, bounded, and so unseen by linear tests: x² exp(-x²/8), less its mean."""
    return x**2 * np.exp(-(x**2) / 8) - 0.716  # 1.25^-1.5, the mean under a standard normal x


def run(
    model: Model | list[Model],
    noise: np.ndarray,
    regime: np.ndarray | None = None,
    drive: np.ndarray | None = None,
) -> np.ndarray:
    """Run a model forward.

    Args:
        model: the model, or one per regime, of the same order.
        noise: innovations ``(cell, time, variable)``, spin-up first.
        regime: number of the model at each time, or None.
        drive: an addition to every step's right-hand side, of the shape of the noise, or None.

    Returns:
        Series ``(cell, time - SPIN_UP, variable)``.
    """
    models = model if isinstance(model, list) else [model]
    add = noise if drive is None else noise + drive
    x = np.zeros_like(add)
    for t in range(add.shape[1]):
        used = models[int(regime[t])] if regime is not None else models[0]
        x[:, t] = add[:, t] + _past(used, x, t)
        for j in used.order:
            here = used.weight[:, j, 0]
            if here.any():
                x[:, t, j] += _form(used, x[:, t]) @ here
    return x[:, SPIN_UP:]


def _past(model: Model, x: np.ndarray, t: int) -> np.ndarray:
    """What lagged values add at time ``t``; a variable's own past is always linear."""
    total = np.zeros_like(x[:, t])
    for lag in range(1, min(model.weight.shape[2] - 1, t) + 1):
        weight = model.weight[:, :, lag]
        own = np.diag(np.diag(weight))
        total += x[:, t - lag] @ own + _form(model, x[:, t - lag]) @ (weight - own)
    return total


def _form(model: Model, x: np.ndarray) -> np.ndarray:
    """Values as they enter other variables."""
    return bump(x) if model.nonlinear else x
