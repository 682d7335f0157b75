"""Players of a game named by coordinates: groups of cells by variable, season, region, lag or selection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import xarray as xr
from jaxtyping import PyTree

from data.errors import ConfigError, DataError, counted, listing

from .partitions import UNDIVIDED, Partition, partition


@dataclass(frozen=True)
class Players:
    """Groups of cells that enter or leave together.

    Attributes:
        names: name of each player ("JJA, pr").
        ids: like the input: number of the player each cell belongs to, -1 for cells that stay as they are.
        coords: label of each player in each partition, for coordinates along ``player``.
    """

    names: tuple[str, ...]
    ids: PyTree
    coords: dict[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.names)


def players(
    ds: xr.Dataset | xr.DataArray,
    groups: Any,
    *,
    over: str | Sequence[str] = (),
    mask: xr.DataArray | None = None,
    rest: str = "error",
    time: str | None = None,
    at: Any = None,
) -> Players:
    """Groups of cells from partitions of the input, which are crossed.

    Args:
        ds: the input.
        groups: one partition or a list of them: ``"variable"``, ``"season"`` (DJF, MAM, JJA, SON over all years),
            ``"month"``, ``"year"``; ``{"season": [[12, 1, 2], ...]}`` or with labels ``{"season": {"wet": [11, 12]}}``
            by months; ``{"region": labels}`` with a DataArray of labels (missing: in no region);
            ``{"lag": [(0, 30), (31, 90)]}`` in steps before the last one or before `at`, both ends included;
            ``{"name": {label: {dimension: slice or list}}}`` by coordinates (by positions where a dimension has none;
            the dimension ``variable`` holds names). A mapping with several entries is crossed too. A variable without
            the dimensions of a partition is not divided by it.
        over: dimensions of samples, along which all cells have the same player.
        mask: truth values; cells where it is False, or that are missing in all samples, are in no group.
        rest: what happens to cells in no group: ``error``, or ``fixed`` to leave them as they are.
        time: dimension of time; found from its dates by default.
        at: step that lags count back from, as a position or a label; the last by default.

    Returns:
        Players in the order of the partitions, the first slowest; crossings without a cell are left out.

    Raises:
        ConfigError: groups that cannot be understood, overlap, leave cells out or are empty.
        DataError: unknown variables, dimensions or labels, or a group whose cells are all masked.
    """
    if isinstance(ds, xr.DataArray):
        ds = ds.to_dataset(name=ds.name or "input")
    over = (over,) if isinstance(over, str) else tuple(over)
    if rest not in ("error", "fixed"):
        raise ConfigError(f"rest={rest!r} is unknown", "players", "choose 'error' or 'fixed'")
    parts = [partition(ds, name, spec, over, time, at) for name, spec in _listed(groups)]
    names = [p.name for p in parts]
    if len(set(names)) < len(names):
        raise ConfigError(f"a partition is given twice in {listing(names)}", "groups", "give each once")
    known = _known(ds, over, mask)
    for part in parts:
        _check(part, known, rest)
    codes, strides = {}, np.array([len(p.labels) + 1 for p in parts])
    for variable, there in known.items():
        stacked = [np.broadcast_to(p.codes[variable], there.shape) for p in parts]
        inside = there & np.all([c >= 0 for c in stacked], axis=0)
        codes[variable] = np.where(
            inside, np.ravel_multi_index([np.maximum(c, 0) for c in stacked], strides), -1
        )
    used = np.unique(np.concatenate([c.ravel() for c in codes.values()]))
    used = used[used >= 0]
    if not len(used):
        raise DataError("no cell is in a group", "players", "widen the mask or the groups")
    ids = {n: np.where(c >= 0, np.searchsorted(used, c), -1).astype(np.int32) for n, c in codes.items()}
    where = np.unravel_index(used, strides)
    coords = {
        p.name: tuple([*p.labels, UNDIVIDED][i] for i in index) for p, index in zip(parts, where, strict=True)
    }
    return Players(tuple(_named(labels) for labels in zip(*coords.values(), strict=True)), ids, coords)


def per_cell(x: PyTree) -> Players:
    """Players of any pytree, each cell for itself.

    Args:
        x: the input, leaves of any shape.
    """
    leaves, tree = jax.tree.flatten(x)
    paths = [jax.tree_util.keystr(path).strip("[]'\".") for path, _ in jax.tree_util.tree_leaves_with_path(x)]
    ids, names, first = [], [], 0
    for path, leaf in zip(paths, leaves, strict=True):
        shape = np.shape(leaf)
        size = int(np.prod(shape))
        ids.append(np.arange(first, first + size, dtype=np.int32).reshape(shape))
        for index in np.ndindex(shape):
            names.append(path + (f"[{', '.join(map(str, index))}]" if index else ""))
        first += size
    return Players(tuple(names), jax.tree.unflatten(tree, ids), {"cell": tuple(names)})


def _listed(groups: Any) -> list[tuple[str, Any]]:
    """(name, specification) of each partition."""
    several = [groups] if isinstance(groups, (str, Mapping)) else groups
    if not isinstance(several, (list, tuple)) or not len(several):
        raise ConfigError(
            f"groups of type {type(groups).__name__} cannot be read",
            "groups",
            "give 'variable', 'season' or a mapping, or a list of them",
        )
    found: list[tuple[str, Any]] = []
    for one in several:
        if isinstance(one, str):
            found.append((one, None))
        elif isinstance(one, Mapping) and one:
            found += [(str(n), s) for n, s in one.items()]
        else:
            raise ConfigError(f"the partition {one!r} cannot be read", "groups", "give a name or a mapping")
    return found


def _known(ds: xr.Dataset, over: tuple[str, ...], mask: xr.DataArray | None) -> dict[str, np.ndarray]:
    """Cells of each variable, without dimensions of samples, that are known in some sample and not masked."""
    if mask is not None and mask.dtype != bool:
        raise DataError(
            f"the mask is of type {mask.dtype}", "mask", "give truth values, True where cells count"
        )
    found = {}
    for name, item in ds.data_vars.items():
        there = item.notnull()
        if mask is not None and set(mask.dims) <= set(item.dims):
            if any(mask.sizes[d] != item.sizes[d] for d in mask.dims):
                raise DataError(
                    f"the mask's shape {dict(mask.sizes)} is not that of {name!r}",
                    "mask",
                    "give it on dimensions of the input",
                )
            there = there & mask.drop_vars(list(mask.coords))
        there = there.transpose(*item.dims).any([d for d in item.dims if d in over])
        found[str(name)] = np.asarray(there.values)
    return found


def _check(part: Partition, known: Mapping[str, np.ndarray], rest: str) -> None:
    """Raise where a label has no cell, none that is known, or where cells have no label."""
    for number, label in enumerate(part.labels):
        cells = {n: np.broadcast_to(part.codes[n] == number, k.shape) for n, k in known.items()}
        if not any(c.any() for c in cells.values()):
            raise ConfigError(
                f"the group {label!r} has no cell", f"groups, {part.name!r}", "leave it out or widen it"
            )
        if not any((c & known[n]).any() for n, c in cells.items()):
            raise DataError(
                f"all cells of the group {label!r} are masked or missing",
                f"groups, {part.name!r}",
                "leave it out or widen the mask",
            )
    if rest == "fixed":
        return
    for name, there in known.items():
        out = there & np.broadcast_to(part.codes[name] < 0, there.shape)
        if out.any():
            first = tuple(int(i) for i in np.argwhere(out)[0])
            raise ConfigError(
                f"{counted(int(out.sum()), 'cell')} of {name!r} are in no group",
                f"groups, {part.name!r}, first at index {first}",
                "add a group for them, or keep them as they are with rest='fixed'",
            )


def _named(labels: tuple[str, ...]) -> str:
    return ", ".join(n for n in labels if n != UNDIVIDED) or UNDIVIDED
