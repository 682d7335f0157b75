"""Updates of cells a second beside PyTorchFire, whose automaton updates each cell by its eight neighbours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from hybrid.fire.ellipse import Ellipse
from hybrid.fire.spread import Front, Grid, Scheme, at_points, propagate, wave_of

from ... import bench
from ..peer_environment import Peer
from ..peer_process import Talk, beside, in_turns, median, spread_of

PEER = Peer(
    "PyTorchFire 1.0.3.post2",
    ("pytorchfire==1.0.3.post2",),
    Path(__file__).with_name("peers") / "with_pytorchfire.py",
    pythons=("3.11", "3.12", "3.13"),
    options=("--torch-backend", "cpu"),
)
CELLS, QUICK = 500, 100
"""Cells along a side; 500 is the default of the peer."""
STEPS = 20
ROUNDS = 3


def rows(data: Path | None, quick: bool) -> list[bench.Row]:
    """Rows of ``terrax bench fire`` beside PyTorchFire."""
    del data
    return beside(PEER, quick, lambda talk: _cells(talk, QUICK if quick else CELLS))


def steps_of(cells: int, least: int) -> tuple[Any, int]:
    """A call that advances a level set over all cells of a square, and its steps, ``least`` or a few more."""
    grid = Grid(cells, cells, 10.0)
    level = at_points(grid, [(float(grid.x.mean()), float(grid.y.mean()))], 30.0).level
    front = Front(level, jnp.where(level <= 0.0, 0.0, jnp.inf))
    head = jnp.full((2, cells, cells), 0.1, jnp.float32)
    wave = wave_of(Ellipse(head, jnp.full_like(head, 2.5), jnp.full_like(head, 0.3)))
    scheme = Scheme(max_steps=4 * least)
    times = jnp.array([0.0, least * scheme.courant * grid.width / 0.1])
    can = jnp.ones(grid.shape, bool)

    @jax.jit
    def run(front: Front, wave: Any, can: Any) -> Any:
        return propagate(front, times, wave, can, times[0], times[1], grid.width, scheme)

    def call() -> int:
        return int(jax.block_until_ready(run(front, wave, can))[1])

    return call, call()


def _cells(talk: Talk, cells: int) -> list[bench.Row]:
    run, steps = steps_of(cells, STEPS)
    threads = talk.ask("load", cells=cells)["threads"]
    talk.ask("run", steps=2)
    mine, theirs = in_turns(ROUNDS, run, lambda: talk.ask("run", steps=STEPS))
    label = (
        f"cells updated a second, {cells} x {cells}, a level set's step of two stages beside an automaton's"
    )
    found = []
    for kind, what in ((1, "processor time"), (0, "wall clock")):
        ours = [1e-6 * steps * cells**2 / t for t in mine[kind]]
        peers = [1e-6 * STEPS * cells**2 / t for t in theirs[kind]]
        told = f"{PEER.name}, {threads} threads ({spread_of(peers)}); ours {spread_of(ours)}"
        name = f"{label}, {what}, median of {ROUNDS} in turns"
        found.append(bench.Row(name, median(ours), "million s-1", told, median(peers)))
    return found
