"""Forward model: rates of the Canadian system in a wind that terrain bends, and the fire that they spread."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from hybrid.fire.assimilation import Simulator
from hybrid.fire.fbp import Site, behaviour, codes_of, ellipse
from hybrid.fire.spread import Front, Grid, Scheme, Wave, Window, from_perimeter, wave_of

from .opening import TimedFire

GROUPS = ("conifer", "broadleaf", "grass", "barrier")
"""Of fuels that share a factor on their rate; without fuel, fire goes on as in boreal spruce, but slower."""
STILL = 1e-4
"""Least local wind, as a share of the wind: below it has no direction."""


class Rates(eqx.Module):
    """Rates of spread of a fire's landscape and weather under values of the parameters, (y, x) where not said.

    Attributes:
        code: of fuel types, that of boreal spruce where there is no fuel.
        group: place in `GROUPS`.
        conifer: in mixtures [%].
        curing: of grass [%].
        slope: [%].
        upslope: direction [rad].
        cases: origins of the wind whose local vectors are known [rad], (case,).
        along: local wind along that of the case, as a share of it [1], (case, y, x).
        aside: likewise, to its right.
        times: of the weather [s], (time,).
        weather: wind [km h-1], its origin [rad], Fine Fuel Moisture Code and Buildup Index [1], (time, 4).
    """

    code: Int[Array, "y x"]
    group: Int[Array, "y x"]
    conifer: Float[Array, "y x"]
    curing: Float[Array, "y x"]
    slope: Float[Array, "y x"]
    upslope: Float[Array, "y x"]
    cases: Float[Array, " case"]
    along: Float[Array, "case y x"]
    aside: Float[Array, "case y x"]
    times: Float[Array, " time"]
    weather: Float[Array, "time 4"]

    def __init__(self, fire: TimedFire) -> None:
        """Arrays in single precision."""
        spruce, aspen, *grasses = codes_of(np.array(["C-2", "D-1", "O-1a", "O-1b"]))
        group = np.where(fire.fuel == aspen, 1, np.where(np.isin(fire.fuel, grasses), 2, 0))
        single = partial(jnp.asarray, dtype=jnp.float32)
        self.code = jnp.asarray(np.where(fire.fuel < 0, spruce, fire.fuel), jnp.int32)
        self.group = jnp.asarray(np.where(fire.fuel < 0, 3, group), jnp.int32)
        self.conifer, self.curing = single(fire.conifer), single(fire.curing)
        self.slope, self.upslope = single(fire.slope), single(fire.aspect + np.pi)
        self.cases = single(fire.case_from)
        self.along = single(fire.case_speed * np.cos(fire.case_turn))
        self.aside = single(fire.case_speed * np.sin(fire.case_turn))
        self.times = single(fire.times)
        self.weather = single(np.stack([fire.wind, fire.wind_from, fire.ffmc, fire.bui], axis=1))

    def local_wind(self, speed: Any, origin: Any, share: Any) -> tuple[Array, Array]:
        """Speed and origin [rad] of the wind at each cell.

        The local wind, along the wind of the landscape and to its right, is interpolated between the cases and is
        that of the nearest case beyond them; ``share`` [1] of its difference from the landscape's is taken.
        """
        along, aside = self.along[0], self.aside[0]
        for k in range(1, self.cases.shape[0]):
            part = (origin - self.cases[k - 1]) / (self.cases[k] - self.cases[k - 1])
            part = jnp.clip(part, 0.0, 1.0)
            along = along + part * (self.along[k] - self.along[k - 1])
            aside = aside + part * (self.aside[k] - self.aside[k - 1])
        along, aside = 1.0 + share * (along - 1.0), share * aside
        size = along**2 + aside**2
        still = size < STILL**2
        factor = jnp.sqrt(jnp.where(still, STILL**2, size))
        return speed * factor, origin + jnp.arctan2(aside, jnp.where(still, 1.0, along))

    def __call__(self, values: Mapping[str, Any]) -> Wave:
        """Spread at the weather times, (time, y, x) [m s-1]."""
        rate = jnp.stack([jnp.asarray(values[n]) for n in GROUPS])[self.group]

        def one(given: tuple[Array, Array, Array]) -> Wave:
            (speed, origin, ffmc, bui), turn, gust = given
            origin = origin + jnp.deg2rad(values["turn"] + turn)
            speed, origin = self.local_wind(values["wind"] * gust * speed, origin, values["terrain"])
            site = Site(
                self.code,
                ffmc=jnp.clip(ffmc + values["ffmc"], 0.0, 101.0),
                bui=bui,
                wind=speed,
                wind_towards=origin + jnp.pi,
                slope=values["slope"] * self.slope,
                upslope=self.upslope,
                conifer=self.conifer,
                curing=self.curing,
            )
            found = ellipse(behaviour(site, point=False))
            slim = 1.0 + values["slimness"] * (found.length_to_width - 1.0)
            return wave_of(found._replace(head=rate * found.head, length_to_width=slim))

        return jax.lax.map(one, (self.weather, values["turn_of_hour"], values["wind_of_hour"]))


class Runs(eqx.Module):
    """Runs from perimeters, each to a time after it.

    Attributes:
        rates: of the landscape.
        level: distance from the front that each run begins at [m], (run, y, x).
        can: cells that can still burn, (run, y, x).
        begin: of each run [s], (run,).
        grid: of the fields.
        scheme: how fronts are advanced.
    """

    rates: Rates
    level: Float[Array, "run y x"]
    can: Bool[Array, "run y x"]
    begin: Float[Array, " run"]
    grid: Grid = eqx.field(static=True)
    scheme: Scheme = eqx.field(static=True)

    def __call__(self, values: Mapping[str, Any], times: Float[Array, " run"]) -> Front:
        """Fronts at the time of each run, (run, y, x); not a number where one needs too many steps."""
        wave, whole = self.rates(values), Window(0, self.grid.rows, 0, self.grid.columns)

        def one(run: tuple[Array, Array, Array, Array]) -> Front:
            level, can, begin, end = run
            front = Front(level, jnp.where(level <= 0.0, begin, jnp.inf))
            begun = Simulator(
                self.rates.times, lambda _: wave, front, begin, can, None, self.grid, whole, self.scheme
            )
            return jax.tree.map(lambda a: a[0], begun(values, end[None]))

        return jax.lax.map(one, (self.level, self.can, self.begin, jnp.asarray(times, jnp.float32)))


def runs_from(fire: TimedFire, starts: list[int], scheme: Scheme) -> Runs:
    """Runs that begin at perimeters.

    Only what burned since the perimeter before is taken to burn on: the edges of older runs had gone out.
    """
    level, can = [], []
    for k in starts:
        gone = fire.gone(k)
        level.append(np.asarray(from_perimeter(fire.grid, fire.burned[k] & ~gone).level, np.float32))
        can.append(~gone & ~fire.outside)
    begin = jnp.asarray(fire.seconds[starts], jnp.float32)
    return Runs(
        Rates(fire), jnp.asarray(np.stack(level)), jnp.asarray(np.stack(can)), begin, fire.grid, scheme
    )


__all__ = ["GROUPS", "Rates", "Runs", "runs_from"]
