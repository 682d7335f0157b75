"""Scores of chances of fire, and their intervals from resampled blocks of months."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .resampling import auc_of_draws, circular, seasonal

METRICS = ("auprc", "auc", "brier", "log_loss", "ece")


def _grouped(chance: np.ndarray, weight: np.ndarray, burned: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weight of burned and unburned rows at each distinct chance, highest first, (draw, distinct)."""
    _, place = np.unique(-chance, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.flatnonzero(np.diff(place[order], prepend=-1))
    yes = np.add.reduceat(weight[:, order] * burned[order], starts, axis=1)
    no = np.add.reduceat(weight[:, order] * (1.0 - burned[order]), starts, axis=1)
    return yes, no


def auprc(chance: np.ndarray, burned: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Average precision (draw,): precision at each distinct chance, weighted by the rise of recall [@davis2006]."""
    yes, no = _grouped(chance, weight, burned)
    hits, alarms = np.cumsum(yes, axis=1), np.cumsum(yes + no, axis=1)
    precision = hits / np.maximum(alarms, 1e-12)
    return (precision * yes).sum(axis=1) / np.maximum(hits[:, -1], 1e-12)


def brier(chance: np.ndarray, burned: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Mean squared error of chances (draw,) [@brier1950]."""
    return weight @ (chance - burned) ** 2 / weight.sum(axis=1)


def log_loss(chance: np.ndarray, burned: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Mean negative logarithm of the chance given to what happened (draw,) [@good1952]."""
    held = np.clip(chance, 1e-6, 1.0 - 1e-6)
    return weight @ -np.where(burned > 0, np.log(held), np.log(1.0 - held)) / weight.sum(axis=1)


def reliability(chance: np.ndarray, burned: np.ndarray, bins: int) -> dict[str, np.ndarray]:
    """Mean chance, share that burned and number of rows in bins of about equal counts, equal chances together."""
    edges = np.unique(np.quantile(chance, np.linspace(0.0, 1.0, bins + 1)))
    place = np.clip(np.searchsorted(edges, chance, side="right") - 1, 0, max(len(edges) - 2, 0))
    count = np.bincount(place, minlength=max(len(edges) - 1, 1))
    held = count > 0
    mean = np.bincount(place, chance, len(count))[held] / count[held]
    share = np.bincount(place, burned, len(count))[held] / count[held]
    return {"chance": mean, "share": share, "count": count[held]}


def ece(chance: np.ndarray, burned: np.ndarray, bins: int) -> float:
    """Expected calibration error: mean gap between chance and share in bins of equal counts [@naeini2015]."""
    found = reliability(chance, burned, bins)
    return float(np.average(np.abs(found["chance"] - found["share"]), weights=found["count"]))


def _rows(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, float).ravel()


def draws(chance: np.ndarray, burned: np.ndarray, counts: np.ndarray) -> dict[str, np.ndarray]:
    """Scores of a model in every draw of months, the sample itself first: arrays (time, cell) in, (draw,) out.

    A draw without fire, or with nothing else, has no rank scores: they are NaN there.
    """
    weight = np.repeat(counts, burned.shape[1], axis=1)
    p, o = _rows(chance), _rows(burned)
    empty = (weight @ o == 0) | (weight @ (1.0 - o) == 0)
    scored = {f.__name__: f(p, o, weight) for f in (auprc, brier, log_loss)}
    scored["auprc"] = np.where(empty, np.nan, scored["auprc"])
    return {"auc": auc_of_draws(chance, burned, counts)} | scored


def judge(
    chances: dict[str, np.ndarray],
    burned: np.ndarray,
    references: Sequence[str],
    *,
    block: int,
    resamples: int,
    bins: int,
    seed: int,
) -> dict[str, dict[str, dict[str, float]]]:
    """Scores, and paired differences from references, with 95 % intervals over resampled blocks of months.

    Returns:
        By model and name: ``value``, ``low``, ``high``. Names are `METRICS`, ``prevalence``, and for each reference
        ``auc - reference``, ``auprc - reference`` and ``brier skill over reference``, with ``above``: the share of
        draws above 0. Differences in auc also hold ``season_low`` and ``season_high``, from draws that keep the course
        of the year and Student's t of `freedom`, where the months are whole years.
    """
    counts = circular(len(burned), block, resamples, seed)
    whole = len(burned) % 12 == 0 and len(burned) >= 24 and 12 % block == 0
    kept = seasonal(len(burned), block, resamples, seed) if whole else None
    found = {name: draws(chance, burned, counts) for name, chance in chances.items()}
    out: dict[str, dict[str, dict[str, float]]] = {}
    for name, scored in found.items():
        rows = {metric: _interval(values) for metric, values in scored.items()}
        rows["ece"] = {"value": ece(_rows(chances[name]), _rows(burned), bins)}
        rows["prevalence"] = {"value": float(burned.mean())}
        for reference in references:
            if reference == name:
                continue
            other = found[reference]
            for metric in ("auc", "auprc"):
                rows[f"{metric} - {reference}"] = _interval(scored[metric] - other[metric])
            if kept is not None:
                a, b = (auc_of_draws(chances[n], burned, kept) for n in (name, reference))
                rows[f"auc - {reference}"] |= of_season(a - b, len(burned) // 12)
            skill = 1.0 - scored["brier"] / np.maximum(other["brier"], 1e-12)
            rows[f"brier skill over {reference}"] = _interval(skill)
        out[name] = rows
    return out


def _interval(values: np.ndarray) -> dict[str, float]:
    held = values[1:][np.isfinite(values[1:])]
    low, high = np.quantile(held, [0.025, 0.975]) if held.size else (np.nan, np.nan)
    return {
        "value": float(values[0]),
        "low": float(low),
        "high": float(high),
        "above": float((held > 0).mean()) if held.size else float("nan"),
    }


def freedom(years: int) -> int:
    """Degrees of freedom of a variance over parts of the year (June to September hold the fires) of so many years."""
    return 4 * (years - 1)


def of_season(values: np.ndarray, years: int) -> dict[str, float]:
    """95 % interval from draws that keep the course of the year: the sample's value, their spread, Student's t."""
    from scipy.stats import t

    held = values[1:][np.isfinite(values[1:])]
    wide = float(t.ppf(0.975, freedom(years)) * np.sqrt(((held - values[0]) ** 2).mean()))
    return {"season_low": float(values[0] - wide), "season_high": float(values[0] + wide)}
