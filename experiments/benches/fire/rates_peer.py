"""Rates of spread beside pyretechnics, by the convention that it follows."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from hybrid.fire import units as u
from hybrid.fire.behaviour import Convention, Moisture, fuel_grid, prepare, spread

from ... import bench
from ..peer_environment import Peer
from ..peer_process import Talk

PEER = Peer(
    "pyretechnics 2026.10.20",
    ("pyretechnics==2026.10.20",),
    Path(__file__).with_name("peers") / "with_pyretechnics.py",
)
CASES = 600
CONVENTION = Convention(
    live_class="herbaceous", southern_rough_savr=1550, curing="exact", wind_on_slope="projected"
)
"""What it follows; beside that, the loads of its table are rounded to 0.0001 lb ft-2."""
MODELS = (
    *range(1, 14),
    *range(101, 110),
    *range(121, 125),
    *range(141, 150),
    *range(161, 166),
    *range(181, 190),
    *range(201, 205),
)
"""Fuel models of Anderson, and of Scott and Burgan."""


def cases(number: int = CASES, seed: int = 0) -> dict[str, Any]:
    """Fuel models, each in turn, with moistures [1], midflame wind [m min-1] and slope [1]."""
    rng = np.random.default_rng(seed)
    dry = rng.uniform(0.03, 0.09, number)
    return {
        "fuel_model": np.resize(MODELS, number),
        "dead": np.stack([dry, dry + 0.01, dry + 0.02], -1),
        "live": np.stack([rng.uniform(0.3, 1.5, number), rng.uniform(0.6, 1.5, number)], -1),
        "wind": rng.uniform(0.0, 400.0, number) * (rng.random(number) > 0.1),
        "wind_from": rng.uniform(0.0, 360.0, number),
        "slope": rng.uniform(0.0, 0.8, number) * (rng.random(number) > 0.1),
        "aspect": rng.uniform(0.0, 360.0, number),
    }


def ours(drawn: dict[str, Any], rounded: bool, convention: Convention = CONVENTION) -> dict[str, np.ndarray]:
    """Rate without wind and slope and of the head [m min-1], and length-to-width ratio.

    Args:
        drawn: the cases.
        rounded: whether loads are rounded as in the peer's table.
        convention: choices where references differ.
    """
    with jax.enable_x64(True):
        cells = fuel_grid(drawn["fuel_model"], convention)
        if rounded:
            load = np.round(np.asarray(cells.load) / u.POUND_PER_SQUARE_FOOT + 1e-9, 4)
            cells = cells._replace(load=jnp.asarray(load * u.POUND_PER_SQUARE_FOOT))
        moisture = Moisture(*(jnp.asarray(v) for v in (*drawn["dead"].T, *drawn["live"].T)))
        towards, up = (np.radians(drawn[name] + 180.0) for name in ("wind_from", "aspect"))
        blow = drawn["wind"] / u.MINUTE
        wind = jnp.asarray(blow * np.sin(towards)), jnp.asarray(blow * np.cos(towards))
        slope = jnp.asarray(drawn["slope"] * np.sin(up)), jnp.asarray(drawn["slope"] * np.cos(up))

        @jax.jit
        def run(cells: Any, moisture: Any, wind: Any, slope: Any) -> Any:
            bed = prepare(cells, moisture, convention)
            return bed.rate, spread(bed, wind, slope, convention).ellipse

        calm, ellipse = run(cells, moisture, wind, slope)
        minute = u.MINUTE
        return {
            "calm": minute * np.asarray(calm),
            "head": minute * np.asarray(ellipse.head),
            "ratio": np.asarray(ellipse.length_to_width),
        }


def rates(talk: Talk) -> list[bench.Row]:
    """Rows of rates of spread; cases are drawn from a seed."""
    drawn = cases()
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "cases.npz", Path(folder) / "rates.npz"
        np.savez(path, **drawn)
        talk.ask("rates", path=str(path), out=str(out))
        with np.load(out) as file:
            theirs = {name: file[name] for name in file.files}
    label = f"rate of spread, {CASES} cases of {len(MODELS)} fuel models, greatest relative difference of"
    exact, rounded = (_off(ours(drawn, r), theirs) for r in (False, True))
    peer = f"{PEER.name}, in single precision"
    return [
        bench.Row(
            f"{label} the rate without wind and slope, loads rounded as in the peer",
            rounded["calm"],
            "1",
            peer,
            target=2e-4,
            at_most=True,
        ),
        bench.Row(
            f"{label} the head's rate, loads rounded as in the peer",
            rounded["head"],
            "1",
            peer,
            target=2e-4,
            at_most=True,
        ),
        bench.Row(
            f"{label} length to width, loads rounded as in the peer",
            rounded["ratio"],
            "1",
            peer,
            target=2e-4,
            at_most=True,
        ),
        bench.Row(f"{label} the head's rate, loads as published", exact["head"], "1", peer),
    ]


def _off(found: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> dict[str, float]:
    """Greatest relative difference of each number."""
    return {name: float((np.abs(found[name] - theirs[name]) / theirs[name]).max()) for name in found}
