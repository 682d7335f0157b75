"""Second-order accumulated local effects: what two inputs do together beyond what each does alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from scipy import ndimage, sparse

from data.errors import ConfigError

from . import samples as rows
from .curves import Along, check_interval, kept_attrs, resampled_blocks, single_output
from .function import Function, Progress, evaluate, needs_gradient

WHERE = "second-order accumulated local effects"


def ale_interaction(
    f: Function,
    ds: xr.Dataset,
    variables: tuple[str, str],
    *,
    over: str | Sequence[str] | None = None,
    of: str | int | None = None,
    bins: int | tuple[Any, Any] = 10,
    spacing: str = "quantile",
    gradient: bool = False,
    min_count: int = 1,
    bootstrap: int = 100,
    level: float = 0.95,
    blocks: str | xr.DataArray | None = None,
    seed: int = 0,
    units: str = "",
    dtype: Any = None,
    chunk: int | None = 4096,
    progress: Progress = None,
) -> xr.Dataset:
    """Second-order accumulated local effect: what two inputs do together beyond what each does alone [@apley2020].

    Second differences of f over the corners of a cell are averaged over the samples in it and added up along both
    inputs; the main effects that this sum contains are taken off, and its mean over the samples. Corners of which no
    cell has data are missing. Accumulation across a cell without data takes the nearest cell's mean effect; this
    matters only where data surround the cell or lie in separate regions.

    Args:
        f: function of a dict of arrays without the dimensions `over`.
        ds: inputs as samples; a sample with a missing value is left out and counted.
        variables: two inputs, each of one cell.
        over: dimensions of samples; None for ``sample``, else all.
        of: output by name or index; None for all.
        bins: how many along each, or one entry (a number or edges) for each.
        spacing: ``quantile`` or ``equal``.
        gradient: average the mixed derivative, in place of second differences.
        min_count: samples below which a cell counts as without data.
        bootstrap: resamples for the interval; 0 for none.
        level: of the interval.
        blocks: coordinate along the samples whose labels are drawn as a whole.
        seed: of the bootstrap.
        units: of the output.
        dtype: floats in which f is evaluated; those of the input where None.
        chunk: samples evaluated at once.
        progress: is told how many samples are done, for each of the passes.

    Returns:
        Dataset on the edges along both variables: ``ale``, ``stderr``, ``lower``, ``upper``; ``count`` on the cells
        (``bin_<first>``, ``bin_<second>``).

    Raises:
        DataError: a variable that is unknown, categorical, constant or of several cells, or twice the same.
        ConfigError: bins, spacing or level that cannot be.
        ModelError: f is not finite, or cannot be differentiated.
    """
    check_interval(level, bootstrap, WHERE)
    if len(variables) != 2 or variables[0] == variables[1]:
        raise ConfigError(
            f"an interaction of {variables!r} is not of two inputs", WHERE, "name two different variables"
        )
    found = rows.samples(ds, over, None, WHERE)
    cells = [rows.feature(ds, found, name, None, WHERE) for name in variables]
    both = bins if isinstance(bins, tuple) else (bins, bins)
    values = [np.asarray(c.of(found.values), float) for c in cells]
    edges = [rows.edges_of(v, b, spacing, WHERE) for v, b in zip(values, both, strict=True)]
    place = [rows.bin_of(v, e) for v, e in zip(values, edges, strict=True)]
    inside = np.flatnonzero((place[0] >= 0) & (place[1] >= 0))
    place = [p[inside] for p in place]
    width = [np.diff(e)[p] for e, p in zip(edges, place, strict=True)]
    g = rows.chosen(f, of)
    dtype = rows.common_dtype(ds, dtype)
    with rows.precision(dtype):
        held = rows.cast({n: a[inside] for n, a in found.values.items()}, dtype)
        if gradient:
            effect = _mixed(g, held, cells, chunk, progress) * (width[0] * width[1])[:, None]
        else:
            effect = np.zeros(())
            for i, j in ((1, 1), (0, 1), (1, 0), (0, 0)):
                moved = cells[1].put(cells[0].put(held, edges[0][place[0] + i]), edges[1][place[1] + j])
                effect = effect + (1 if i == j else -1) * rows.run(g, moved, chunk, progress)
    u, v = ((values[i][inside] - edges[i][place[i]]) / width[i] for i in (0, 1))
    shape = (len(edges[0]) - 1, len(edges[1]) - 1)
    block = np.unique(resampled_blocks(ds, blocks, found, WHERE)[inside], return_inverse=True)[1]
    table = np.concatenate([np.stack([np.ones(len(u)), u, v, u * v], 1), effect], axis=1)
    flat = place[0] * shape[1] + place[1]
    columns = table.shape[1]
    matrix = sparse.csr_matrix(
        (table.ravel(), (np.repeat(block, columns), (flat[:, None] * columns + np.arange(columns)).ravel())),
        shape=(int(block.max()) + 1, shape[0] * shape[1] * columns),
    )
    whole = np.asarray(matrix.sum(axis=0)).reshape(*shape, columns)
    present = whole[..., 0] >= max(min_count, 1)
    surface = _surface(whole, whole, present)
    rng, count = np.random.default_rng(seed), int(block.max()) + 1
    draws = np.full((max(bootstrap, 1), *surface.shape), np.nan)
    for b in range(bootstrap):
        weight = np.bincount(rng.integers(count, size=count), minlength=count)
        draws[b] = _surface(np.asarray(matrix.T @ weight.astype(float)).reshape(whole.shape), whole, present)
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    stderr = draws.std(axis=0, ddof=1) if bootstrap > 1 else np.full_like(surface, np.nan)
    dims = ("output", *variables)
    coords = {n: (n, e, kept_attrs(c.attrs)) for n, e, c in zip(variables, edges, cells, strict=True)}
    seen = ([f"bin_{n}" for n in variables], whole[..., 0].astype(int))
    held_out = {"ale": surface, "stderr": stderr, "lower": low, "upper": high}
    out = xr.Dataset(
        {n: (dims, np.moveaxis(a, -1, 0)) for n, a in held_out.items()} | {"count": seen}, coords
    )
    out = single_output(out)
    for name in held_out:
        out[name].attrs["units"] = units
    out["ale"].attrs["long_name"] = "second-order accumulated local effect"
    out["count"].attrs["long_name"] = "samples"
    return out.assign_attrs(
        variables=json.dumps(variables),
        method="mixed gradient" if gradient else "second differences",
        samples=len(inside),
        left_out_missing=found.left_out,
        left_out_outside_bins=found.count - len(inside),
        cells_without_data=int((~present).sum()),
        bootstrap=bootstrap,
        level=level,
        seed=seed,
    )


def _surface(sums: np.ndarray, whole: np.ndarray, present: np.ndarray) -> np.ndarray:
    """The centred interaction on the corners of the cells, (edge, edge, output)."""
    count = np.where(present, sums[..., 0], 0.0)
    drawn = count[..., None] > 0
    mean = np.where(drawn, sums[..., 4:], whole[..., 4:])
    mean = mean / np.where(drawn, sums[..., :1], np.maximum(whole[..., :1], 1.0))
    nearest = ndimage.distance_transform_edt(~present, return_distances=False, return_indices=True)
    mean = mean[tuple(nearest)]  # type: ignore[arg-type]
    u, v, uv = (np.where(present, sums[..., i], 0.0)[..., None] for i in (1, 2, 3))
    n = count[..., None]
    height = np.pad(mean.cumsum(0).cumsum(1), ((1, 0), (1, 0), (0, 0)))
    # The conditional mean slope along each input, at the samples' own places in the cells, is what it does alone.
    along = np.diff(height, axis=0)
    first = ((n - v) * along[:, :-1] + v * along[:, 1:]).sum(1) / np.maximum(n.sum(1), 1e-300)
    along = np.diff(height, axis=1)
    second = ((n - u) * along[:-1] + u * along[1:]).sum(0) / np.maximum(n.sum(0), 1e-300)
    height = height - np.pad(first.cumsum(0), ((1, 0), (0, 0)))[:, None]
    height = height - np.pad(second.cumsum(0), ((1, 0), (0, 0)))[None]
    corner = (n - u - v + uv) * height[:-1, :-1] + (u - uv) * height[1:, :-1]
    corner = corner + (v - uv) * height[:-1, 1:] + uv * height[1:, 1:]
    height = height - corner.sum((0, 1)) / n.sum()
    touched = np.zeros(height.shape[:2], bool)
    for i in (0, 1):
        for j in (0, 1):
            touched[i : i + present.shape[0], j : j + present.shape[1]] |= present
    return np.where(touched[..., None], height, np.nan)


def _mixed(
    f: Any,
    values: dict[str, np.ndarray],
    cells: Sequence[rows.Feature],
    chunk: int | None,
    progress: Progress,
) -> np.ndarray:
    needs_gradient(f, {c.name: values[c.name] for c in cells}, "ale_interaction")
    once = Along(f, cells[0].name, cells[0].index)
    return np.asarray(evaluate(Along(once, cells[1].name, cells[1].index), values, chunk, progress), float)
