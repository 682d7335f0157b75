"""An ensemble on a real landscape beside single fires of pyretechnics: the same fuel, terrain, weather and duration."""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hybrid.fire.spread import Front, Scheme, Spread, Window, at_points, spread_groups
from hybrid.fire.spread.windows import around

from ... import bench
from ..peer_environment import python_of
from ..peer_process import Talk, Times, beside, in_turns, median, spread_of
from .rates_peer import PEER, rates
from .spread_speed import LANDSCAPE, Landscape, members

MEMBERS, QUICK = 64, 8
MINUTES = (8.0, 60.0)
"""Durations: of the ensemble alone in this bench, and of one row of weather in the landscape's source."""
ROUNDS = 3
GROUPS = {8.0: 32, 60.0: 16}
"""Members of a group by duration: the longer, the more fires differ in size."""
ABOUT = 16
"""Cells about the ignition whose rates tell which members burn alike fast."""
BARE = 91
"""Fuel model of cells that cannot burn."""


def rows(data: Path | None, quick: bool) -> list[bench.Row]:
    """Rows of ``terrax bench fire`` beside pyretechnics: rates, and fires where the landscape is in ``data``."""
    file = data / LANDSCAPE if data is not None and (data / LANDSCAPE).is_file() else None
    return beside(PEER, quick, lambda talk: [*rates(talk), *(_fires(talk, file, quick) if file else [])])


class Fires:
    """Members on the landscape under the weather of its first hour, which holds throughout, for both."""

    def __init__(self, file: Path, number: int) -> None:
        self.land, self.drawn = Landscape(file), members(number)
        self.land.wind, self.land.towards = self.land.wind[:1], self.land.towards[:1]
        self.threads = min(2, os.cpu_count() or 1)

    def run(self, minutes: float) -> Spread:
        """All members by terrax, in groups of those that burn alike fast at the ignition."""
        land, until = self.land, 60.0 * minutes
        start = at_points(land.grid, [land.place], 1.5 * land.grid.width)
        order = self._by_rate()
        drawn = {name: values[order] for name, values in self.drawn.items()}
        fire = spread_groups(
            land.grid,
            [0.0, until],
            lambda some: land.rates({name: values[some] for name, values in drawn.items()}),
            len(order),
            start,
            until,
            size=GROUPS[minutes],
            burnable=land.burnable,
            threads=self.threads,
            scheme=Scheme(between="hold"),
            edge="open",
        )
        back = np.argsort(order)
        front = Front(fire.front.level[back], fire.front.arrival[back])
        return replace(fire, front=front, at_edge=fire.at_edge[back])

    def _by_rate(self) -> np.ndarray:
        """Members from the slowest to the fastest about the ignition."""
        land = self.land
        row, column = (round(float(v)) for v in land.grid.position(*land.place))
        about = around(Window(row, row + 1, column, column + 1), ABOUT, land.grid.shape)
        heads = np.asarray(land.rates(self.drawn)(about).head)
        return np.argsort(heads.reshape(len(heads), -1).mean(axis=1))

    def write(self, path: Path) -> None:
        """The fields for the peer's script, rows from south to north."""
        land, drawn = self.land, self.drawn
        x, y = np.meshgrid(land.grid.x, land.grid.y)
        lit = np.hypot(x - land.place[0], y - land.place[1]) <= 1.5 * land.grid.width
        fields = {
            "fuel_model": np.where(land.burnable, land.fuel, BARE),
            "slope": land.slope,
            "aspect": np.degrees(land.aspect),
            "lit": lit,
        }
        dry, live = drawn["dead"], drawn["live"]
        weather: Any = {
            "wind_speed_10m": 3.6 * float(land.wind[0]) * drawn["speed"],
            "upwind_direction": np.degrees(float(land.towards[0]) + drawn["turn"] + np.pi) % 360.0,
            "fuel_moisture_dead_1hr": dry,
            "fuel_moisture_dead_10hr": dry + 0.01,
            "fuel_moisture_dead_100hr": dry + 0.02,
            "fuel_moisture_live_herbaceous": live,
            "fuel_moisture_live_woody": live,
        }
        ground: Any = {name: _from_south(land, field).astype(np.float32) for name, field in fields.items()}
        np.savez(path, width=land.grid.width, **ground, **weather)


def _from_south(land: Landscape, field: np.ndarray) -> np.ndarray:
    """A field (..., y, x) with rows from south to north, or such a field back as the landscape has it."""
    return field if land.grid.y[1] > land.grid.y[0] else field[..., ::-1, :]


def _fires(talk: Talk, file: Path, quick: bool) -> list[bench.Row]:
    fires = Fires(file, QUICK if quick else MEMBERS)
    found = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Talk(python_of(PEER), PEER.script) as second,
        ThreadPoolExecutor(2) as pool,
    ):
        path = Path(folder)
        fires.write(path / "fields.npz")
        talks = (talk, second)
        for one in talks:
            one.ask("load", path=str(path / "fields.npz"))
        for minutes in MINUTES[:1] if quick else MINUTES:
            found += _duration(fires, talks, pool, path, minutes)
    return found


def _duration(
    fires: Fires, talks: tuple[Talk, Talk], pool: ThreadPoolExecutor, folder: Path, minutes: float
) -> list[bench.Row]:
    """Times and burned cells of one duration, ours, one process of the peer's and two side by side in turns."""
    number = len(fires.drawn["dead"])
    half = number // 2
    pairs: list[float] = []

    def ask(one: Talk, first: int, last: int) -> dict[str, Any]:
        out = str(folder / f"{first}_{last}.npz")
        return one.ask("fires", first=first, last=last, minutes=minutes, out=out)

    def theirs() -> dict[str, Any]:
        both = [pool.submit(ask, talks[0], 0, half), pool.submit(ask, talks[1], half, number)]
        pairs.append(max(b.result()["wall"] for b in both))
        return ask(talks[0], 0, number)

    kept: list[Spread] = []

    def ours() -> None:
        kept[:] = [fires.run(minutes)]
        kept[0].probability()

    mine, peers = in_turns(ROUNDS, ours, theirs)
    label = f"spread, {number} members, Arlon 601 x 601 at 10 m, even weather, {minutes:g} min"
    with np.load(folder / f"0_{number}.npz") as burned:
        columns = fires.land.grid.columns
        cells = np.unpackbits(burned["burned"], axis=-1, count=columns).astype(bool)
    both = kept[0].burned, _from_south(fires.land, cells)
    return [*_times(label, mine, peers, pairs, number == MEMBERS), *_agreement(label, *both)]


def _times(label: str, mine: Times, peers: Times, pairs: list[float], target: bool) -> list[bench.Row]:
    def row(what: str, ours: list[float], theirs: list[float], target: bool = False) -> bench.Row:
        told = f"{PEER.name}, {what} ({spread_of(theirs)} s); ours {spread_of(ours)} s"
        least = median(theirs)
        return bench.Row(
            f"{label}, beside {what}", median(ours), "s", told, least, least if target else None, True
        )

    return [
        row("single fires one after the other, wall clock", mine.wall, peers.wall, target),
        row("single fires in two processes, wall clock", mine.wall, pairs),
        row("single fires, processor time", mine.busy, peers.busy),
    ]


def _agreement(label: str, ours: np.ndarray, theirs: np.ndarray) -> list[bench.Row]:
    """Burned cells (member, y, x) of both: areas, their ratio, and Dice by member."""
    a, b = ours.sum((1, 2)), theirs.sum((1, 2))
    dice = 2.0 * (ours & theirs).sum((1, 2)) / (a + b)
    ratio = a / b
    hectares = 0.01
    return [
        bench.Row(
            f"{label}, median burned area",
            hectares * float(np.median(a)),
            "ha",
            PEER.name,
            hectares * float(np.median(b)),
        ),
        bench.Row(
            f"{label}, median ratio of burned areas by member ({ratio.min():.3g} to {ratio.max():.3g})",
            float(np.median(ratio)),
            "1",
            PEER.name,
        ),
        bench.Row(
            f"{label}, median Dice of burned cells by member (least {dice.min():.3g})",
            float(np.median(dice)),
            "1",
            PEER.name,
        ),
    ]
