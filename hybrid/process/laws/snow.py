"""Snow: partition of precipitation and degree-day melt."""

from __future__ import annotations

from jaxtyping import Array, Float

from .shapes import logistic, saturating, softplus

Value = Float[Array, "..."]


def snow_fraction(tas: Value, snow_temperature: Value) -> Value:
    """Fraction of precipitation that falls as snow [1], logistic in air temperature [@jennings2018].

    ``snow_temperature`` [degC] is where half is snow; the width of 1 K is theirs within its error.
    """
    return logistic(snow_temperature - tas)


def snowfall(pr: Value, snow_fraction: Value) -> Value:
    """Snowfall [mm d-1] of precipitation ``pr`` [mm d-1]."""
    return pr * snow_fraction


def rainfall(pr: Value, snow_fraction: Value) -> Value:
    """Rainfall [mm d-1] of precipitation ``pr`` [mm d-1]."""
    return pr * (1.0 - snow_fraction)


def potential_melt(tas: Value, degree_day_factor: Value, melt_temperature: Value) -> Value:
    """Melt that warmth allows [mm d-1]: factor [mm K-1 d-1] times degrees above the threshold [@hock2003]."""
    return degree_day_factor * softplus(4.0 * (tas - melt_temperature)) / 4.0


def snow_melt(snow: Value, potential_melt: Value) -> Value:
    """Melt [mm d-1], which falls to zero with the last millimetres of ``snow`` [mm]."""
    return potential_melt * saturating(snow, 1.0)
