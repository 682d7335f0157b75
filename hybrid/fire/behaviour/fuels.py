"""Fuel models: the published tables, and fuel of any code or grid of codes in SI."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from data.errors import DataError, listing, nearest

from .. import units as u
from .convention import DEFAULT, Convention

Value = Float[Array, "..."]
Classes = Float[Array, "... 5"]

CLASSES = ("1h", "10h", "100h", "herbaceous", "woody")
SAVR_10H, SAVR_100H = 109.0, 30.0
"""Surface-area-to-volume ratios of 10-h and 100-h fuel [ft2 ft-3] [@albini1976estimating]."""
_LIVE_OF_ONE_CLASS = (4, 5, 7, 10)


class Fuel(NamedTuple):
    """A surface fuel bed, each field of the shape of a grid, a batch or a number.

    Attributes:
        depth: fuel-bed depth [m].
        extinction: moisture of extinction of dead fuel [1].
        heat_dead: low heat content of dead fuel [kJ kg-1].
        heat_live: low heat content of live fuel [kJ kg-1].
        load: oven-dry load [kg m-2] of the classes 1 h, 10 h, 100 h, live herbaceous, live woody, last axis.
        savr: surface-area-to-volume ratio [m-1] of the same classes, last axis.
        dynamic: 1 where herbaceous load is transferred to dead fuel with curing, else 0.
    """

    depth: Value
    extinction: Value
    heat_dead: Value
    heat_live: Value
    load: Classes
    savr: Classes
    dynamic: Value


@dataclass(frozen=True)
class FuelModel:
    """One row of the table: a fuel model in the units of its publication."""

    number: int
    code: str
    name: str
    set: str
    dynamic: bool
    depth: float
    extinction: float
    heat_dead: float
    heat_live: float
    load: tuple[float, ...]
    savr: tuple[float, ...]

    @property
    def burnable(self) -> bool:
        """Whether there is any fuel."""
        return sum(self.load) > 0.0


@cache
def table() -> dict[int, FuelModel]:
    """Fuel models by number: 13 of [@anderson1982aids], 40 and the unburnable of [@scott2005standard], and further.

    The further are 18 of Portugal [@fernandes2009modelos] and 5 of southern California [@weise1997preliminary], with
    the numbers and values of the Behave library.
    """
    text = Path(__file__).with_name("fuel_models.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {m.number: m for m in map(_row, rows)}


def _row(row: dict[str, str]) -> FuelModel:
    number = {n: float(row[n]) for n in ("depth", "extinction", "heat_dead", "heat_live")}
    savr = float(row["savr_1h"]), float(row["savr_herbaceous"]), float(row["savr_woody"])
    return FuelModel(
        int(row["number"]),
        row["code"],
        row["name"],
        row["set"],
        row["dynamic"] == "1",
        number["depth"],
        number["extinction"],
        number["heat_dead"],
        number["heat_live"],
        tuple(float(row[f"load_{c}"]) for c in CLASSES),
        savr,
    )


def in_si(model: FuelModel, convention: Convention = DEFAULT) -> Fuel:
    """A fuel model in SI, as numbers (NumPy, float64)."""
    metric = model.set == "fernandes" and convention.further_units == "published"
    length, heat, area = (1.0, 1.0, 1.0) if metric else (u.FOOT, u.BTU_PER_POUND, u.PER_FOOT)
    mass = u.POUND_PER_SQUARE_FOOT if model.set in ("anderson", "unburnable") else u.TON_PER_ACRE
    mass = u.TONNE_PER_HECTARE if metric else mass
    load, (fine, herbaceous, woody) = list(model.load), model.savr
    if model.number == 7:
        herbaceous = woody = float(convention.southern_rough_savr)
    if model.number in _LIVE_OF_ONE_CLASS and convention.live_class == "herbaceous":
        load[3], load[4] = load[4], load[3]
    savr = [area * fine, u.PER_FOOT * SAVR_10H, u.PER_FOOT * SAVR_100H, area * herbaceous, area * woody]
    further = model.set in ("fernandes", "weise") and convention.further_units == "reference"
    numbers = (
        length * model.depth,
        model.extinction * (1.0 if further else 0.01),
        heat * model.heat_dead,
        heat * model.heat_live,
        mass * np.asarray(load),
        np.asarray(savr),
        float(model.dynamic),
    )
    return Fuel(*(np.asarray(n, dtype=float) for n in numbers))  # type: ignore[arg-type]


@cache
def _stacked(convention: Convention) -> tuple[np.ndarray, Fuel]:
    """Numbers in order, and all models in that order."""
    models = [table()[n] for n in sorted(table())]
    fuels = [in_si(m, convention) for m in models]
    return np.array([m.number for m in models]), Fuel(*(np.stack(f) for f in zip(*fuels, strict=True)))  # type: ignore[arg-type]


def number_of(code: str | int) -> int:
    """Number of a fuel model given by number or code ("GS4"); raise DataError where there is none."""
    by_code = {m.code.lower(): n for n, m in table().items()}
    found = by_code.get(str(code).lower())
    number = found if found is not None else int(code) if str(code).isdigit() else None
    if number is None or number not in table():
        hint = "" if str(code).isdigit() else nearest(str(code), (m.code for m in table().values())).strip()
        raise DataError(
            f"no fuel model has the code {code!r}",
            "fuel",
            hint or "use a number or code of the table, such as 4, 'GS4' or 91 (unburnable)",
        )
    return number


def fuel(code: str | int, convention: Convention = DEFAULT) -> Fuel:
    """One fuel model by number or code.

    Raises:
        DataError: there is no such model.
    """
    return Fuel(*(jnp.asarray(v) for v in in_si(table()[number_of(code)], convention)))


def fuel_grid(codes: np.ndarray, convention: Convention = DEFAULT, *, fill: int | None = None) -> Fuel:
    """Fuel of a grid of fuel-model numbers, of any shape.

    Args:
        codes: numbers of fuel models; integers, or floats that are whole.
        convention: choices where references differ.
        fill: number to use where a code is missing (NaN or negative), such as 91; None takes no missing code.

    Raises:
        DataError: a code that no fuel model has, that is not whole, or that is missing where ``fill`` is None.
    """
    fuels, place = fuel_kinds(codes, convention, fill=fill)
    return Fuel(*(f[place] for f in fuels))


def fuel_kinds(
    codes: np.ndarray, convention: Convention = DEFAULT, *, fill: int | None = None
) -> tuple[Fuel, np.ndarray]:
    """All fuel models, and which of them each cell of a grid is.

    What depends on fuel and one moisture alone is then computed by model instead of by cell, and laid on the grid::

        fuels, place = fuel_kinds(codes)
        bed = jax.tree.map(lambda a: a[place], prepare(fuels, moisture))

    Args:
        codes: numbers of fuel models, of any shape; integers, or floats that are whole.
        convention: choices where references differ.
        fill: number to use where a code is missing (NaN or negative), such as 91; None takes no missing code.

    Returns:
        Every model of the table, (model, ...), and the index of each cell's, of the shape of ``codes``.

    Raises:
        DataError: a code that no fuel model has, that is not whole, or that is missing where ``fill`` is None.
    """
    given = np.asarray(codes)
    if given.dtype.kind not in "iuf":
        raise DataError(
            f"fuel codes are of type {given.dtype}", "fuel", "give numbers, or one code by fuel()"
        )
    missing = ~np.isfinite(given) | (given < 0)
    if missing.any() and fill is None:
        raise DataError(
            f"the fuel code is missing in {int(missing.sum())} of {missing.size} cells",
            "fuel",
            "fill them, or name the model to use there, such as fill=91 (unburnable)",
        )
    whole = np.where(missing, number_of(fill) if fill is not None else 0, given)
    numbers, fuels = _stacked(convention)
    place = np.clip(np.searchsorted(numbers, whole), 0, len(numbers) - 1)
    unknown = np.unique(whole[numbers[place] != whole])
    if unknown.size:
        raise DataError(
            f"no fuel model has the number {listing(f'{n:g}' for n in unknown)}",
            "fuel",
            "translate the codes to those of Anderson or of Scott and Burgan",
        )
    return Fuel(*(jnp.asarray(f) for f in fuels)), place


__all__ = ["CLASSES", "Fuel", "FuelModel", "fuel", "fuel_grid", "fuel_kinds", "in_si", "number_of", "table"]
