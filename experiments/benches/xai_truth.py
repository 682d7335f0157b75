"""Attributions where the truth is known: games of the literature, linear models, and fields whose effect is a sum."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from data.synthetic.additive import Additive, make_additive
from xai.coalitions import Coalitions
from xai.function import Plain
from xai.games import exact
from xai.gradients import gradient
from xai.kernel_game import kernel
from xai.paths import gradients_of_samples
from xai.permutation_game import permutation
from xai.players import per_cell
from xai.wrapped import Samples

from .. import bench
from .additive_net import SAMPLES, correlations, trained

SEEDS = 5
EXPLAINED = 200
GLOVE = (1 / 6, 1 / 6, 2 / 3)
AIRPORT = (1 / 3, 5 / 6, 11 / 6)
SIX = (0.0, 2.0, 2.0, 2.0)


def games() -> dict[str, tuple[Callable[[np.ndarray], Any], tuple[float, ...]]]:
    """Games with values that are known: worth of coalitions (coalition, player), and the values."""

    def glove(z: np.ndarray) -> Any:
        return np.minimum(z[:, :2].sum(axis=1), z[:, 2]).astype(float)

    def airport(z: np.ndarray) -> Any:
        return np.max(z * np.array([1.0, 2.0, 3.0]), axis=1)

    def six(z: np.ndarray) -> Any:
        return 6.0 * z[:, 1:].all(axis=1)

    def grouped(z: np.ndarray) -> Any:
        return six(z[:, [0, 0, 0, 1]])

    return {
        "glove {L, L, R}": (glove, GLOVE),
        "airport, costs 1, 2, 3": (airport, AIRPORT),
        "6 if B, C and D": (six, SIX),
        "the same with groups {A, B, C}, {D}": (grouped, (3.0, 3.0)),
    }


def rows(data: Path | None, quick: bool) -> list[bench.Row]:
    """Rows of ``terrax bench xai-truth``; all is made from seeds, so ``data`` is not read."""
    del data
    out = []
    with jax.enable_x64(True):
        for name, (worth, truth) in games().items():
            for label, estimate in _estimators(len(truth)).items():
                off = np.abs(np.asarray(estimate(worth).attribution) - truth).max()
                out.append(bench.Row(f"{name}, {label}", float(off), "1", target=1e-12, at_most=True))
        out += _linear() + _brute() + _true_function()
    return out + _additive(quick)


def _estimators(n: int) -> dict[str, Callable[[Any], Any]]:
    """The exact values, and the regression where it has all coalitions."""
    key = jax.random.key(0)
    found: dict[str, Callable[[Any], Any]] = {"exact": lambda v: exact(v, n)}
    if n > 2:
        found["kernel, all coalitions"] = lambda v: kernel(v, n, key, 2**n - 2)
    return found


def _linear() -> list[bench.Row]:
    rng = np.random.default_rng(0)
    w, x, background = rng.normal(size=10), rng.normal(size=10), rng.normal(size=(50, 10))
    v = Coalitions(lambda z: z @ w, x, background, per_cell(x), absence="marginal")
    off = np.abs(np.asarray(exact(v, 10).attribution) - w * (x - background.mean(axis=0))).max()
    return [bench.Row("linear model, w (x - mean)", float(off), "1", target=1e-12, at_most=True)]


def _brute() -> list[bench.Row]:
    """All orderings of seven players, one gain at a time."""
    from itertools import permutations

    n = 7
    table = np.random.default_rng(1).normal(size=2**n)
    code = 2 ** np.arange(n)
    values, orders = np.zeros(n), 0
    for order in permutations(range(n)):
        held, last = 0, table[0]
        for player in order:
            held += 2**player
            values[player] += table[held] - last
            last = table[held]
        orders += 1
    found = np.asarray(exact(lambda z: table[z @ code], n).attribution)
    off = np.abs(found - values / orders).max()
    return [bench.Row("random game of 7, all orderings", float(off), "1", target=1e-12, at_most=True)]


def _true_function() -> list[bench.Row]:
    """Shapley values of the true sum of functions with zero as baseline: C itself."""
    out = []
    for shape, label in (((3, 4), "exact"), ((8, 8), "two pairs of orderings")):
        world = make_additive(shape, seed=0)
        x = world.fields(3, 9)
        worst = 0.0
        for one in x:
            v = Coalitions(
                Plain(world.number, batched=True),
                one,
                np.zeros((1, one.size)),
                per_cell(one),
                absence="marginal",
            )
            n = one.size
            found = exact(v, n) if n <= 14 else permutation(v, n, jax.random.key(0), 4)
            worst = max(
                worst, float(np.abs(np.asarray(found.attribution) - world.contributions(one[None])[0]).max())
            )
        name = f"true additive function of {n} cells, {label}"
        out.append(bench.Row(name, worst, "1", target=1e-10, at_most=True))
    return out


def _additive(quick: bool) -> list[bench.Row]:
    """The additive benchmark: a network trained on fields, its attributions beside the truth."""
    seeds, samples = (1, 20_000) if quick else (SEEDS, SAMPLES)
    began = time.perf_counter()
    found = [one_world(make_additive(seed=s), s, samples, 50 if quick else EXPLAINED) for s in range(seeds)]
    seconds = time.perf_counter() - began
    mean = {n: float(np.mean([f[n] for f in found])) for n in found[0]}
    label = f"64 cells, {samples} samples, {seeds} seeds"
    zero, expected = mean["zero-baseline SHAP"], mean["expected gradients"]
    return [
        bench.Row(f"additive benchmark, {label}, R2 of the network", mean["R2"], "1"),
        bench.Row("additive benchmark, zero-baseline SHAP, correlation with C", zero, "1", target=0.80),
        bench.Row(
            "additive benchmark, expected gradients, correlation with C - E[C]", expected, "1", target=0.85
        ),
        bench.Row("additive benchmark, gradient, correlation with C", mean["gradient"], "1"),
        bench.Row(
            "additive benchmark, best of them less gradient",
            min(zero, expected) - mean["gradient"],
            "1",
            target=0.5,
        ),
        bench.Row("additive benchmark, input x gradient, correlation with C", mean["input x gradient"], "1"),
        bench.Row(
            f"additive benchmark, training and explaining, {label}", seconds, "s", target=60.0, at_most=True
        ),
    ]


def one_world(world: Additive, seed: int, samples: int, explained: int) -> dict[str, float]:
    """Mean correlations over maps of attributions with the truth, and the network's R2 on samples of its own."""
    x = world.fields(samples + 1000, 100 + seed).astype(np.float32)
    y = world.number(x)
    net = trained(x[:samples], y[:samples], seed)
    held, unseen = x[samples:], y[samples:]
    guess = np.asarray(jax.vmap(net)(jnp.asarray(held)))
    out = {"R2": float(1 - np.mean((guess - unseen) ** 2) / np.var(unseen))}
    some = held[:explained]
    truth = world.contributions(some)
    usual = world.contributions(world.fields(20_000, 999)).mean(axis=0)
    slope = np.asarray(gradient(Samples(net, None, None, True), some).attribution)
    out |= {"gradient": correlations(slope, truth), "input x gradient": correlations(slope * some, truth)}
    out["zero-baseline SHAP"] = correlations(shap_from_zero(net, some, seed), truth)
    rng = np.random.default_rng(seed)
    row, place = rng.integers(0, 500, (explained, 300)), rng.uniform(size=(explained, 300)).astype(np.float32)
    found = gradients_of_samples(net, some, x[:500], row, place, chunk=50)
    out["expected gradients"] = correlations(np.asarray(found.attribution), truth - usual)
    return out


def shap_from_zero(net: Any, some: np.ndarray, seed: int, permutations: int = 40) -> np.ndarray:
    """Shapley values of all samples with zero as baseline, by orderings and their reverses."""
    v = Coalitions(
        net, some, np.zeros((1, some.shape[1]), some.dtype), per_cell(some[0]), samples=True, chunk=64
    )
    return np.asarray(permutation(v, some.shape[1], jax.random.key(seed), permutations).attribution)
