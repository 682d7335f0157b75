"""Samples of inputs for curves: rows without gaps, the feature that is varied, its bins, and the outputs asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from data.errors import ConfigError, DataError, counted, listing, nearest

from .cells import SAMPLE, pack
from .function import Function, Plain, Progress, evaluate


@dataclass(frozen=True)
class Samples:
    """Inputs of f without gaps.

    Attributes:
        values: variable to array (sample, *its other dimensions).
        over: dimensions of the samples.
        group: label of each sample, where curves are drawn by group.
        left_out: samples that were left out because a value is missing.
        kept: which of all samples are here, (sample,).
    """

    values: dict[str, np.ndarray]
    over: tuple[str, ...]
    group: np.ndarray | None
    left_out: int
    kept: np.ndarray

    @property
    def count(self) -> int:
        """How many there are."""
        return len(next(iter(self.values.values())))


@dataclass(frozen=True)
class Feature:
    """One cell of one variable.

    Attributes:
        name: variable.
        index: index of the cell, () where the variable has no dimension but the samples'.
        attrs: attributes of the variable.
    """

    name: str
    index: tuple[int, ...]
    attrs: dict[str, Any]

    def of(self, values: Mapping[str, Any]) -> Any:
        """Its values, (sample,)."""
        return values[self.name][(slice(None), *self.index)]

    def put(self, values: Mapping[str, np.ndarray], new: np.ndarray) -> dict[str, np.ndarray]:
        """The samples with other values of it (sample,)."""
        array = np.array(values[self.name])
        array[(slice(None), *self.index)] = new
        return {**values, self.name: array}


def samples(
    ds: xr.Dataset, over: str | Sequence[str] | None, by: str | xr.DataArray | None, where: str
) -> Samples:
    """Stack the samples of a Dataset and leave out those with a missing value.

    Args:
        ds: inputs of f; variables that lack a dimension of samples are the same along it.
        over: dimensions of samples; None for ``sample``, and for all dimensions where there is none of that name.
        by: coordinate or array along the samples whose labels make the groups.
        where: who asks, for errors.

    Raises:
        DataError: not a Dataset, no samples, or none without a gap.
    """
    if not isinstance(ds, xr.Dataset) or not ds.data_vars:
        raise DataError(
            "the samples are not a Dataset with variables", where, "give one variable for each input"
        )
    dims = [str(d) for d in ds.dims]
    chosen = ((SAMPLE,) if SAMPLE in dims else tuple(dims)) if over is None else over
    chosen = (chosen,) if isinstance(chosen, str) else tuple(chosen)
    lost = [d for d in chosen if d not in dims]
    if lost or not chosen:
        raise DataError(
            f"the samples have no dimension {lost[0]!r}" if lost else "the input has no dimension of samples",
            where,
            f"name it in `over`; the dimensions are {listing(dims) or 'none'}",
        )
    sizes = {d: ds.sizes[d] for d in chosen}
    whole = xr.Dataset(
        {n: v.expand_dims({d: k for d, k in sizes.items() if d not in v.dims}) for n, v in ds.items()}
    )
    values = pack(whole, chosen)
    kept = np.ones(int(np.prod(list(sizes.values()))), bool)
    for array in values.values():
        if array.dtype.kind == "f":
            kept &= np.isfinite(array).reshape(len(kept), -1).all(1)
    group = None if by is None else _labels(ds, by, chosen, sizes, where)
    if group is not None:
        kept &= np.array([g == g and str(g) not in ("", "nan", "NaT") for g in group])
    if not kept.any():
        raise DataError(
            f"every one of {counted(len(kept), 'sample')} has a missing value",
            where,
            "leave out the variable that is missing, or fill it",
        )
    return Samples(
        {n: a[kept] for n, a in values.items()},
        chosen,
        None if group is None else group[kept],
        int((~kept).sum()),
        kept,
    )


def _labels(
    ds: xr.Dataset, by: str | xr.DataArray, over: tuple[str, ...], sizes: dict[str, int], where: str
) -> np.ndarray:
    if isinstance(by, str) and by not in ds.coords:
        raise DataError(
            f"there is no coordinate {by!r} to group by",
            where,
            f"add it with assign_coords, or give a DataArray{nearest(by, map(str, ds.coords))}",
        )
    held = ds.coords[by] if isinstance(by, str) else by
    if not set(map(str, held.dims)) <= set(over):
        raise DataError(
            f"the groups lie along {listing(held.dims)}",
            where,
            f"they must lie along the samples, {listing(over)}",
        )
    held = held.expand_dims({d: k for d, k in sizes.items() if d not in held.dims}).transpose(*over)
    if dict(held.sizes) != sizes:
        raise DataError(
            f"the groups have the shape {dict(held.sizes)} and the samples {sizes}",
            where,
            "give one label a sample",
        )
    return held.values.reshape(-1)


def feature(ds: xr.Dataset, found: Samples, name: str, at: Mapping[str, Any] | None, where: str) -> Feature:
    """The cell that is varied, checked to be a number that varies.

    Args:
        ds: the inputs.
        found: their samples.
        name: variable.
        at: label of the cell along each further dimension of the variable.
        where: who asks, for errors.

    Raises:
        DataError: an unknown variable, categories, integers, one value alone, or a variable of several cells.
    """
    if name not in ds.data_vars:
        hint = nearest(name, map(str, ds.data_vars))
        raise DataError(
            f"there is no variable {name!r}", where, f"the inputs are {listing(ds.data_vars)}{hint}"
        )
    item = ds[name]
    rest = [str(d) for d in item.dims if d not in found.over]
    at = dict(at or {})
    if set(at) != set(rest):
        raise DataError(
            f"{name!r} has the further dimensions {listing(rest) or 'none'} and `at` names {listing(at) or 'none'}",
            where,
            "name one cell along each, or put the dimension among the samples in `over`",
        )
    index = []
    for dim in rest:
        labels = item.indexes[dim] if dim in item.indexes else range(item.sizes[dim])
        if at[dim] not in labels:
            raise DataError(f"{name!r} has no {dim} {at[dim]!r}", where, "choose a label of its coordinate")
        index.append(int(list(labels).index(at[dim])))
    cell = Feature(name, tuple(index), dict(item.attrs))
    values = np.asarray(cell.of(found.values))
    if values.dtype.kind in "OSUb":
        raise DataError(
            f"{name!r} is categorical, and a curve needs an order and distances",
            where,
            "compare its categories by grouping another variable's curve `by` it",
        )
    if values.dtype.kind != "f":
        raise DataError(
            f"{name!r} is of type {values.dtype}, which may be a code",
            where,
            "convert it with .astype(float) if its distances have a meaning",
        )
    if values.min() == values.max():
        raise DataError(
            f"{name!r} has the one value {values[0]:g} in all {counted(len(values), 'sample')}",
            where,
            "a constant input has no effect to show; leave it out or give samples in which it varies",
        )
    return cell


def edges_of(
    values: np.ndarray, bins: int | Sequence[float] | np.ndarray, spacing: str, where: str
) -> np.ndarray:
    """Edges of the bins, ascending.

    Args:
        values: of the feature, (sample,).
        bins: how many, or the edges themselves.
        spacing: ``quantile``, about as many samples in each (fewer bins where values repeat), or ``equal`` widths.
        where: who asks, for errors.

    Raises:
        ConfigError: unknown spacing, fewer than one bin, edges that do not ascend or that hold no sample.
    """
    if not np.ndim(bins):
        count = int(bins)  # type: ignore[arg-type]
        if count < 1:
            raise ConfigError(f"{count} bins are too few", where, "ask for 1 or more")
        if spacing == "equal":
            return np.linspace(values.min(), values.max(), count + 1)
        if spacing == "quantile":
            ranks = np.linspace(0.0, 1.0, count + 1)
            return np.unique(np.quantile(values, ranks, method="inverted_cdf").astype(float))
        raise ConfigError(f"the spacing {spacing!r} is unknown", where, "choose quantile or equal")
    edges = np.asarray(bins, float)
    if edges.ndim != 1 or len(edges) < 2 or not np.isfinite(edges).all() or (np.diff(edges) <= 0).any():
        raise ConfigError("the edges of the bins do not ascend", where, "give two or more ascending numbers")
    if not ((values >= edges[0]) & (values <= edges[-1])).any():
        raise ConfigError(
            "no sample lies between the edges of the bins", where, "choose edges inside the data"
        )
    return edges


def bin_of(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Bin of each value, -1 outside; a bin holds its upper edge, the first one also its lower edge."""
    found = np.searchsorted(edges, values, side="left") - 1
    found[values == edges[0]] = 0
    found[(values < edges[0]) | (values > edges[-1])] = -1
    return found


class Chosen(eqx.Module):
    """A function whose output is flat: one entry of what f returns, or all of it, (output,)."""

    f: Any
    of: Any = eqx.field(static=True)

    def __call__(self, x: Any) -> Any:
        """The chosen output, (output,)."""
        return jnp.ravel(jnp.asarray(_entry(self.f(x), self.of)))


def chosen(f: Function, of: str | int | None) -> Function:
    """f with a flat output, plain where f is plain.

    Args:
        f: function of a dict of arrays, that returns an array or a mapping to arrays.
        of: name in the mapping or index of the output; None for all of an array.
    """
    if not isinstance(f, Plain):
        return Chosen(f, of)
    if f.batched:
        plain, index = f.f, of
        return Plain(lambda xs: _flat_rows(_entry(plain(xs), index, batched=True)), batched=True)
    return Plain(lambda x: np.ravel(np.asarray(_entry(f.f(x), of))))


def _flat_rows(values: Any) -> np.ndarray:
    values = np.asarray(values)
    return values.reshape(len(values), -1)


def _entry(out: Any, of: Any, batched: bool = False) -> Any:
    if isinstance(out, Mapping):
        if of not in out:
            raise ConfigError(
                f"the function returns {listing(out)} and `of` is {of!r}", "of", "name one of its outputs"
            )
        return out[of]
    if of is None:
        return out
    if not isinstance(of, int):
        raise ConfigError(f"the function returns an array and `of` is {of!r}", "of", "give an index, or None")
    return out[:, of] if batched else jnp.ravel(jnp.asarray(out))[of]


def run(
    f: Function, values: Mapping[str, np.ndarray], chunk: int | None, progress: Progress = None
) -> np.ndarray:
    """f at all samples as float64, (sample, output); a plain function's own digits are kept."""
    with precision(np.float64 if isinstance(f, Plain) else None):
        return np.asarray(evaluate(f, dict(values), chunk, progress), float)


def cast(values: Mapping[str, np.ndarray], dtype: Any) -> dict[str, np.ndarray]:
    """The samples with floats of another type; as they are where None."""
    return {n: a if dtype is None or a.dtype.kind != "f" else a.astype(dtype) for n, a in values.items()}


def common_dtype(ds: xr.Dataset, dtype: Any) -> Any:
    """The type of floats asked for, or the widest of the input's."""
    if dtype is not None:
        return np.dtype(dtype)
    held = [v.dtype for v in ds.data_vars.values() if v.dtype.kind == "f"]
    return np.dtype(np.result_type(*held)) if held else np.dtype(np.float32)


def precision(dtype: Any) -> contextlib.AbstractContextManager[Any]:
    """A context in which JAX holds floats of this type."""
    double = dtype is not None and np.dtype(dtype) == np.float64
    return jax.enable_x64(True) if double else contextlib.nullcontext()


def group_labels(group: np.ndarray | None) -> list[Any]:
    """The groups in their order; one unnamed group where there are none."""
    return [None] if group is None else list(dict.fromkeys(np.unique(group).tolist()))
