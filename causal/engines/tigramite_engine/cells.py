"""Searches of many cells, each alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from data.errors import ConfigError

from ...links import MARK
from ...settings import Settings
from .capabilities import check
from .found import Found, Regimes
from .pool import run_chunks
from .single import (
    SEED,
    make_frame,
    make_test,
    method_arguments,
    method_class,
    quiet,
    sentence,
    split_options,
    tidy,
)

Progress = Callable[[int, int], None] | None


@dataclass
class Outcome:
    """Links of one cell, ``(regime, source, target, lag)``, its samples, its trouble and the regime of each time."""

    graph: np.ndarray
    val: np.ndarray
    p: np.ndarray
    n: int
    error: str
    regimes: np.ndarray | None = None


@dataclass(frozen=True)
class Chunk:
    """Cells that one process searches in turn; ``first`` is the number of the first."""

    values: np.ndarray
    mask: np.ndarray | None
    settings: Settings
    names: tuple[str, ...]
    priors: np.ndarray | None
    first: int


def run_cells(
    values: np.ndarray,
    settings: Settings,
    *,
    names: Sequence[str],
    mask: np.ndarray | None = None,
    priors: np.ndarray | None = None,
    workers: int = 1,
    progress: Progress = None,
    scheduler: str = "processes",
    first: int = 0,
) -> Found:
    """Search the links of every cell with tigramite.

    The p-values are those of the single tests: corrections for many tests are left to the caller, so that marks of
    PCMCI follow ``p <= alpha`` (PCMCI+ and LPCMCI decide by ``pc_alpha``, as in tigramite).

    Args:
        values: NaN where missing, ``(cell, time, variable)``.
        settings: of the search; not ``rpcmci`` (see `run_regimes`) nor ``j-pcmci+`` (see `run_panel`).
        names: of the variables.
        mask: True where left out, same shape, or None.
        priors: assumed marks of `causal.priors.Priors.to_array`, or None.
        workers: processes; results do not depend on it.
        progress: is told how many cells are done, and of how many.
        scheduler: ``processes``, or ``dask`` for the client that is active.
        first: number of the first cell in the whole: cells draw their shuffles by number, so that a cube searched in
            parts gives the same.

    Returns:
        Marks, values, p-values, samples and troubles of each cell; a cell that fails does not stop the others.

    Raises:
        ConfigError: where a setting is not possible (see `check`).
        DataError: where data do not fit.
        RunError: where worker processes die.
    """
    if settings.method in ("rpcmci", "j-pcmci+"):
        other = "run_regimes" if settings.method == "rpcmci" else "run_panel"
        raise ConfigError(
            f"the method '{settings.method}' does not give one graph per cell", "method", f"use {other}"
        )
    done = _search(values, settings, names, mask, priors, workers, progress, scheduler, first)
    return _stack(done, 0)


def run_regimes(
    values: np.ndarray,
    settings: Settings,
    *,
    names: Sequence[str],
    workers: int = 1,
    progress: Progress = None,
    scheduler: str = "processes",
    first: int = 0,
) -> Regimes:
    """Part the time of every cell into regimes and search the links of each (RPCMCI, [@saggioro2020]).

    The options ``num_regimes`` and ``max_transitions`` must be given. Regimes are numbered as tigramite does, in no
    order that means anything; the first ``tau_max`` times take the regime of what follows. The method takes no masks,
    no gaps and no priors.

    Args:
        values: complete, ``(cell, time, variable)``.
        settings: of the search, with method ``rpcmci``.
        names: of the variables.
        workers: processes; results do not depend on it.
        progress: is told how many cells are done, and of how many.
        scheduler: ``processes``, or ``dask`` for the client that is active.
        first: number of the first cell in the whole.

    Returns:
        Links of every regime, the regime of each time, and troubles; ``n`` counts the times of a regime.

    Raises:
        ConfigError: where a setting is not possible.
        DataError: where data do not fit.
        RunError: where worker processes die.
    """
    if settings.method != "rpcmci":
        raise ConfigError(f"the method '{settings.method}' knows no regimes", "method", "choose rpcmci")
    for name, least in (("num_regimes", 1), ("max_transitions", 0)):
        given = settings.options.get(name)
        if isinstance(given, bool) or not isinstance(given, int) or given < least:
            raise ConfigError(
                f"RPCMCI needs the option '{name}', a whole number from {least} on",
                "options",
                "give, say, num_regimes 2 and as max_transitions how often one regime may begin or end",
            )
    done = _search(values, settings, names, None, None, workers, progress, scheduler, first)
    times = values.shape[1]
    series = np.array([np.full(times, -1) if o.regimes is None else o.regimes for o in done])
    parts = [_stack(done, k) for k in range(settings.options["num_regimes"])]
    for k, part in enumerate(parts):
        part.n = (series[:, 2 * settings.tau_max :] == k).sum(1)
    return Regimes(parts, series.reshape(len(done), times), [o.error for o in done])


def _search(values, settings, names, mask, priors, workers, progress, scheduler, first) -> list[Outcome]:
    """Check, part into chunks, search, and put the cells in order again."""
    values = np.asarray(values, float)
    names = tuple(str(name) for name in names)
    check(settings, values, names, mask, priors)
    split_options(settings)
    size = max(1, min(32, -(-len(values) // (4 * max(workers, 1)))))
    chunks = [
        Chunk(
            values[k : k + size],
            None if mask is None else mask[k : k + size],
            settings,
            names,
            priors,
            first + k,
        )
        for k in range(0, len(values), size)
    ]
    return run_chunks(search_chunk, chunks, [len(c.values) for c in chunks], workers, scheduler, progress)


def search_chunk(chunk: Chunk, tell: Callable[[], None] | None = None) -> list[Outcome]:
    """Search the cells of a chunk in turn, linear algebra on one thread."""
    found = []
    with threadpool_limits(1):
        for k, cell in enumerate(chunk.values):
            mask = None if chunk.mask is None else chunk.mask[k]
            found.append(_cell(cell, mask, chunk, chunk.first + k))
            if tell is not None:
                tell()
    return found


def _cell(values: np.ndarray, mask: np.ndarray | None, chunk: Chunk, number: int) -> Outcome:
    """Search one cell; whatever goes wrong in it stays in it."""
    settings = chunk.settings
    regimes = settings.options["num_regimes"] if settings.method == "rpcmci" else 1
    try:
        with quiet():
            frame = make_frame(settings, values, chunk.names, mask)
            test = make_test(settings, number, mask is not None)
            method, runs = method_class(settings)
            if settings.method == "rpcmci":
                return _regimes(frame, test, settings, number)
            result = getattr(method(dataframe=frame, cond_ind_test=test, verbosity=0), runs)(
                **method_arguments(settings, chunk.priors)
            )
        graph, val, p, error = tidy(result, settings)
        return Outcome(graph[None], val[None], p[None], samples(values, mask, settings), error)
    except Exception as error:  # a cell that fails must not kill the others
        shape = (regimes, *(2 * (values.shape[1],)), settings.tau_max + 1)
        return Outcome(np.zeros(shape, MARK), np.zeros(shape), np.ones(shape), 0, sentence(error, settings))


def _regimes(frame, test, settings: Settings, number: int) -> Outcome:
    """Search one cell by RPCMCI."""
    method, runs = method_class(settings)
    of_class = split_options(settings)[1]
    of_class["seed"] = of_class.get("seed", SEED) + number
    search = method(dataframe=frame, cond_ind_test=test, verbosity=-1, **of_class)
    result = getattr(search, runs)(n_jobs=1, **method_arguments(settings, None))
    if result is None:
        raise ConfigError(
            "no annealing of RPCMCI converged",
            "regimes",
            "give fewer regimes, more transitions or max_anneal",
        )
    parts = [tidy(result["causal_results"][k], settings) for k in range(settings.options["num_regimes"])]
    graph, val, p = (np.stack([part[k] for part in parts]) for k in range(3))
    told = "; ".join(part[3] for part in parts if part[3])
    return Outcome(graph, val, p, 1, told, np.argmax(result["regimes"], axis=0))


def samples(values: np.ndarray, mask: np.ndarray | None, settings: Settings) -> int:
    """Samples of the target that has fewest: from ``2 tau_max`` on, present and (where asked) not masked."""
    present = ~np.isnan(values)
    if mask is not None and "y" in settings.mask_type:
        present &= ~mask
    late = present[..., 2 * settings.tau_max :, :]
    return int(late.reshape(-1, late.shape[-1]).sum(0).min())


def _stack(done: list[Outcome], regime: int) -> Found:
    """Put cells side by side."""
    return Found(
        np.stack([o.graph[regime] for o in done]),
        np.stack([o.val[regime] for o in done]),
        np.stack([o.p[regime] for o in done]),
        np.array([o.n for o in done], int),
        [o.error for o in done],
    )
