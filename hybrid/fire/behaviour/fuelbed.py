"""The fuel bed: particles weighted by surface area, packing, moisture of extinction, heat sink."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from ...process.laws.shapes import power
from .. import units as u
from ..safe import safe_ratio
from .convention import Convention
from .fuels import Fuel

Value = Float[Array, "..."]
Particles = Float[Array, "... particle"]

DENSITY = 32.0 * u.POUND_PER_CUBIC_FOOT
"""Oven-dry particle density [kg m-3] [@albini1976estimating]."""
TOTAL_MINERAL = 0.0555
"""Total mineral content [1] [@albini1976estimating]."""
SIZE_EDGES = (16.0, 48.0, 96.0, 192.0, 1200.0)
"""Edges of the size classes of net load, surface-area-to-volume ratio [ft2 ft-3] [@albini1976estimating]."""


class Moisture(NamedTuple):
    """Moisture contents, fractions of oven-dry mass [1], of shapes that broadcast with the fuel."""

    dead_1h: Value
    dead_10h: Value
    dead_100h: Value
    live_herbaceous: Value
    live_woody: Value


class Category(NamedTuple):
    """Particles of one life category, last axis the particle: dead 1 h, 10 h, 100 h, cured; or herbaceous, woody."""

    load: Particles
    savr: Particles
    moisture: Particles


def cured_fraction(live_herbaceous: Value, convention: Convention) -> Value:
    """Share of the herbaceous load that counts as dead [1] [@scott2005standard].

    One up to a moisture of 0.3, zero above 1.2, and linear between (see ``Convention.curing``).
    """
    if convention.curing == "exact":
        share = (1.2 - live_herbaceous) / 0.9
    elif convention.curing == "andrews":
        share = 1.33 - 1.11 * live_herbaceous
    else:
        share = 1.333 - 1.11 * live_herbaceous
    share = jnp.clip(share, 0.0, 1.0)
    return jnp.where(live_herbaceous < 0.3, 1.0, jnp.where(live_herbaceous > 1.2, 0.0, share))


def categories(fuel: Fuel, moisture: Moisture, convention: Convention) -> tuple[Category, Category]:
    """Dead and live particles after transfer of cured herbs to dead fuel, which take the moisture of 1-h fuel."""
    m = jnp.stack(jnp.broadcast_arrays(*moisture), axis=-1)
    cured = fuel.dynamic * cured_fraction(moisture.live_herbaceous, convention)
    whole = jnp.broadcast_shapes(fuel.load.shape[:-1], m.shape[:-1], jnp.shape(cured))
    load, savr = (jnp.broadcast_to(x, (*whole, 5)) for x in (fuel.load, fuel.savr))
    m = jnp.broadcast_to(m, (*whole, 5))
    herbs = load[..., 3]
    moved = herbs * cured
    dead = Category(
        jnp.concatenate([load[..., :3], moved[..., None]], axis=-1),
        savr[..., :4],
        jnp.concatenate([m[..., :3], m[..., :1]], axis=-1),
    )
    live = Category(
        jnp.stack([herbs - moved, load[..., 4]], axis=-1),
        savr[..., 3:],
        m[..., 3:],
    )
    return dead, live


def surface_area(category: Category) -> Particles:
    """Surface area of each particle class per ground area [1]: load x savr / density [@rothermel1972, eq. 53]."""
    return category.load * category.savr / DENSITY


def weights(area: Particles) -> Particles:
    """Weight of each class in its category by surface area [1] [@rothermel1972, eq. 56]."""
    return safe_ratio(area, area.sum(axis=-1, keepdims=True))


def mean(weight: Particles, of: Particles) -> Value:
    """Weighted mean over the classes of a category [@rothermel1972, eq. 59-71]."""
    return (weight * of).sum(axis=-1)


def net_load(category: Category, weight: Particles) -> Value:
    """Load without minerals [kg m-2], classes weighted by the area of their size class [@albini1976estimating]."""
    place = (category.savr[..., None] * u.FOOT >= jnp.asarray(SIZE_EDGES)).sum(axis=-1)
    same = place[..., :, None] == place[..., None, :]
    shared = jnp.where(same, weight[..., None, :], 0.0).sum(axis=-1)
    shared = jnp.where(place > 0, shared, 0.0)
    return (1.0 - TOTAL_MINERAL) * (shared * category.load).sum(axis=-1)


def bulk_density(dead: Category, live: Category, depth: Value) -> Value:
    """Mass of fuel per volume of bed [kg m-3] [@rothermel1972, eq. 40]."""
    return (dead.load.sum(axis=-1) + live.load.sum(axis=-1)) / depth


def packing_ratio(bulk_density: Value) -> Value:
    """Share of the bed's volume that is fuel [1] [@rothermel1972, eq. 31]."""
    return bulk_density / DENSITY


def optimum_packing_ratio(savr: Value) -> Value:
    """Packing ratio of greatest reaction velocity [1]: 3.348 s^-0.8189, s in ft2 ft-3 [@rothermel1972, eq. 37]."""
    return 3.348 * power(savr * u.FOOT, -0.8189)


def live_extinction(dead: Category, live: Category, extinction: Value) -> Value:
    """Moisture of extinction of live fuel [1] [@albini1976estimating, p. 89].

    2.9 W (1 - M / Mx) - 0.226, no less than the dead fuel's Mx; W is the ratio of fine dead to fine live load,
    with weights exp(-138 / s) and exp(-500 / s), M the moisture of fine dead fuel. Without live load it is Mx.
    """
    fine_dead = dead.load * jnp.exp(-138.0 * u.PER_FOOT / dead.savr)
    fine_live = (live.load * jnp.exp(-500.0 * u.PER_FOOT / live.savr)).sum(axis=-1)
    some = fine_live > 1e-7 * u.POUND_PER_SQUARE_FOOT
    ratio = jnp.where(some, fine_dead.sum(axis=-1) / jnp.where(some, fine_live, 1.0), 0.0)
    fine_moisture = safe_ratio((fine_dead * dead.moisture).sum(axis=-1), fine_dead.sum(axis=-1))
    return jnp.maximum(2.9 * ratio * (1.0 - fine_moisture / extinction) - 0.226, extinction)


def heat_of_preignition(moisture: Particles) -> Particles:
    """Heat that brings fuel to ignition [kJ kg-1]: 250 + 1116 M Btu lb-1 [@frandsen1973effective]."""
    return u.BTU_PER_POUND * (250.0 + 1116.0 * moisture)


def effective_heating(savr: Particles) -> Particles:
    """Share of a particle heated to ignition [1]: exp(-138 / s), s in ft2 ft-3 [@rothermel1972, eq. 14]."""
    return jnp.exp(-138.0 * u.PER_FOOT / savr)


def heat_per_mass(category: Category, weight: Particles) -> Value:
    """Heat that brings a category to ignition per mass of it [kJ kg-1] [@rothermel1972, eq. 77]."""
    return mean(weight, effective_heating(category.savr) * heat_of_preignition(category.moisture))


__all__ = [
    "Category",
    "Moisture",
    "bulk_density",
    "categories",
    "cured_fraction",
    "effective_heating",
    "heat_of_preignition",
    "heat_per_mass",
    "live_extinction",
    "mean",
    "net_load",
    "optimum_packing_ratio",
    "packing_ratio",
    "surface_area",
    "weights",
]
