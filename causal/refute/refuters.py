"""Refuters: each changes the data where a true effect would notice, or where it would not, and looks again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from data.errors import ConfigError, DataError, counted

from .estimate import Estimate, Estimator, run, takes_controls

PLACEBOS = ("permute", "shift", "units")
TIME = "time"
RANDOM = "random_common_cause"
Progress = Callable[[int, int], None] | None


@dataclass(frozen=True)
class Row:
    """Result of one refuter.

    Attributes:
        name: the refuter.
        estimate: estimate under refutation, the mean where it was repeated.
        lower: lower end of its interval, or of the repetitions' 95 % range.
        upper: upper end.
        p: p-value where the refuter has one.
        share: share of repetitions, or of variance, that the decision rests on.
        passed: whether the effect stands; None where it was not run or not judged.
        note: what was asked, or why it was not run.
    """

    name: str
    estimate: float = float("nan")
    lower: float = float("nan")
    upper: float = float("nan")
    p: float = float("nan")
    share: float = float("nan")
    passed: bool | None = None
    note: str = ""


def block_placebo(
    data: xr.Dataset,
    estimate: Estimator,
    treatment: str,
    original: Estimate,
    *,
    how: str = "permute",
    block: int = 12,
    repetitions: int = 99,
    alpha: float = 0.05,
    rng: np.random.Generator | None = None,
    progress: Progress = None,
) -> Row:
    """Give each unit the treatment of other times, or of another unit: the effect should go.

    All units get the same new order of blocks, so what they share in space, and within a block the season and the
    memory of the treatment, stay; a common season or a shared shock makes placebos as large as a spurious effect.
    The p-value is ``(1 + placebos as large) / (1 + repetitions)`` [@phipson2010], of t where errors are known.

    Args:
        data: the dataset.
        estimate: the estimator.
        treatment: name of the treatment.
        original: the effect found.
        how: ``permute`` (blocks of time in a new order), ``shift`` (all of time turned round by at least a block)
            or ``units`` (whole series swapped among units, which keeps trends and all that is common).
        block: length of a block [steps]; with seasons a multiple of the year.
        repetitions: number of placebos.
        alpha: largest p-value with which the effect stands.
        rng: source of the draws.
        progress: called with (done, total).

    Raises:
        ConfigError: `how` is unknown or blocks are too long or too few to be placed anew.
    """
    rng = rng or np.random.default_rng(0)
    steps = data.sizes[TIME]
    if how not in PLACEBOS:
        raise ConfigError(f"a placebo by '{how}' is unknown", "block_placebo", f"choose one of {PLACEBOS}")
    if how != "units" and not 1 <= block <= steps // 3:
        raise ConfigError(
            f"blocks of {block} of {counted(steps, 'step')}", "block_placebo", "use three blocks or more"
        )
    values, statistics = [], []
    for k in range(repetitions):
        found = run(estimate, data.assign({treatment: _placebo(data[treatment], how, block, rng)}))
        values.append(found.value)
        statistics.append(found.statistic)
        _tell(progress, k, repetitions)
    as_large = int((np.abs(statistics) >= abs(original.statistic) * (1 - 1e-12)).sum())
    p = (1 + as_large) / (1 + repetitions)
    note = {
        "permute": f"blocks of {block} steps in a new order",
        "shift": "time turned round",
        "units": "units swapped",
    }
    return Row("block placebo", *_spread(values), p=p, passed=p <= alpha, note=note[how])


def _placebo(series: xr.DataArray, how: str, block: int, rng: np.random.Generator) -> xr.DataArray:
    if how == "units":
        dims = [d for d in series.dims if d != TIME]
        if len(dims) != 1:
            raise DataError(
                "the treatment has no units to swap", str(series.name), "use 'permute' or 'shift'"
            )
        axis, order = series.get_axis_num(dims[0]), rng.permutation(series.sizes[dims[0]])
    else:
        axis, steps = series.get_axis_num(TIME), series.sizes[TIME]
        if how == "shift":
            order = np.roll(np.arange(steps), int(rng.integers(block, steps - block + 1)))
        else:
            order = np.arange(steps)
            # the first block starts anywhere within one, so that borders differ and none is short
            whole = steps // block
            start = int(rng.integers(0, steps - whole * block + 1))
            moved = order[start : start + whole * block].reshape(whole, block)
            order[start : start + whole * block] = moved[_moving(whole, rng)].ravel()
    return series.copy(data=np.take(series.values, order, axis=axis))


def _moving(blocks: int, rng: np.random.Generator) -> np.ndarray:
    """Draw an order of blocks that is not the one they have."""
    while True:
        order = rng.permutation(blocks)
        if (order != np.arange(blocks)).any():
            return order


def random_common_cause(
    data: xr.Dataset,
    estimate: Estimator,
    treatment: str,
    original: Estimate,
    *,
    repetitions: int = 20,
    rng: np.random.Generator | None = None,
    progress: Progress = None,
) -> Row:
    """Adjust for a random variable as well: the effect should not notice [@sharma2020].

    Stands where 95 % of the repetitions lie within the effect's interval. It finds fragile estimators, not hidden
    confounders.

    Args:
        data: the dataset.
        estimate: the estimator, which takes ``controls``.
        treatment: name of the treatment, whose shape the variable gets.
        original: the effect found.
        repetitions: number of random variables.
        rng: source of the draws.
        progress: called with (done, total).
    """
    name = "random common cause"
    if not takes_controls(estimate):
        return Row(name, note="the estimator takes no further controls")
    rng = rng or np.random.default_rng(0)
    values = []
    for k in range(repetitions):
        noise = data[treatment].astype(float).copy(data=rng.standard_normal(data[treatment].shape))
        noise.attrs = {}
        values.append(run(estimate, data.assign({RANDOM: noise}), controls=[RANDOM]).value)
        _tell(progress, k, repetitions)
    inside = float(np.mean([(original.lower <= v <= original.upper) for v in values]))
    return Row(
        name, *_spread(values), share=inside, passed=inside >= 0.95, note="share within the effect's interval"
    )


def data_subset(
    data: xr.Dataset,
    estimate: Estimator,
    original: Estimate,
    *,
    by: str | None = None,
    fraction: float = 0.3,
    block: int = 12,
    repetitions: int = 50,
    rng: np.random.Generator | None = None,
    progress: Progress = None,
) -> Row:
    """Leave out units or blocks of time: the effect should keep its sign.

    Stands where 95 % of the subsets have the effect's sign. Steps are left out as missing values, so that lags stay
    lags.

    Args:
        data: the dataset.
        estimate: the estimator.
        original: the effect found.
        by: a panel dimension, or ``time``; default the panel dimension where it has ten members or more.
        fraction: share that is left out.
        block: length of a block of time [steps].
        repetitions: number of subsets.
        rng: source of the draws.
        progress: called with (done, total).

    Raises:
        ConfigError: `fraction` or `by` is out of bounds.
    """
    rng = rng or np.random.default_rng(0)
    if by is None:
        panels = [str(d) for d in data.dims if d != TIME and data.sizes[d] >= 10]
        by = panels[0] if panels else TIME
    if by not in data.dims or not 0 < fraction < 1:
        raise ConfigError(
            f"a share of {fraction} by '{by}'", "data_subset", "give a dimension and a share within 0 to 1"
        )
    values = []
    for k in range(repetitions):
        values.append(run(estimate, _subset(data, by, fraction, block, rng)).value)
        _tell(progress, k, repetitions)
    same = float(np.mean(np.sign(values) == np.sign(original.value)))
    what = f"blocks of {block} steps" if by == TIME else f"members of {by}"
    note = f"share with the same sign, {100 * fraction:g} % of {what} left out"
    return Row("data subset", *_spread(values), share=same, passed=same >= 0.95, note=note)


def _subset(data: xr.Dataset, by: str, fraction: float, block: int, rng: np.random.Generator) -> xr.Dataset:
    size = data.sizes[by]
    if by != TIME:
        keep = max(2, size - max(1, round(fraction * size)))
        return data.isel({by: np.sort(rng.permutation(size)[:keep])})
    blocks = -(-size // block)
    gone = rng.permutation(blocks)[: max(1, round(fraction * blocks))]
    held = xr.DataArray(~np.isin(np.arange(size) // block, gone), dims=TIME)
    return data.assign({n: v.where(held) for n, v in data.data_vars.items() if TIME in v.dims})


def negative_control(
    data: xr.Dataset,
    estimate: Estimator,
    outcome: str,
    control: str,
    *,
    alpha: float = 0.05,
    level: float = 0.95,
) -> Row:
    """Put an outcome that the treatment cannot change in the outcome's place: there should be no effect.

    Such an outcome shares the suspected confounders but no causal path with the treatment [@lipsitch2010]. An effect
    on it tells of confounding; none tells only as much as its interval is narrow.

    Args:
        data: the dataset.
        estimate: the estimator.
        outcome: name of the outcome.
        control: name of the negative-control outcome.
        alpha: smallest p-value with which the effect stands.
        level: probability of the interval where the estimator gives an error alone.

    Raises:
        DataError: the control is missing.
    """
    if control not in data:
        raise DataError(f"the negative control '{control}' is missing", "data", "add it or leave it out")
    found = run(estimate, data.assign({outcome: data[control]}), level)
    p = found.p
    passed = p > alpha if np.isfinite(p) else not found.told
    name, note = f"negative control {control}", "an outcome that the treatment cannot change"
    return Row(name, found.value, found.lower, found.upper, p=p, passed=bool(passed), note=note)


def _tell(progress: Progress, done: int, total: int) -> None:
    if progress is not None:
        progress(done + 1, total)


def _spread(values: Sequence[float]) -> tuple[float, float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(np.mean(values)), float(low), float(high)
