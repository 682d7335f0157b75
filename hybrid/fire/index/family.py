"""Families of programs, which differ in two constants of the published equations."""

from __future__ import annotations

from typing import NamedTuple

from data.errors import ConfigError


class Family(NamedTuple):
    """Where programs of fire weather differ.

    Attributes:
        scale: between Fine Fuel Moisture Code and moisture [%].
        printed: whether the moisture of duff is taken from the equation as printed, see `duff.moisture`.
    """

    scale: float
    printed: bool


FAMILIES = {
    "1985": Family(147.2, False),
    "exact": Family(250.0 * 59.5 / 101.0, False),
    "printed": Family(147.2, True),
}
"""By name. "1985": the scale of 147.2 as published [@vanwagner1985equations], duff moisture in the form of most
programs. "exact": 147.27723 = 250 x 59.5 / 101, with which a code of zero is the greatest moisture of 250 %, as newer
programs have it [@wang2017cffdrs]. "printed": every equation as printed, as in the Global Fire Weather Database
[@field2015development]."""


def family_of(name: str) -> Family:
    """Return the family of that name; raise ConfigError where there is none."""
    if name not in FAMILIES:
        raise ConfigError(
            f"there is no family '{name}' of fire weather programs",
            "family",
            "choose 1985 (scale 147.2), exact (scale 147.27723) or printed (147.2, duff as printed)",
        )
    return FAMILIES[name]


__all__ = ["FAMILIES", "Family", "family_of"]
