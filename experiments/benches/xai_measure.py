"""Measures attributions against shap in one process with one thread each; prints one JSON line per number.

Run by ``terrax bench xai`` as a process of its own, since threads are settled when JAX starts.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import jax
import numpy as np

from xai.coalitions import Coalitions
from xai.kernel_given import fitted_to
from xai.paths import gradients_of_samples
from xai.players import per_cell

from .xai_models import Lstm, Perceptron, in_torch, lstm, perceptron

ROUNDS = 5
DRAWS = 200
ROWS = 100


def tell(name: str, **values: Any) -> None:
    """Print one number, or several, under a name."""
    print(json.dumps({"name": name, **values}), flush=True)


def both(ours: Callable[[], Any], theirs: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """Least processor time of two pieces of work, in turns [s]."""
    best = [np.inf, np.inf]
    ours()
    theirs()
    for _ in range(rounds):
        for place, work in enumerate((ours, theirs)):
            start = time.process_time()
            work()
            best[place] = min(best[place], time.process_time() - start)
    return best[0], best[1]


def draws_of_shap(rows: int, samples: int, draws: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows and places that shap's gradient explainer draws with this seed, (sample, draw) each."""
    state = np.random.RandomState(seed)
    row, place = np.zeros((samples, draws), int), np.zeros((samples, draws))
    for j in range(samples):
        for k in range(draws):
            row[j, k], place[j, k] = state.choice(rows), state.uniform()
    return row, place.astype(np.float32)


def expected_gradients(
    name: str, model: Perceptron | Lstm, leaf: tuple[int, ...], samples: int, rounds: int
) -> None:
    """Difference from and processor time beside shap's gradient explainer on the same draws."""
    import shap
    import torch  # pyright: ignore[reportMissingImports]

    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    background = rng.normal(size=(ROWS, *leaf)).astype(np.float32)
    xs = rng.normal(size=(samples, *leaf)).astype(np.float32)
    explainer: Any = shap.GradientExplainer(in_torch(model), torch.tensor(background))  # pyright: ignore[reportArgumentType]
    given: Any = torch.tensor(xs)
    row, place = draws_of_shap(ROWS, samples, DRAWS, 0)
    # what a step of a recurrent network keeps is to fit into the cache
    at_once = max(1, 32 // model.back.shape[1]) if isinstance(model, Lstm) else samples

    def ours() -> np.ndarray:
        found = gradients_of_samples(model, xs, background, row, place, chunk=at_once)
        return np.asarray(found.attribution)

    def theirs() -> np.ndarray:
        return np.asarray(explainer.shap_values(given, nsamples=DRAWS, rseed=0)).reshape(xs.shape)

    difference = float(np.abs(ours() - theirs()).max())
    tell(f"expected gradients, {name}, largest difference", value=difference)
    mine, peer = both(ours, theirs, rounds)
    tell(f"expected gradients, {name}", value=peer / mine, ours=mine / samples, peer=peer / samples)


def kernel(
    name: str, model: Perceptron | Lstm, leaf: tuple[int, ...], rows: int, coalitions: int, rounds: int
) -> None:
    """Difference from and processor time beside shap's kernel explainer on the same coalitions and background."""
    import shap

    rng = np.random.default_rng(1)
    background = rng.normal(size=(rows, *leaf)).astype(np.float32)
    x = rng.normal(size=leaf).astype(np.float32)
    size = int(np.prod(leaf))
    explainer = shap.KernelExplainer(_evaluator(model, leaf), background.reshape(rows, size))

    def theirs() -> np.ndarray:
        np.random.seed(0)  # noqa: NPY002
        return np.asarray(
            explainer.shap_values(x.reshape(1, size), nsamples=coalitions, l1_reg=False, silent=True)
        ).reshape(size)

    reference = theirs()
    z = explainer.maskMatrix[: explainer.nsamplesAdded].astype(bool)
    weight = explainer.kernelWeights[: explainer.nsamplesAdded].copy()
    whole = np.concatenate([np.zeros((1, size), bool), np.ones((1, size), bool), z])

    def ours() -> np.ndarray:
        found = Coalitions(model, x, background, per_cell(x), absence="marginal")(whole)
        return fitted_to(z, found[2:], weight, found[0], found[1])

    tell(f"kernel, {name}, largest difference", value=float(np.abs(ours() - reference).max()))
    mine, peer = both(ours, theirs, rounds)
    tell(f"kernel, {name}", value=peer / mine, ours=mine, peer=peer)


def _evaluator(model: Perceptron | Lstm, leaf: tuple[int, ...]) -> Callable[[np.ndarray], np.ndarray]:
    """The model as shap calls it: PyTorch where installed, else the compiled JAX function."""
    if find_spec("torch") is None:
        program = jax.jit(jax.vmap(model))
        return lambda x: np.asarray(program(x.reshape(-1, *leaf).astype(np.float32)))
    import torch  # pyright: ignore[reportMissingImports]

    torch.set_num_threads(1)
    net = in_torch(model).eval()

    def run(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return net(torch.tensor(x.reshape(-1, *leaf).astype(np.float32))).numpy()[:, 0]

    return run


def main(quick: bool) -> None:
    """All measurements."""
    warnings.simplefilter("ignore")
    rounds = 2 if quick else ROUNDS
    sizes = (8,) if quick else (8, 16, 32, 64)
    for inputs in (20, 100):
        model = perceptron((inputs, 64, 64, 1), seed=0)
        if find_spec("torch") is not None:
            expected_gradients(f"MLP of {inputs} inputs", model, (inputs,), 10 if quick else 50, rounds)
    for hidden in sizes:
        if find_spec("torch") is not None:
            expected_gradients(
                f"LSTM 30 x 6, {hidden} hidden", lstm(6, hidden, seed=0), (30, 6), 4 if quick else 20, rounds
            )
    kernel(
        "MLP of 20 inputs", perceptron((20, 64, 64, 1), seed=0), (20,), ROWS, 300 if quick else 2088, rounds
    )
    kernel("LSTM 30 x 6, 32 hidden", lstm(6, 32, seed=0), (30, 6), 10, 400 if quick else 1024, rounds)


if __name__ == "__main__":
    main("--quick" in sys.argv)
