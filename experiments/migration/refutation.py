"""What an effect of drought must survive: placebos, subsets, an outcome that came before, a hidden confounder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .config import Config

if TYPE_CHECKING:
    import xarray as xr

FURTHER = 6
"""Months of drought before the horizon that are held fixed, so that an earlier drought is not taken for a later one."""
BEFORE = 3
"""Months by which the negative control comes before the first drought month of the horizon."""


def run(ds: xr.Dataset, config: Config) -> dict[str, Any]:
    """Refute the sum of effects over the horizon.

    The negative control is the log count of the months before the drought months in question, with drought up to
    then held fixed: no drought acts on what came before it. The yardstick of a hidden confounder is conflict.

    Returns:
        ``rows`` of refuter, estimate, interval, p and whether it passed; ``verdict``; ``stands``.
    """
    from causal.refute import refute, two_way_estimator

    from .effects import DROUGHT, LEVEL, OUTCOME

    horizon = config.effect.horizon
    known = np.flatnonzero(np.isfinite(ds[DROUGHT].values).any(axis=0))
    ds = ds.isel(time=slice(int(known[0]), None))
    estimate = two_way_estimator(
        OUTCOME,
        DROUGHT,
        [(DROUGHT, -k) for k in range(horizon + 1, horizon + 1 + FURTHER)],
        lags=range(horizon + 1),
        cluster="both",
        level=LEVEL,
    )
    ds = ds.assign(earlier=ds[OUTCOME].shift(time=horizon + BEFORE))
    found = refute(
        ds,
        estimate,
        treatment=DROUGHT,
        outcome=OUTCOME,
        negative_controls=["earlier"],
        observed=["conflict"],
        block=12,
        repetitions=99 if config.effect.resamples >= 200 else 39,
        subset_by="district",
        level=LEVEL,
        seed=config.seed,
    )
    rows = [
        {
            "name": str(name),
            "estimate": row["estimate"],
            "lower": row["lower"],
            "upper": row["upper"],
            "p": row["p"],
            "passed": None if row["passed"] is None else bool(row["passed"]),
            "note": str(row["note"]),
        }
        for name, row in found.table.iterrows()
    ]
    return {
        "value": found.original.value,
        "lower": found.original.lower,
        "upper": found.original.upper,
        "rows": rows,
        "verdict": found.verdict,
        "stands": bool(found.stands),
    }
