"""Samples of a Dataset's attribution one by one, for scores that look at a single number's attribution."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from data.errors import ConfigError, DataError

from . import cells
from .attribute import OPTIONS, attribute, chosen_baseline, common_dtype, free_cells
from .baselines import ROWS, make_baseline
from .function import Function, Plain
from .occlusion import own_parts
from .removal import Removal, by_part, removal
from .wrapped import Chosen, plain

CASE = "case"


@dataclass(frozen=True)
class Cases:
    """Some samples of an attribution.

    Attributes:
        ds: the input, over ``case`` and the dimensions of one sample.
        base: what stands in for removed parts, over ``case`` too, or over ``background``.
        settings: those of the attribution, for these samples.
        x: arrays (case, *leaf).
        against: arrays (case, *leaf) or (row, *leaf).
        free: cells that are attributed to, (case, *leaf).
        ids: part of each cell.
        parts: number of parts.
        outputs: numbers or names of the outputs; (None,) for a function of one number.
        kind: type of floats.
        labels: coordinates of the samples.
        single: name of the only variable, where the function takes an array.
    """

    ds: xr.Dataset
    base: xr.Dataset
    settings: dict[str, Any]
    x: dict[str, np.ndarray]
    against: dict[str, np.ndarray]
    free: dict[str, np.ndarray]
    ids: dict[str, np.ndarray]
    parts: int
    outputs: tuple[Any, ...]
    kind: str
    labels: dict[str, Any]
    single: str | None

    @property
    def count(self) -> int:
        """Number of samples."""
        return self.ds.sizes[CASE]

    def own_ids(self, case: int) -> dict[str, np.ndarray]:
        """Part of each cell of one sample, -1 for cells that stay."""
        return {n: np.where(self.free[n][case], i, -1) for n, i in self.ids.items()}

    def free_parts(self, case: int) -> np.ndarray:
        """Parts with a cell that is attributed to, (part,)."""
        held = np.concatenate([i.ravel() for i in self.own_ids(case).values()])
        return np.isin(np.arange(self.parts), held)

    def function(self, f: Any, output: int) -> Function:
        """The function of one sample that returns one number."""
        name = self.outputs[output]
        of = None if name is None else (name,)
        if isinstance(f, Plain) or self.settings.get("takes") == "dataset":
            whole = self.settings.get("takes") == "dataset"
            return plain(f, of, True, self.single, self.ds.isel({CASE: 0}, drop=True) if whole else None)
        return Chosen(f, of, True, self.single)

    def game(self, f: Any, case: int, output: int) -> Removal:
        """The function of which parts are there."""
        x = {n: v[case] for n, v in self.x.items()}
        rows = ROWS in self.base.dims
        rest = {n: v if rows else v[case][None] for n, v in self.against.items()}
        # cells that stay may be missing in the input and must not be filled from the background
        return removal(self.function(f, output), x, background=rest, ids=self.own_ids(case), parts=self.parts)

    def explain(self, f: Any, ds: xr.Dataset | None = None) -> np.ndarray:
        """Attributions of another function, or at another input, (case, output, part)."""
        given = self.ds if ds is None else ds
        shown: Any = given if self.single is None else given[self.single]
        return self.vectors(attribute(f, shown, **self.settings))[0]

    def vectors(self, result: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
        """Attribution and standard error of a result over these samples, (case, output, part)."""
        both = []
        for name in ("attribution", "stderr"):
            if "player" in result.dims:
                item = result[name] if "output" in result.dims else result[name].expand_dims("output")
                both.append(item.transpose(CASE, "output", "player").values.astype(float))
                continue
            held = cells.per_variable(result, name)
            arrays = {}
            for n, item in self.ds.data_vars.items():
                found = held[str(n)] if "output" in held.dims else held[str(n)].expand_dims("output")
                arrays[str(n)] = found.transpose(CASE, "output", *[d for d in item.dims if d != CASE]).values
            both.append(
                np.stack(
                    [
                        [
                            by_part({n: a[i, k] for n, a in arrays.items()}, self.own_ids(i), self.parts)
                            for k in range(len(self.outputs))
                        ]
                        for i in range(self.count)
                    ]
                )
            )
        return both[0], both[1]

    def marked(self, relevant: Any, over: tuple[str, ...], chosen: np.ndarray) -> np.ndarray:
        """Relevant parts of each sample, (case, part).

        Raises:
            DataError: of other variables or shapes.
        """
        if isinstance(relevant, xr.DataArray) and "player" in relevant.dims:
            return np.broadcast_to(relevant.values.astype(bool), (self.count, self.parts))
        if isinstance(relevant, xr.DataArray):
            relevant = xr.Dataset({str(n): relevant for n in self.ds.data_vars})
        if not isinstance(relevant, xr.Dataset) or set(relevant.data_vars) != set(self.ds.data_vars):
            raise DataError(
                "the relevant cells are not of the input's variables",
                "localisation",
                "give a Dataset of truth values with the same variables, or a DataArray for all of them",
            )
        some = flat(relevant, over, chosen) if set(over) & set(relevant.dims) else relevant
        whole = some.astype(float).broadcast_like(self.ds)
        out = []
        for i in range(self.count):
            one = {
                str(n): whole[n].transpose(*v.dims).values[i] for n, v in self.ds.data_vars.items()
            }  # broadcast, so that a mask shared by all samples counts for each
            out.append(by_part(one, self.own_ids(i), self.parts) > 0)
        return np.stack(out)


def cases(
    ds: xr.Dataset | xr.DataArray,
    result: xr.Dataset,
    settings: Mapping[str, Any] | None,
    baseline: Any,
    samples: int,
    rows: int,
) -> tuple[Cases, xr.Dataset, np.ndarray]:
    """Samples at even distances along those of an attribution, the result in these samples, and their numbers.

    Args:
        ds: the input.
        result: what :func:`attribute` gave for it.
        settings: keyword arguments that it was given; from the result's attributes where None.
        baseline: what stands in for removed parts; that of the attribution where None.
        samples: most samples.
        rows: most rows of a background that stand in.
    """
    ds, alone = cells.as_dataset(ds)
    given = dict(recovered(result) if settings is None else settings)
    over = given.get("over", ())
    over = cells.check_over(ds, (over,) if isinstance(over, str) else tuple(over))
    method, seed = given.get("method", "integrated_gradients"), given.get("seed", 0)
    if given.get("groups") is not None and "player" not in result.dims:
        raise DataError("the result has no players", "trust", "give the result of the same settings")
    base, _ = chosen_baseline(method, given.get("baseline"), ds, over, seed)
    stands = base if baseline is None else make_baseline(baseline, ds, over, seed)
    stands = make_baseline("zero", ds, over, seed) if stands is None else stands
    sizes = [ds.sizes[d] for d in over]
    total = int(np.prod(sizes))
    chosen = np.unique(np.round(np.linspace(0, total - 1, min(samples, total))).astype(int))
    few = flat(ds, over, chosen)
    few_stands = stands if ROWS in stands.dims else flat(stands, over, chosen)
    if ROWS in stands.dims and stands.sizes[ROWS] > rows:
        few_stands = stands.isel({ROWS: np.round(np.linspace(0, stands.sizes[ROWS] - 1, rows)).astype(int)})
    mask = given.get("mask")
    if mask is not None and set(over) & set(mask.dims):
        lacking = [d for d in over if d not in mask.dims]
        mask = flat(mask.expand_dims({d: ds.sizes[d] for d in lacking}), over, chosen)
    here = given | {"over": CASE, "mask": mask}
    if base is not None:
        here["baseline"] = base if ROWS in base.dims else flat(base, over, chosen)
    kind = given.get("dtype") or common_dtype(ds)
    free = free_cells(few, mask, (CASE,))
    x = cells.pack(few, (CASE,), kind)
    if given.get("groups") is not None:
        from .players import players

        found = players(few, given["groups"], over=CASE, mask=mask)
        ids, parts = {str(n): np.asarray(i) for n, i in found.ids.items()}, len(found)
    else:
        ids = own_parts({n: v[0] for n, v in x.items()})
        parts = sum(v[0].size for v in x.values())
    against = cells.rows(few_stands, kind) if ROWS in stands.dims else cells.pack(few_stands, (CASE,), kind)
    labels = _labels(ds, over, sizes, chosen)
    single = str(next(iter(ds.data_vars))) if alone else None
    wanted = given.get("of")
    if isinstance(wanted, (list, tuple)):
        outputs = tuple(wanted)
    elif wanted is None and "output" in result.dims:
        outputs = tuple(range(result.sizes["output"]))
    else:
        outputs = (wanted,)
    held = Cases(few, few_stands, here, x, against, free, ids, parts, outputs, kind, labels, single)
    return held, flat(result, over, chosen), chosen


def flat(ds: Any, over: tuple[str, ...], chosen: np.ndarray) -> Any:
    """Some samples, on the dimension ``case`` alone and first."""
    if not over:
        out = ds.expand_dims(CASE)
    else:
        held = ds.drop_vars([c for c in ds.coords if c not in over and set(ds[c].dims) & set(over)])
        out = held.stack({CASE: list(over)}).isel({CASE: chosen})
        out = out.drop_vars([CASE, *[d for d in over if d in out.coords]])
    return out.transpose(CASE, ...)


def recovered(result: xr.Dataset) -> dict[str, Any]:
    """The settings of an attribution from its attributes.

    Raises:
        ConfigError: a baseline, mask or groups that the attributes do not hold.
    """
    attrs = result.attrs
    if attrs.get("method") not in OPTIONS:
        raise ConfigError(
            "the result does not tell its method", "trust", "give one of xai.attribute, or its settings"
        )
    lost = [n for n in ("baseline", "mask", "groups") if _lost(attrs, n)]
    if lost:
        raise ConfigError(
            f"the result does not hold its {' and '.join(lost)}",
            "trust",
            "give the keyword arguments of xai.attribute as `settings`",
        )
    spec = str(attrs["baseline"])
    given: dict[str, Any] = {
        "method": attrs["method"],
        "over": tuple(json.loads(attrs["over"])),
        "of": json.loads(attrs["of"]),
        "groups": json.loads(attrs["groups"]),
        "seed": int(attrs["seed"]),
        "dtype": attrs["dtype"],
    }
    if spec != "none":
        given["baseline"] = json.loads(spec) if spec.startswith("{") else spec
    return given | {n: attrs[n] for n in OPTIONS[attrs["method"]] if n in attrs}


def _lost(attrs: Mapping[Any, Any], name: str) -> bool:
    if name == "mask":
        return bool(attrs.get("masked", 0))
    if name == "baseline":
        return attrs.get("baseline") == "given"
    return "DataArray" in str(attrs.get("groups"))


def _labels(ds: xr.Dataset, over: tuple[str, ...], sizes: list[int], chosen: np.ndarray) -> dict[str, Any]:
    places = np.unravel_index(chosen, sizes) if over else ()
    return {
        d: (CASE, np.asarray(ds[d].values)[p] if d in ds.coords else p)
        for d, p in zip(over, places, strict=True)
    }
