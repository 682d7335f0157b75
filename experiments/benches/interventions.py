"""Do intervals of do(...) hold, and does a graph's mask help under shifted drivers? On worlds with a known graph."""

from __future__ import annotations

from pathlib import Path

from causal.model import study

from .. import bench

LOW, HIGH = 0.87, 0.93
"""What a 90 % interval may cover."""
RATIO = 0.7
"""The masked model's error over the unconstrained one's, at most."""


def rows(data: Path | None, quick: bool) -> list[bench.Row]:
    """Coverage and errors of linear models in linear worlds, and of networks in bent ones."""
    del data
    found = study(quick=quick)
    result = []
    for case, told in found["coverage"].items():
        share = told["share"]
        result.append(bench.Row(f"coverage of do(...), {case} worlds, at least", share, "1", target=LOW))
        result.append(
            bench.Row(f"coverage of do(...), {case} worlds, at most", share, "1", target=HIGH, at_most=True)
        )
    for case, told in found["coverage_shift"].items():
        result.append(bench.Row(f"coverage, shift, {case} worlds", told["share"], "1"))
    for case, told in found["coverage_counterfactual"].items():
        name = f"coverage of counterfactuals, {case} worlds, at least"
        result.append(bench.Row(name, told["share"], "1", target=LOW))
    for case, error in found["error"].items():
        name = min(("lagged", "ordered"), key=lambda n, e=error: e[n])
        result.append(
            bench.Row(
                f"error under shift, {case} worlds",
                error["masked"],
                "sd",
                f"unconstrained ({name})",
                error[name],
            )
        )
        ratio = found["ratio"][case]
        result.append(bench.Row(f"error ratio, {case} worlds", ratio, "1", target=RATIO, at_most=True))
    return result
