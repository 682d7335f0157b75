"""Fire behaviour of any fuel type: head, flanks and back, at equilibrium and a time after ignition."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from data.errors import ConfigError

from ..ellipse import Ellipse, rate_towards
from ..index.family import family_of
from . import consumption, fuels, growth, slope, spread
from .fuels import Fuel

Value = Float[Array, "..."]

CONVENTIONS = ("published", "wang2017")
"""How two secondary outputs are taken. "published": the equations [@forestrycanada1992development;
@wotton2009updates]. "wang2017": as printed tables of [@wang2017cffdrs] have them, the spread towards ``theta`` with the
number of degrees of the heading taken for radians, and the time to crown fire with the acceleration of a closed canopy
in the open type C-1 too."""


class Site(NamedTuple):
    """What is burned and in what weather, each (...) or a number.

    Attributes:
        fuel: code of the fuel type, see `fuels.codes_of`.
        ffmc: Fine Fuel Moisture Code [1].
        bui: Buildup Index [1].
        wind: speed at 10 m [km h-1].
        wind_towards: direction the wind blows to [rad clockwise from north].
        slope: [%].
        upslope: direction up the slope [rad clockwise from north].
        foliar: foliar moisture [%], see `foliar.moisture`.
        conifer: conifer in M-1 and M-2 [%].
        dead: dead fir in M-3 and M-4 [%].
        curing: of grass [%].
        grass_load: load of grass [kg m-2].
        base: height of the crown base [m], NaN for the type's.
        load: crown fuel load [kg m-2], NaN for the type's.
        isi: Initial Spread Index [1], NaN to have it of code, wind and slope.
    """

    fuel: Any
    ffmc: Any = 90.0
    bui: Any = 60.0
    wind: Any = 10.0
    wind_towards: Any = jnp.pi
    slope: Any = 0.0
    upslope: Any = 0.0
    foliar: Any = 85.0
    conifer: Any = 50.0
    dead: Any = 35.0
    curing: Any = 80.0
    grass_load: Any = 0.35
    base: Any = jnp.nan
    load: Any = jnp.nan
    isi: Any = jnp.nan


class Front(NamedTuple):
    """One side of a fire: head, flank, back or a direction.

    Attributes:
        rate: of spread at equilibrium [m min-1].
        rate_then: of spread the given time after ignition [m min-1].
        crown_fraction: crown fraction burned [1].
        consumption: of surface and crown fuel [kg m-2].
        intensity: fireline intensity [kW m-1].
        crown_time: time until crowns burn [min], zero where they never do.
        distance: spread since ignition [m]; NaN for a direction.
    """

    rate: Value
    rate_then: Value
    crown_fraction: Value
    consumption: Value
    intensity: Value
    crown_time: Value
    distance: Value


class Behaviour(NamedTuple):
    """Behaviour of fire.

    Attributes:
        head: where the fire spreads fastest.
        flank: across the heading.
        back: against the heading.
        aside: towards the direction asked for.
        towards: heading [rad clockwise from north].
        surface_consumption: of surface fuel [kg m-2].
        crown_consumption: of crown fuel by the head [kg m-2].
        buildup_effect: [1].
        slope_factor: [1].
        isi: Initial Spread Index with slope [1].
        net_wind: net effective wind [km h-1].
        critical_intensity: surface intensity that ignites crowns [kW m-1], zero without crowns.
        critical_rate: rate of spread that ignites crowns [m min-1], zero without crowns.
        length_to_breadth: at equilibrium [1].
        length_to_breadth_then: the given time after ignition [1].
    """

    head: Front
    flank: Front
    back: Front
    aside: Front
    towards: Value
    surface_consumption: Value
    crown_consumption: Value
    buildup_effect: Value
    slope_factor: Value
    isi: Value
    net_wind: Value
    critical_intensity: Value
    critical_rate: Value
    length_to_breadth: Value
    length_to_breadth_then: Value


def behaviour(
    site: Site,
    minutes: Any = 60.0,
    theta: Any = 0.0,
    *,
    point: Any = True,
    buildup: Any = True,
    family: str = "exact",
    convention: str = "published",
) -> Behaviour:
    """Fire behaviour [@forestrycanada1992development] as updated in [@wotton2009updates].

    Args:
        site: fuel, weather and terrain.
        minutes: time since ignition [min].
        theta: direction to tell spread towards [rad clockwise from north].
        point: whether the fire accelerates from a point; from a line it is at equilibrium at once.
        buildup: whether the buildup effect counts.
        family: scale of the Fine Fuel Moisture Code, of `index.family.FAMILIES`.
        convention: of `CONVENTIONS`.

    Returns:
        Behaviour, each number of the shape that the inputs broadcast to.

    Raises:
        ConfigError: an unknown family or convention.
    """
    if convention not in CONVENTIONS:
        raise ConfigError(
            f"there is no convention '{convention}'", "convention", "choose published or wang2017"
        )
    scale = family_of(family).scale
    fuel, s = _filled(site)
    share = (s.conifer, s.dead)
    wind, heading = slope.with_wind(fuel, s.ffmc, s.slope, s.upslope, s.wind, s.wind_towards, *share, scale)
    heading = _turned(heading)
    isi = jnp.where(jnp.isnan(s.isi), spread.initial_spread(s.ffmc, wind, scale), s.isi)
    surface = consumption.surface(fuel, s.ffmc, s.bui, s.conifer, s.grass_load)
    effect = jnp.where(jnp.asarray(buildup), spread.buildup_effect(fuel, s.bui), 1.0)
    critical = jnp.where(fuel.crowned > 0.0, spread.critical_intensity(s.foliar, s.base), 0.0)
    ignites = spread.critical_rate(critical, surface)

    def rate_and_crown(index: Value) -> tuple[Value, Value]:
        rate = spread.initial(fuel, index, *share, s.curing) * effect
        burned = fraction(rate)
        crown = spread.plantation_crown_rate(index, s.foliar)
        return jnp.where(fuel.plantation > 0.0, spread.plantation(rate, crown, burned), rate), burned

    def fraction(rate: Value) -> Value:
        return jnp.where(fuel.crowned > 0.0, spread.crown_fraction(rate, ignites), 0.0)

    ratio = growth.length_to_breadth(fuel, wind)
    head, head_burned = rate_and_crown(isi)
    back, back_burned = rate_and_crown(spread.back_spread_index(s.ffmc, wind, scale))
    flank = growth.flank_rate(head, back, ratio)
    alpha = growth.acceleration(fuel, head_burned)
    minutes, point = jnp.asarray(minutes), jnp.asarray(point)
    ratio_then = jnp.where(point, growth.growing_ratio(ratio, alpha, minutes), ratio)
    head_then, back_then = (jnp.where(point, growth.grown(r, alpha, minutes), r) for r in (head, back))
    flank_then = growth.flank_rate(head_then, back_then, ratio_then)
    head_far, back_far = (
        jnp.where(point, growth.distance(r, alpha, minutes), r * minutes) for r in (head, back)
    )
    as_printed = convention == "wang2017"
    turn = theta - (jnp.rad2deg(heading) if as_printed else heading)
    aside, aside_then = (
        rate_towards(Ellipse(r, lb, jnp.zeros_like(r)), turn)
        for r, lb in ((head, ratio), (head_then, ratio_then))
    )

    def front(rate: Value, then: Value, burned: Value, far: Value) -> Front:
        eaten = surface + consumption.crown(fuel, s.load, burned, *share)
        pace = growth.closed_acceleration(burned) if as_printed else growth.acceleration(fuel, burned)
        time = jnp.where(fuel.crowned > 0.0, growth.time_to_crowns(rate, ignites, pace), 0.0)
        return Front(rate, then, burned, eaten, consumption.intensity(eaten, rate), time, far)

    return Behaviour(
        head=front(head, head_then, head_burned, head_far),
        flank=front(flank, flank_then, fraction(flank), growth.flank_rate(head_far, back_far, ratio_then)),
        back=front(back, back_then, back_burned, back_far),
        aside=front(aside, aside_then, fraction(aside), jnp.full_like(aside, jnp.nan)),
        towards=heading,
        surface_consumption=surface,
        crown_consumption=consumption.crown(fuel, s.load, head_burned, *share),
        buildup_effect=effect,
        slope_factor=slope.slope_factor(s.slope),
        isi=isi,
        net_wind=wind,
        critical_intensity=critical,
        critical_rate=ignites,
        length_to_breadth=ratio,
        length_to_breadth_then=ratio_then,
    )


def ellipse(found: Behaviour) -> Ellipse:
    """The ellipse of a behaviour at equilibrium in SI units, for spread over a landscape."""
    return Ellipse(found.head.rate / 60.0, found.length_to_breadth, found.towards)


def _turned(direction: Value) -> Value:
    """A direction [rad] from 0 to below a whole turn."""
    whole = 2.0 * jnp.pi
    within = direction % whole
    return jnp.where(within >= whole * (1.0 - 256.0 * jnp.finfo(within.dtype).eps), 0.0, within)


def _filled(site: Site) -> tuple[Fuel, Site]:
    """Columns of the types, and the site with its numbers broadcast and the types' crowns where none are given."""
    numbers = jnp.broadcast_arrays(site.fuel, *(jnp.asarray(v, jnp.result_type(float)) for v in site[1:]))
    s = Site(*numbers)
    fuel = fuels.take(s.fuel, s.ffmc.dtype)
    base = jnp.where(jnp.isnan(s.base), fuel.cbh, s.base)
    return fuel, s._replace(base=base, load=jnp.where(jnp.isnan(s.load), fuel.cfl, s.load))


__all__ = ["CONVENTIONS", "Behaviour", "Front", "Site", "behaviour", "ellipse"]
