"""The fuel types of the Canadian Forest Fire Behaviour Prediction System as a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from data.errors import DataError, nearest

Value = Float[Array, "..."]


class Fuel(NamedTuple):
    """What the equations need of a fuel type [@forestrycanada1992development; @wotton2009updates].

    Rate of spread a (1 - exp(-b ISI))^c, buildup effect q and BUI0 (tables 6 and 7), crown (table 8); surface fuel
    consumption A (1 - exp(-k BUI))^p + A2 (1 - exp(-k2 BUI)) (eqs. 10 to 25).

    Attributes:
        a: greatest rate of spread [m min-1].
        b: of the Initial Spread Index [1].
        c: exponent [1].
        q: share of the greatest rate of spread at BUI0 [1].
        bui0: average Buildup Index of the type [1].
        cbh: height of the crown base [m].
        cfl: crown fuel load [kg m-2].
        surface: greatest consumption A of the first term [kg m-2].
        surface_rate: k of the first term [1].
        surface_power: p of the first term [1].
        wood: greatest consumption A2 of the second term [kg m-2].
        wood_rate: k2 of the second term [1].
        conifer_mix: one where per cent conifer shares spread and consumption with aspen (M-1, M-2).
        dead_mix: one where per cent dead fir shares spread with aspen (M-3, M-4).
        aspen: how fast the aspen of a mixture carries fire, leafless 1, green 0.2 [1].
        grass: one for O-1a and O-1b.
        open: one where fire accelerates as in the open.
        crowned: one where there are crowns that can burn.
        lichen: one for C-1, whose surface fuel depends on the Fine Fuel Moisture Code.
        pine: one for C-7, whose forest floor does so.
        plantation: one for C-6, whose crowns have a rate of spread of their own.
    """

    a: Value
    b: Value
    c: Value
    q: Value
    bui0: Value
    cbh: Value
    cfl: Value
    surface: Value
    surface_rate: Value
    surface_power: Value
    wood: Value
    wood_rate: Value
    conifer_mix: Value
    dead_mix: Value
    aspen: Value
    grass: Value
    open: Value
    crowned: Value
    lichen: Value
    pine: Value
    plantation: Value


TYPES = (
    "C-1", "C-2", "C-3", "C-4", "C-5", "C-6", "C-7", "D-1", "M-1", "M-2", "M-3", "M-4",
    "O-1a", "O-1b", "S-1", "S-2", "S-3",
)  # fmt: skip
"""Names of the fuel types; a type's code is its place."""

LONG_NAMES = (
    "spruce-lichen woodland", "boreal spruce", "mature jack or lodgepole pine", "immature jack or lodgepole pine",
    "red and white pine", "conifer plantation", "ponderosa pine and Douglas fir", "leafless aspen",
    "boreal mixedwood, leafless", "boreal mixedwood, green", "dead balsam fir mixedwood, leafless",
    "dead balsam fir mixedwood, green", "matted grass", "standing grass", "jack or lodgepole pine slash",
    "white spruce and balsam slash", "coastal cedar, hemlock and Douglas fir slash",
)  # fmt: skip
"""What each type is, in words."""

#  a     b       c     q    bui0 cbh cfl   A     k      p     A2   k2
_NUMBERS = """
  90   0.0649  4.50  0.90  72   2  0.75  0.0  0.0000 1.00   0.0 0.0000
 110   0.0282  1.50  0.70  64   3  0.80  5.0  0.0115 1.00   0.0 0.0000
 110   0.0444  3.00  0.75  62   8  1.15  5.0  0.0164 2.24   0.0 0.0000
 110   0.0293  1.50  0.80  66   4  1.20  5.0  0.0164 2.24   0.0 0.0000
  30   0.0697  4.00  0.80  56  18  1.20  5.0  0.0149 2.48   0.0 0.0000
  30   0.0800  3.00  0.80  62   7  1.80  5.0  0.0149 2.48   0.0 0.0000
  45   0.0305  2.00  0.85 106  10  0.50  0.0  0.0000 1.00   1.5 0.0201
  30   0.0232  1.60  0.90  32   0  0.00  1.5  0.0183 1.00   0.0 0.0000
 110   0.0282  1.50  0.80  50   6  0.80  5.0  0.0115 1.00   0.0 0.0000
 110   0.0282  1.50  0.80  50   6  0.80  5.0  0.0115 1.00   0.0 0.0000
 120   0.0572  1.40  0.80  50   6  0.80  5.0  0.0115 1.00   0.0 0.0000
 100   0.0404  1.48  0.80  50   6  0.80  5.0  0.0115 1.00   0.0 0.0000
 190   0.0310  1.40  1.00   1   0  0.00  0.0  0.0000 1.00   0.0 0.0000
 250   0.0350  1.70  1.00   1   0  0.00  0.0  0.0000 1.00   0.0 0.0000
  75   0.0297  1.30  0.75  38   0  0.00  4.0  0.0250 1.00   4.0 0.0340
  40   0.0438  1.70  0.75  63   0  0.00 10.0  0.0130 1.00   6.0 0.0600
  55   0.0829  3.20  0.75  31   0  0.00 12.0  0.0166 1.00  20.0 0.0210
"""


def _table() -> Fuel:
    numbers = np.array([[float(x) for x in line.split()] for line in _NUMBERS.strip().splitlines()])

    def those(*names: str) -> Any:
        return np.array([float(t in names) for t in TYPES])

    return Fuel(
        *numbers.T,
        conifer_mix=those("M-1", "M-2"),
        dead_mix=those("M-3", "M-4"),
        aspen=1.0 - 0.8 * those("M-2", "M-4"),
        grass=those("O-1a", "O-1b"),
        open=those("C-1", "O-1a", "O-1b", "S-1", "S-2", "S-3"),
        crowned=1.0 - those("D-1", "O-1a", "O-1b", "S-1", "S-2", "S-3"),
        lichen=those("C-1"),
        pine=those("C-7"),
        plantation=those("C-6"),
    )


TABLE: Fuel = _table()
"""The table, each column by type (type,)."""

ASPEN = TYPES.index("D-1")
"""Code of leafless aspen, which shares in mixtures."""

NO_FUEL = -1
"""Code of what does not burn, by name "NF" (no fuel) or "WA" (water)."""

_PLAIN = {"nf": NO_FUEL, "nofuel": NO_FUEL, "nonfuel": NO_FUEL, "wa": NO_FUEL, "water": NO_FUEL}
_PLAIN |= {re.sub(r"[^a-z0-9]", "", t.lower()): k for k, t in enumerate(TYPES)}


def code_of(name: str, where: str = "") -> int:
    """Code of a fuel type by its name, "C-2", "C2" or "c2".

    Args:
        name: the name.
        where: row or cell, for the error.

    Raises:
        DataError: where there is no such type.
    """
    plain = re.sub(r"[^a-z0-9]", "", str(name).lower())
    if plain not in _PLAIN:
        hint = nearest(str(name).upper(), TYPES).strip() or f"the types are {', '.join(TYPES)}"
        raise DataError(f"the fuel type '{name}' is unknown", where, hint)
    return _PLAIN[plain]


def codes_of(names: Sequence[str] | np.ndarray) -> np.ndarray:
    """Codes of fuel types by name (...), see `code_of`."""
    names = np.asarray(names)
    flat = [code_of(n, f"row {k + 1}") for k, n in enumerate(names.ravel())]
    return np.array(flat, dtype=np.int32).reshape(names.shape)


def take(code: Any, dtype: Any = None) -> Fuel:
    """Columns of the table for cells of fuel codes (...)."""
    return Fuel(*(jnp.asarray(column, dtype)[code] for column in TABLE))


__all__ = ["ASPEN", "LONG_NAMES", "NO_FUEL", "TABLE", "TYPES", "Fuel", "code_of", "codes_of", "take"]
