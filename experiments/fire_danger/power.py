"""What so many years of months can show: made samples of fire with a known difference, and how often it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .judge import of_season
from .resampling import auc_of_draws, circular, seasonal


def samples(logit: np.ndarray, years: int, common: float, count: int, rng: np.random.Generator) -> np.ndarray:
    """Fire (count, month, cell) of so many years from a year's logits (12, cell) and an effect that months share."""
    whole = np.tile(logit, (years, 1))
    shared = common * rng.standard_normal((count, len(whole), 1))
    return (rng.random((count, *whole.shape)) < 1.0 / (1.0 + np.exp(-whole - shared))).astype(float)


def power(
    chance: np.ndarray,
    years: Sequence[int],
    common: float,
    *,
    block: int,
    count: int,
    resamples: int,
    seed: int,
) -> list[dict[str, Any]]:
    """How often an interval calls it real that the known chances beat their mean over cells, and how often it covers.

    Args:
        chance: of fire by calendar month and cell (12, cell), taken to be true.
        years: lengths of the samples.
        common: standard deviation on the logit of what the cells of a month share.
        block: months in a block; the intervals of years alone take the next divisor of 12 below it.
        count: samples of each length.
        resamples: draws of each interval.
        seed: of all draws.

    Returns:
        For each length: ``years``, the mean ``difference`` in AUC over samples and its spread ``sd``; and for the
        intervals ``circular`` (quantiles) and ``season`` (Student's t), ``real_...``: the share of samples whose
        interval lies above 0, and ``cover_...``: the share whose interval holds the mean difference.
    """
    rng = np.random.default_rng(seed)
    even = max(b for b in (1, 2, 3, 4, 6, 12) if b <= block)
    held = np.clip(chance, 1e-9, 1.0 - 1e-9)
    logit = np.log(held / (1.0 - held))
    out = []
    for n in years:
        draws = {
            "circular": circular(12 * n, block, resamples, seed),
            "seasonal": seasonal(12 * n, even, resamples, seed),
        }
        better = np.tile(chance, (n, 1))
        worse = np.repeat(better.mean(axis=1, keepdims=True), chance.shape[1], axis=1)
        gains, spans = [], []
        for burned in samples(logit, n, common, count, rng):
            gain = {
                name: auc_of_draws(better, burned, drawn) - auc_of_draws(worse, burned, drawn)
                for name, drawn in draws.items()
            }
            if not np.isfinite(gain["circular"][0]):
                continue
            kept = of_season(gain["seasonal"], n)
            spans.append(
                (
                    *np.nanquantile(gain["circular"][1:], [0.025, 0.975]),
                    kept["season_low"],
                    kept["season_high"],
                )
            )
            gains.append(gain["circular"][0])
        known, span = float(np.mean(gains)), np.array(spans)
        row: dict[str, Any] = {"years": n, "difference": known, "sd": float(np.std(gains))}
        for name, low, high in (("circular", span[:, 0], span[:, 1]), ("season", span[:, 2], span[:, 3])):
            row[f"real_{name}"] = float((low > 0).mean())
            row[f"cover_{name}"] = float(((low <= known) & (known <= high)).mean())
        out.append(row)
    return out
