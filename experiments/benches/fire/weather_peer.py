"""Fire weather beside xclim: speed of all codes on the same arrays, and how far the codes differ."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import jax
import numpy as np

from hybrid.fire.index import START, DayLength, Weather, daylength, run_days

from ... import bench
from ..peer_environment import Peer
from ..peer_process import Talk, beside, in_turns, median, spread_of
from .fwi_speed import DAYS, job, weather

PEER = Peer("xclim 0.62.0", ("xclim==0.62.0",), Path(__file__).with_name("peers") / "with_xclim.py")
CELLS, QUICK = 20_000, 2_000
SEASON_CELLS = 500
CODES = ("ffmc", "dmc", "dc", "isi", "bui", "fwi")
ROUNDS = 3


def rows(data: Path | None, quick: bool) -> list[bench.Row]:
    """Rows of ``terrax bench fire`` beside xclim; all is made from a seed, so ``data`` is not read."""
    del data
    return beside(PEER, quick, lambda talk: [*_speed(talk, quick), *_differences(talk)])


def belts(lat: np.ndarray) -> DayLength:
    """Day length by xclim's belts: the tropics of both tables end at 15 degrees, ours at 10 and at 20."""
    far = np.where(np.abs(lat) < 15.0, 0.0, np.sign(lat) * 45.0)
    near = np.where((np.abs(lat) >= 15.0) & (np.abs(lat) < 30.0), np.sign(lat) * 20.0, far)
    return DayLength(daylength.by_latitude(near).dmc, daylength.by_latitude(far).dc)


def _write(path: Path, days: Weather, lat: np.ndarray) -> np.ndarray:
    """Weather for xclim's script; returns the month of each day [0-11]."""
    time = np.arange("2001-01-01", "2002-01-01", dtype="datetime64[D]")
    fields: Any = {"tas": days.tas, "hurs": days.hurs, "sfcWind": days.wind, "pr": days.pr, "lat": lat}
    np.savez(path, time=time.astype("datetime64[ns]").astype(np.int64), **fields)
    return (time.astype("datetime64[M]").astype(int) % 12).astype(np.int32)


def _speed(talk: Talk, quick: bool) -> list[bench.Row]:
    cells = QUICK if quick else CELLS
    days, lat = weather(cells), np.linspace(-60.0, 80.0, cells)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weather.npz"
        _write(path, days, lat)
        talk.ask("load", path=str(path))
        talk.ask("run")
        mine, theirs = in_turns(ROUNDS, job(cells), lambda: talk.ask("run"))
    total = cells * DAYS
    found = []
    for kind, what in ((1, "processor time of one core"), (0, "wall clock")):
        ours, peers = ([total / t for t in times[kind]] for times in (mine, theirs))
        told = f"{PEER.name} ({spread_of(peers)}); ours {spread_of(ours)}"
        name = f"fire weather, {cells} cells x {DAYS} days, float32, {what}, median of {ROUNDS} in turns"
        found.append(bench.Row(name, median(ours), "cell-days s-1", told, median(peers)))
    return found


def _differences(talk: Talk) -> list[bench.Row]:
    """Greatest difference of each code over a year, in double precision and with xclim's belts of latitude."""
    days = Weather(*(np.asarray(field, np.float64) for field in weather(SEASON_CELLS, seed=1)))  # pyright: ignore[reportArgumentType]
    lat = np.linspace(-59.3, 79.1, SEASON_CELLS)
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "weather.npz", Path(folder) / "codes.npz"
        month = _write(path, days, lat)
        talk.ask("load", path=str(path))
        talk.ask("run", out=str(out))
        with np.load(out) as file:
            theirs = {name: file[name] for name in CODES}
    with jax.enable_x64(True):
        found, _ = jax.jit(run_days)(days, month, START, belts(lat))
        ours = {name: np.asarray(getattr(found, name)) for name in CODES}
    label = f"fire weather, {SEASON_CELLS} cells x {DAYS} days, float64, belts of latitude as in the peer"
    return [
        bench.Row(
            f"{label}, greatest difference of {name.upper()} in {theirs[name].max():.0f}",
            float(np.abs(ours[name] - theirs[name]).max()),
            "1",
            PEER.name,
            target=1e-6,
            at_most=True,
        )
        for name in CODES
    ]
