"""Units, converted once, where data enter."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from .errors import DataError

CARBON_MOLAR_MASS = 12.011
"""Molar mass of carbon [g mol-1] [@prohaska2022atomic]."""

WATER_DENSITY = 1000.0
"""Density of liquid water that turns mass per area into depth [kg m-3]: 1 kg m-2 is 1 mm."""

_CARBON_WORDS = (
    (re.compile(r"(?<![A-Za-z])([kMGTmµu]?)g\s?C(?=[\s/*]|$)"), r"\1g"),
    (re.compile(r"(?<![A-Za-z])(umol|µmol|mmol|mol|micromol)\s?(?:CO2|C)(?=[\s/*]|$)"), r"\1"),
)

_SCALE = re.compile(r"\d+(?:\.\d*)?(?:[eE][+-]?\d+)?")


def same(found: str, wanted: str) -> bool:
    """Tell whether two unit strings are the same without parsing them ("mm/day" is not looked into)."""
    return " ".join(found.split()) == wanted


def convert(
    values: np.ndarray, found: str | None, wanted: str, *, substance: str = "", where: str = ""
) -> np.ndarray:
    """Convert values from the unit found in a file to the unit terrax holds.

    Units are read by pint with the UDUNITS grammar of cf-xarray. Beyond plain conversions, moles of CO2
    become grams of carbon where `substance` is "carbon" (12.011 g mol-1 [@prohaska2022atomic]), and mass of
    water per area becomes depth where it is "water" (1 kg m-2 = 1 mm).

    Args:
        values: numbers in the unit `found`, any shape.
        found: unit string of the file; None where the file states none.
        wanted: unit string of the registry.
        substance: "carbon", "water" or "".
        where: file and variable, for the error.

    Returns:
        Numbers in the unit `wanted`, same shape, float64 where a conversion took place.

    Raises:
        DataError: where `found` is missing, unknown or incompatible with `wanted`.
    """
    if found is None:
        raise DataError(
            f"the unit is missing, '{wanted}' or one that converts to it is wanted",
            where,
            f'set the attribute units = "{wanted}" if that is the unit of the numbers',
        )
    if same(found, wanted):
        return values
    quantity = _quantity(values, found, wanted, where)
    target = _quantity(1.0, wanted, wanted, where).units
    dims = quantity.dimensionality
    if dims != target.dimensionality:
        quantity = _through_substance(quantity, target, substance)
    try:
        return np.asarray(quantity.to(target).magnitude)
    except Exception as error:
        raise DataError(
            f"the unit '{found}' does not convert to '{wanted}'",
            where,
            "correct the attribute units, or the variable name if another quantity is meant",
        ) from error


def compatible(found: str, wanted: str, substance: str = "") -> bool:
    """Tell whether `found` converts to `wanted`."""
    try:
        convert(np.ones(1), found, wanted, substance=substance)
    except DataError:
        return False
    return True


def _quantity(values: Any, text: str, wanted: str, where: str) -> Any:
    from cf_xarray.units import units

    cleaned = text.strip()
    for pattern, replacement in _CARBON_WORDS:
        cleaned = pattern.sub(replacement, cleaned)
    numbers = np.asarray(values, dtype=np.float64)
    try:
        if _SCALE.fullmatch(cleaned):  # a bare factor, such as 1e-6 for a mole fraction
            return units.Quantity(numbers * float(cleaned), "dimensionless")
        return units.Quantity(numbers, units.parse_units(cleaned))
    except Exception as error:
        raise DataError(
            f"the unit '{text}' is unknown, '{wanted}' is wanted",
            where,
            "write it as UDUNITS does, as in 'mm d-1'",
        ) from error


def _through_substance(quantity: Any, target: Any, substance: str) -> Any:
    from cf_xarray.units import units

    if substance == "carbon":
        ratio = units.Quantity(CARBON_MOLAR_MASS, "g/mol")
    elif substance == "water":
        ratio = 1 / units.Quantity(WATER_DENSITY, "kg/m^3")
    else:
        return quantity
    changed = quantity * ratio
    return changed if changed.dimensionality == target.dimensionality else quantity
