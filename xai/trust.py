"""Trust report: how far an attribution can be trusted, each score as skill against random explanations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from typing import Any

import jax
import jax.random as jr
import numpy as np
import xarray as xr
from jaxtyping import PRNGKeyArray

from data.errors import ConfigError

from .assess import CHECKS, Assessment, Effort, Given, check_checks, score
from .attribute import common_dtype
from .cases import CASE, Cases, cases
from .cells import as_dataset
from .function import Progress
from .randomisation import cascade, layers, likeness, randomise
from .trust_table import collected


def trust(
    f: Any,
    ds: xr.Dataset | xr.DataArray,
    result: xr.Dataset,
    settings: Mapping[str, Any] | None = None,
    *,
    members: Sequence[Any] = (),
    randomised: Sequence[Any] | None = None,
    relevant: Any = None,
    baseline: Any = None,
    checks: Sequence[str] = CHECKS,
    effort: Effort | None = None,
    samples: int = 20,
    rows: int = 20,
    seed: int = 0,
    progress: Progress = None,
) -> xr.Dataset:
    """How far an attribution can be trusted, each score beside that of random explanations.

    A random explanation is the attribution with its parts permuted; skill = (score - random) / (perfect - random) is 0
    where the attribution is no better than that and 1 where it is perfect. For the efficiency gap, which permutations
    do not change, random explanations have random signs; for the sampling error, one of nothing but error; for
    parameter randomisation, one that does not look at the function.

    Args:
        f: the function that was explained, as :func:`attribute` takes it.
        ds: the input that it was explained at.
        result: what :func:`attribute` gave.
        settings: the keyword arguments that it was given; from the result's attributes where None (which do not hold
            a baseline given as a Dataset, a mask, or groups given as arrays).
        members: functions that were trained in the same way as f, with other seeds, for the spread over them.
        randomised: functions with random parameters, for parameter randomisation; made from f where None and f is an
            Equinox module (or another pytree with float arrays), layer by layer from the last-defined one, too.
        relevant: truth values on dimensions of the input, or over ``player``: where the attribution should lie.
        baseline: what stands in for parts that are removed, see :func:`make_baseline`; the baseline of the attribution
            (zero for a gradient) by default.
        checks: which of `CHECKS` are made.
        effort: how much is computed.
        samples: most samples that are looked at, evenly spaced along the samples of the attribution.
        rows: most rows of a background that stand in for removed parts.
        seed: of all draws.
        progress: is told how many steps are done, and of how many.

    Returns:
        Dataset over ``score`` (and ``output``): ``value``, ``value_stderr``, ``random``, ``random_stderr``,
        ``random_spread``, ``perfect``, ``skill`` with ``skill_lower`` and ``skill_upper`` (95 %), ``standardised``,
        ``p``, ``samples``, ``units``, ``verdict``; the scores of each ``case``; the curves of deletion and insertion
        over ``point``; ``stage_correlation`` over layers; ``prediction``, ``base_value`` and ``efficiency_gap``.
        :func:`trust_table` makes a table of it.

    Raises:
        ConfigError: settings that are unknown or do not go together.
        DataError: inputs, masks or results that do not fit.
        ModelError: a function that is not finite.
    """
    checks = check_checks(checks)
    effort = effort or Effort()
    left_out = [n for c, n in (("gap", "efficiency_gap"), ("sampling", "sampling_error")) if c not in checks]
    for name, number in (("samples", samples), ("rows", rows)):
        if number < 1:
            raise ConfigError(f"{name} is {number}", "trust", "choose 1 or more")
    kind = (settings or result.attrs).get("dtype") or common_dtype(as_dataset(ds)[0])
    with jax.enable_x64(True) if kind == "float64" else nullcontext():
        held, here, chosen = cases(ds, result, settings, baseline, samples, rows)
        key = jr.key(seed)
        total = held.count * len(held.outputs)
        tell = progress or (lambda done, whole: None)
        own, error = held.vectors(here)
        members_found = _members(held, f, own, members) if "members" in checks else None
        again, stages = _randomised(held, f, own, randomised, key, effort, checks)
        near = _perturbed(held, f, key, effort, seed) if "robustness" in checks else None
        over = tuple(held.labels)
        marked = (
            held.marked(relevant, over, chosen) if relevant is not None and "localisation" in checks else None
        )
        numbers = {n: _numbers(here[n]) for n in ("prediction", "base_value", "efficiency_gap")}
        apart = np.abs(numbers["prediction"] - numbers["base_value"]).mean(axis=0)
        units = str(result["prediction"].attrs.get("units", ""))
        found: list[list[Assessment]] = []
        for case in range(held.count):
            row = []
            for output in range(len(held.outputs)):
                prediction, base, gap = (
                    float(numbers[n][case, output]) for n in ("prediction", "base_value", "efficiency_gap")
                )
                given = Given(
                    held.game(f, case, output) if "faithfulness" in checks else None,
                    own[case, output],
                    error[case, output],
                    held.free_parts(case),
                    prediction,
                    base,
                    gap,
                    float(apart[output]),
                    None if members_found is None else members_found[:, case, output],
                    None if again is None else again[:, case, output],
                    None if near is None else near[:, case, output],
                    None if marked is None else marked[case],
                    units,
                )
                steps = {n: float(s[case, output]) for n, s in stages.items()}
                each = score(given, np.random.default_rng([seed, case, output]), effort, steps)
                row.append(replace(each, scores=tuple(s for s in each.scores if s.name not in left_out)))
                tell(case * len(held.outputs) + output + 1, total)
            found.append(row)
    if not any(a.scores for row in found for a in row):
        raise ConfigError(
            f"nothing is known for {', '.join(checks) or 'no check'}",
            "trust",
            "give `members`, `relevant` or a module, or ask for more checks",
        )
    out = collected(found, held.labels, None if "output" not in here.dims else here["output"].values, checks)
    dims = (CASE, "output") if "output" in here.dims else (CASE,)
    for name, values in numbers.items():
        out[name] = (dims, values.reshape([out.sizes[d] for d in dims]))
    said = {f"effort_{n}": v for n, v in asdict(effort).items()}
    out.attrs |= {str(n): v for n, v in result.attrs.items()} | said
    out.attrs |= {"trust_seed": seed, "samples_of": int(np.prod([ds.sizes[d] for d in over]))}
    return out


def _members(held: Cases, f: Any, own: np.ndarray, members: Sequence[Any]) -> np.ndarray | None:
    """Attributions of f and the members, (member, case, output, part)."""
    return np.stack([own, *(held.explain(m) for m in members)]) if len(members) else None


def _randomised(
    held: Cases,
    f: Any,
    own: np.ndarray,
    randomised: Sequence[Any] | None,
    key: PRNGKeyArray,
    effort: Effort,
    checks: tuple[str, ...],
) -> tuple[np.ndarray | None, dict[str, np.ndarray]]:
    """Attributions of functions with random parameters, and the likeness with those randomised layer by layer."""
    if "randomisation" not in checks:
        return None, {}
    stages: dict[str, np.ndarray] = {}
    if randomised is None:
        if not layers(f):
            return None, {}
        keys = jr.split(key, effort.randomisations)
        for name, g in cascade(f, keys[0]):
            other = held.explain(g)
            stages[name] = np.array(
                [
                    [likeness(a[free], b[free][None])[0] for a, b in zip(one, two, strict=True)]
                    for i, (one, two) in enumerate(zip(own, other, strict=True))
                    for free in [held.free_parts(i)]
                ]
            )
        randomised = [randomise(f, k) for k in keys]
    return (np.stack([held.explain(g) for g in randomised]) if len(randomised) else None), stages


def _perturbed(held: Cases, f: Any, key: PRNGKeyArray, effort: Effort, seed: int) -> np.ndarray:
    """Attributions at inputs close by, (draw, case, output, part); inputs stay within the range of their variable."""
    rng = np.random.default_rng([seed, 1])
    out = []
    for _ in range(effort.perturbations):
        near = held.ds.copy()
        for name, item in held.ds.data_vars.items():
            if item.dtype.kind != "f":
                continue
            values = item.values
            shift = effort.radius * np.nanstd(values) * rng.uniform(-1.0, 1.0, values.shape)
            put = np.clip(values + shift, np.nanmin(values), np.nanmax(values)).astype(values.dtype)
            near[name] = (item.dims, np.where(held.free[str(name)], put, values), item.attrs)
        out.append(held.explain(f, near))
    return np.stack(out)


def _numbers(item: xr.DataArray) -> np.ndarray:
    """Values over (case, output)."""
    item = item if "output" in item.dims else item.expand_dims("output")
    return item.transpose(CASE, "output").values.astype(float)
