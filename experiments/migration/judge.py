"""Skill on months that were held out: R2, coverage, alarms, and differences with a paired block bootstrap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from . import intervals
from .backtest import BASELINES, MODELS, Forecasts
from .config import Config
from .prepare import Panel


def r2(forecast: np.ndarray, observed: np.ndarray) -> float:
    """One less the mean square error over the variance of what was observed, pooled over all finite pairs."""
    held = np.isfinite(forecast) & np.isfinite(observed)
    o = observed[held]
    if o.size < 30 or np.var(o) == 0:
        return float("nan")
    return float(1.0 - np.sum((forecast[held] - o) ** 2) / np.sum((o - o.mean()) ** 2))


def paired(y: np.ndarray, lead: int) -> np.ndarray:
    """The observed months whose origin was observed too, others NaN: the rule of the reference numbers."""
    out = np.full(y.shape, np.nan)
    out[:, lead:] = np.where(np.isfinite(y[:, :-lead]), y[:, lead:], np.nan)
    return out


def auc(chance: np.ndarray, happened: np.ndarray) -> float:
    """Chance that an alarm month was given more than another, ties half [@hanley1982]."""
    from scipy.stats import rankdata

    yes = int(happened.sum())
    no = happened.size - yes
    if not yes or not no:
        return float("nan")
    ranks = rankdata(chance)
    return float((ranks[happened].sum() - yes * (yes + 1) / 2) / (yes * no))


@dataclass(frozen=True)
class Difference:
    """R2 of the forecast less that of a baseline, with its 90 % interval from resampled blocks of months."""

    lead: int
    baseline: str
    value: float
    low: float
    high: float
    above: float


def difference(
    ours: np.ndarray, theirs: np.ndarray, observed: np.ndarray, block: int, resamples: int, seed: int
) -> tuple[float, float, float, float]:
    """Difference of R2 on the same pairs, its 5 and 95 % quantile, and the share of resamples above 0.

    Blocks of months are drawn with all their districts, circularly [@politis1992]: what districts of a month share
    and what months share with their neighbours stays together.

    Args:
        ours: forecasts (district, time).
        theirs: forecasts of the other model.
        observed: what happened, NaN where it does not count.
        block: months in a block.
        resamples: draws.
        seed: of the draws.
    """
    held = np.isfinite(ours) & np.isfinite(theirs) & np.isfinite(observed)
    o = np.where(held, observed, 0.0)

    def by_month(values: np.ndarray) -> np.ndarray:
        return np.where(held, values, 0.0).sum(axis=0)

    sums = np.stack(
        [
            held.sum(axis=0),
            by_month(o),
            by_month(o**2),
            by_month((ours - observed) ** 2),
            by_month((theirs - observed) ** 2),
        ]
    )

    def gain(s: np.ndarray) -> np.ndarray:
        total = s[2] - s[1] ** 2 / np.maximum(s[0], 1)
        return (s[4] - s[3]) / np.maximum(total, 1e-12)

    months = observed.shape[1]
    rng = np.random.default_rng(seed)
    blocks = -(-months // block)
    starts = rng.integers(0, months, (resamples, blocks, 1))
    chosen = ((starts + np.arange(block)) % months).reshape(resamples, -1)[:, :months]
    drawn = gain(sums[:, chosen].sum(axis=-1))
    low, high = np.quantile(drawn, [0.05, 0.95])
    return float(gain(sums.sum(axis=1))), float(low), float(high), float((drawn > 0).mean())


def alarms(chance: np.ndarray, y: np.ndarray, bar: np.ndarray, months: range) -> dict[str, float]:
    """AUC, Brier score, its skill over the usual share, and hits and false alarms at twice the usual share."""
    cols = slice(months.start, months.stop)
    held = np.isfinite(chance[:, cols]) & np.isfinite(y[:, cols]) & np.isfinite(bar)[:, None]
    p, o = chance[:, cols][held], (y[:, cols] > bar[:, None])[held]
    if o.size < 30:
        return {}
    usual = 0.2 if not o.size else float(np.mean(o))
    brier = float(np.mean((p - o) ** 2))
    called = p > 0.4
    return {
        "auc": auc(p, o),
        "brier": brier,
        "brier_skill": 1.0 - brier / max(float(np.mean((usual - o) ** 2)), 1e-12),
        "hit_rate": float(called[o].mean()) if o.any() else float("nan"),
        "false_alarm_rate": float(called[~o].mean()) if (~o).any() else float("nan"),
    }


def bars(panel: Panel, config: Config, stop: int) -> np.ndarray:
    """The count beyond which a month is an alarm, by district, from months before `stop`: (district,)."""
    out = np.full(panel.shape[0], np.nan)
    for i, row in enumerate(panel.target[:, :stop]):
        held = row[np.isfinite(row)]
        if held.size >= 12:
            out[i] = np.percentile(held, config.forecast.alarm_percentile)
    return out


def judge(
    panel: Panel, config: Config, forecasts: Forecasts, months: range, bar: np.ndarray
) -> dict[str, Any]:
    """Everything that is said of forecasts over some months.

    Returns:
        ``scores``: rows of model, metric, group and value; ``differences``: a `Difference` for each lead and
        baseline; ``best``: the best baseline of each lead; ``bounds``: interval of the forecast by lead.
    """
    settings, y = config.forecast, panel.target
    cols = slice(months.start, months.stop)
    rows: list[dict[str, Any]] = []
    differences: list[Difference] = []
    best: dict[int, str] = {}
    bounds: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for i, lead in enumerate(forecasts.leads):
        seen = paired(y, lead)
        found = {}
        for name in MODELS:
            forecast = forecasts.mean[name][i]
            found[name] = r2(forecast[:, cols], seen[:, cols])
            values = {f"lead={lead}": {"r2": found[name]}}
            low, high = intervals.bounds(y, forecast, lead, settings.level, months, settings.adaption)
            inside = np.isfinite(y) & np.isfinite(low)
            if inside[:, cols].any():
                covered = ((y >= low) & (y <= high))[inside]
                values[f"lead={lead}"] |= {
                    "coverage": float(covered.mean()),
                    "interval_width": float((high - low)[inside].mean()),
                }
            if name == "terrax":
                bounds[lead] = (low, high)
            chance = intervals.exceedance(y, forecast, lead, bar, months)
            values[f"lead={lead}"] |= alarms(chance, y, bar, months)
            values[f"lead={lead}, all"] = {"r2": r2(forecast[:, cols], y[:, cols])}
            rows += [
                {"model": name, "metric": metric, "group": group, "value": value}
                for group, part in values.items()
                for metric, value in part.items()
            ]
        best[lead] = max(BASELINES, key=lambda n: (found[n] == found[n], found[n]))
        for name in BASELINES:
            told = difference(
                forecasts.mean["terrax"][i][:, cols],
                forecasts.mean[name][i][:, cols],
                seen[:, cols],
                settings.block,
                settings.resamples,
                config.seed + lead,
            )
            differences.append(Difference(lead, name, *told))
    return {"scores": rows, "differences": differences, "best": best, "bounds": bounds}


def reference(panel: Panel) -> dict[str, float]:
    """The numbers that stand beside the data collection: R2 one month ahead over 2020 and 2021.

    Persistence, the district's mean over 2015 to 2019, and half of each, on district-months observed at both ends,
    from the file as it is. Empty where the panel has other years.
    """
    if panel.raw is None or "departures" not in panel.raw:
        return {}
    years = panel.months.astype("datetime64[Y]").astype(int) + 1970
    if not {2015, 2019, 2020, 2021} <= set(years.tolist()):
        return {}
    y = np.log1p(panel.raw["departures"].values)
    test, train = (years >= 2020) & (years <= 2021), (years >= 2015) & (years <= 2019)
    before = np.concatenate([np.full((len(y), 1), np.nan), y[:, :-1]], axis=1)
    known = np.isfinite(y[:, train])
    mean = np.where(known, y[:, train], 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    mean = np.where(known.any(axis=1), mean, np.nan)[:, None] + 0 * before
    seen = y[:, test]
    return {
        "persistence": r2(before[:, test], seen),
        "district mean": r2(mean[:, test], seen),
        "half of each": r2((0.5 * before + 0.5 * mean)[:, test], seen),
        "district-months": float(
            (np.isfinite(before[:, test]) & np.isfinite(seen) & np.isfinite(mean[:, test])).sum()
        ),
    }
