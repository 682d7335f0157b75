"""The game of drivers and lags: what the weather of the last year did to a flux, by what it was and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

import hybrid
from hybrid.inputs import Inputs
from xai.coalitions import Coalitions
from xai.function import Progress
from xai.games import exact
from xai.players import Players

from .explain_events import DAYS
from .world import simulate_truth

DRIVERS = {"rain": ("pr",), "heat and dry air": ("tas_min", "tas_max", "vpd"), "light": ("rsds",)}
"""Drivers of the game and the forcing that they are."""
COLUMNS = 512
"""Simulations of one event each that are run side by side."""


class World(eqx.Module):
    """The synthetic world itself, with its true parameters, as a model."""

    def simulate(self, inputs: Inputs, start: Mapping[str, Array] | None = None) -> hybrid.Trajectory:
        """Run of the true process."""
        return simulate_truth(hybrid.process.ecosystem(), inputs, start)


class MeanFlux(eqx.Module):
    """Mean fluxes over the last days of each event as a function of its forcing.

    Attributes:
        model: a member, a network alone or the world.
        held: inputs whose columns are the events; forcing that is not given stays as it is here.
        start: pools at the start, (event,); empty for networks alone.
        targets: fluxes.
    """

    model: Any
    held: Inputs
    start: dict[str, Float[Array, " event"]]
    targets: tuple[str, ...] = eqx.field(static=True)

    def __call__(self, x: dict[str, Array]) -> Float[Array, "event target"]:
        """Mean fluxes for forcing x (time, event)."""
        inputs = Inputs(self.held.forcing | x, self.held.attributes, self.held.categories)
        if isinstance(self.model, hybrid.Sequence):
            found = self.model.forward(inputs)[0]
        else:
            found = self.model.simulate(inputs, start=self.start).observables
        return jnp.stack([found[t][-DAYS:].mean(0) for t in self.targets], axis=-1)


class Summed(eqx.Module):
    """Sum over events of one flux: its gradient holds that of each event in its own column."""

    of: MeanFlux
    target: int = eqx.field(static=True)

    def __call__(self, x: dict[str, Array]) -> Float[Array, ""]:
        """Sum over events."""
        return self.of(x)[:, self.target].sum()


@dataclass(frozen=True)
class Played:
    """Shapley values of a game, and the worth of every coalition.

    Attributes:
        attribution: (event, target, player).
        base_value: with the climatology's weather, (event, target).
        prediction: with the event's own weather, (event, target).
        efficiency_gap: (event, target).
        worth: (coalition, event, target).
    """

    attribution: np.ndarray
    base_value: np.ndarray
    prediction: np.ndarray
    efficiency_gap: np.ndarray
    worth: np.ndarray


def lag_windows(lags: Sequence[int]) -> list[tuple[int, int]]:
    """First and last day of each window of lags, from their ends: [30, 90] is 0 to 29 and 30 to 89."""
    return [(a, b - 1) for a, b in zip([0, *lags], lags, strict=False)]


def players_of(lags: Sequence[int], steps: int, events: int) -> Players:
    """Players of drivers crossed with windows of lags before the last day, the driver slowest.

    Args:
        lags: ends of the windows [d].
        steps: length of a simulation; steps before the last window are of no player.
        events: columns.
    """
    windows = lag_windows(lags)
    lag = steps - 1 - np.arange(steps)
    of_day = np.full(steps, -1)
    for w, (first, last) in enumerate(windows):
        of_day[(lag >= first) & (lag <= last)] = w
    labels = [f"{first}-{last} d" for first, last in windows]
    ids, names, coords = {}, [], {"driver": [], "lag": []}
    for d, (driver, variables) in enumerate(DRIVERS.items()):
        column = np.where(of_day < 0, -1, d * len(windows) + of_day).astype(np.int32)
        ids |= {v: np.repeat(column[:, None], events, axis=1) for v in variables}
        names += [f"{driver}, {label}" for label in labels]
        coords["driver"] += [driver] * len(labels)
        coords["lag"] += labels
    return Players(tuple(names), ids, {n: tuple(v) for n, v in coords.items()})


def part_of(forcing: Mapping[str, Any]) -> dict[str, Array]:
    """The forcing that is a driver's."""
    return {v: jnp.asarray(forcing[v]) for variables in DRIVERS.values() for v in variables}


def play(
    f: MeanFlux,
    actual: Mapping[str, Any],
    usual: Mapping[str, Any],
    players: Players,
    progress: Progress = None,
) -> Played:
    """Exact Shapley values of all events at once: each event's flux is the output of a game of its own."""
    x, base = part_of(actual), part_of(usual)
    events = next(iter(x.values())).shape[1]
    v = Coalitions(
        f,
        x,
        {n: b[None] for n, b in base.items()},
        players,
        chunk=chunk_of(len(players), events),
        progress=progress,
    )
    kept: list[np.ndarray] = []

    def told(z: np.ndarray) -> np.ndarray:
        kept.append(v(z))
        return kept[0]

    found = exact(told, len(players))
    return Played(
        np.asarray(found.attribution, float),
        np.asarray(found.base_value, float),
        np.asarray(found.prediction, float),
        np.asarray(found.efficiency_gap, float),
        np.asarray(kept[0], float),
    )


def chunk_of(players: int, events: int) -> int:
    """Coalitions that are evaluated at once."""
    return int(min(2**players, max(1, COLUMNS // events)))
