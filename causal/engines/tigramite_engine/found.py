"""What tigramite found, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...links import Links


@dataclass
class Found(Links):
    """Links of many cells, and what went wrong in any of them.

    ``n`` counts, for the target that has fewest, the times from ``2 tau_max`` on at which the target is present and
    not masked; each test may lose further samples to gaps of its other variables.

    Attributes:
        errors: one sentence for each cell, '' where all went well. A cell that failed has ``n`` 0, values 0 and p 1.
    """

    errors: list[str] = field(default_factory=list)


@dataclass
class Regimes:
    """Links of every regime of many cells.

    Attributes:
        links: one `Found` for each regime.
        regimes: regime of each time, ``(cell, time)``; -1 where the cell failed.
        errors: one sentence for each cell, '' where all went well.
    """

    links: list[Found]
    regimes: np.ndarray
    errors: list[str]


@dataclass
class PanelFound(Found):
    """Links of a panel: one cell.

    Attributes:
        names: system variables, then contexts: the order of the arrays.
        dummies: variables that depend on the dummy of ``space`` or ``time``, beyond what the contexts explain.
    """

    names: tuple[str, ...] = ()
    dummies: dict[str, tuple[str, ...]] = field(default_factory=dict)
