"""Units in which fire science is published, in SI: multiply to come in, divide to go out."""

from __future__ import annotations

FOOT = 0.3048
"""[m]"""
POUND = 0.45359237
"""[kg]"""
MINUTE = 60.0
"""[s]"""
HOUR = 3600.0
"""[s]"""
BTU = 1.05505585262
"""[kJ], International Table."""

MILE_PER_HOUR = 0.44704
"""[m s-1]"""
FOOT_PER_MINUTE = FOOT / MINUTE
"""[m s-1]"""
CHAIN_PER_HOUR = 66.0 * FOOT / HOUR
"""[m s-1]"""
METRE_PER_MINUTE = 1.0 / MINUTE
"""[m s-1]"""
KILOMETRE_PER_HOUR = 1.0 / 3.6
"""[m s-1]"""

POUND_PER_SQUARE_FOOT = POUND / FOOT**2
"""[kg m-2]"""
POUND_PER_CUBIC_FOOT = POUND / FOOT**3
"""[kg m-3]"""
TON_PER_ACRE = 2000.0 / 43560.0 * POUND_PER_SQUARE_FOOT
"""[kg m-2], of short tons."""
TONNE_PER_HECTARE = 0.1
"""[kg m-2]"""
PER_FOOT = 1.0 / FOOT
"""[m-1], of a surface-area-to-volume ratio in ft2 ft-3."""

BTU_PER_POUND = BTU / POUND
"""[kJ kg-1]"""
BTU_PER_SQUARE_FOOT = BTU / FOOT**2
"""[kJ m-2]"""
BTU_PER_CUBIC_FOOT = BTU / FOOT**3
"""[kJ m-3]"""
BTU_PER_SQUARE_FOOT_MINUTE = BTU_PER_SQUARE_FOOT / MINUTE
"""[kW m-2]"""
BTU_PER_FOOT_SECOND = BTU / FOOT
"""[kW m-1]"""
