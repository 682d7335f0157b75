"""Work shared over processes, over dask, or done here."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from data.errors import ConfigError, RunError

AHEAD = 2
"""Chunks that wait for each process: enough to keep it busy, few enough to bound memory."""
_ONE = threading.Lock()


def run_chunks(
    work: Callable[..., list[Any]],
    chunks: Sequence[Any],
    sizes: Sequence[int],
    workers: int = 1,
    scheduler: str = "processes",
    progress: Callable[[int, int], None] | None = None,
) -> list[Any]:
    """Run ``work(chunk)`` for every chunk and join the lists it returns, in the order of the chunks.

    Args:
        work: a function of a module; run here it also takes a function to call after each item.
        chunks: what to work on.
        sizes: items of each chunk.
        workers: processes; with 1 the work is done here.
        scheduler: ``processes``, or ``dask`` for the client that is active.
        progress: is told how many items are done, and of how many.

    Returns:
        One list for all.

    Raises:
        ConfigError: where the scheduler is unknown or dask is not there.
        RunError: where worker processes die.
    """
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise ConfigError(f"workers is {workers!r}", "workers", "give a whole number from 1 on")
    if scheduler == "dask":
        return _by_dask(work, chunks, sizes, progress)
    if scheduler != "processes":
        raise ConfigError(f"no scheduler '{scheduler}'", "scheduler", "choose processes or dask")
    if workers == 1 or len(chunks) == 1:
        return _here(work, chunks, sum(sizes), progress)
    return _by_processes(work, chunks, sizes, min(workers, len(chunks)), progress)


def _here(work, chunks, total, progress) -> list[Any]:
    """Work in this process."""
    done: list[Any] = []
    count = 0

    def tell() -> None:
        nonlocal count
        count += 1
        if progress is not None:
            progress(count, total)

    for chunk in chunks:
        done += work(chunk, tell)
    return done


def _by_processes(work, chunks, sizes, workers, progress) -> list[Any]:
    """Work in fresh processes: a fork would copy the threads that JAX has started."""
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_leave_interrupts)
    results: dict[int, list[Any]] = {}
    waiting: dict[Future, int] = {}
    todo = iter(enumerate(chunks))
    try:
        while len(results) < len(chunks):
            while len(waiting) < AHEAD * workers and (item := next(todo, None)) is not None:
                waiting[pool.submit(work, item[1])] = item[0]
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                results[waiting.pop(future)] = future.result()
                if progress is not None:
                    progress(sum(sizes[k] for k in results), sum(sizes))
    except BrokenProcessPool as error:
        raise RunError(
            "a worker process ended before its work was done",
            "workers",
            "call from below `if __name__ == '__main__':`, give it more memory, or choose workers=1",
        ) from error
    except BaseException:
        _stop(pool)
        raise
    pool.shutdown()
    return [item for k in range(len(chunks)) for item in results[k]]


def _leave_interrupts() -> None:
    """Ctrl-C is for the process that started the workers: it stops them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _stop(pool: ProcessPoolExecutor) -> None:
    """End the processes of a pool at once, whatever they are at."""
    processes = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()


def dask_workers() -> int:
    """Return how many worker processes the active client of dask has.

    Raises:
        ConfigError: where dask is not there, or no client is active.
    """
    return max(1, len(_client().nthreads()))


def _client() -> Any:
    """The active client of dask."""
    try:
        from distributed import get_client  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise ConfigError(
            "the scheduler 'dask' needs the package distributed",
            "scheduler",
            "install it, or choose processes",
        ) from error
    try:
        return get_client()
    except ValueError as error:
        raise ConfigError(
            "no client of dask is active", "scheduler", "start one, or choose processes"
        ) from error


def _alone(work: Callable[..., list[Any]], chunk: Any) -> list[Any]:
    """Work on one chunk at a time in a process: what keeps tigramite quiet is set for all threads at once."""
    with _ONE:
        return work(chunk)


def _by_dask(work, chunks, sizes, progress) -> list[Any]:
    """Work where dask's active client says."""
    client = _client()
    from distributed import KilledWorker, as_completed  # pyright: ignore[reportMissingImports]

    futures = {client.submit(_alone, work, chunk, pure=False): k for k, chunk in enumerate(chunks)}
    results: dict[int, list[Any]] = {}
    try:
        for future, result in as_completed(futures, with_results=True):
            results[futures[future]] = result
            if progress is not None:
                progress(sum(sizes[k] for k in results), sum(sizes))
    except KilledWorker as error:
        raise RunError(
            "a worker of dask ended before its work was done",
            "scheduler",
            "give the workers more memory, or choose processes",
        ) from error
    finally:
        client.cancel([future for future, k in futures.items() if k not in results])
    return [item for k in range(len(chunks)) for item in results[k]]
