"""Games on a Dataset: Shapley values of groups of cells, or of single cells, for every sample."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import xarray as xr

from data.errors import ConfigError

from .celled import Arrays, Task
from .explained import Explained
from .function import Progress
from .grouped import grouped_shapley
from .occlusion import occlusion
from .players import Players, per_cell
from .players import players as players_of

KINDS = {"exact_shapley": "exact", "permutation_shap": "permutation", "kernel_shap": "kernel"}
HELD = 2**20
"""Numbers of the input that samples of one game together have at most."""


def chosen_players(
    ds: xr.Dataset, groups: Any, over: tuple[str, ...], mask: xr.DataArray | None, free: Arrays
) -> Players:
    """The groups asked for, or each cell for itself, without the cells that no sample is free in."""
    if groups is not None:
        return players_of(ds, groups, over=over, mask=mask)
    every = per_cell({n: v[0] for n, v in free.items()})
    known = {n: v.any(axis=0) for n, v in free.items()}
    kept = np.unique(np.concatenate([every.ids[n][k] for n, k in known.items()]))
    ids = {n: np.where(k, np.searchsorted(kept, every.ids[n]), -1).astype(np.int32) for n, k in known.items()}
    names = tuple(every.names[i] for i in kept)
    return Players(names, ids, {"cell": names})


def by_groups(
    task: Task,
    x: Arrays,
    against: Arrays,
    free: Arrays,
    rows: bool,
    players: Players,
    progress: Progress,
) -> Explained:
    """Attribution of every sample to the players.

    Args:
        task: what is computed.
        x: inputs (sample, *leaf).
        against: baselines (sample, *leaf), or a background (row, *leaf) where `rows`.
        free: cells that may be moved, like `x`; others are those of `x` in every coalition.
        rows: whether `against` is a background.
        players: groups of cells, ids without the axis of samples.
        progress: is told how many samples are done.

    Returns:
        Explained with attributions (sample, *out, player).

    Raises:
        ConfigError: a method that has no players.
    """
    if task.method not in KINDS and task.method != "occlusion":
        raise ConfigError(
            f"{task.method} attributes to cells and not to groups",
            "groups",
            f"choose {', '.join(KINDS)} or occlusion, whose players are groups; a sum over cells is not their game",
        )
    count = len(next(iter(x.values())))
    together = max(1, min(count, HELD // sum(v[0].size for v in x.values())))
    parts = []
    for first in range(0, count, together):
        part = slice(first, min(first + together, count))
        parts.append(_chunk(task, x, against, free, rows, players, part))
        if progress is not None:
            progress(part.stop, count)
    return jax.tree.map(lambda *a: np.concatenate(a), *parts)


def _chunk(
    task: Task, x: Arrays, against: Arrays, free: Arrays, rows: bool, players: Players, part: slice
) -> Explained:
    some = {n: v[part] for n, v in x.items()}
    may = {n: v[part] for n, v in free.items()}
    if rows:
        base = {n: v[:, None] for n, v in against.items()}
        whole = all(bool(m.all()) for m in may.values())
        base = (
            against if whole else {n: np.where(may[n], base[n], some[n]).astype(some[n].dtype) for n in some}
        )
    else:
        base = {n: np.where(may[n], v[part], some[n]).astype(some[n].dtype) for n, v in against.items()}
    options: dict[str, Any] = dict(task.options)
    if task.method == "occlusion":
        if rows:
            raise ConfigError("occlusion counts from one baseline", "baseline", "choose 'mean' or 'zero'")
        return _occluded(task, some, base, players)
    with_key = {} if task.method == "exact_shapley" else {"key": jr.key(task.seed)}
    given = {"background": base} if rows else {"baseline": base}
    return grouped_shapley(
        task.f,
        some,
        players=players,
        method=KINDS[task.method],
        samples=True,
        chunk=task.chunk,
        **given,
        **with_key,
        **options,
    )


def _occluded(task: Task, x: Arrays, base: Arrays, players: Players) -> Explained:
    from .celled import together

    each, _ = together(task.f, x, {n: np.ones(v.shape, bool) for n, v in x.items()})
    ids = {n: np.broadcast_to(players.ids[n], v.shape) for n, v in x.items()}
    found = occlusion(each, x, baseline=base, ids=ids, chunk=task.chunk)
    base_value = jnp.asarray(found.base_value)
    gap = found.prediction - base_value - found.attribution.sum(axis=-1)
    return Explained(found.attribution, found.stderr, base_value, found.prediction, gap)


def labelled(
    found: Explained, players: Players, over: tuple[str, ...], ds: xr.Dataset, outputs: tuple[str, ...] | None
) -> dict[str, xr.DataArray]:
    """``attribution`` and ``stderr`` over (*over, output, player), with each partition as a coordinate."""
    dims = [*over, *([] if outputs is None else ["output"]), "player"]
    shape = [ds.sizes[d] for d in over] + ([] if outputs is None else [len(outputs)]) + [len(players)]
    coords: dict[Any, Any] = {c: v for c, v in ds.coords.items() if set(v.dims) <= set(over)}
    if outputs is not None:
        coords["output"] = list(outputs)
    coords["player"] = list(players.names)
    coords |= {n: ("player", list(labels)) for n, labels in players.coords.items() if n != "cell"}
    return {
        name: xr.DataArray(np.asarray(getattr(found, name)).reshape(shape), coords, dims)
        for name in ("attribution", "stderr")
    }


def celled(found: Explained, players: Players) -> Explained:
    """Attributions of single cells put back into arrays like the input, (sample, *out, *leaf); others are 0."""

    def back(values: Any) -> dict[str, np.ndarray]:
        held = np.asarray(values)
        padded = np.concatenate([held, np.zeros((*held.shape[:-1], 1), held.dtype)], axis=-1)
        return {n: padded[..., i] for n, i in players.ids.items()}

    return Explained(
        back(found.attribution), back(found.stderr), found.base_value, found.prediction, found.efficiency_gap
    )
