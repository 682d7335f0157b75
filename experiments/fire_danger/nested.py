"""The second evaluation: every year held out once, with a penalty that each fold chose for itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .config import Config
from .models import fit_all, mean_chance
from .opening import Fires


def nested(
    fires: Fires, config: Config, years: np.ndarray, tick: Callable[[int, int], None]
) -> dict[str, np.ndarray]:
    """Chances of each year from models fitted on all others, the month's own weather known (time, cell).

    The hybrid's penalty is chosen in each fold by its own years, held out one by one. The form of the hybrid was chosen
    on the years that fit, so for those this evaluation is somewhat kind; for the years that test it is not. Later years
    stand in the fit of earlier ones, which is no forecast. ``ridge`` holds the penalties (year,).
    """
    everywhere = np.ones(fires.burned.shape[1], bool)
    out: dict[str, np.ndarray] = {"ridge": np.zeros(len(years))}
    for i, year in enumerate(years):
        fitted = fit_all(fires, config, years[years != year], everywhere, 0, choose=True)
        here = fires.years == year
        out["ridge"][i] = fitted.ridge
        for name, chance in mean_chance(fitted, fitted.windows).items():
            out.setdefault(name, np.full_like(chance, np.nan))[here] = chance[here]
        tick(i + 1, len(years))
    return out
