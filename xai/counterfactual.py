"""Counterfactual inputs: the least change of an input under which the output meets a target."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from data.errors import ConfigError, DataError, ModelError

from .change import Change, make_change
from .curves import kept_attrs
from .function import Function, Plain, Progress, needs_gradient
from .leastchange import FEW, Problem, least_change, nearest_miss, without_gradient
from .samples import chosen, common_dtype, precision

WHERE = "counterfactual"
KINDS = ("equal", "at most", "at least")
DIVERSITY = 1.0
"""Standard deviation of the logarithm of the weights under which further solutions are least changes."""


def counterfactual(
    f: Function,
    ds: xr.Dataset,
    target: tuple[str, float],
    *,
    of: str | int | None = None,
    groups: Any = None,
    change: str = "add",
    norm: str = "l2",
    spread: Mapping[str, Any] | xr.Dataset | None = None,
    bounds: Mapping[str, tuple[Any, Any]] | None = None,
    frozen: Sequence[str] | Mapping[str, Any] = (),
    relations: Sequence[str] = (),
    smooth: Mapping[str, float] | None = None,
    solutions: int = 1,
    seed: int = 0,
    tolerance: float = 1e-4,
    rounds: int = 40,
    steps: int = 200,
    strict: bool = False,
    units: str = "",
    dtype: Any = None,
    progress: Progress = None,
) -> xr.Dataset:
    """Find the input nearest to `ds` for which f meets the target [@wachter2018], within what the input may be.

    The distance is the root of the summed squares (``l2``) or the sum (``l1``: few cells change) of the changes of all
    cells in units of each variable's spread. The first solution is the least change; each further one is the least
    change under other weights of the variables and their cells (of the groups, where there are groups) and from another
    start, so that the solutions show different ways to the target [@mothilal2020]. Where f is not convex a
    solution is a local one. A target that cannot be met is told: `reached` is False and `shortfall` says by how much
    the best input misses it.

    Args:
        f: function of a dict of arrays; a `Plain` one is searched without gradients, with at most 30 free parameters.
        ds: one input. Missing cells stay.
        target: ("equal", 3.0), ("at most", 3.0) or ("at least", 3.0), in the units of the output.
        of: output by name or index, where f has several.
        groups: players (:func:`players`) that change together, one number each; every cell by itself where None.
        change: ``add``, in spreads, or ``factor``, a share of the cell's value (never below -1).
        norm: ``l2`` or ``l1``.
        spread: size of a usual change of each variable, number or array; its standard deviation where not given.
        bounds: least and greatest value by variable, numbers or arrays, None for an open side.
        frozen: variables, or by variable True or truth values on its dimensions, that stay as they are.
        relations: such as "tas_min <= tas_max" and "pr >= 0", kept in every cell.
        smooth: dimension to the weight of the roughness of the change: half of it times the summed squared differences
            of neighbours' changes is added to half the squared distance (to the distance for ``l1``).
        solutions: how many.
        seed: of starts and weights of the further solutions.
        tolerance: share of the way from the output to the target that may be missing, and of a spread in relations.
        rounds: of the multipliers.
        steps: of the search within a round.
        strict: raise where the target is not reached.
        units: of the output.
        dtype: floats in which f is evaluated; those of the input where None.
        progress: is told how many solutions are done.

    Returns:
        Dataset over ``solution``: each variable, ``<variable>_change``, ``prediction``, ``reached``, ``shortfall`` (0
        where reached, in units of the output), ``distance`` (in spreads), ``relation_gap`` (greatest breach of a
        relation, in spreads); for groups ``amount`` over ``player`` (shift in spreads, or factor less one).

    Raises:
        ConfigError: unknown settings or names.
        DataError: an input that breaks its own bounds or relations, or without spread.
        ModelError: f is not finite or not a single number; the target is not reached and `strict` is set; too many
            parameters for a plain function.
    """
    kind, value = _target(target)
    if norm not in ("l2", "l1"):
        raise ConfigError(f"the norm {norm!r} is unknown", WHERE, "choose l2 or l1")
    if solutions < 1:
        raise ConfigError(f"{solutions} solutions cannot be sought", WHERE, "ask for 1 or more")
    if not isinstance(ds, xr.Dataset) or not ds.data_vars:
        raise DataError(
            "the input is not a Dataset with variables", WHERE, "give one variable for each input"
        )
    layout = make_change(
        ds,
        groups=groups,
        how=change,
        spread=spread,
        bounds=bounds or {},
        frozen=frozen,
        relations=relations,
        smooth=smooth or {},
    )
    if isinstance(f, Plain) and layout.count > FEW:
        raise ModelError(
            f"a function without gradients has {layout.count} free parameters and the search takes {FEW}",
            WHERE,
            "change groups of cells with `groups`, or freeze variables",
        )
    kind_of_float = common_dtype(ds, dtype)
    with precision(kind_of_float):
        model = _Model(chosen(f, of), ds, layout, kind_of_float)
        seeker = _Seeker(model, layout, kind, value, norm, tolerance, rounds, steps)
        found = []
        for k in range(solutions):
            found.append(seeker.solution(np.random.default_rng([seed, k]), first=k == 0))
            if progress is not None:
                progress(k + 1, solutions)
        told = [seeker.told(p) for p in found]
    out = _dataset(ds, layout, groups, change, found, told, norm)
    missed = [t for t in told if not t["reached"]]
    note = ""
    if missed:
        best = min(missed, key=lambda t: t["shortfall"])["prediction"]
        note = f"the target {kind} {value:g} is not reached by {len(missed)} of {solutions} solutions"
        note += f"; the nearest value is {best:g}"
        if strict:
            raise ModelError(
                note,
                WHERE,
                "widen the bounds, free more of the input or ask for less",
            )
    out["prediction"].attrs["units"] = out["shortfall"].attrs["units"] = units
    settings = {
        "target": kind,
        "target_value": value,
        "output_of_input": seeker.before,
        "change": change,
        "norm": norm,
        "frozen": json.dumps(list(frozen)),
        "relations": json.dumps(list(relations)),
        "smooth": json.dumps(dict(smooth or {})),
        "tolerance": tolerance,
        "seed": seed,
        "dtype": str(np.dtype(kind_of_float)),
        "evaluations": model.evaluations,
        "note": note,
    }
    return out.assign_attrs(settings)


class _Model:
    """f of the parameters of a change: value and gradient."""

    def __init__(self, f: Function, ds: xr.Dataset, layout: Change, dtype: Any) -> None:
        self.f, self.layout = f, layout
        self.evaluations = 0
        self.shapes = {str(n): v.shape for n, v in ds.data_vars.items()}
        self.kinds = {str(n): v.dtype for n, v in ds.data_vars.items()}
        self.dtype = dtype
        if not isinstance(f, Plain):
            moved = set(
                np.unique(
                    np.repeat(np.arange(len(layout.names)), [ds[n].size for n in layout.names])[
                        layout.which >= 0
                    ]
                )
            )
            needs_gradient(f, {n: ds[n].values for i, n in enumerate(layout.names) if i in moved}, WHERE)

    def leaves(self, row: np.ndarray) -> dict[str, np.ndarray]:
        """Variables from a row of cells."""
        out, start = {}, 0
        for name in self.layout.names:
            size = int(np.prod(self.shapes[name]))
            kind = self.dtype if self.kinds[name].kind == "f" else self.kinds[name]
            out[name] = row[start : start + size].reshape(self.shapes[name]).astype(kind)
            start += size
        return out

    def value(self, p: np.ndarray) -> float:
        """f at parameters, without a gradient."""
        if not isinstance(self.f, Plain):
            return self.gradient(p)[0]
        self.evaluations += 1
        return _finite(np.asarray(self.f(self.leaves(self.layout.cells(p)))))

    def gradient(self, p: np.ndarray) -> tuple[float, np.ndarray]:
        """f and its gradient by the parameters."""
        self.evaluations += 1
        value, slope = _value_and_slope(self.f, self.leaves(self.layout.cells(p)))
        number = _finite(np.asarray(value))
        each = np.concatenate(
            [
                np.asarray(slope[n], float).ravel() if n in slope else np.zeros(int(np.prod(self.shapes[n])))
                for n in self.layout.names
            ]
        )
        moved = self.layout.which >= 0
        along = np.bincount(self.layout.which[moved], (each * self.layout.step)[moved], self.layout.count)
        if not np.isfinite(along).all():
            raise ModelError(
                "the gradient is not finite", WHERE, "bound the input to where the function is smooth"
            )
        return number, along


@eqx.filter_jit
def _value_and_slope(f: Any, x: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    floats = {n: a for n, a in x.items() if jnp.issubdtype(a.dtype, jnp.floating)}
    rest = {n: a for n, a in x.items() if n not in floats}

    def total(part: dict[str, Any]) -> tuple[Any, Any]:
        out = f({**rest, **part})
        return out.sum(), out

    slope, out = jax.grad(total, has_aux=True)(floats)
    return out, slope


def _finite(out: np.ndarray) -> float:
    if out.size != 1:
        raise ModelError(f"the function returns {out.size} numbers", WHERE, "choose one with `of`")
    number = float(out.reshape(()))
    if not np.isfinite(number):
        raise ModelError(
            "the function is not finite at a changed input", WHERE, "bound the input to where it is defined"
        )
    return number


class _Seeker:
    """Scales the problem, seeks solutions and says how good they are."""

    def __init__(
        self,
        model: _Model,
        layout: Change,
        kind: str,
        value: float,
        norm: str,
        tolerance: float,
        rounds: int,
        steps: int,
    ) -> None:
        self.model, self.layout, self.norm = model, layout, norm
        self.tolerance, self.rounds, self.steps = tolerance, rounds, steps
        zero = np.zeros(layout.count)
        self.plain = isinstance(model.f, Plain)
        self.size = layout.size(norm)
        self.before = model.value(zero)
        self.value, self.both = value, kind == "equal"
        self.sign = {"at least": 1.0, "at most": -1.0, "equal": 1.0 if value >= self.before else -1.0}[kind]
        self.miss = self.sign * (value - self.before)
        self.slope = None if self.miss <= 0 else self._slope(zero)
        # In single precision values of f carry errors of some 1e-7 of their size.
        double = np.dtype(model.dtype) == np.float64
        noise = (
            1e-15
            if double or self.plain
            else 1e-6 * max(1.0, abs(self.before), abs(value)) / max(self.miss, 1e-300)
        )
        self.precise = min(max(1e-9, noise), 0.1 * tolerance) if not self.plain else 0.01 * tolerance

    def _slope(self, zero: np.ndarray) -> np.ndarray:
        if not self.plain:
            return self.model.gradient(zero)[1]
        step = 0.1 / self.size
        high = np.minimum(step, self.layout.upper)
        step = np.where(high > 0.01 * step, high, np.maximum(-step, self.layout.lower))
        step = np.where(step == 0, 1.0, step)
        return np.array(
            [(self.model.value(s * np.eye(len(zero))[i]) - self.before) / s for i, s in enumerate(step)]
        )

    def solution(self, rng: np.random.Generator, first: bool) -> np.ndarray:
        """Parameters of one solution; the first has the true weights and starts from the input."""
        if self.miss <= 0:
            return np.zeros(self.layout.count)
        weight = np.ones(self.layout.count) if first else self._weights(rng)
        scale, problem = self._problem(weight)
        start = np.zeros(self.layout.count)
        lively = self.slope is not None and np.abs(self.slope).max() > 0
        tries = [start] if first and lively else []
        while len(tries) < (2 if first and lively else 3):
            loose = rng.standard_normal(self.layout.count) / np.sqrt(self.layout.count)
            tries.append(np.clip(loose * (0.5 if lively else 1.0), problem.lower, problem.upper))
        best, score = start, (True, np.inf)
        for at in tries if not (first and lively) else tries[:1]:
            found = self._solve(problem, at, miss=False) * scale
            told = self.told(found)
            new = (not told["reached"], told["distance"] if told["reached"] else told["shortfall"])
            if new < score:
                best, score = found, new
            if not first and told["reached"]:
                break
        if not score[0]:
            return best
        for at in [best / scale, *tries]:
            found = self._solve(problem, np.clip(at, problem.lower, problem.upper), miss=True) * scale
            told = self.told(found)
            if not told["broken"] and told["shortfall"] < score[1] * (1 - 1e-6):
                best, score = found, (True, told["shortfall"])
        told = self.told(best)
        if (
            told["shortfall"] <= self.tolerance * self.miss
        ):  # it can be met after all: least change from there
            again = self._solve(problem, best / scale, miss=False) * scale
            best = again if self.told(again)["reached"] else best
        return best

    def _solve(self, problem: Problem, start: np.ndarray, miss: bool) -> np.ndarray:
        if self.plain:
            found = without_gradient(problem, start, self.precise, self.steps * 5, miss)
        else:
            seek = nearest_miss if miss else least_change
            found = seek(problem, start, self.precise, self.rounds, self.steps)
        return np.clip(found, problem.lower, problem.upper)

    def _weights(self, rng: np.random.Generator) -> np.ndarray:
        draw = np.exp(DIVERSITY * rng.standard_normal(self.layout.count))
        if self.layout.labels:
            return draw
        return draw * np.exp(DIVERSITY * rng.standard_normal(len(self.layout.names)))[self._variable()]

    def _variable(self) -> np.ndarray:
        """Number of the variable that each parameter belongs to, where every cell is a parameter."""
        lengths = [int(np.prod(self.model.shapes[n])) for n in self.layout.names]
        owner = np.repeat(np.arange(len(lengths)), lengths)
        out = np.zeros(self.layout.count, int)
        moved = self.layout.which >= 0
        out[self.layout.which[moved]] = owner[moved]
        return out

    def _problem(self, weight: np.ndarray) -> tuple[np.ndarray, Problem]:
        """The scaled problem, and what a scaled parameter is in parameters."""
        unit = self.size * weight
        assert self.slope is not None
        steep = self.slope / unit
        length = float(np.linalg.norm(steep)) if self.norm == "l2" else float(np.abs(steep).max())
        far = self.miss / length if length > 0 else np.sqrt(self.layout.count)
        far = min(far, 100.0 * np.sqrt(self.layout.count))
        scale = far / unit

        def gap(v: np.ndarray) -> tuple[float, np.ndarray]:
            if self.plain:
                return self.sign * (self.model.value(v * scale) - self.value) / self.miss, v
            value, along = self.model.gradient(v * scale)
            return self.sign * (value - self.value) / self.miss, self.sign * along * scale / self.miss

        rough = self.layout.rough.multiply(scale[None] / (far if self.norm == "l2" else np.sqrt(far))).tocsr()
        return scale, Problem(
            gap,
            self.both,
            self.norm,
            self.layout.lower / scale,
            self.layout.upper / scale,
            self.layout.relation.multiply(scale[None]).tocsr(),
            self.layout.slack,
            rough,
        )

    def told(self, p: np.ndarray) -> dict[str, Any]:
        """What a solution is worth."""
        value = self.model.value(p)
        short = self.sign * (self.value - value)
        short = abs(short) if self.both else max(short, 0.0)
        held = self.layout.relation @ p + self.layout.slack
        broken = float(-held.min(initial=0.0))
        size = np.abs(p) * self.size
        reached = short <= self.tolerance * max(self.miss, 0.0) and broken <= self.tolerance
        return {
            "prediction": value,
            "reached": bool(reached),
            "shortfall": 0.0 if reached else short,
            "distance": float(np.linalg.norm(size) if self.norm == "l2" else size.sum()),
            "relation_gap": broken,
            "broken": broken > self.tolerance,
        }


def _dataset(
    ds: xr.Dataset,
    layout: Change,
    groups: Any,
    change: str,
    found: Sequence[np.ndarray],
    told: Sequence[Mapping[str, Any]],
    norm: str,
) -> xr.Dataset:
    out = xr.Dataset(coords=ds.coords)
    cells = [layout.cells(p) for p in found]
    start = 0
    for name in layout.names:
        item, size = ds[name], ds[name].size
        values = np.stack([row[start : start + size].reshape(item.shape) for row in cells])
        out[name] = (("solution", *item.dims), values, kept_attrs(item.attrs))
        out[f"{name}_change"] = (
            ("solution", *item.dims),
            values - item.values.astype(float),
            kept_attrs(item.attrs),
        )
        start += size
    for name in ("prediction", "reached", "shortfall", "distance", "relation_gap"):
        out[name] = ("solution", np.array([t[name] for t in told]))
    out["distance"].attrs["long_name"] = f"{norm} distance to the input in spreads"
    if layout.labels:
        amount = np.stack(found)
        out["amount"] = (("solution", "player"), amount)
        out["amount"].attrs["long_name"] = "shift in spreads" if change == "add" else "factor less one"
        names = list(map(str, groups.names))
        held = [names.index(n) for n in layout.labels]
        out = out.assign_coords(player=list(layout.labels))
        for key, labels in getattr(groups, "coords", {}).items():
            if key not in out.dims and key not in out:
                out = out.assign_coords({key: ("player", [labels[i] for i in held])})
    return out


def _target(target: tuple[str, float]) -> tuple[str, float]:
    try:
        kind, value = target
        value = float(value)
    except (TypeError, ValueError):
        kind, value = "", np.nan
    if kind not in KINDS or not np.isfinite(value):
        raise ConfigError(
            f"the target {target!r} cannot be read", WHERE, "write ('at most', 3.0), or equal or at least"
        )
    return kind, value
