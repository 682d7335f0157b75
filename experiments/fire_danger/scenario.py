"""Danger in a changed climate, and where it asks models about what they have not seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from data.errors import ScenarioError
from hybrid.scenario import parse_change

from .config import Config
from .danger import deep_code, raw_drivers
from .models import Fitted, mean_chance, prepare
from .opening import Fires
from .windows import Change, Windows

WANTED = {"tas": "+", "pr": "x"}
"""Kind of change of each forcing: a sum, or a factor."""


def change_of(changes: Mapping[str, str], where: str = "scenario") -> Change:
    """The change of weather that changes of forcing mean.

    Raises:
        ScenarioError: a forcing that danger does not read, one that sets values, or a factor of temperature.
    """
    held = {"tas": 0.0, "pr": 1.0}
    for name, change in changes.items():
        if name not in held:
            raise ScenarioError(f"fire danger does not read {name!r}", where, "change tas, pr or both")
        kind, number = parse_change(name, change, where)
        if kind != WANTED[name]:
            meant = {"+": "sum", "x": "factor"}[WANTED[name]]
            said = "write + 2 K" if name == "tas" else "write x 0.8"
            raise ScenarioError(f"the change {change!r} of {name!r} is not a {meant}", where, said)
        held[name] = number
    return Change(held["tas"], held["pr"])


def drought_code(w: Windows) -> np.ndarray:
    """Monthly drought code with the published constants [1] (time, cell)."""
    return np.asarray(deep_code(w.tas, w.pr, w.days, w.factor), float)


def outside(w: Windows, seen: Windows, held: np.ndarray) -> np.ndarray:
    """Whether a cell-month's dryness lies outside what the months that fit held, bool (time, cell).

    Departures of deep and fine dryness from normal are compared, and the drought code itself.
    """
    now, then = raw_drivers(w), raw_drivers(seen)
    out = np.zeros(w.base.shape, bool)
    pairs = [(now.deep, then.deep), (now.fine, then.fine), (drought_code(w), drought_code(seen))]
    for here, there in pairs:
        low, high = np.asarray(there)[held].min(), np.asarray(there)[held].max()
        out |= (np.asarray(here) < low) | (np.asarray(here) > high)
    return out


def project(fires: Fires, config: Config, fitted: Fitted, fit: np.ndarray, change: Change) -> dict[str, Any]:
    """Chances now and in the changed climate (time, cell) by model, drought codes, and flags.

    Fires of the last year, radiation and wind stay as they were.
    """
    w = prepare(fires, config, fit, min(config.leads), True, change)
    held = np.isin(fires.years, fit)
    changed = mean_chance(fitted, w)
    found = {f"changed__{name}": chance for name, chance in changed.items()}
    found |= {f"present__{name}": chance for name, chance in mean_chance(fitted, fitted.windows).items()}
    return found | {
        "outside": outside(w, fitted.windows, held),
        "code_present": drought_code(fitted.windows),
        "code_changed": drought_code(w),
    }
