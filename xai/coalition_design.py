"""Which coalitions are evaluated with which background rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb, lcm

import numpy as np

from data.errors import ConfigError

LISTED = 20_000
"""Coalitions of one size up to which they are listed and drawn without replacement."""


@dataclass(frozen=True)
class Design:
    """Pairs of a coalition and its complement, one background row for each pair.

    Attributes:
        z: truth values of the smaller coalition, (pair, player).
        row: background row, (pair,).
        size: size of the smaller coalition, (pair,).
        coalition: number of the coalition within its size, (pair,).
        weight: how much of the sum over all coalitions, and mean over rows, a pair stands for, (pair,).
        totals: number of pairs of coalitions of each size.
        complete: whether every coalition was paired with every row.
    """

    z: np.ndarray
    row: np.ndarray
    size: np.ndarray
    coalition: np.ndarray
    weight: np.ndarray
    totals: dict[int, int]
    complete: bool


def pairs_of_coalitions(n: int, rows: int, pairs: int, rng: np.random.Generator) -> Design:
    """Draw coalitions of all sizes in balance with rows.

    Args:
        n: players, at least two.
        rows: background rows.
        pairs: coalitions with their complements to draw.
        rng: generator.

    Raises:
        ConfigError: too few pairs for two of each size.
    """
    totals = {k: comb(n, k) // (2 if 2 * k == n else 1) for k in range(1, n // 2 + 1)}
    least = sum(min(2, t * rows) for t in totals.values())
    if pairs < least:
        raise ConfigError(
            f"{2 * pairs} coalitions are too few for {n} players", "coalitions", f"give at least {2 * least}"
        )
    numbers = _shared(pairs, {k: t * rows for k, t in totals.items()})
    parts = []
    for k, number in numbers.items():
        kinds = _kinds(number, totals[k], rows)
        coalition, row = _crossed(kinds, rows, number, rng)
        z = _coalitions(n, k, kinds, rng)[coalition]
        drawn = np.bincount(coalition, minlength=kinds)[coalition]
        parts.append((z, row, np.full(number, k), coalition, totals[k] / (kinds * drawn)))
    z, row, size, coalition, weight = (np.concatenate(p) for p in zip(*parts, strict=True))
    complete = all(numbers[k] == totals[k] * rows for k in totals)
    return Design(z, row, size, coalition, weight, totals, complete)


def _shared(pairs: int, most: dict[int, int]) -> dict[int, int]:
    """Equal numbers for all sizes; what a size cannot use goes to the others."""
    left, open_, found = pairs, dict(most), {}
    while open_:
        each = left / len(open_)
        full = [k for k, m in open_.items() if m <= each]
        if not full:
            found |= {k: int(each) for k in open_}
            for k in list(open_)[: left - int(each) * len(open_)]:
                found[k] += 1
            break
        for k in full:
            found[k] = open_.pop(k)
            left -= found[k]
    return dict(sorted(found.items()))


def _kinds(number: int, total: int, rows: int) -> int:
    """Distinct coalitions to draw: some have two rows, from which the spread between rows is known."""
    if rows == 1 or number >= 2 * total:
        return min(number, total)
    return max(1, min(total, -(-4 * number // 5), number - 1))


def _crossed(kinds: int, rows: int, number: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of coalition and row, none twice, both used equally often."""
    step = np.arange(number)
    return step % kinds, rng.permutation(rows)[(step + step // lcm(kinds, rows)) % rows]


def _coalitions(n: int, k: int, kinds: int, rng: np.random.Generator) -> np.ndarray:
    """Random coalitions of a size, (kinds, player); of two complements of equal size the one with player 0."""
    halves = 2 * k == n
    z = np.zeros((kinds, n), dtype=bool)
    if comb(n, k) <= LISTED:
        members = np.array([c for c in combinations(range(n), k) if not halves or c[0] == 0])
        members = members[rng.permutation(len(members))[:kinds]]
    else:
        members = np.argsort(rng.random((kinds, n)), axis=1)[:, :k]
    np.put_along_axis(z, members, True, axis=1)
    return z ^ ~z[:, :1] if halves else z
