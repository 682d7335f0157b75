"""Accumulated local effects: how the output changes with one input, where the data lie.

The effect of moving an input from one edge of a bin to the other is averaged over the samples that lie in that bin, and
the averages are added up [@apley2020]. Unlike partial dependence, f is never asked about combinations of inputs far
from those that occur. Where f is differentiable the effect in a bin can be the mean derivative instead [@gkolemis2023].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from scipy import sparse

from . import samples as rows
from .curves import Along, check_interval, group_name, kept_attrs, of_cell, resampled_blocks, single_output
from .function import Function, Progress, evaluate, needs_gradient

WHERE = "accumulated local effects"


def ale(
    f: Function,
    ds: xr.Dataset,
    variable: str,
    *,
    at: Mapping[str, Any] | None = None,
    over: str | Sequence[str] | None = None,
    of: str | int | None = None,
    by: str | xr.DataArray | None = None,
    bins: int | Sequence[float] | np.ndarray = 20,
    spacing: str = "quantile",
    gradient: bool = False,
    min_count: int = 2,
    bootstrap: int = 200,
    level: float = 0.95,
    blocks: str | xr.DataArray | None = None,
    seed: int = 0,
    units: str = "",
    dtype: Any = None,
    chunk: int | None = 4096,
    progress: Progress = None,
) -> xr.Dataset:
    """First-order accumulated local effect of one input [@apley2020; @gkolemis2023].

    A bin with fewer than `min_count` samples breaks the curve: there is no value inside it, and each piece is centred
    on its own samples, because how far the pieces lie apart cannot be known. The curve's mean over a piece's samples
    is zero: each sample's own place in its bin is evaluated, so that for an additive f the curve equals the component
    less its mean over the samples, to rounding, whatever the bins.

    Args:
        f: function of a dict of arrays without the dimensions `over`.
        ds: inputs as samples; a sample with a missing value is left out and counted.
        variable: the input that is varied.
        at: its cell, where it has further dimensions, such as {"lag": 3}.
        over: dimensions of samples; None for ``sample``, else all.
        of: output by name or index; None for all.
        by: coordinate along the samples whose labels each have a curve of their own, on the same bins.
        bins: how many, or their edges in the units of the variable.
        spacing: ``quantile`` or ``equal``.
        gradient: average the derivative over the samples of a bin, in place of differences between its edges.
        min_count: samples below which a bin counts as without data.
        bootstrap: resamples of the samples for the interval; 0 for none. f is not evaluated again.
        level: of the interval.
        blocks: coordinate along the samples whose labels are drawn as a whole (years, sites), where samples resemble
            their neighbours.
        seed: of the bootstrap.
        units: of the output.
        dtype: floats in which f is evaluated; those of the input where None.
        chunk: samples evaluated at once.
        progress: is told how many samples are done, for each of the passes.

    Returns:
        Dataset on the edges of the bins (dimension named as the variable, in its units): ``ale``, ``stderr``,
        ``lower``, ``upper`` and ``piece`` (-1 without data); on ``bin``: ``slope`` (mean effect per unit of the
        variable), ``count``, ``bin_lower``, ``bin_upper``; with the dimensions of groups and ``output`` in front.

    Raises:
        DataError: a variable that is unknown, categorical, constant or of several cells; no samples.
        ConfigError: bins, spacing or level that cannot be.
        ModelError: f is not finite, or cannot be differentiated.
    """
    check_interval(level, bootstrap, WHERE)
    found = rows.samples(ds, over, by, WHERE)
    cell = rows.feature(ds, found, variable, at, WHERE)
    values = np.asarray(cell.of(found.values), float)
    edges = rows.edges_of(values, bins, spacing, WHERE)
    place = rows.bin_of(values, edges)
    inside = np.flatnonzero(place >= 0)
    place, x = place[inside], values[inside]
    g = rows.chosen(f, of)
    dtype = rows.common_dtype(ds, dtype)
    with rows.precision(dtype):
        held = rows.cast({n: a[inside] for n, a in found.values.items()}, dtype)
        if gradient:
            slope = _slopes(g, held, cell, chunk, progress)
            effect = slope * np.diff(edges)[place][:, None]
            own = None
        else:
            low = rows.run(g, cell.put(held, edges[place]), chunk, progress)
            high = rows.run(g, cell.put(held, edges[place + 1]), chunk, progress)
            effect, own = high - low, rows.run(g, held, chunk, progress) - low
    share = (x - edges[place]) / np.diff(edges)[place]
    block = resampled_blocks(ds, blocks, found, WHERE)[inside]
    rng = np.random.default_rng(seed)
    labels = rows.group_labels(found.group)
    parts = []
    for label in labels:
        mine = np.arange(len(inside)) if label is None else np.flatnonzero(found.group[inside] == label)  # type: ignore[index]
        part = None if own is None else own[mine]
        sums = _Sums(place[mine], effect[mine], part, share[mine], block[mine], len(edges) - 1)
        parts.append(_curve_dataset(sums, edges, min_count, bootstrap, level, rng))
    group = group_name(by)
    joined: Any = parts[0] if by is None else xr.concat(parts, xr.DataArray(labels, dims=group, name=group))
    out = single_output(joined).rename(edge=variable)
    attrs = kept_attrs(cell.attrs)
    out = out.assign_coords({variable: (variable, edges, attrs)})
    out = out.assign_coords(bin_lower=("bin", edges[:-1], attrs), bin_upper=("bin", edges[1:], attrs))
    for name in ("ale", "stderr", "lower", "upper"):
        out[name].attrs["units"] = units
    out["ale"].attrs["long_name"] = "accumulated local effect"
    out["slope"].attrs["units"] = f"({units or 'output'}) / ({cell.attrs.get('units') or variable})"
    out["count"].attrs["long_name"] = "samples"
    return out.assign_attrs(
        variable=variable,
        cell=of_cell(cell),
        method="gradient" if gradient else "differences",
        samples=len(inside),
        left_out_missing=found.left_out,
        left_out_outside_bins=found.count - len(inside),
        bootstrap=bootstrap,
        level=level,
        seed=seed,
    )


class _Sums:
    """Sums of the effects in each bin, of all samples and of resamples of their blocks."""

    def __init__(
        self,
        place: np.ndarray,
        effect: np.ndarray,
        own: np.ndarray | None,
        share: np.ndarray,
        block: np.ndarray,
        bins: int,
    ) -> None:
        count, self.outputs = effect.shape
        self.bins = bins
        # Counts, positions inside the bin, effects and own effects beside one another: one product gives all sums.
        own = np.zeros((count, 0)) if own is None else own
        self.own = own.shape[1] > 0
        table = np.concatenate([np.ones((count, 1)), share[:, None], effect, own], axis=1)
        self.columns = table.shape[1]
        _, block = np.unique(block, return_inverse=True)
        self.blocks = int(block.max()) + 1 if count else 0
        at = place[:, None] * self.columns + np.arange(self.columns)
        self.table = sparse.csr_matrix(
            (table.ravel(), (np.repeat(block, self.columns), at.ravel())),
            shape=(self.blocks, bins * self.columns),
        )

    def all(self) -> np.ndarray:
        """Sums over all samples, (bin, column)."""
        return np.asarray(self.table.sum(axis=0)).reshape(self.bins, self.columns)

    def resampled(self, rng: np.random.Generator) -> np.ndarray:
        """Sums over as many blocks as there are, drawn with replacement, (bin, column)."""
        weight = np.bincount(rng.integers(self.blocks, size=self.blocks), minlength=self.blocks).astype(float)
        return np.asarray(self.table.T @ weight).reshape(self.bins, self.columns)

    def curve(self, sums: np.ndarray, whole: np.ndarray, present: np.ndarray) -> np.ndarray:
        """The centred curve on the edges, (edge, output); a bin that a resample left empty takes the whole's mean."""
        count, k = sums[:, 0], self.outputs
        mean = np.where(count[:, None] > 0, sums[:, 2 : 2 + k], whole[:, 2 : 2 + k])
        mean = mean / np.where(count > 0, count, np.maximum(whole[:, 0], 1.0))[:, None]
        own = sums[:, 2 + k :] if self.own else mean * sums[:, 1:2]
        out = np.full((self.bins + 1, k), np.nan)
        for first, last in pieces(present):
            level = np.concatenate([np.zeros((1, k)), np.cumsum(mean[first:last], axis=0)])
            n = count[first:last, None]
            centre = (n * level[:-1] + own[first:last]).sum(0) / max(float(n.sum()), 1.0)
            out[first : last + 1] = level - centre
        return out


def pieces(present: np.ndarray) -> list[tuple[int, int]]:
    """Runs of bins with data: first bin, and one past the last."""
    marked = np.concatenate([[False], present, [False]]).astype(int)
    turns = np.flatnonzero(np.diff(marked))
    return [(int(a), int(b)) for a, b in zip(turns[::2], turns[1::2], strict=True)]


def _curve_dataset(
    sums: _Sums, edges: np.ndarray, min_count: int, bootstrap: int, level: float, rng: np.random.Generator
) -> xr.Dataset:
    whole = sums.all()
    present = whole[:, 0] >= max(min_count, 1)
    curve = sums.curve(whole, whole, present)
    piece = np.full(len(edges), -1)
    for number, (first, last) in enumerate(pieces(present)):
        piece[first : last + 1] = number
    draws = np.full((max(bootstrap, 1), *curve.shape), np.nan)
    for b in range(bootstrap):
        draws[b] = sums.curve(sums.resampled(rng), whole, present)
    slope = whole[:, 2 : 2 + sums.outputs] / np.maximum(whole[:, :1], 1.0) / np.diff(edges)[:, None]
    slope[~present] = np.nan
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    stderr = draws.std(axis=0, ddof=1) if bootstrap > 1 else np.full_like(curve, np.nan)
    return xr.Dataset(
        {
            "ale": (("output", "edge"), curve.T),
            "stderr": (("output", "edge"), stderr.T),
            "lower": (("output", "edge"), low.T),
            "upper": (("output", "edge"), high.T),
            "piece": ("edge", piece),
            "slope": (("output", "bin"), slope.T),
            "count": ("bin", whole[:, 0].astype(int)),
        }
    )


def _slopes(
    f: Any, values: dict[str, np.ndarray], cell: rows.Feature, chunk: int | None, progress: Progress
) -> np.ndarray:
    needs_gradient(f, {cell.name: values[cell.name]}, "ale")
    return np.asarray(evaluate(Along(f, cell.name, cell.index), values, chunk, progress), float)
