"""Partial dependence and individual conditional expectation: the output with one input set to several values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from data.errors import ConfigError

from . import samples as rows
from .curves import group_name, kept_attrs, of_cell, single_output
from .function import Function, Progress

WHERE = "partial dependence"


def partial_dependence(
    f: Function,
    ds: xr.Dataset,
    variable: str,
    *,
    at: Mapping[str, Any] | None = None,
    over: str | Sequence[str] | None = None,
    of: str | int | None = None,
    by: str | xr.DataArray | None = None,
    values: int | Sequence[float] | np.ndarray = 20,
    spacing: str = "quantile",
    curves: int = 50,
    centred: bool = False,
    seed: int = 0,
    units: str = "",
    dtype: Any = None,
    chunk: int | None = 4096,
    progress: Progress = None,
) -> xr.Dataset:
    """Mean of f over the samples with one input set to each value [@friedman2001], and single curves [@goldstein2015].

    Every sample takes every value, also where it does not occur beside the sample's other inputs: with inputs that
    depend on one another the curve tells of f outside the data, where accumulated local effects (:func:`ale`) do not.

    Args:
        f: function of a dict of arrays without the dimensions `over`.
        ds: inputs as samples; a sample with a missing value is left out and counted.
        variable: the input that is set.
        at: its cell, where it has further dimensions, such as {"lag": 3}.
        over: dimensions of samples; None for ``sample``, else all.
        of: output by name or index; None for all.
        by: coordinate along the samples: the mean over the samples of each label alone, conditional on the group.
        values: how many, or the values themselves in the units of the variable.
        spacing: ``quantile`` or ``equal``.
        curves: single samples' curves that are kept, drawn at random; 0 for none.
        centred: each sample's curve less its value at the first of the values, so that shapes can be compared.
        seed: of the draw of curves.
        units: of the output.
        dtype: floats in which f is evaluated; those of the input where None.
        chunk: samples evaluated at once.
        progress: is told how many samples are done, for each value.

    Returns:
        Dataset on the values (dimension named as the variable, in its units): ``pd`` (mean), ``stderr`` of that mean
        over samples, ``spread`` (standard deviation between the samples' centred curves; zero for an additive f),
        ``count`` (samples for which it is the nearest of the values); ``ice`` on ``curve`` with ``own`` (the value that
        the sample has); with the dimensions of groups and ``output`` in front.

    Raises:
        DataError: a variable that is unknown, categorical, constant or of several cells; no samples.
        ConfigError: values or spacing that cannot be.
        ModelError: f is not finite.
    """
    found = rows.samples(ds, over, by, WHERE)
    cell = rows.feature(ds, found, variable, at, WHERE)
    own = np.asarray(cell.of(found.values), float)
    grid = _grid(own, values, spacing)
    if curves < 0:
        raise ConfigError(f"{curves} curves cannot be kept", WHERE, "give 0 or more")
    kept = np.sort(np.random.default_rng(seed).permutation(found.count)[:curves])
    labels = rows.group_labels(found.group)
    member = [np.ones(found.count, bool) if g is None else found.group == g for g in labels]
    g = rows.chosen(f, of)
    mean, stderr, spread, ice = [], [], [], []
    first = None
    dtype = rows.common_dtype(ds, dtype)
    with rows.precision(dtype):
        held = rows.cast(found.values, dtype)
        for value in grid:
            out = rows.run(g, cell.put(held, np.full(found.count, value)), chunk, progress)
            first = out if first is None else first
            change = out - first
            shown = change if centred else out
            mean.append([shown[m].mean(0) for m in member])
            stderr.append(
                [
                    shown[m].std(0, ddof=1) / np.sqrt(m.sum()) if m.sum() > 1 else np.nan * shown[0]
                    for m in member
                ]
            )
            spread.append([change[m].std(0) for m in member])
            ice.append(shown[kept])
    near = np.abs(own[:, None] - grid[None]).argmin(1)
    count = np.array([np.bincount(near[m], minlength=len(grid)) for m in member])
    dims = ("group", "output", "value")
    parts = {
        "pd": (dims, np.moveaxis(np.array(mean), 0, -1)),
        "stderr": (dims, np.moveaxis(np.array(stderr), 0, -1)),
        "spread": (dims, np.moveaxis(np.array(spread), 0, -1)),
        "count": (("group", "value"), count),
    }
    if curves:
        parts["ice"] = (("curve", "output", "value"), np.moveaxis(np.array(ice), 0, -1))
        parts["own"] = ("curve", own[kept])
    out = single_output(xr.Dataset(parts))
    name = group_name(by)
    if by is None:
        out = out.isel(group=0)
    else:
        out = out.rename(group=name).assign_coords({name: labels})
        if curves:
            assert found.group is not None
            out = out.assign_coords({f"curve_{name}": ("curve", found.group[kept])})
    out = out.rename(value=variable).assign_coords({variable: (variable, grid, kept_attrs(cell.attrs))})
    for held_name in ("pd", "stderr", "spread", "ice"):
        if held_name in out:
            out[held_name].attrs["units"] = units
    if curves:
        out["own"].attrs.update(kept_attrs(cell.attrs))
    out["pd"].attrs["long_name"] = "change of partial dependence" if centred else "partial dependence"
    return out.assign_attrs(
        variable=variable,
        cell=of_cell(cell),
        method="partial dependence",
        centred=int(centred),
        samples=found.count,
        left_out_missing=found.left_out,
        seed=seed,
    )


def _grid(own: np.ndarray, values: int | Sequence[float] | np.ndarray, spacing: str) -> np.ndarray:
    if not np.ndim(values):
        count = int(values)  # type: ignore[arg-type]
        if count < 2:
            raise ConfigError(f"{count} values are too few for a curve", WHERE, "ask for 2 or more")
        return rows.edges_of(own, count - 1, spacing, WHERE)
    grid = np.asarray(values, float)
    if grid.ndim != 1 or len(grid) < 2 or not np.isfinite(grid).all() or (np.diff(grid) <= 0).any():
        raise ConfigError("the values do not ascend", WHERE, "give two or more ascending numbers")
    return grid
