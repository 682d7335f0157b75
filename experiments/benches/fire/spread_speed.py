"""Speed of spread: an ensemble on a real landscape, value with gradient against value, cells a second."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray as xr

from hybrid.fire.behaviour import (
    Moisture,
    fuel_kinds,
    prepare,
    slope_vector,
    twenty_foot_wind,
)
from hybrid.fire.behaviour import spread as surface_spread
from hybrid.fire.behaviour.fuels import Fuel
from hybrid.fire.behaviour.midflame import unsheltered_factor
from hybrid.fire.ellipse import Ellipse
from hybrid.fire.spread import (
    Front,
    Grid,
    Scheme,
    Spread,
    Window,
    at_points,
    burned_fraction,
    propagate,
    wave_of,
)
from hybrid.fire.spread import spread as run_spread

from ... import bench

MEMBERS = 64
LANDSCAPE = "fire_spread/belgium_arlon/arlon_2025.nc"
MINUTES = 8.0
"""Length of the run: a short fire. `spread_peer` runs it, and one of an hour, beside a peer."""
LASTING = 4.0
"""Least time over which the best is sought [s]."""


def members(count: int, seed: int = 0) -> dict[str, Any]:
    """Moistures of dead and live fuel [1], and factors of wind speed and turns of its direction [rad]."""
    rng = np.random.default_rng(seed)
    return {
        "dead": rng.uniform(0.06, 0.12, count).astype(np.float32),
        "live": rng.uniform(0.6, 1.2, count).astype(np.float32),
        "speed": rng.uniform(0.7, 1.3, count).astype(np.float32),
        "turn": rng.normal(0.0, 0.25, count).astype(np.float32),
    }


@jax.jit
def _rates(fuels: Fuel, place: Any, rise: Any, wind: Any, towards: Any, drawn: dict[str, Any]) -> Ellipse:
    """Rothermel's spread of each member, time and cell; beds are prepared by fuel model and laid on the cells."""

    def member(one: dict[str, Any]) -> Ellipse:
        dry, live = one["dead"], one["live"]
        bed = prepare(fuels, Moisture(dry, dry + 0.01, dry + 0.02, live, live))
        bed, factor = jax.tree.map(lambda a: a[place], (bed, unsheltered_factor(fuels.depth)))

        def hour(speed: Any, direction: Any) -> Ellipse:
            blow = factor * twenty_foot_wind(speed * one["speed"])
            turned = direction + one["turn"]
            return surface_spread(bed, (blow * jnp.sin(turned), blow * jnp.cos(turned)), rise).ellipse

        return jax.vmap(hour)(wind, towards)

    return jax.lax.map(member, drawn)


class Landscape:
    """Fuel, terrain and weather (so many hourly ``times``) of a Belgian fire, and the spread of members on a window."""

    def __init__(self, file: Path, times: int = 2) -> None:
        with xr.open_dataset(file) as ds:
            self.grid = Grid.of(ds, str(file))
            self.fuel = np.asarray(ds["fuel"].values)
            self.slope = np.tan(np.radians(np.nan_to_num(ds["slope"].values))).astype(np.float32)
            self.aspect = np.radians(np.nan_to_num(ds["aspect"].values)).astype(np.float32)
        weather = pd.read_csv(file.parent / "weather.csv").iloc[:times]
        start = pd.read_csv(file.parent / "ignition.csv").iloc[0]
        self.place = (float(start["x_m"]), float(start["y_m"]))
        self.times = 3600.0 * weather["step_h"].to_numpy(float)
        self.wind = jnp.asarray(weather["wind_km_h"].to_numpy(float) / 3.6, jnp.float32)
        self.towards = jnp.asarray(np.radians(weather["wind_from_deg"].to_numpy(float) + 180.0), jnp.float32)
        self.burnable = (self.fuel > 99) | ((self.fuel > 0) & (self.fuel < 90))
        fuels, self.place_of = fuel_kinds(self.fuel, fill=91)
        self.fuels = jax.tree.map(lambda a: jnp.asarray(a, jnp.float32), fuels)
        self.rise = tuple(
            np.asarray(r) for r in slope_vector(jnp.asarray(self.slope), jnp.asarray(self.aspect))
        )

    def rates(self, drawn: dict[str, Any]) -> Callable[[Window], Ellipse]:
        """Spread of the members on any window."""

        def on(window: Window) -> Ellipse:
            at = window.slices
            rise = tuple(r[at] for r in self.rise)
            return _rates(self.fuels, self.place_of[at], rise, self.wind, self.towards, drawn)

        return on

    def run(self, drawn: dict[str, Any], threads: int) -> Spread:
        """All members until the end."""
        fire = at_points(self.grid, [self.place], 1.5 * self.grid.width)
        return run_spread(
            self.grid,
            self.times,
            self.rates(drawn),
            fire,
            60.0 * MINUTES,
            burnable=self.burnable,
            threads=threads,
            edge="open",
        )


def rows(data: Path | None, quick: bool) -> list[bench.Row]:
    """Rows of ``terrax bench fire`` on spread; the landscape is read from ``data`` where it is there."""
    found = [*_gradient(quick)]
    if data is not None and (data / LANDSCAPE).is_file():
        found += _ensemble(data / LANDSCAPE, quick)
    return found


def _ensemble(file: Path, quick: bool) -> list[bench.Row]:
    land, drawn = Landscape(file), members(MEMBERS)
    threads = min(2, os.cpu_count() or 1)
    first = time.perf_counter()
    fire = land.run(drawn, threads)
    first = time.perf_counter() - first
    best = np.inf
    for _ in range(2 if quick else 5):
        began = time.perf_counter()
        fire = land.run(drawn, threads)
        fire.probability()
        best = min(best, time.perf_counter() - began)
    label = f"spread, {MEMBERS} members, Arlon 601 x 601 at 10 m, {MINUTES:g} min"
    return [
        bench.Row(f"{label}, Rothermel and spread", best, "s"),
        bench.Row(f"{label}, the first time, with compilation", first, "s"),
        bench.Row(f"{label}, median burned area", float(np.median(fire.area)) / 1e4, "ha"),
        bench.Row(f"{label}, greatest burned area", float(fire.area.max()) / 1e4, "ha"),
        bench.Row(f"{label}, steps a member", fire.steps / MEMBERS, "1"),
        bench.Row(f"{label}, side of the last window", float(max(fire.window.shape)), "cells"),
    ]


def _gradient(quick: bool) -> list[bench.Row]:
    """Time of value and gradient by the rates of all cells, interleaved with that of the value."""
    cells, times = 100, jnp.array([0.0, 1800.0, 3600.0, 5400.0])
    grid = Grid(cells, cells, 10.0)
    place = [(grid.x.mean(), grid.y.mean() - 200.0)]
    level = at_points(grid, place, 30.0).level
    front = Front(level, jnp.where(level <= 0.0, 0.0, jnp.inf))
    rng = np.random.default_rng(0)
    head = jnp.asarray(rng.uniform(0.06, 0.10, (4, cells, cells)), jnp.float32)
    turn = jnp.linspace(-0.3, 0.5, 4)[:, None, None]
    rates = Ellipse(head, jnp.full_like(head, 2.5), jnp.broadcast_to(turn, head.shape))
    can = jnp.ones(grid.shape, bool)
    scheme = Scheme(max_steps=256)

    def score(rates: Ellipse) -> tuple[Any, Any]:
        out, steps = propagate(front, times, wave_of(rates), can, times[0], times[-1], grid.width, scheme)
        late = jnp.where(jnp.isfinite(out.arrival), out.arrival, times[-1])
        return jnp.mean(late) + jnp.mean(burned_fraction(out.level, grid.width)), steps

    forward, both = jax.jit(score), jax.jit(jax.value_and_grad(score, has_aux=True))
    programs = [forward, both]
    compiled = []
    for program in programs:
        began = time.perf_counter()
        jax.block_until_ready(program(rates))
        compiled.append(time.perf_counter() - began)
    best, began = [np.inf, np.inf], time.perf_counter()
    while time.perf_counter() - began < (1.0 if quick else LASTING):
        for i, program in enumerate(programs):
            start = time.perf_counter()
            jax.block_until_ready(program(rates))
            best[i] = min(best[i], time.perf_counter() - start)
    steps = int(forward(rates)[1])
    label = f"spread, {cells} x {cells} cells, {steps} steps, JAX {jax.__version__}"
    return [
        bench.Row(
            f"{label}, value and gradient over value", best[1] / best[0], "1", target=4.0, at_most=True
        ),
        bench.Row(f"{label}, value", 1e3 * best[0], "ms"),
        bench.Row(f"{label}, value and gradient", 1e3 * best[1], "ms"),
        bench.Row(
            f"{label}, cells a second, one step of two stages each",
            steps * cells**2 / best[0] / 1e6,
            "million s-1",
        ),
        bench.Row(f"{label}, compilation of the gradient", compiled[1], "s"),
    ]
