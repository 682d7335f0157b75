"""Attributions beside shap: the same numbers in less processor time, and more accuracy for as many evaluations."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

from .. import bench
from .measured import measured, row_of

FASTER = {
    "expected gradients, MLP": 50.0,
    "expected gradients, LSTM": 10.0,
    "kernel, MLP": 3.0,
    "kernel, LSTM": 1.0,
}
"""How many times less processor time than shap is aimed for."""
ALIKE = {"expected gradients": 1e-6, "kernel": 1e-5}
"""Largest difference from shap on the same draws."""


def target_of(name: str) -> tuple[float, bool]:
    """The number to reach, and whether it is an upper bound."""
    if name.endswith("largest difference"):
        return next(v for n, v in ALIKE.items() if name.startswith(n)), True
    return next(v for n, v in FASTER.items() if name.startswith(n)), False


def rows(data: Path | None, quick: bool) -> list[bench.Row]:
    """Rows of ``terrax bench xai``; inputs are synthetic, so ``data`` is not read."""
    del data
    if find_spec("torch") is None:
        print(
            "expected gradients are left out: shap needs PyTorch for them, which is not installed",
            file=sys.stderr,
        )
    items = measured("experiments.benches.xai_measure", quick)
    out = [row_of(item, "shap", target_of) for item in items]
    return out + _accuracy(quick) + _physics(quick)


def _accuracy(quick: bool) -> list[bench.Row]:
    """Error at equal numbers of evaluations, over shap's."""
    from .xai_accuracy import accuracy

    out = []
    for found in accuracy(seeds=3 if quick else 10, evaluations=4000 if quick else 20_000):
        label = f"{found.method}, {found.function}, {found.evaluations} evaluations"
        peer = "shap Kernel" if found.method == "kernel" else "shap Permutation"
        out += [
            bench.Row(f"{label}, error", found.rmse, "1", peer, found.shap_rmse),
            bench.Row(f"{label}, error ratio", found.ratio, "1", target=0.5, at_most=True),
            bench.Row(f"{label}, 95 % intervals cover", found.covered, "1"),
        ]
    return out


def _physics(quick: bool) -> list[bench.Row]:
    """Accounts through a process, and all coalitions of twelve groups."""
    from .xai_physics import rows as physics

    return physics(None, quick)
