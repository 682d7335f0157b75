"""Blocks of time: weights of bootstrap members, and noise drawn from residuals in runs."""

from __future__ import annotations

import numpy as np

FEWEST_BLOCKS = 10
"""A record is cut into at least so many blocks, however short."""
OWN = 50
"""A panel member with at least so many residual rows draws noise from its own, else from all members'."""


def length(steps: int) -> int:
    """Return a block length that grows with the cube root of the record [@kunsch1989] [steps]."""
    return max(1, min(int(np.ceil(1.75 * steps ** (1 / 3))), steps // FEWEST_BLOCKS))


def counts(rng: np.random.Generator, steps: int, block: int, members: int) -> np.ndarray:
    """Return how often each step enters a bootstrap sample, int ``(member, time)``.

    Time is cut into blocks at a random offset, and as many blocks are drawn with replacement; all members of
    a panel share them, so that what is common to them at a time stays together.
    """
    found = np.zeros((members, steps), int)
    for row in found:
        label = (np.arange(steps) + rng.integers(block)) // block
        total = int(label[-1]) + 1
        row[:] = np.bincount(rng.integers(total, size=total), minlength=total)[label]
    return found


def halves(rng: np.random.Generator, drawn: np.ndarray, block: int) -> tuple[np.ndarray, np.ndarray]:
    """Part the steps that a member did not draw into validation and test, bool ``(member, time)`` each.

    Runs of at most ``block`` steps go to one or the other in turn, in a random order.
    """
    validation = np.zeros(drawn.shape, bool)
    for row, own in zip(drawn, validation, strict=True):
        label = np.arange(row.size) // block
        free = [k for k in np.unique(label) if (row[label == k] == 0).any()]
        chosen = rng.permutation(free)[: (len(free) + 1) // 2]
        own[:] = np.isin(label, chosen) & (row == 0)
    return validation, (drawn == 0) & ~validation


def noise(
    rng: np.random.Generator, residuals: np.ndarray, block: int, draws: int, steps: int, members: np.ndarray
) -> np.ndarray:
    """Draw noise in blocks of residuals, all variables of a time together.

    Args:
        rng: random numbers.
        residuals: ``(member, time, variable)``, NaN where unknown.
        block: steps of a block.
        draws: number of draws.
        steps: steps of each draw.
        members: the row of ``residuals`` that belongs to each series, or -1 for all rows.

    Returns:
        float64 ``(draw, series, step, variable)``; a missing residual is replaced by one of its variable,
        drawn alone.
    """
    count, total, variables = residuals.shape
    pools = [c[np.isfinite(c)] for c in residuals.reshape(-1, variables).T]
    enough = np.isfinite(residuals).all(-1).sum(1) >= min(OWN, total)
    found = np.empty((draws, len(members), steps, variables))
    runs = -(-steps // block)
    for index, row in enumerate(members):
        alone = row >= 0 and bool(enough[row])
        who = np.full((draws, runs), row) if alone else rng.integers(count, size=(draws, runs))
        start = rng.integers(max(total - block, 0) + 1, size=(draws, runs))
        at = np.minimum(start[..., None] + np.arange(block), total - 1)
        taken = residuals[who[..., None], at].reshape(draws, -1, variables)[:, :steps]
        for k, pool in enumerate(pools):
            hole = ~np.isfinite(taken[..., k])
            if hole.any():
                taken[..., k][hole] = rng.choice(pool, hole.sum()) if pool.size else 0.0
        found[:, index] = taken
    return found
