"""Whether the hybrid gives back what is known of a synthetic island."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from .config import Config
from .danger import RAIN
from .models import Fitted
from .opening import Fires


def recovered(fires: Fires, config: Config, fitted: Fitted, fit: np.ndarray) -> list[dict[str, Any]]:
    """Known and found quantities, with the range of the members from 5 to 95 %, and rank correlations on test years."""
    from scipy.stats import spearmanr

    constants = eqx.filter_vmap(lambda m: m.constants())(fitted.hybrid)
    members = {n: np.asarray(v, float) for n, v in constants.items()}
    test = ~np.isin(fires.years, fit)
    logit = np.log(fires.truth["chance_true"] / (1.0 - fires.truth["chance_true"]))
    chance = fitted.chance["hybrid"](fitted.windows).mean(axis=0)
    season = test & np.isin(fires.month, (5, 6, 7, 8))
    found: Any = spearmanr(chance[season].ravel(), logit[season].ravel())
    # the effect of the whole drought: fine and deep dryness both follow it, so they are added
    weight = np.asarray(eqx.filter_vmap(lambda m: m.weight(fitted.windows).mean())(fitted.hybrid), float)
    rows = [
        _row("effect of dryness", config.synthetic.dryness, weight * (members["deep"] + members["fine"])),
        _row("effect of wind", config.synthetic.wind, weight * members["wind"]),
        _row("factor of drying", 1.0, members["drying"]),
        _row("share of rain", RAIN.default, members["rain_share"]),
    ]
    return [
        *rows,
        {
            "name": "rank correlation of chances, June to September of the test",
            "found": float(found.statistic),
        },
    ]


def _row(name: str, known: float, members: np.ndarray) -> dict[str, Any]:
    low, high = np.quantile(members, [0.05, 0.95])
    return {
        "name": name,
        "known": known,
        "found": float(members.mean()),
        "low": float(low),
        "high": float(high),
    }
