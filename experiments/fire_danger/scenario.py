"""Danger in a changed climate, and where it asks models about what they have not seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from data.errors import ScenarioError
from hybrid.scenario import parse_change

from .config import Config, Scenario
from .danger import deep_code, raw_drivers
from .models import Fitted, mean_chance, prepare
from .opening import Fires
from .windows import Change, Windows


def change_of(settings: Scenario) -> Change:
    """The change that a scenario means.

    Raises:
        ScenarioError: one that sets values, or a factor of temperature.
    """
    kind, tas = parse_change("tas", settings.tas, "scenario.tas")
    if kind != "+":
        raise ScenarioError(
            f"the change {settings.tas!r} of 'tas' is not a sum", "scenario.tas", "write + 2 K"
        )
    kind, pr = parse_change("pr", settings.pr, "scenario.pr")
    if kind != "x":
        raise ScenarioError(
            f"the change {settings.pr!r} of 'pr' is not a factor", "scenario.pr", "write x 0.8"
        )
    return Change(tas, pr)


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


def project(fires: Fires, config: Config, fitted: Fitted, fit: np.ndarray) -> dict[str, Any]:
    """Chances now and in the changed climate (time, cell) by model, drought codes, and flags."""
    change = change_of(config.scenario)
    w = prepare(fires, config, fit, 0, True, change)
    held = np.isin(fires.years, fit)
    changed = mean_chance(fitted, w)
    found = {f"changed__{name}": chance for name, chance in changed.items()}
    found |= {f"present__{name}": chance for name, chance in mean_chance(fitted, fitted.windows).items()}
    return found | {
        "outside": outside(w, fitted.windows, held),
        "code_present": drought_code(fitted.windows),
        "code_changed": drought_code(w),
    }
