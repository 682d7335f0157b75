"""A search over the cells of a cube, block by block, by the engine chosen."""

from __future__ import annotations

import json
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from data.errors import ConfigError, DataError

from .bootstrap import default_length, draw
from .chosen import Mask
from .cube import Cube
from .flags import Flag
from .links import MARK
from .multiple import benjamini_hochberg
from .settings import Settings
from .store import Store, digest_of

Progress = Callable[[int, int], None] | None
LOW, HIGH = 5.0, 95.0
"""Percentiles of values over replicates."""
TROUBLES = "troubles"
"""Name in a store of what went wrong in single cells."""


@dataclass(frozen=True)
class Task:
    """What is searched, and how.

    Attributes:
        settings: of the search.
        engine: ``jax`` or ``tigramite``.
        priors: assumed marks, ``(source, target, lag)``, or None.
        bootstrap: number of replicates.
        block_length: steps of a block of the bootstrap, or None for the cube root of the samples.
        seed: of the bootstrap.
        workers: processes of tigramite, or threads of the JAX engine.
        scheduler: ``processes``, or ``dask`` where the workers are those of its client.
    """

    settings: Settings
    engine: str
    priors: np.ndarray | None = None
    bootstrap: int = 0
    block_length: int | None = None
    seed: int = 0
    workers: int = 1
    scheduler: str = "processes"


@dataclass
class Results:
    """Arrays over all cells by name, links as ``(cell, source, target, lag)``; troubles of single cells."""

    parts: dict[str, np.ndarray]
    errors: list[str] = field(default_factory=list)


def tested_links(size: int, settings: Settings, priors: np.ndarray | None) -> np.ndarray:
    """Whether a link is one of the family that is corrected for many tests, ``(source, target, lag)``."""
    tested = np.zeros((size, size, settings.tau_max + 1), bool)
    least = settings.tau_min if settings.fdr_contemporaneous else max(1, settings.tau_min)
    tested[:, :, least:] = True
    tested[np.arange(size), np.arange(size), 0] = False
    return tested if priors is None else tested & (priors != "") & ~np.isin(priors, ("<--", "<?-"))


def search(
    cube: Cube, mask: Mask, task: Task, store: Store | None = None, progress: Progress = None
) -> Results:
    """Search every cell of a cube.

    Args:
        cube: the cells.
        mask: what is left out of them.
        task: what to do.
        store: where finished blocks are kept, or None.
        progress: is told how many cells are done, and of how many.
    """
    step = _block_size(cube, task)
    merged: dict[str, np.ndarray] = {}
    errors: list[str] = []
    done = 0

    def one(number: int) -> tuple[int, dict[str, np.ndarray], list[str]]:
        first = number * step
        last = min(first + step, cube.cells)
        values, out = cube.block(first, last), mask.block(first, last)
        finite(values, cube, np.arange(first, last))
        digest = digest_of(values, out) if store is not None else ""
        parts = store.load(number, digest) if store is not None else None
        troubles: list[str] = []
        if parts is None:
            parts, troubles = _block(values, out, task, cube, first, progress)
            if store is not None:
                store.save(number, digest, parts | {TROUBLES: np.array(troubles, str)})
        elif TROUBLES in parts:
            troubles = parts.pop(TROUBLES).tolist()
        return first, parts, troubles

    for first, parts, troubles in _in_turn(one, -(-cube.cells // step), task):
        errors += troubles
        for name, part in parts.items():
            if name not in merged:
                merged[name] = np.zeros((cube.cells, *part.shape[1:]), part.dtype)
            merged[name][first : first + part.shape[0]] = part
        done += parts["flag"].shape[0]
        if progress is not None:
            progress(done, cube.cells)
    return Results(merged, errors)


def _in_turn(work: Callable[[int], Any], number: int, task: Task) -> Iterator[Any]:
    """Do blocks one after another, or some at a time in threads: compiled code and sorts let others run meanwhile."""
    if task.engine == "tigramite" or task.workers == 1 or number == 1:
        yield from map(work, range(number))
        return
    with ThreadPoolExecutor(task.workers) as pool:
        waiting: deque[Future[Any]] = deque()
        try:
            for k in range(number):
                waiting.append(pool.submit(work, k))
                if len(waiting) > task.workers:  # no more results are held than are being made
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BaseException:
            for future in waiting:
                future.cancel()
            raise


def _block_size(cube: Cube, task: Task) -> int:
    """Cells of a block: as many as fit in the engine's memory."""
    if task.engine == "tigramite":
        return 64 * max(1, task.workers)
    from .engines.jax_engine import cells_at_once

    return min(
        cells_at_once(len(cube.names), task.settings.tau_max), max(1, (256 << 20) // (cube.length * 8))
    )


def finite(values: np.ndarray, cube: Cube, numbers: np.ndarray) -> None:
    """Raise DataError where a value is infinite; ``numbers`` are those of the cells."""
    if np.isinf(values).any():
        row, step, variable = (int(n) for n in np.argwhere(np.isinf(values))[0])
        place = np.unravel_index(int(numbers[row]), cube.shape) if cube.dims else ()
        where = [f"{dim} {_at(cube, dim, int(at))}" for dim, at in zip(cube.dims, place, strict=True)]
        raise DataError(
            f"the variable '{cube.names[variable]}' is infinite",
            ", ".join([*where, f"time {cube.time[step]}"]),
            "set it to missing (NaN) or mend it",
        )


def _at(cube: Cube, dim: str, at: int) -> str:
    """A place along a dimension, by its coordinate where it has one."""
    coord = cube.coords.get(dim)
    return str(at) if coord is None or coord.dims != (dim,) else str(coord.values[at])


def _block(
    values: np.ndarray, out: np.ndarray | None, task: Task, cube: Cube, first: int, progress: Progress
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Search the cells of one block."""
    settings = task.settings
    if task.engine == "tigramite":
        return _by_tigramite(values, out, task, cube, first, progress)
    from .engines.jax_engine import oriented, run_cells

    # Where a variable has no value, its links are nothing; zeros stand for it, so that the rest can be searched.
    empty = np.logical_not(np.any(np.isfinite(values), axis=1))
    filled = np.where(empty[:, None, :], 0.0, values)
    found = run_cells(filled, settings, mask=out, priors=task.priors)
    flags = found.flags | np.where(np.any(empty, axis=1), int(Flag.EMPTY | Flag.MISSING), 0)
    flags = np.where(np.any(empty, axis=1), flags & ~int(Flag.CONSTANT), flags)
    q = _adjusted(found.links.p, settings, task.priors)
    links = found.links
    if settings.method == "pcmci":
        links = oriented(links, settings, task.priors, q if settings.fdr == "graph" else None)
    parts = {
        "graph": links.graph,
        "val": links.val,
        "p": links.p,
        "q": q,
        "flag": flags.astype(np.int16),
        "samples": _samples(values, out, settings),
    }
    if task.bootstrap:
        parts |= _replicates(filled, out, task, links.graph, first)
    return parts, []


def _samples(
    values: np.ndarray, out: np.ndarray | None, settings: Settings, period: int | None = None
) -> np.ndarray:
    """Samples of the variable that has fewest, from ``2 tau_max`` on (of every member's ``period``), ``(cell,)``."""
    present = np.isfinite(values)
    if out is not None and "y" in settings.mask_type:
        present &= ~out
    step = np.arange(values.shape[1]) % (period or values.shape[1])
    return present[:, step >= 2 * settings.tau_max].sum(1).min(1).astype(np.int32)


def _as_one(values: np.ndarray, out: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Members of a panel one after another, as one cell."""
    shape = (1, -1, values.shape[2])
    return values.reshape(shape), None if out is None else out.reshape(shape)


def _adjusted(p: np.ndarray, settings: Settings, priors: np.ndarray | None) -> np.ndarray:
    """Benjamini-Hochberg within each graph."""
    tested = tested_links(p.shape[1], settings, priors)
    return benjamini_hochberg(p.reshape(p.shape[0], -1), tested.reshape(-1)).reshape(p.shape)


def _replicates(
    values: np.ndarray, out: np.ndarray | None, task: Task, graph: np.ndarray, first: int
) -> dict[str, np.ndarray]:
    """Search replicates of every cell of a block, and count how often each mark comes back."""
    from .engines.jax_engine import cells_at_once, oriented, run_cells

    settings, cells = task.settings, values.shape[0]
    start, length = 2 * settings.tau_max, values.shape[1]
    block = task.block_length or default_length(length - start)
    shape = (cells, *graph.shape[1:])
    same, present = np.zeros(shape), np.zeros(shape)
    low, high = np.zeros(shape), np.zeros(shape)
    room = cells_at_once(values.shape[2], settings.tau_max)
    group = max(1, room // task.bootstrap)
    for one in range(0, cells, group):
        some = np.arange(one, min(one + group, cells))
        times = np.stack(
            [draw(task.seed, first + int(c), task.bootstrap, start, length, block) for c in some]
        )
        vals = np.empty((some.size, task.bootstrap, *graph.shape[1:]))
        step = max(1, room // some.size)
        for r in range(0, task.bootstrap, step):
            drawn = times[:, r : r + step]
            each = np.repeat(some, drawn.shape[1])
            found = run_cells(
                values[each],
                settings,
                mask=None if out is None else out[each],
                priors=task.priors,
                times=drawn.reshape(each.size, -1),
            )
            links = found.links
            if settings.method == "pcmci":
                q = _adjusted(links.p, settings, task.priors) if settings.fdr == "graph" else None
                links = oriented(links, settings, task.priors, q)
            marks = links.graph.reshape(some.size, -1, *graph.shape[1:])
            same[some] += (marks == graph[some][:, None]).sum(1)
            present[some] += (marks != "").sum(1)
            vals[:, r : r + drawn.shape[1]] = links.val.reshape(marks.shape)
        low[some], high[some] = np.percentile(vals, [LOW, HIGH], axis=1)
    return {
        "frequency": same / task.bootstrap,
        "presence": present / task.bootstrap,
        "val_low": low,
        "val_high": high,
    }


def _by_tigramite(
    values: np.ndarray, out: np.ndarray | None, task: Task, cube: Cube, first: int, progress: Progress
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Search the cells of one block with tigramite."""
    from .engines import tigramite_engine

    settings = task.settings

    def tell(done: int, _: int) -> None:
        if progress is not None:
            progress(min(first + done, cube.cells), cube.cells)

    usable = np.all(np.any(np.isfinite(values), axis=1), axis=1)
    if settings.method == "rpcmci":
        return _regimes(values, task, cube, first, tell)
    size, lags = values.shape[2], settings.tau_max + 1
    shape = (values.shape[0], size, size, lags)
    parts = {
        "graph": np.zeros(shape, MARK),
        "val": np.zeros(shape),
        "p": np.ones(shape),
        "q": np.ones(shape),
        "flag": np.where(np.isnan(values).any(axis=(1, 2)), int(Flag.MISSING), 0).astype(np.int16),
        "samples": np.zeros(values.shape[0], np.int32),
    }
    parts["flag"][~usable] |= int(Flag.EMPTY)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a variable without any value has no least
        still = (np.nanmax(values, axis=1) == np.nanmin(values, axis=1)).any(1)
    parts["flag"][still] |= int(Flag.CONSTANT)
    errors: list[str] = []
    if usable.any():
        found = tigramite_engine.run_cells(
            values[usable],
            settings,
            names=cube.names,
            mask=None if out is None else out[usable],
            priors=task.priors,
            workers=task.workers,
            scheduler=task.scheduler,
            progress=tell,
            first=first,
        )
        failed = np.array([bool(e) for e in found.errors])
        errors = [e for e in found.errors if e]
        p = np.where(np.isfinite(found.p), found.p, 1.0)
        parts["val"][usable] = np.where(np.isfinite(found.val), found.val, 0.0)
        parts["p"][usable], parts["samples"][usable] = p, found.n
        q = _adjusted(p, settings, task.priors)
        parts["q"][usable] = q
        parts["graph"][usable] = found.graph
        if settings.method == "pcmci" and settings.fdr == "graph":
            parts["graph"][usable] = np.where(q <= settings.alpha, found.graph, "")
        if failed.any():
            parts["flag"][np.flatnonzero(usable)[failed]] |= int(Flag.FAILED)
    return parts, errors


def _regimes(
    values: np.ndarray, task: Task, cube: Cube, first: int, tell: Callable[[int, int], None]
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Search regimes and their links with RPCMCI."""
    from .engines import tigramite_engine

    found = tigramite_engine.run_regimes(
        values,
        task.settings,
        names=cube.names,
        workers=task.workers,
        scheduler=task.scheduler,
        progress=tell,
        first=first,
    )
    stack = {
        name: np.stack([getattr(links, name) for links in found.links], axis=1)
        for name in ("graph", "val", "p", "n")
    }
    p = np.where(np.isfinite(stack["p"]), stack["p"], 1.0)
    flat = p.reshape(-1, *p.shape[2:])
    failed = np.array([bool(e) for e in found.errors])
    parts = {
        "graph": stack["graph"],
        "val": np.where(np.isfinite(stack["val"]), stack["val"], 0.0),
        "p": p,
        "q": _adjusted(flat, task.settings, None).reshape(p.shape),
        "flag": np.where(failed, int(Flag.FAILED), 0).astype(np.int16),
        "samples": stack["n"].astype(np.int32),
        "regimes": found.regimes.astype(np.int16),
    }
    return parts, [e for e in found.errors if e]


def search_panel(
    values: np.ndarray,
    out: np.ndarray | None,
    task: Task,
    names: tuple[str, ...],
    contexts: dict[str, np.ndarray],
    dummies: tuple[str, ...],
) -> tuple[dict[str, np.ndarray], tuple[str, ...], str]:
    """Find one graph for all members of a panel.

    Args:
        values: ``(member, time, variable)``.
        out: what is left out, same shape, or None.
        task: what to do.
        names: the variables.
        contexts: variables that drive the system and are not driven by it, by name.
        dummies: ``space`` and ``time`` for contexts that nobody measured.

    Returns:
        Arrays of one cell, the names of its variables (contexts last), and what depends on which dummy as JSON.
    """
    settings = task.settings
    if task.engine == "jax":
        from .engines.jax_engine import oriented, run_panel

        found = run_panel(values, settings, mask=out, priors=task.priors)
        links, q = found.links, _adjusted(found.links.p, settings, task.priors)
        if settings.method == "pcmci":
            links = oriented(links, settings, task.priors, q if settings.fdr == "graph" else None)
        parts = {
            "graph": links.graph,
            "val": links.val,
            "p": links.p,
            "q": q,
            "flag": found.flags.astype(np.int16),
            "samples": _samples(*_as_one(values, out), settings, values.shape[1]),
        }
        if task.bootstrap:
            parts |= _panel_replicates(values, out, task, links.graph)
        return parts, names, "{}"
    from .engines import tigramite_engine

    if task.bootstrap:
        raise ConfigError("the bootstrap runs on the engine 'jax' alone", "bootstrap", "set bootstrap to 0")
    panel = tigramite_engine.run_panel(
        values,
        settings,
        names=names,
        mask=out,
        priors=task.priors,
        contexts=contexts,
        space_dummy="space" in dummies,
        time_dummy="time" in dummies,
        workers=task.workers,
    )
    p = np.where(np.isfinite(panel.p), panel.p, 1.0)
    parts = {
        "graph": panel.graph,
        "val": np.where(np.isfinite(panel.val), panel.val, 0.0),
        "p": p,
        "q": _adjusted(p, settings, None),
        "flag": np.array([int(Flag.MISSING) if np.isnan(values).any() else 0], np.int16),
        "samples": panel.n.astype(np.int32),
    }
    return parts, tuple(panel.names), json.dumps({k: list(v) for k, v in panel.dummies.items()})


def _panel_replicates(
    values: np.ndarray, out: np.ndarray | None, task: Task, graph: np.ndarray
) -> dict[str, np.ndarray]:
    """Search replicates of a panel: blocks of time are drawn for every member on its own."""
    from .engines.jax_engine import oriented, run_panel

    settings = task.settings
    start, length = 2 * settings.tau_max, values.shape[1]
    block = task.block_length or default_length(length - start)
    times = np.stack(
        [draw(task.seed, m, task.bootstrap, start, length, block) for m in range(values.shape[0])], axis=1
    )
    same, present, vals = np.zeros(graph.shape), np.zeros(graph.shape), []
    for drawn in times:
        found = run_panel(values, settings, mask=out, priors=task.priors, times=drawn)
        links = found.links
        if settings.method == "pcmci":
            q = _adjusted(links.p, settings, task.priors) if settings.fdr == "graph" else None
            links = oriented(links, settings, task.priors, q)
        same += links.graph == graph
        present += links.graph != ""
        vals.append(links.val)
    low, high = np.percentile(np.stack(vals), [LOW, HIGH], axis=0)
    return {
        "frequency": same / task.bootstrap,
        "presence": present / task.bootstrap,
        "val_low": low,
        "val_high": high,
    }
