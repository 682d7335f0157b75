"""Phenology: leaves follow a target set by warmth, day length and water."""

from __future__ import annotations

from jaxtyping import Array, Float

from .shapes import logistic, saturating, softplus

Value = Float[Array, "..."]


def season_index(
    tas_month: Value, day_length: Value, leaf_temperature: Value, leaf_day_length: Value
) -> Value:
    """Growing-season index of warmth and day length [1] [@jolly2005], with logistic in place of linear ramps."""
    warm = logistic(0.5 * (tas_month - leaf_temperature))
    light = logistic(1.5 * (day_length - leaf_day_length))
    return warm * light


def leaf_target(
    season_index: Value,
    water_stress: Value,
    maximum_leaf_area: Value,
    leaf_mass_per_area: Value,
    leaf_drought: Value,
) -> Value:
    """Leaf mass the plant would hold [gC m-2] [@knorr2010].

    ``leaf_drought`` [1] is the share of leaves that water stress can cost.
    """
    water = 1.0 - leaf_drought * (1.0 - water_stress)
    return maximum_leaf_area * leaf_mass_per_area * season_index * water


def leaf_growth(leaf: Value, labile: Value, leaf_target: Value, leaf_growth_rate: Value) -> Value:
    """Leaf growth from the labile pool [gC m-2 d-1]: rate [d-1] x shortfall, as far as labile carbon goes."""
    shortfall = softplus(leaf_target - leaf - 1.0)
    return leaf_growth_rate * shortfall * saturating(labile, 10.0)


def leaf_fall(leaf: Value, leaf_target: Value, leaf_turnover: Value, leaf_shed_rate: Value) -> Value:
    """Leaf fall [gC m-2 d-1]: steady turnover [d-1] and shedding [d-1] of leaves above the target."""
    surplus = softplus(leaf - leaf_target - 1.0) * saturating(leaf, 1.0)
    return leaf_turnover * leaf + leaf_shed_rate * surplus
