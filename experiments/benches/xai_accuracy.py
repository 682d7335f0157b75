"""Accuracy of sampled Shapley values at equal numbers of evaluations, beside the shap package."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from xai.coalitions import Coalitions
from xai.function import Plain
from xai.games import every_coalition, exact
from xai.kernel_game import kernel
from xai.permutation_game import permutation
from xai.players import per_cell

PLAYERS, ROWS, EVALUATIONS = 12, 100, 20_000
PEERS = {"kernel": "shap.KernelExplainer", "permutation": "shap.PermutationExplainer"}


@dataclass(frozen=True)
class AccuracyRow:
    """Median over seeds of the relative root-mean-square error of one estimator and its peer, on one function.

    Attributes:
        function: name of the function.
        method: ``kernel`` or ``permutation``.
        rmse: of ours, relative to the root mean square of the exact values.
        shap_rmse: of shap's explainer of the same kind.
        evaluations: calls of the function by ours.
        shap_evaluations: calls by shap.
        covered: share of the players, over seeds, whose exact value lies in our 95 % interval.
    """

    function: str
    method: str
    rmse: float
    shap_rmse: float
    evaluations: int
    shap_evaluations: int
    covered: float

    @property
    def ratio(self) -> float:
        """Our error over shap's."""
        return self.rmse / self.shap_rmse


def functions(players: int = PLAYERS, seed: int = 1) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Functions of rows (row, player): smooth, with products of up to four inputs, a network, and trees."""
    rng = np.random.default_rng(seed)
    slope = 1.5 * rng.normal(size=players) / np.sqrt(players)
    first, shift = 1.5 * rng.normal(size=(players, 32)) / np.sqrt(players), rng.normal(size=32)
    second, last = 1.5 * rng.normal(size=(32, 32)) / np.sqrt(32), rng.normal(size=32) / np.sqrt(32)
    asked = np.array([rng.choice(players, 4, replace=False) for _ in range(20)])
    limits, leaves = 0.5 * rng.normal(size=(20, 4)), rng.normal(size=(20, 16))
    linear = np.linspace(-1, 1, players)

    def smooth(x: np.ndarray) -> np.ndarray:
        return (
            np.sin(x @ slope) + np.tanh(2 * x[:, 0]) + np.exp(-(x[:, 1] ** 2)) + 0.3 * (x[:, 2:6] ** 2).sum(1)
        )

    def products(x: np.ndarray) -> np.ndarray:
        three, four = x[:, 2:5].prod(axis=1), x[:, 5:9].prod(axis=1)
        return x[:, 0] * x[:, 1] + 2 * three + four + x @ linear

    def network(x: np.ndarray) -> np.ndarray:
        return np.tanh(np.tanh(x @ first + shift) @ second) @ last

    def trees(x: np.ndarray) -> np.ndarray:
        leaf = ((x[:, asked] > limits) * 2 ** np.arange(4)).sum(axis=2)
        return leaves[np.arange(20), leaf].sum(axis=1)

    return {"smooth": smooth, "products": products, "network": network, "trees": trees}


def accuracy(
    names: Sequence[str] | None = None,
    seeds: int = 10,
    *,
    players: int = PLAYERS,
    background_rows: int = ROWS,
    evaluations: int = EVALUATIONS,
    instance: int = 5,
) -> list[AccuracyRow]:
    """Errors against all coalitions, over all background rows.

    Ours draw one background row for each coalition; shap evaluates every coalition with every row.

    Args:
        names: of functions; all by default.
        seeds: repeated runs.
        players: number of inputs, at most 14.
        background_rows: rows of the background.
        evaluations: calls of the function that each may use.
        instance: seed of the input and the background.
    """
    out = []
    with jax.enable_x64(True):
        for name, f in functions(players).items():
            if names is None or name in names:
                out += _one(name, f, seeds, players, background_rows, evaluations, instance)
    return out


def _one(
    name: str, f: Any, seeds: int, players: int, rows: int, evaluations: int, instance: int
) -> list[AccuracyRow]:
    rng = np.random.default_rng(instance)
    background, x = rng.normal(size=(rows, players)), 1.2 * rng.normal(size=players)
    worth = Coalitions(Plain(f, batched=True), x, background, per_cell(x), absence="joint", chunk=8192)
    code = 2 ** np.arange(players)
    z = every_coalition(players)
    table = np.stack([worth(z, np.full(len(z), r)) for r in range(rows)], axis=1)
    truth = np.asarray(exact(lambda some: table[some @ code].mean(axis=1), players).attribution)
    spent = evaluations - rows - 1
    ours: dict[str, Callable[[Any, Any], Any]] = {
        "kernel": lambda v, key: kernel(v, players, key, spent, rows),
        "permutation": lambda v, key: permutation(v, players, key, 2 * (spent // (2 * players - 2)), rows),
    }
    out = []
    for method, estimate in ours.items():
        errors, peers, inside, used, theirs = [], [], [], 0, 0
        for seed in range(seeds):
            calls = [0]

            def v(some: np.ndarray, row: np.ndarray, calls: list[int] = calls) -> np.ndarray:
                calls[0] += len(some)
                return table[some @ code, row]

            found = estimate(v, jax.random.key(seed))
            off = np.abs(np.asarray(found.attribution) - truth)
            errors.append(_relative(off, truth))
            inside += list(off <= 1.96 * np.asarray(found.stderr) + 1e-9)
            used = calls[0]
            values, theirs = _shap(method, f, x, background, evaluations, seed)
            peers.append(_relative(values - truth, truth))
        row = AccuracyRow(
            name,
            method,
            float(np.median(errors)),
            float(np.median(peers)),
            used,
            theirs,
            float(np.mean(inside)),
        )
        out.append(row)
    return out


def _relative(off: np.ndarray, truth: np.ndarray) -> float:
    return float(np.sqrt((off**2).mean() / (truth**2).mean()))


def _shap(
    method: str, f: Any, x: np.ndarray, background: np.ndarray, evaluations: int, seed: int
) -> tuple[np.ndarray, int]:
    """shap's values and the calls of the function it made, `evaluations` to the nearest pair of orderings."""
    from xai.shap_adapter import shap_values

    rows, players = background.shape
    calls = [0]

    def counted(some: np.ndarray) -> np.ndarray:
        calls[0] += len(some)
        return f(some)

    options: dict[str, Any] = {"coalitions": evaluations // rows}
    if method == "permutation":
        # shap calls the function for 2 players + 1 coalitions in each pair of orderings.
        options = {"permutations": 2 * max(1, round(evaluations / (rows * (2 * players + 1))))}
    found = shap_values(
        Plain(counted, batched=True),
        x,
        background=background,
        method=method,
        seed=seed,
        chunk=None,
        **options,
    )
    return np.asarray(found.attribution), calls[0]
