"""How far the effect of drought differs between places: by district with shrinkage, by group, and a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .config import Config
from .multiple import within

if TYPE_CHECKING:
    import xarray as xr

FEWEST = 30
"""Fewest months of a district for an estimate of its own."""


def run(ds: xr.Dataset, config: Config) -> dict[str, Any]:
    """Effect of the drought of the last months, one estimate per district, and whether they differ by more than chance.

    The exposure is the mean of the drought months from 1 to 3 months before; counts and exposure are less the means of
    district and month. Each district's slope has its own error; the spread between districts beyond these errors is
    estimated by moments [@dersimonian1986], and slopes are drawn towards their mean accordingly.

    Returns:
        ``districts`` with slope, error and shrunken slope; ``spread``, ``q``, ``q_p`` (Cochran's test of equality);
        ``groups`` by how many people leave and by how often there is drought.
    """
    from scipy import stats

    from .effects import DROUGHT, LEVEL, OUTCOME

    y = within(ds[OUTCOME].values)
    drought = ds[DROUGHT].values
    recent = np.full(drought.shape, np.nan)
    recent[:, 3:] = (drought[:, 2:-1] + drought[:, 1:-2] + drought[:, :-3]) / 3.0
    x = within(np.where(np.isfinite(y), recent, np.nan))
    names = [str(n) for n in ds["district"].values]
    slope, error = np.full(len(names), np.nan), np.full(len(names), np.nan)
    for i in range(len(names)):
        held = np.isfinite(x[i]) & np.isfinite(y[i])
        if held.sum() < FEWEST or np.var(x[i, held]) < 1e-3:
            continue
        a, b = x[i, held] - x[i, held].mean(), y[i, held] - y[i, held].mean()
        slope[i] = a @ b / (a @ a)
        left = b - slope[i] * a
        # neighbouring months are alike: errors by Newey and West with three lags
        score = a * left
        meat = score @ score + 2 * sum((1 - k / 4) * score[k:] @ score[:-k] for k in (1, 2, 3))
        error[i] = (
            np.sqrt(max(meat, 0.25 * (score @ score))) / (a @ a) * np.sqrt(held.sum() / (held.sum() - 2))
        )
    known = np.isfinite(slope) & (error > 0)
    b, v = slope[known], error[known] ** 2
    if known.sum() < 3:
        return {"districts": [], "spread": None, "q": None, "q_p": None, "mean": None, "groups": []}
    w = 1.0 / v
    mean = float(np.sum(w * b) / w.sum())
    q = float(np.sum(w * (b - mean) ** 2))
    freedom = len(b) - 1
    spread = max((q - freedom) / (w.sum() - np.sum(w**2) / w.sum()), 0.0)
    star = 1.0 / (v + spread)
    pooled = float(np.sum(star * b) / star.sum())
    reach = float(stats.norm.ppf(0.5 + LEVEL / 2) / np.sqrt(star.sum()))
    shrunk = np.full(len(names), np.nan)
    shrunk[known] = (spread * b + v * pooled) / (spread + v)
    total = np.nansum(np.expm1(ds[OUTCOME].values), axis=1)
    often = np.nanmean(drought, axis=1)
    groups = []
    for more, fewer, value in (
        ("more persons displaced", "fewer persons displaced", total),
        ("drought more often", "drought less often", often),
    ):
        half = value >= np.median(value[known])
        for label, inside in ((more, half), (fewer, ~half)):
            here = known & inside
            weight = 1.0 / (error[here] ** 2 + spread)
            middle = float(np.sum(weight * slope[here]) / weight.sum())
            wide = float(stats.norm.ppf(0.5 + LEVEL / 2) / np.sqrt(weight.sum()))
            groups.append(
                {"group": label, "districts": int(here.sum()), "value": middle,
                 "lower": middle - wide, "upper": middle + wide}
            )  # fmt: skip
    return {
        "districts": [
            {"district": n, "slope": s, "error": e, "shrunk": r}
            for n, s, e, r in zip(names, slope, error, shrunk, strict=True)
        ],
        "mean": pooled,
        "mean_lower": pooled - reach,
        "mean_upper": pooled + reach,
        "spread": float(np.sqrt(spread)),
        "q": q,
        "q_freedom": freedom,
        "q_p": float(stats.chi2.sf(q, freedom)),
        "groups": groups,
    }
