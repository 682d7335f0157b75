"""False positives where no variable acts on another: rates at a stated significance, and families."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np

from causal.engines import jax_engine
from causal.links import Links
from causal.settings import Settings
from data.synthetic.graphs import null, values, world

from ... import bench
from .search import adjusted, directed, search

ALPHA = 0.05
NEAR = 0.005
"""How far a rate may be from `ALPHA`."""
TAU_MAX = 3
SIZES, MEMORIES, LENGTHS = (5, 10, 20), (0.0, 0.8, 0.95), (150, 500)
CELLS = {5: 800, 10: 200, 20: 60}
"""Cells per number of variables: about 50000 tests each, a standard error of 0.001."""
LINEAR = 40
"""Models of the linear world on which false discoveries are counted."""


def crossing(p: np.ndarray) -> np.ndarray:
    """Lagged entries between different variables, ``(cell, test)``."""
    off = ~np.eye(p.shape[1], dtype=bool)
    return p[:, off, 1:].reshape(len(p), -1)


def searched(size: int, memory: float, steps: int, cells: int, settings: Settings) -> Links:
    """Links of independent autoregressive series."""
    seed = (size, round(100 * memory), steps)
    return search(values(null(cells, steps, size, memory, seed)[0]), settings)


def rows(quick: bool) -> list[bench.Row]:
    """Rates of false links by method, memory, size and length; then rates of false discoveries."""
    sizes, memories, lengths = ((5, 10), (0.0, 0.95), (150,)) if quick else (SIZES, MEMORIES, LENGTHS)
    out: list[bench.Row] = []
    for pc_alpha in (0.05, 0.2):
        settings = Settings(method="pcmci", tau_max=TAU_MAX, pc_alpha=pc_alpha, alpha=ALPHA)
        rates = []
        for size, memory, steps in product(sizes, memories, lengths):
            found = searched(size, memory, steps, CELLS[size] // (2 if quick else 1), settings)
            rates.append(float((crossing(found.p) <= ALPHA).mean()))
            name = f"null, PCMCI pc_alpha {pc_alpha}: N={size}, autocorrelation {memory}, T={steps}"
            out.append(bench.Row(name, rates[-1], "1", "stated", ALPHA))
        worst = float(np.abs(np.array(rates) - ALPHA).max())
        out.append(
            bench.Row(
                f"null, PCMCI pc_alpha {pc_alpha}: largest distance from {ALPHA}",
                worst,
                "1",
                target=NEAR if pc_alpha == 0.05 else None,
                at_most=True,
            )
        )
    return out + _plus(sizes, memories, lengths, quick) + _families(quick)


def _plus(
    sizes: tuple[int, ...], memories: tuple[float, ...], lengths: tuple[int, ...], quick: bool
) -> list[bench.Row]:
    """PCMCI+: a false lagged link must pass both phases, so its graph is cautious; its p-values are another matter."""
    settings = Settings(method="pcmci+", tau_max=TAU_MAX, pc_alpha=ALPHA)
    out, marked, small = [], [], []
    for size, memory, steps in product(sizes, memories, lengths):
        found = searched(size, memory, steps, CELLS[size] // (4 if quick else 2), settings)
        marked.append(float((crossing(found.graph) != "").mean()))
        strict = searched(size, memory, steps, CELLS[size] // 4, replace(settings, pc_alpha=0.01))
        small.append(float((crossing(strict.p) <= ALPHA).mean()))
        name = f"null, PCMCI+ graph at pc_alpha {ALPHA}: N={size}, autocorrelation {memory}, T={steps}"
        out.append(bench.Row(name, marked[-1], "1", "stated", ALPHA))
    top = bench.Row("null, PCMCI+ graph: largest rate", max(marked), "1", target=ALPHA + NEAR, at_most=True)
    raw = bench.Row(
        "null, PCMCI+ share of p <= 0.05 at pc_alpha 0.01: largest rate", max(small), "1", "stated", ALPHA
    )
    return [*out, top, raw]


def _families(quick: bool) -> list[bench.Row]:
    """Mean share of false links among those found, with Benjamini and Hochberg's correction within a graph."""
    out = []
    settings = Settings(method="pcmci", tau_max=TAU_MAX, pc_alpha=ALPHA, alpha=ALPHA, fdr="graph")
    cells = 200 if quick else 800
    for memory in (0.0, 0.95):
        ds, truth = null(cells, 150, 10, memory, (10, round(100 * memory), 150))
        wrong = float(
            np.mean(_false(search(values(ds), settings).graph[..., 1:] != "", truth[..., 1:] != ""))
        )
        name = f"null, false discoveries at FDR {ALPHA} per graph: N=10, autocorrelation {memory}, T=150"
        out.append(bench.Row(name, wrong, "1", "stated", ALPHA, ALPHA + 2 * _error(cells), at_most=True))
    share: dict[str, list[float]] = {"graph": [], "field": []}
    for seed in range(10 if quick else LINEAR):
        ds, truth = world("linear", 20, 500, 8, (seed, 77))
        p = jax_engine.run_cells(values(ds), settings).links.p[..., 1:]
        real = truth[..., 1:] != ""
        padded = np.concatenate([np.ones_like(p[..., :1]), p], -1)
        share["graph"] += _false(directed(adjusted(padded) <= ALPHA)[..., 1:] != "", real)
        q = adjusted(padded.reshape(1, -1, p.shape[2], TAU_MAX + 1)).reshape(padded.shape)[..., 1:]
        share["field"].append(float((q <= ALPHA)[:, ~_pad(real)].sum() / max((q <= ALPHA).sum(), 1)))
    for kind, found in share.items():
        name = f"linear world, false discoveries at FDR {ALPHA} per {kind}"
        out.append(bench.Row(name, float(np.mean(found)), "1", "stated", ALPHA, ALPHA + NEAR, at_most=True))
    return out


def _pad(real: np.ndarray) -> np.ndarray:
    """True links ``[N, N, lag 1 ..]`` up to `TAU_MAX`."""
    return np.concatenate([real, np.zeros((*real.shape[:2], TAU_MAX - real.shape[2]), bool)], -1)


def _false(found: np.ndarray, real: np.ndarray) -> list[float]:
    """Share of false links of each graph."""
    wrong = found & ~_pad(real)
    return list(wrong.sum((1, 2, 3)) / np.maximum(found.sum((1, 2, 3)), 1))


def _error(cells: int) -> float:
    """Standard error of a rate of `ALPHA` from so many cells."""
    return float(np.sqrt(ALPHA * (1 - ALPHA) / cells))
