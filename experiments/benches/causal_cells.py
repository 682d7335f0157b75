"""Cells for the causal benches, and tigramite run on them: what the JAX engine is measured against."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

LENGTH, TAU_MAX, SPIN = 500, 5, 200
PC_ALPHA = {"pcmci": 0.2, "pcmci+": 0.01}


def cells(number: int, size: int, seed: int, length: int = LENGTH) -> np.ndarray:
    """Linear systems with random links, one per cell, of full rank, ``(cell, time, variable)``.

    Every variable remembers itself (.2 to .8) and has one other driver at a lag from 0 to 5; contemporaneous links run
    from lower to higher numbers, so that there is an order.
    """
    rng = np.random.default_rng([seed, size])
    memory = rng.uniform(0.2, 0.8, (number, size))
    source = rng.integers(0, size, (number, size))
    lag = rng.integers(0, TAU_MAX + 1, (number, size))
    strength = rng.uniform(0.2, 0.5, (number, size)) * rng.choice([-1, 1], (number, size))
    own = np.arange(size)
    strength = np.where((source == own) | ((lag == 0) & (source > own)), 0.0, strength)
    strength = _stable(memory, source, lag, strength)
    x = np.zeros((number, length + SPIN, size))
    noise = rng.standard_normal(x.shape)
    rows = np.arange(number)
    for t in range(TAU_MAX, length + SPIN):
        x[:, t] = memory * x[:, t - 1] + noise[:, t]
        for j in range(size):
            x[:, t, j] += strength[:, j] * x[rows, t - lag[:, j], source[:, j]]
    return x[:, SPIN:]


def _stable(memory: np.ndarray, source: np.ndarray, lag: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """Weaken the links of cells whose lagged matrix has a spectral radius above .95 until it has not."""
    number, size = memory.shape
    strength = strength.copy()
    rows, own = np.arange(number)[:, None], np.arange(size)[None, :]
    while True:
        now = np.zeros((number, size, size))
        now[rows, own, source] = np.where(lag == 0, strength, 0.0)
        mixed = np.linalg.inv(np.eye(size) - now)
        wide = size * TAU_MAX
        companion = np.zeros((number, wide, wide))
        companion[:, size:, :-size] = np.eye(wide - size)
        for tau in range(1, TAU_MAX + 1):
            lagged = np.zeros((number, size, size))
            lagged[rows, own, source] = np.where(lag == tau, strength, 0.0)
            if tau == 1:
                lagged[:, np.arange(size), np.arange(size)] += memory
            companion[:, :size, (tau - 1) * size : tau * size] = mixed @ lagged
        wild = np.abs(np.linalg.eigvals(companion)).max(1) > 0.95
        if not wild.any():
            return strength
        strength[wild] *= 0.8


@dataclass
class Peer:
    """What tigramite found in one cell, and the processor time that it took [s]."""

    graph: np.ndarray
    val: np.ndarray
    p: np.ndarray
    parents: list[list[int]]
    seconds: float


def tigramite(x: np.ndarray, method: str, tau_max: int = TAU_MAX) -> Peer:
    """Run tigramite on one cell, ``(time, variable)``, with its defaults; NaN is missing."""
    from tigramite.data_processing import DataFrame
    from tigramite.independence_tests.parcorr import ParCorr
    from tigramite.pcmci import PCMCI

    gaps = np.isnan(x)
    frame = DataFrame(np.where(gaps, 1e9, x), missing_flag=1e9) if gaps.any() else DataFrame(x.copy())
    engine = PCMCI(frame, ParCorr(), verbosity=0)
    start = time.process_time()
    found: Any
    if method == "pcmci":
        found = engine.run_pcmci(tau_max=tau_max, pc_alpha=PC_ALPHA[method])
        parents = engine.all_parents
    else:
        found = engine.run_pcmciplus(tau_max=tau_max, pc_alpha=PC_ALPHA[method])
        parents = engine.all_lagged_parents
    seconds = time.process_time() - start
    size = x.shape[1]
    listed = [[int(i) - int(lag) * size for i, lag in parents[j]] for j in range(size)]
    return Peer(found["graph"], found["val_matrix"], found["p_matrix"], listed, seconds)


def tigramite_bootstrap(x: np.ndarray, method: str, replicates: int, block: int) -> float:
    """Processor time of tigramite's block bootstrap of one cell [s], in this process."""
    import joblib
    from tigramite.data_processing import DataFrame
    from tigramite.independence_tests.parcorr import ParCorr
    from tigramite.pcmci import PCMCI

    engine = PCMCI(DataFrame(x.copy()), ParCorr(), verbosity=0)
    run = "run_pcmci" if method == "pcmci" else "run_pcmciplus"
    arguments = {"tau_max": TAU_MAX, "pc_alpha": PC_ALPHA[method]}
    start = time.process_time()
    with joblib.parallel_backend("sequential"):
        engine.run_bootstrap_of(run, arguments, boot_samples=replicates, boot_blocklength=block, seed=0)
    return time.process_time() - start
