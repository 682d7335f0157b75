"""Allocation, turnover, respiration and decomposition of carbon."""

from __future__ import annotations

from jaxtyping import Array, Float

from .shapes import at_most, power, saturating

Value = Float[Array, "..."]


def q10_response(tas: Value, q10: Value, reference: float = 15.0) -> Value:
    """Temperature response [1]: q10^((T - 15 degC) / 10 K) [@vanthoff1898]."""
    return power(q10, 0.1 * (tas - reference))


def moisture_response(wetness_top: Value, moisture_half: Value) -> Value:
    """Response of decomposition to moisture [1]: saturating, one at saturation [@moyano2013]."""
    return (1.0 + moisture_half) * saturating(at_most(wetness_top, 1.0), moisture_half)


def growth_respiration(gross_photosynthesis: Value, growth_respiration_fraction: Value) -> Value:
    """Respiration with growth [gC m-2 d-1], a fraction of what was fixed [@ryan1991]."""
    return growth_respiration_fraction * gross_photosynthesis


def maintenance_respiration(
    labile: Value, leaf: Value, root: Value, wood: Value, maintenance_rate: Value, plant_temperature: Value
) -> Value:
    """Respiration of living tissue from the labile pool [gC m-2 d-1] [@ryan1991].

    Rate [d-1] x living carbon x temperature response, as far as labile carbon goes. Living carbon is leaf,
    root and the sapwood of ``wood``, which saturates at 300 gC m-2.
    """
    living = leaf + root + 300.0 * saturating(wood, 3000.0)
    return maintenance_rate * living * plant_temperature * saturating(labile, 10.0)


def allocation(labile: Value, allocation_rate: Value, allocation_fraction: Value, season: Value) -> Value:
    """Growth of one tissue from the labile pool [gC m-2 d-1]: first order, in season [@fox2009]."""
    return allocation_rate * allocation_fraction * labile * season


def complement(fraction: Value) -> Value:
    """One minus a fraction [1]."""
    return 1.0 - fraction


def turnover(pool: Value, turnover_rate: Value) -> Value:
    """First-order loss of a pool [gC m-2 d-1], rate [d-1] [@fox2009]."""
    return turnover_rate * pool


def decomposition(pool: Value, rate: Value, soil_temperature: Value, soil_moisture: Value) -> Value:
    """Decay of a pool [gC m-2 d-1]: first order in temperature and moisture [@parton1987]."""
    return rate * pool * soil_temperature * soil_moisture


def respired(decay: Value, efficiency: Value) -> Value:
    """Part of a decay that leaves as CO2 [gC m-2 d-1], by carbon-use ``efficiency`` [1]."""
    return decay * (1.0 - efficiency)


def retained(decay: Value, efficiency: Value) -> Value:
    """Part of a decay passed to the next pool [gC m-2 d-1], by carbon-use ``efficiency`` [1]."""
    return decay * efficiency
