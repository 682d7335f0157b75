"""Projection: a trained ensemble under changed forcing, with a flag where it leaves what training saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from data.batches import Panel

from .ensemble import run_members
from .inputs import from_panel
from .scenario import Scenario, apply

WATCHED = ("tas_min", "tas_max", "rsds", "vpd", "pr", "co2")


@dataclass(frozen=True)
class Range:
    """Least and greatest value of each forcing in training, over all sites (scalars) and by site."""

    low: dict[str, float]
    high: dict[str, float]
    site_low: dict[str, np.ndarray]
    site_high: dict[str, np.ndarray]

    @classmethod
    def of(cls, panel: Panel, days: Bool[np.ndarray, "time site"]) -> Range:
        """Ranges over training days."""
        low, high, site_low, site_high = {}, {}, {}, {}
        for name in WATCHED:
            held = np.where(days, panel.forcing[name], np.nan)
            low[name], high[name] = float(np.nanmin(held)), float(np.nanmax(held))
            some = days.any(0)
            site_low[name] = np.full(days.shape[1], low[name], np.float32)
            site_high[name] = np.full(days.shape[1], high[name], np.float32)
            site_low[name][some] = np.nanmin(held[:, some], axis=0)
            site_high[name][some] = np.nanmax(held[:, some], axis=0)
        return cls(low, high, site_low, site_high)

    def flags(self, panel: Panel) -> Float[np.ndarray, "time site"]:
        """Bit field of the forcing outside the training range of all sites (uint8); bit i is ``WATCHED[i]``."""
        out = np.zeros(panel.shape, np.uint8)
        for bit, name in enumerate(WATCHED):
            x = panel.forcing[name]
            out |= ((x < self.low[name]) | (x > self.high[name])).astype(np.uint8) << bit
        return out

    def site_flags(self, panel: Panel) -> Float[np.ndarray, "time site"]:
        """The same against each site's own training range."""
        out = np.zeros(panel.shape, np.uint8)
        for bit, name in enumerate(WATCHED):
            x = panel.forcing[name]
            out |= ((x < self.site_low[name]) | (x > self.site_high[name])).astype(np.uint8) << bit
        return out


@dataclass(frozen=True)
class Projection:
    """What an ensemble says under a scenario, arrays (member, time, site)."""

    scenario: Scenario
    panel: Panel
    observables: dict[str, np.ndarray]
    pools: dict[str, np.ndarray]
    outside: np.ndarray
    outside_site: np.ndarray


def project(models: Any, panel: Panel, scenario: Scenario, seen: Range) -> Projection:
    """Run a trained ensemble under a scenario; no observation is needed.

    Args:
        models: members with a leading axis on every array.
        panel: present forcing.
        scenario: what changes.
        seen: ranges of forcing in training.

    Raises:
        ScenarioError: a change that does not fit the forcing.
    """
    changed = apply(panel, scenario)
    runs = run_members(models, from_panel(changed, models.design.categories))
    return Projection(
        scenario,
        changed,
        {n: np.asarray(v) for n, v in runs.observables.items()},
        {n: np.asarray(v) for n, v in runs.pools.items()},
        seen.flags(changed),
        seen.site_flags(changed),
    )
