"""How far back rain matters in a drought: daily attribution by integrated gradients, and the lag that holds 90 %."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from xai.memory import SHARE, reach
from xai.paths import integrated_gradients

from .explain_game import MeanFlux, Summed, part_of

STEPS, CHUNK = 48, 8


def rain_by_lag(
    f: MeanFlux, actual: Mapping[str, Any], usual: Mapping[str, Any], target: int, history: int
) -> tuple[np.ndarray, float]:
    """Attribution of each event's flux to each day's rain, all drivers moving from the climatology together.

    Args:
        f: mean fluxes of all events.
        actual: forcing (time, event).
        usual: its climatology.
        target: which flux.
        history: days that are explained.

    Returns:
        (event, lag) with lag 0 the last day, and the gap of the account of all drivers relative to the change.
    """
    found = integrated_gradients(
        Summed(f, target), part_of(actual), baseline=part_of(usual), steps=STEPS, chunk=CHUNK
    )
    parts = jax.tree.map(np.asarray, found.attribution)
    change = max(abs(float(found.prediction - found.base_value)), 1e-300)
    return parts["pr"][::-1][:history].T.astype(float), abs(float(found.efficiency_gap)) / change


def lengths(by_lag: np.ndarray, site: np.ndarray) -> tuple[np.ndarray, dict[int, float]]:
    """Lag by which 90 % of the absolute attribution is reached [d], of each event and of each site's events together.

    Args:
        by_lag: (event, lag).
        site: index of each event's site, (event,).
    """
    size = np.abs(by_lag)
    of_site = {int(j): _length(size[site == j].mean(0)[None])[0] for j in np.unique(site)}
    return _length(size), of_site


def _length(size: np.ndarray) -> np.ndarray:
    day = np.arange(size.shape[1])
    past = np.zeros(len(size))
    return reach(size, past, past + size.shape[1], day, day, SHARE)[0]
