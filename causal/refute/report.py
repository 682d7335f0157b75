"""All refuters of one effect: a table, and a verdict in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import pandas as pd
import xarray as xr

from .estimate import Estimate, Estimator, run
from .hidden import hidden_confounder
from .refuters import Row, block_placebo, data_subset, negative_control, random_common_cause

COLUMNS = ("estimate", "lower", "upper", "p", "share", "passed", "note")


@dataclass(frozen=True)
class Refutation:
    """What the refuters say of an effect.

    Attributes:
        original: the effect found.
        table: one row per refuter: ``estimate`` under refutation, ``lower``, ``upper``, ``p``, ``share``, ``passed``
            (None where it was not run or not judged) and ``note``.
        verdict: one sentence.
        stands: whether the effect can be told from 0 and no refuter speaks against it.
    """

    original: Estimate
    table: pd.DataFrame = field(repr=False)
    verdict: str
    stands: bool

    def to_dataset(self) -> xr.Dataset:
        """Return the table over ``refuter`` for a netCDF file, ``passed`` as yes, no or 'not judged'."""
        told = ["not judged" if p is None else "yes" if p else "no" for p in self.table["passed"]]
        unit = {"units": self.original.unit} if self.original.unit else {}
        fields = {n: ("refuter", self.table[n].to_numpy(float), unit) for n in ("estimate", "lower", "upper")}
        fields |= {n: ("refuter", self.table[n].to_numpy(float), {"units": "1"}) for n in ("p", "share")}
        fields |= {
            "passed": ("refuter", np.array(told)),
            "note": ("refuter", np.array(self.table["note"], str)),
        }
        attrs = {"verdict": self.verdict, "stands": str(self.stands).lower()}
        attrs |= {
            k: v for k, v in asdict(self.original).items() if k in ("value", "stderr", "lower", "upper")
        }
        return xr.Dataset(fields, coords={"refuter": np.array(self.table.index, str)}, attrs=attrs)


def refute(
    data: xr.Dataset,
    estimate: Estimator,
    *,
    treatment: str,
    outcome: str,
    negative_controls: Sequence[str] = (),
    observed: Sequence[str] = (),
    strength: tuple[float, float] | None = None,
    times: float = 1.0,
    placebo: str = "permute",
    block: int = 12,
    repetitions: int = 99,
    subset_by: str | None = None,
    fraction: float = 0.3,
    alpha: float = 0.05,
    level: float = 0.95,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Refutation:
    """Run every refuter that applies to an estimator.

    Args:
        data: the dataset that the estimate came from.
        estimate: called with a dataset; returns an `Estimate`, ``(value, standard error)`` or
            ``(value, (lower, upper))``. One that takes ``controls=[name]`` can meet a random common cause.
        treatment: name of the treatment, which placebos move.
        outcome: name of the outcome, which negative controls replace.
        negative_controls: outcomes that the treatment cannot change.
        observed: observed confounders of the outcome; the strongest is the yardstick for a hidden one.
        strength: partial R2 of a confounder with treatment and with outcome, instead of `observed`.
        times: how many times as strong as the strongest of `observed` a hidden confounder may be.
        placebo: how the treatment is moved, see `block_placebo`.
        block: length of blocks of time [steps]; with seasons a multiple of the year.
        repetitions: number of placebos; half as many subsets, a fifth as many random causes.
        subset_by: dimension whose members are left out.
        fraction: share that is left out.
        alpha: significance of placebo, negative controls and hidden confounder.
        level: probability of the effect's interval where the estimator gives an error alone.
        seed: seed of all draws.
        progress: called with (refuters done, refuters in all).

    Raises:
        DataError: a negative control is missing.
        ConfigError: settings of a refuter are out of bounds.
    """
    draws = iter(np.random.default_rng(seed).spawn(3))
    original = run(estimate, data, level)
    total, rows = 4 + len(negative_controls), []

    def add(row: Row) -> None:
        rows.append(row)
        if progress is not None:
            progress(len(rows), total)

    add(
        block_placebo(
            data,
            estimate,
            treatment,
            original,
            how=placebo,
            block=block,
            repetitions=repetitions,
            alpha=alpha,
            rng=next(draws),
        )
    )
    few = {"repetitions": max(5, repetitions // 5), "rng": next(draws)}
    add(random_common_cause(data, estimate, treatment, original, **few))
    many = {"repetitions": max(10, repetitions // 2), "rng": next(draws)}
    add(data_subset(data, estimate, original, by=subset_by, fraction=fraction, block=block, **many))
    for control in negative_controls:
        add(negative_control(data, estimate, outcome, control, alpha=alpha, level=level))
    add(
        hidden_confounder(
            data, original, treatment, outcome, observed, strength=strength, times=times, alpha=alpha
        )
    )
    table = pd.DataFrame([{c: getattr(r, c) for c in COLUMNS} for r in rows], index=[r.name for r in rows])
    table["passed"] = pd.Series([r.passed for r in rows], index=table.index, dtype=object)
    stands = original.told and not any(r.passed is False for r in rows)
    return Refutation(original, table, verdict(original, rows, treatment, outcome, level), stands)


def verdict(
    original: Estimate, rows: Sequence[Row], treatment: str, outcome: str, level: float = 0.95
) -> str:
    """Say in one sentence whether an effect stands, and what speaks against it.

    Args:
        original: the effect.
        rows: what the refuters found.
        treatment: name of the treatment.
        outcome: name of the outcome.
        level: probability of the effect's interval.
    """
    unit = f" {original.unit}" if original.unit else ""
    head = (
        f"The effect of {treatment} on {outcome}, {original.value:.3g}{unit} "
        f"({100 * level:g} % interval {original.lower:.3g} to {original.upper:.3g}),"
    )
    if not original.told:
        return f"{head} cannot be told from 0."
    judged = [r for r in rows if r.passed is not None]
    against = [r for r in judged if not r.passed]
    idle = [r.name for r in rows if r.passed is None]
    tail = f"; not judged: {', '.join(idle)}" if idle else ""
    if against:
        return f"{head} does not stand: {_joined([_told(r) for r in against])} against it{tail}."
    return f"{head} stands against all {len(judged)} refuters that judged it{tail}."


def _joined(items: list[str]) -> str:
    verb = "speaks" if len(items) == 1 else "speak"
    text = items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
    return f"{text} {verb}"


def _told(row: Row) -> str:
    if np.isfinite(row.p):
        return f"{row.name} (p = {row.p:.2g})"
    if np.isfinite(row.share):
        return f"{row.name} (share {row.share:.2g})"
    return f"{row.name} ({row.estimate:.3g}, interval {row.lower:.3g} to {row.upper:.3g})"
