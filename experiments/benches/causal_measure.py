"""Measures the JAX engine against tigramite in one process with one thread each; prints one JSON line per number.

Run by ``terrax bench causal`` as a process of its own, since threads are settled when JAX starts.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

import causal
from causal.engines.jax_engine import oriented, run_cells
from causal.settings import Settings

from .causal_cells import LENGTH, PC_ALPHA, TAU_MAX, cells, tigramite, tigramite_bootstrap

ROUNDS = 3
REPLICATES = 100


def tell(name: str, **values: Any) -> None:
    """Print one number, or several, under a name."""
    print(json.dumps({"name": name, **values}), flush=True)


def timed(work: Callable[[], Any]) -> float:
    """Processor time of a piece of work [s]."""
    start = time.process_time()
    work()
    return time.process_time() - start


def settings_of(method: str) -> Settings:
    """The settings under which both engines are compared."""
    return Settings(method=method, tau_max=TAU_MAX, pc_alpha=PC_ALPHA[method])


def ours(x: np.ndarray, method: str) -> tuple[Any, np.ndarray]:
    """Links and lagged parents by the JAX engine."""
    settings = settings_of(method)
    found = run_cells(x, settings)
    links = oriented(found.links, settings, None) if method == "pcmci" else found.links
    return links, found.parents


def batched(x: np.ndarray, method: str, size: int) -> None:
    """Search many cells in the blocks that `causal.discover` takes."""
    from causal.engines.jax_engine import cells_at_once

    step = cells_at_once(size, TAU_MAX)
    for first in range(0, x.shape[0], step):
        ours(x[first : first + step], method)


def compare(method: str, size: int, number: int, many: int) -> None:
    """Compare links on ``number`` cells, and processor time per cell, ours on ``many`` cells."""
    x = cells(number, size, seed=1)
    crowd = cells(many, size, seed=2)
    label = f"{method}, N={size}"
    jax.clear_caches()
    cold = timed(lambda: batched(crowd, method, size)) / many
    links, parents = ours(x, method)
    marks = lists = 0
    worst_val = worst_p = 0.0
    warm, theirs = [], []
    for some in np.array_split(np.arange(number), ROUNDS):
        peers = [tigramite(x[c], method) for c in some]
        theirs.append(sum(peer.seconds for peer in peers) / max(1, len(peers)))
        warm.append(timed(lambda: batched(crowd, method, size)) / many)
        for c, peer in zip(some, peers, strict=True):
            marks += int((links.graph[c] != peer.graph).sum())
            worst_val = max(worst_val, float(np.abs(links.val[c] - peer.val).max()))
            scale = np.maximum(peer.p, 1e-300)
            worst_p = max(worst_p, float((np.abs(links.p[c] - peer.p) / scale).max()))
            mine = [[int(n) for n in row if n >= 0] for row in parents[c]]
            lists += int(mine != peer.parents)
    tell(f"{label}, differing marks", value=marks, cells=number)
    tell(f"{label}, largest |d val|", value=worst_val)
    tell(f"{label}, largest relative d p", value=worst_p)
    tell(f"{label}, cells with other parents", value=lists)
    ratio = float(np.median(np.array(theirs) / np.array(warm)))
    tell(f"{label}, warm", value=ratio, ours=float(np.median(warm)), peer=float(np.median(theirs)))
    tell(
        f"{label}, with compilation",
        value=float(np.median(theirs)) / cold,
        ours=cold,
        peer=float(np.median(theirs)),
    )


def bootstrap(method: str, size: int, number: int, peers: int) -> None:
    """Compare the processor time of a block bootstrap of 100 replicates."""
    import xarray as xr

    x = cells(number, size, seed=3)
    ds = xr.Dataset({f"v{k}": (("cell", "time"), x[..., k]) for k in range(size)})
    block = 8

    def run(replicates: int) -> None:
        causal.discover(
            ds,
            method=method,
            tau_max=TAU_MAX,
            pc_alpha=PC_ALPHA[method],
            bootstrap=replicates,
            block_length=block,
        )

    run(2)
    warm, theirs = [], []
    for k in range(ROUNDS):
        few = 4
        theirs.append(tigramite_bootstrap(x[k % peers], method, few, block) / few * REPLICATES)
        warm.append(timed(lambda: run(REPLICATES)) / number)
    ratio = float(np.median(np.array(theirs) / np.array(warm)))
    tell(
        f"{method}, N={size}, bootstrap of {REPLICATES}",
        value=ratio,
        ours=float(np.median(warm)),
        peer=float(np.median(theirs)),
    )


def missing(method: str, size: int, number: int) -> None:
    """Compare links and processor time where 3 % of the values are missing."""
    x = cells(number, size, seed=4)
    x[np.random.default_rng(0).random(x.shape) < 0.03] = np.nan
    ours(x, method)
    start = time.process_time()
    links, _ = ours(x, method)
    mine = (time.process_time() - start) / number
    peers = [tigramite(cell, method) for cell in x]
    label = f"{method}, N={size}, 3 % missing"
    tell(
        f"{label}, differing marks",
        value=int(sum((links.graph[c] != p.graph).sum() for c, p in enumerate(peers))),
    )
    tell(
        f"{label}, largest |d val|",
        value=max(float(np.abs(links.val[c] - p.val).max()) for c, p in enumerate(peers)),
    )
    theirs = float(np.median([p.seconds for p in peers]))
    tell(label, value=theirs / mine, ours=mine, peer=theirs)


def main(quick: bool) -> None:
    """Measure everything."""
    number = {5: 12, 10: 6} if quick else {5: 200, 10: 200, 20: 200}
    for size, count in number.items():
        for method in ("pcmci", "pcmci+"):
            compare(method, size, count, 200 if quick else 1000)
    for method in ("pcmci",) if quick else ("pcmci", "pcmci+"):
        for size in (5,) if quick else (5, 10):
            bootstrap(method, size, 4 if quick else 10, 3)
            missing(method, size, 3 if quick else 10)


if __name__ == "__main__":
    assert LENGTH == 500
    main("--quick" in sys.argv)
