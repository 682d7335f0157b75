"""How often the refuters keep a true effect and reject a planted spurious one, on simulated panels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from .estimators import two_way_estimator
from .report import refute

WORLDS = ("true", "hidden", "seasonal", "regional")
OUTCOME, TREATMENT, CONTROL, NEGATIVE = "outcome", "treatment", "observed", "negative"


def world(
    kind: str, rng: np.random.Generator, units: int = 32, steps: int = 96, effect: float = 0.3
) -> xr.Dataset:
    """Simulate a panel of months whose effect is known.

    In all worlds an observed cause drives treatment and outcome, and units and months have levels. ``true`` has the
    effect; the others have none: ``hidden`` has an unobserved cause of treatment, outcome and negative control,
    ``seasonal`` a yearly cycle in treatment and outcome (not in the negative control) that its estimator leaves in,
    ``regional`` slow shocks to four regions, drawn anew for treatment and outcome, which errors clustered by unit take
    for evidence.

    Args:
        kind: one of `WORLDS`.
        rng: source of the draws.
        units: number of units.
        steps: number of months.
        effect: the effect in ``true``.
    """

    def noise(memory: float = 0.5, members: int = units) -> np.ndarray:
        x = rng.standard_normal((members, steps))
        for t in range(1, steps):
            x[:, t] = memory * x[:, t - 1] + np.sqrt(1 - memory**2) * x[:, t]
        return x

    observed = noise()
    common = [rng.standard_normal(steps) for _ in range(3)]
    levels = [rng.standard_normal((units, 1)) for _ in range(3)]
    treatment = 0.3 * observed + noise() + common[0] + levels[0]
    outcome = 0.3 * observed + noise() + common[1] + levels[1] + 0.5 * levels[0]
    negative = 0.3 * observed + noise() + common[2] + levels[2]
    if kind == "true":
        outcome = outcome + effect * treatment
    elif kind == "hidden":
        cause = noise()
        treatment, outcome, negative = treatment + 0.5 * cause, outcome + 0.5 * cause, negative + 0.5 * cause
    elif kind == "seasonal":
        cycle = np.cos(2 * np.pi * np.arange(steps) / 12)
        treatment, outcome = treatment + cycle, outcome + cycle
    elif kind == "regional":
        region = np.arange(units) % 4
        treatment, outcome = treatment + 1.5 * noise(0.9, 4)[region], outcome + 1.5 * noise(0.9, 4)[region]
    dims = ("district", "time")
    fields = {OUTCOME: outcome, TREATMENT: treatment, CONTROL: observed, NEGATIVE: negative}
    return xr.Dataset({name: (dims, values) for name, values in fields.items()})


def rates(
    repetitions: int = 50,
    seed: int = 0,
    *,
    worlds: Sequence[str] = WORLDS,
    placebos: int = 99,
    units: int = 32,
    steps: int = 96,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, dict[str, Any]]:
    """Count, over simulated panels, how often an effect is claimed and how often it stands.

    The estimator is a two-way regression clustered by unit; in ``seasonal`` it lacks the effects of months.

    Args:
        repetitions: panels per world.
        seed: seed of panels and refuters.
        worlds: which worlds.
        placebos: placebos per panel.
        units: units of a panel.
        steps: months of a panel.
        progress: called with (panels done, panels in all).

    Returns:
        Per world: ``panels``, ``claimed`` (share of panels whose interval leaves 0 out), ``stands`` (share of panels
        whose effect is claimed and stands), ``rejected`` (share of the claimed effects that do not stand; NaN where
        none is claimed), ``mean`` (mean estimate) and ``passed``, each refuter's share among claimed effects.
    """
    found: dict[str, dict[str, Any]] = {}
    for number, kind in enumerate(worlds):
        effects = ("unit",) if kind == "seasonal" else ("unit", "time")
        estimate = two_way_estimator(OUTCOME, TREATMENT, [CONTROL], effects=effects)
        results = []
        for k in range(repetitions):
            data = world(kind, np.random.default_rng([seed, WORLDS.index(kind), k]), units, steps)
            results.append(
                refute(
                    data,
                    estimate,
                    treatment=TREATMENT,
                    outcome=OUTCOME,
                    negative_controls=[NEGATIVE],
                    observed=[CONTROL],
                    repetitions=placebos,
                    seed=seed + k,
                )
            )
            if progress is not None:
                progress(number * repetitions + k + 1, len(worlds) * repetitions)
        claimed = [r for r in results if r.original.told]
        names = results[0].table.index
        found[kind] = {
            "panels": repetitions,
            "claimed": len(claimed) / repetitions,
            "stands": sum(r.stands for r in results) / repetitions,
            "rejected": float(np.mean([not r.stands for r in claimed])) if claimed else float("nan"),
            "mean": float(np.mean([r.original.value for r in results])),
            "passed": {n: _share([r.table.loc[n, "passed"] for r in claimed]) for n in names},
        }
    return found


def _share(passed: list) -> float:
    judged = [bool(p) for p in passed if p is not None]
    return float(np.mean(judged)) if judged else float("nan")
