"""Months drawn anew: blocks with all their cells, and how far their differences can be trusted."""

from __future__ import annotations

import numpy as np


def circular(months: int, block: int, resamples: int, seed: int) -> np.ndarray:
    """How often each month is drawn, (draw, month): the first draw is the sample itself, then circular blocks.

    Blocks of months are drawn with all their cells [@politis1992], so what cells of a month share stays together.
    A draw may hold any share of summer.
    """
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, months, (resamples, -(-months // block), 1))
    chosen = ((starts + np.arange(block)) % months).reshape(resamples, -1)[:, :months]
    counts = np.stack([np.bincount(row, minlength=months) for row in chosen])
    return np.concatenate([np.ones((1, months)), counts]).astype(float)


def seasonal(months: int, block: int, resamples: int, seed: int) -> np.ndarray:
    """The same, each part of the year from the same part of other years [@dudek2014].

    Of each block of the calendar one year fewer than there are is drawn and counted so much more [@rao1988], which
    makes the variance of the draws that of the sample without the bias of few years. Where blocks begin differs
    between draws.

    Args:
        months: of whole years.
        block: months in a block, a divisor of 12.
        resamples: draws beside the sample itself.
        seed: of the draws.

    Raises:
        ValueError: months of less than two whole years, or blocks that do not fill a year.
    """
    years, rest = divmod(months, 12)
    if years < 2 or rest or 12 % block:
        raise ValueError(f"{months} months in blocks of {block} are not blocks of at least two whole years")
    rng = np.random.default_rng(seed)
    counts = np.zeros((resamples, months))
    begin = rng.integers(0, block, (resamples, 1, 1)) + block * np.arange(12 // block)[:, None]
    drawn = rng.integers(0, years, (resamples, 12 // block, years - 1))
    place = (12 * drawn + begin)[..., None] + np.arange(block)
    np.add.at(counts, (np.arange(resamples)[:, None, None, None], place % months), years / (years - 1))
    return np.concatenate([np.ones((1, months)), counts])


def pairs(chance: np.ndarray, burned: np.ndarray) -> np.ndarray:
    """Pairs of a fire in one month and none in another that are told apart, ties half, (month, month) [@hanley1982].

    With months counted n times, the area under the curve is n' pairs n over the number of pairs.
    """
    when, where = np.nonzero(burned > 0)
    fire = chance[when, where][:, None, None]
    right = ((fire > chance) + 0.5 * (fire == chance)) * (1.0 - burned)
    out = np.zeros((len(burned), len(burned)))
    np.add.at(out, when, right.sum(axis=-1))
    return out


def auc_of_draws(chance: np.ndarray, burned: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Area under the curve (draw,) of chances (time, cell) with months counted (draw, time); NaN without fire."""
    right = np.einsum("dt,dt->d", counts @ pairs(chance, burned), counts)
    all_of = (counts @ burned.sum(axis=1)) * (counts @ (1.0 - burned).sum(axis=1))
    return np.where(all_of > 0, right / np.where(all_of > 0, all_of, 1.0), np.nan)
