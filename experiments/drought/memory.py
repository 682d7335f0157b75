"""How long a drought is remembered: history cut short, and a dry season imposed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax
import numpy as np

import hybrid
from data.batches import Panel
from hybrid.inputs import from_panel
from hybrid.skill import nse

from .ensembles import known_categories

STRIDE = 45
"""Days between restarts of the cut-history runs; history kept is k to k + STRIDE days."""
WARM = 365
"""Days of climatological weather before the kept history."""
DRY_DAYS = 120
"""Length of the imposed dry season [d]."""
RECOVERED = 0.1
"""An anomaly is over when it stays under this share of its peak for 30 days."""


def _climate_forcing(panel: Panel, days: np.ndarray) -> dict[str, np.ndarray]:
    """Mean forcing by day of year over training days, by site: (366, site); the day's rain is its mean."""
    doy = panel.forcing["day_of_year"].astype(int)
    out = {}
    for name, series in panel.forcing.items():
        table = np.zeros((367, series.shape[1]), np.float32)
        for j in range(series.shape[1]):
            held = days[:, j]
            total = np.bincount(doy[held, j], series[held, j], minlength=367)
            count = np.bincount(doy[held, j], minlength=367)
            mean = total / np.maximum(count, 1)
            mean[count == 0] = np.interp(np.flatnonzero(count == 0), np.flatnonzero(count), mean[count > 0])
            table[:, j] = mean
        out[name] = table
    return out


def cut_history(
    models: Any,
    panel: Panel,
    train: np.ndarray,
    test: np.ndarray,
    kept: int,
    longest: int,
    pools: Mapping[str, np.ndarray] | None,
) -> dict[str, np.ndarray]:
    """Predictions on test days from models that know the weather of the last ``kept`` days only.

    Before that, and for at least a year, they see the mean weather of each day of the year; pools start from
    their training mean. All runs are a year and ``longest`` days long before their test days, so that every
    ``kept`` is judged on the same days (and one program runs all). Returns target to (time, site), NaN on
    other days.
    """
    steps, sites = panel.shape
    climate = _climate_forcing(panel, train)
    doy = panel.forcing["day_of_year"].astype(int)
    before = WARM + longest
    starts = [
        (t, j) for j in range(sites) for t in range(before, steps, STRIDE) if test[t : t + STRIDE, j].any()
    ]
    if not starts:
        return {}
    forcing = {n: np.zeros((before + STRIDE, len(starts)), np.float32) for n in panel.forcing}
    for column, (t, j) in enumerate(starts):
        index = np.clip(np.arange(t - before, t + STRIDE), 0, steps - 1)
        for name, series in panel.forcing.items():
            values = series[index, j].copy()
            if name not in ("day_of_year", "day_length"):
                values[: before - kept] = climate[name][doy[index[: before - kept], j], j]
            forcing[name][:, column] = values
    site = np.array([j for _, j in starts])
    inputs = from_panel(panel, known_categories(models))
    inputs = replace_inputs(inputs, forcing, site)
    start = None if pools is None else {n: jax.numpy.asarray(v[site]) for n, v in pools.items()}
    found = {
        n: np.asarray(v).mean(0) for n, v in hybrid.run_members(models, inputs, start).observables.items()
    }
    out: dict[str, np.ndarray] = {}
    for name, values in found.items():
        series = np.full((steps, sites), np.nan, np.float32)
        for column, (t, j) in enumerate(starts):
            stop = min(STRIDE, steps - t)
            series[t : t + stop, j] = values[-STRIDE:, column][:stop]
        out[name] = np.where(test, series, np.nan)
    return out


def replace_inputs(inputs: Any, forcing: Mapping[str, np.ndarray], site: np.ndarray) -> Any:
    """Inputs with other forcing, whose columns are copies of sites."""
    return replace(
        inputs,
        forcing={n: jax.numpy.asarray(v) for n, v in forcing.items()},
        attributes={n: v[site] for n, v in inputs.attributes.items()},
        categories={n: v[site] for n, v in inputs.categories.items()},
    )


def memory_skill(
    models: Any,
    panel: Panel,
    train: np.ndarray,
    test: np.ndarray,
    lengths: list[int],
    pools: Mapping[str, np.ndarray] | None,
    targets: tuple[str, ...],
) -> list[dict[str, Any]]:
    """Median NSE over sites by target and history kept; rows of days, target, nse."""
    rows = []
    for kept in lengths:
        found = cut_history(models, panel, train, test, kept, max(lengths), pools)
        for name in targets:
            if name in found:
                values = []
                for j in range(panel.shape[1]):
                    seen = panel.masks[name][:, j] & np.isfinite(found[name][:, j])
                    values.append(nse(found[name][:, j], np.where(seen, panel.targets[name][:, j], np.nan)))
                rows.append({"days": kept, "target": name, "nse": float(np.nanmedian(values))})
    return rows


def dry_start(panel: Panel) -> np.ndarray:
    """Step at which the imposed dry season begins, by site.

    It is centred, in the fourth year, on the time of year with the most rain times light: where a lack of rain
    can matter most.
    """
    rsds, pr = panel.forcing["rsds"], panel.forcing["pr"]
    out = []
    for j in range(panel.shape[1]):
        doy = panel.forcing["day_of_year"][:, j].astype(int)
        count = np.maximum(np.bincount(doy, minlength=367), 1)

        def smooth(x: np.ndarray, doy: np.ndarray = doy, count: np.ndarray = count) -> np.ndarray:
            mean = np.bincount(doy, x, minlength=367) / count
            return np.convolve(np.concatenate([mean[1:366]] * 3), np.ones(91) / 91, "same")[365:730]

        peak = int(np.argmax(smooth(rsds[:, j]) * smooth(pr[:, j]))) + 1
        which = min(3, max(panel.shape[0] // 365 - 2, 0))
        first = int(np.flatnonzero(doy == peak)[min(which, (doy == peak).sum() - 1)])
        out.append(max(first - DRY_DAYS // 2, 0))
    return np.array(out)


def imposed_drought(models: Any, panel: Panel, present: hybrid.Runs, share: float = 0.1) -> dict[str, Any]:
    """Cut rain to ``share`` for DRY_DAYS of one year's season of rain and light and follow the anomaly.

    Args:
        models: trained members.
        panel: present forcing.
        present: what the members simulate under it.
        share: of the rain that is left.

    Returns:
        ``start`` (site,), ``anomaly`` by observable and pool (day, site) from the start over three years, and
        ``recovery`` by the same names (site,): days after the dry season until the anomaly stays under a tenth
        of its peak for 30 days, NaN where it does not within the record.
    """
    begin = dry_start(panel)
    pr = panel.forcing["pr"].copy()
    for j, t in enumerate(begin):
        pr[t : t + DRY_DAYS, j] *= share
    inputs = from_panel(panel.with_forcing(pr=pr), known_categories(models))
    control, dry = _means(present), _means(hybrid.run_members(models, inputs))
    length = int(min(3 * 365, (panel.shape[0] - begin).min()))
    anomaly: dict[str, np.ndarray] = {}
    recovery: dict[str, np.ndarray] = {}
    for name in control:
        difference = dry[name] - control[name]
        part = np.stack([difference[t : t + length, j] for j, t in enumerate(begin)], axis=1)
        anomaly[name] = part.astype(np.float32)
        recovery[name] = np.array([_recovery(part[:, j]) for j in range(part.shape[1])])
    return {"start": begin, "anomaly": anomaly, "recovery": recovery}


def _means(runs: hybrid.Runs) -> dict[str, np.ndarray]:
    """Observables and pools, mean over members (time, site)."""
    return {n: np.asarray(v).mean(0) for n, v in (runs.observables | runs.pools).items()}


def _recovery(anomaly: np.ndarray) -> float:
    smooth = np.convolve(np.abs(anomaly), np.ones(15) / 15, "same")
    peak = smooth.max()
    if peak <= 0:
        return 0.0
    above = smooth > RECOVERED * peak
    after = above[DRY_DAYS:]
    for day in range(len(after) - 30):
        if not after[day : day + 30].any():
            return float(day)
    return float("nan")
