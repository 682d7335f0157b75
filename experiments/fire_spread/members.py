"""Members of an ensemble: what each assumes, and when its fire arrives at every cell."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hybrid.fire import Ellipse
from hybrid.fire.behaviour import (
    Fuel,
    Moisture,
    fuel_kinds,
    prepare,
    slope_vector,
    twenty_foot_wind,
    wind_vector,
)
from hybrid.fire.behaviour import spread as surface_fire
from hybrid.fire.behaviour.midflame import unsheltered_factor
from hybrid.fire.ellipse import on_map
from hybrid.fire.spread import Front, Grid, Scheme, at_points, propagate, scaled, wave_of

from .config import Config
from .opening import Fire

COARSER = (0.01, 0.02)
"""By how much 10-h and 100-h fuel are moister than 1-h fuel [1] [@scott2005standard]."""
WOODY = 0.3
"""By how much live woody fuel is moister than herbaceous [1] [@scott2005standard]."""
CHUNK = 8
"""Members of one call, so that all calls share a program."""
TIMBER = (161, 189)
"""First and last number of fuels that lie under trees: timber understory and timber litter [@scott2005standard]."""
ROWS = 16
"""Weather is filled to a multiple of as many times, so that fires share a program."""


class Member(NamedTuple):
    """What a run assumes; numbers, or arrays of one shape.

    Attributes:
        dead_moisture: of 1-h dead fuel [1].
        rate: factor on every rate of spread [1].
        duration: end, as a share of the hours of weather [1].
        live_moisture: of live herbaceous fuel [1].
        wind: factor on midflame wind above open fuel [1], for fuels that lie under trees.
    """

    dead_moisture: Any
    rate: Any
    duration: Any
    live_moisture: Any
    wind: Any


def stack(members: Sequence[Member]) -> Member:
    """Members as arrays (member,)."""
    return Member(*(np.array(v, float) for v in zip(*members, strict=True)))


def centre(config: Config) -> Member:
    """The middle of every prior."""
    return Member(*(getattr(config.priors, n).at(0.5) for n in Member._fields))


def free_burning(config: Config) -> Member:
    """Rates as the model has them, open fuel, to the end of the weather; moistures at the middle of their priors."""
    return centre(config)._replace(rate=1.0, duration=1.0, wind=1.0)


def grid_of_choice(config: Config) -> list[Member]:
    """Members that run to the end of their weather, over the levels of dead moisture and rate."""
    middle, priors = centre(config), config.priors
    top = max(priors.duration.grid())
    return [
        middle._replace(dead_moisture=m, rate=r, duration=top)
        for m in priors.dead_moisture.grid()
        for r in priors.rate.grid()
    ]


def draws(config: Config) -> list[Member]:
    """Draws from all priors, spread evenly (scrambled Sobol points); all run to the last end of the priors."""
    from scipy.stats import qmc

    fields = Member._fields
    top = max(config.priors.duration.grid())
    power = int(np.ceil(np.log2(config.draws)))
    points = qmc.Sobol(len(fields), rng=np.random.default_rng(config.seed)).random_base2(power)
    return [
        Member(*(getattr(config.priors, n).at(float(u)) for n, u in zip(fields, row, strict=True)))._replace(
            duration=top
        )
        for row in points[: config.draws]
    ]


def scheme_of(config: Config, max_steps: int | None = None) -> Scheme:
    """How the front is advanced: steps of the order of the slopes."""
    return Scheme(config.order, config.order, max_steps=max_steps or config.max_steps, between="hold")


def arrivals(
    fire: Fire, members: Sequence[Member], config: Config, factor: np.ndarray | None = None
) -> np.ndarray:
    """Time of arrival as a share of the hours of weather [1], infinite where not burned, (member, y, x).

    Args:
        fire: landscape, weather and ignition.
        members: what each run assumes.
        config: ignition and steps.
        factor: on every rate of spread at the weather times, (time, y, x) [1]; one where it is not given.

    Raises:
        ModelError: more steps than the configuration allows.
    """
    # slow fires first: those of one call take a like number of steps
    order = np.argsort([m.rate for m in members], kind="stable")
    land = landscape(fire, config)
    scale = None if factor is None else jnp.asarray(factor, jnp.float32)
    scheme = scheme_of(config)
    out = np.full((len(members), *fire.fuel.shape), np.inf, np.float32)
    for start in range(0, len(order), CHUNK):
        some = [int(i) for i in order[start : start + CHUNK]]
        # the last call is filled with fires that end at once
        filling = [members[some[0]]._replace(duration=1e-6)] * (CHUNK - len(some))
        padded = stack([*(members[i] for i in some), *filling])
        found = _spread(land, jax.tree.map(jnp.float32, padded), scale, fire.width, scheme)
        out[some] = np.asarray(found)[: len(some)]
    seconds = 3600.0 * fire.hours * len(fire.wind)
    return out / np.float32(seconds)


class OnGrid(NamedTuple):
    """A fire as the program takes it; of one shape for all fires of a run."""

    fuels: Fuel
    place: Array
    burnable: Array
    timber: Array
    slope: tuple[Array, Array]
    wind: tuple[Array, Array]
    times: Array
    until: Array
    level: Array


def landscape(fire: Fire, config: Config) -> OnGrid:
    """Arrays of a fire, in single precision."""
    fuels, place = fuel_kinds(fire.fuel)
    rows, columns = fire.fuel.shape
    grid = Grid(rows, columns, fire.width, float(fire.x[0]), float(fire.y[0]))
    lit = at_points(grid, [fire.ignition], config.landscape.ignition_radius)
    single = partial(jax.tree.map, lambda a: jnp.asarray(a, jnp.float32))
    hours = len(fire.wind)
    # the last row holds to the end of its hour; what is filled in beyond is never reached
    length = ROWS * (hours // ROWS + 1)
    speed, direction = (np.pad(v, (0, length - hours), mode="edge") for v in (fire.wind, fire.wind_from))
    return OnGrid(
        single(fuels),
        jnp.asarray(place),
        jnp.asarray(fire.burnable),
        jnp.asarray((fire.fuel >= TIMBER[0]) & (fire.fuel <= TIMBER[1])),
        single(slope_vector(jnp.asarray(fire.slope), jnp.asarray(fire.aspect))),
        single(wind_vector(jnp.asarray(speed), jnp.asarray(direction), "from")),
        jnp.asarray(3600.0 * fire.hours * np.arange(length), jnp.float32),
        jnp.float32(3600.0 * fire.hours * hours),
        jnp.asarray(lit.level, jnp.float32),
    )


def rates(land: OnGrid, member: Member) -> Ellipse:
    """Elliptical spread of a member on the map at the weather times, (time, y, x) [m s-1]."""
    dead, live = member.dead_moisture, member.live_moisture
    moisture = Moisture(dead, dead + COARSER[0], dead + COARSER[1], live, live + WOODY)
    moisture = Moisture(*(jnp.broadcast_to(m, land.fuels.depth.shape) for m in moisture))
    bed = prepare(land.fuels, moisture)
    bed, reduced = jax.tree.map(lambda a: a[land.place], (bed, unsheltered_factor(land.fuels.depth)))
    reduced = jnp.where(land.timber, member.wind, 1.0) * reduced
    east, north = (twenty_foot_wind(w)[:, None, None] * reduced for w in land.wind)
    shape = east.shape
    slope = (jnp.broadcast_to(land.slope[0], shape), jnp.broadcast_to(land.slope[1], shape))
    ellipse = on_map(surface_fire(bed, (east, north), slope).ellipse, slope)
    return ellipse._replace(head=member.rate * ellipse.head)


def run_one(
    land: OnGrid, member: Member, factor: Array | None, width: float, scheme: Scheme
) -> tuple[Front, Array]:
    """Front of a member at its end, and the steps that it took; to be traced and differentiated."""
    lit = (land.level <= 0.0) & land.burnable
    front = Front(land.level, jnp.where(lit, 0.0, jnp.inf))
    ellipse = rates(land, member)
    ellipse = ellipse if factor is None else scaled(ellipse, factor)
    wave = jax.tree.map(lambda a: jnp.where(land.burnable, a, 0.0), wave_of(ellipse))
    end = member.duration * land.until
    return propagate(front, land.times, wave, land.burnable, jnp.float32(0.0), end, width, scheme)


@partial(jax.jit, static_argnums=4)
def _spread(
    land: OnGrid, members: Member, factor: Array | None, width: float, scheme: Scheme
) -> Float[Array, "member y x"]:
    def one(member: Member) -> Array:
        out, _ = run_one(land, member, factor, width, scheme)
        end = member.duration * land.until
        return jnp.where((out.level <= 0.0) & (out.arrival <= end), out.arrival, jnp.inf)

    return jax.lax.map(one, members)


__all__ = [
    "Member",
    "OnGrid",
    "arrivals",
    "centre",
    "draws",
    "free_burning",
    "grid_of_choice",
    "landscape",
    "rates",
    "run_one",
    "scheme_of",
    "stack",
]
