"""Choices in which published fire-behaviour systems differ."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args, get_type_hints

from data.errors import ConfigError, listing


@dataclass(frozen=True)
class Convention:
    """Where references differ, which of them to follow.

    The defaults are those of the Fire Lab's Behave library (which BehavePlus follows), but for its slips: the units of
    the further fuel models, its limit of the slope factor, and its constants of crown fire.

    Attributes:
        live_class: class that the live fuel of fuel models 4, 5, 7 and 10 belongs to. Albini [@albini1976estimating]
            has one live class; "woody" is Behave's, "herbaceous" that of systems which give them herb moisture.
        southern_rough_savr: surface-area-to-volume ratio of the live fuel of fuel model 7 [ft2 ft-3]: 1500 in Behave,
            1550 in the table of [@anderson1982aids].
        curing: share of the herbaceous load of dynamic models that is dead at a live moisture M: "exact" is the line
            from all at 30 % to none at 120 % of [@scott2005standard]; "andrews" is its printed form 1.33 - 1.11 M
            [@andrews2018rothermel]; "behave" is 1.333 - 1.11 M.
        further_units: units of the models of [@fernandes2009modelos] and of Weise: "published" (m, t ha-1, kJ kg-1,
            m-1, %), or "reference", which reads the same numbers as ft, ton acre-1, Btu lb-1, ft-1 and fractions,
            as Behave's table does.
        wind_on_slope: whether the midflame wind blows "along" the slope, with its speed kept [@albini1976estimating],
            or is "projected": horizontal, lifted onto the slope's plane, which lengthens its part up or down the slope.
        wind_limit: greatest effective wind that adds to spread: "none", as advised by [@andrews2013examination];
            "rothermel", 0.9 times reaction intensity [@rothermel1972]; "andrews", 96.8 times its cube root
            [@andrews2013examination] (ft min-1, Btu ft-2 min-1).
        slope_limit: "none", or "reference": the slope factor is at most 0.9 times reaction intensity
            (Btu ft-2 min-1), as in Behave, which compares it with the wind limit.
        length_to_width: "anderson", the double ellipse's exponentials with a greatest ratio of 8
            [@anderson1983predicting], or "andrews", 1 + 0.25 times effective wind in mph [@andrews1986behave].
        crown_ratio: whether the crown filling of sheltered wind is "given" from cover and crown ratio
            [@albini1979estimating], or "cover" alone [@finney1998farsite].
        crown_units: "exact", or "reference": the constants by which Behave turns the critical intensity and rate of
            crown fire from metric units, 0.08 % and 2e-6 off.
    """

    live_class: Literal["woody", "herbaceous"] = "woody"
    southern_rough_savr: Literal[1500, 1550] = 1500
    curing: Literal["behave", "andrews", "exact"] = "behave"
    further_units: Literal["published", "reference"] = "published"
    wind_on_slope: Literal["along", "projected"] = "along"
    wind_limit: Literal["none", "rothermel", "andrews"] = "none"
    slope_limit: Literal["none", "reference"] = "none"
    length_to_width: Literal["anderson", "andrews"] = "anderson"
    crown_ratio: Literal["given", "cover"] = "given"
    crown_units: Literal["exact", "reference"] = "exact"

    def __post_init__(self) -> None:
        kinds = get_type_hints(type(self))
        for field in fields(self):
            value, known = getattr(self, field.name), get_args(kinds[field.name])
            if value not in known:
                raise ConfigError(
                    f"{field.name} is {value!r}", "fire-behaviour convention", f"use one of {listing(known)}"
                )


DEFAULT = Convention()
REFERENCE = Convention(further_units="reference", slope_limit="reference", crown_units="reference")
"""What the Behave library does, to the letter."""
PUBLISHED = Convention(southern_rough_savr=1550, curing="exact")
"""What the papers print."""

__all__ = ["DEFAULT", "PUBLISHED", "REFERENCE", "Convention"]
