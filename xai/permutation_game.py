"""Shapley values from random orderings, each with its reverse."""

from __future__ import annotations

import numpy as np
from jaxtyping import PRNGKeyArray
from scipy.special import ndtri, stdtrit

from data.errors import ConfigError

from .explained import Explained
from .games import Worth, account, check_players, ends, generator, worths


def permutation(
    v: Worth, n: int, key: PRNGKeyArray, permutations: int = 200, rows: int | None = None
) -> Explained:
    """Shapley values from orderings of the players, in pairs of an ordering and its reverse [@mitchell2022].

    A pair is exact for interactions of two players. With background rows, each pair has one row for its absent players
    and rows are used equally often; the standard error follows from pairs within rows and, where not every row is
    used, from rows [@cochran1977]. Where these are few it is widened, so that 1.96 of it is a 95 % interval
    [@satterthwaite1946]. Calls of v: 2 (n - 1) for each pair, one for each row and one more, less what is asked twice.

    Args:
        v: worth of coalitions, v(z) or with `rows` v(z, row).
        n: number of players.
        key: PRNG key.
        permutations: orderings, reverses counted: an even number from 4, or 6 with rows.
        rows: number of background rows; None where v knows one kind of absence only.

    Returns:
        Explained with attribution and standard error (*out, player).

    Raises:
        ConfigError: a number of orderings that is odd or too small.
        ModelError: a worth that is not finite.
    """
    check_players(n, rows)
    least = 4 if (rows or 1) == 1 else 6
    if permutations < least or permutations % 2:
        raise ConfigError(
            f"{permutations} orderings with their reverses give no standard error",
            "permutations",
            f"give an even number of at least {least}",
        )
    none, every = ends(v, n, rows)
    base = none.mean(axis=0)
    if n == 1:
        return account((every - base)[None], None, base, every)
    rng = generator(key)
    pairs, count = permutations // 2, rows or 1
    row = _balanced_rows(pairs, count, rng)
    orders = rng.permuted(np.tile(np.arange(n), (pairs, 1)), axis=1)
    gains = _gains(v, orders, none, every, row, rows is not None)
    # The share that adds up to the prediction is known for every row: only the rest is estimated.
    rest = gains - ((every - none[row]) / n)[:, None]
    mean, error = _two_stage(rest, row, count)
    return account(mean + (every - base) / n, error, base, every)


def _balanced_rows(pairs: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Row of each pair, used equally often; where pairs are few some rows have two, which tell their spread."""
    used = count if pairs >= 2 * count else min(count, -(-4 * pairs // 5), pairs - 1)
    return rng.permutation(count)[:used][np.arange(pairs) % used]


def _gains(
    v: Worth, orders: np.ndarray, none: np.ndarray, every: np.ndarray, row: np.ndarray, with_rows: bool
) -> np.ndarray:
    """Each player's gain, mean of an ordering and its reverse, (pair, player, *out)."""
    pairs, n = orders.shape
    place = np.argsort(orders, axis=1)
    before = place[:, None, :] < np.arange(1, n)[None, :, None]  # the first 1 .. n - 1 of the ordering
    z = np.concatenate([before, ~before], axis=1).reshape(-1, n)
    found = worths(v, z, np.repeat(row, 2 * (n - 1)) if with_rows else None)
    found = found.reshape(pairs, 2, n - 1, *every.shape)
    first = none[row][:, None]
    last = np.broadcast_to(every, first.shape)
    ahead = np.diff(np.concatenate([first, found[:, 0], last], axis=1), axis=1)
    # In the reverse a player's own step leads from what stood behind it, itself left out, to with itself.
    behind = -np.diff(np.concatenate([last, found[:, 1], first], axis=1), axis=1)
    by_place = (ahead + behind) / 2
    index = place.reshape(pairs, n, *[1] * every.ndim)
    return np.take_along_axis(by_place, np.broadcast_to(index, by_place.shape), axis=1)


def _two_stage(values: np.ndarray, row: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean over rows of the means in rows, and its standard error for rows drawn without replacement."""
    used, where = np.unique(row, return_inverse=True)
    m = len(used)
    size = np.bincount(where)
    shape = (m, *[1] * (values.ndim - 1))
    means = np.zeros((m, *values.shape[1:]))
    np.add.at(means, where, values)
    means /= size.reshape(shape)
    squares = np.zeros_like(means)
    np.add.at(squares, where, (values - means[where]) ** 2)
    # Rows with one pair are taken to spread as the others do on average.
    more = size > 1
    one = squares / np.maximum(size - 1, 1).reshape(shape)
    one[~more] = one[more].mean(axis=0)
    within = (one / size.reshape(shape)).sum(axis=0) / m**2
    between = means.var(axis=0, ddof=1) / m if m > 1 else np.zeros(means.shape[1:])
    share = m / count
    variance = (1 - share) * between + share * within
    doubt = share**2 * _doubt(one[more], size[more].reshape(-1, *shape[1:]), m) / m**4
    doubt += (1 - share) ** 2 * between**2 / max(m - 1, 1)
    return means.mean(axis=0), np.sqrt(variance) * _wider(variance, doubt)


def _doubt(one: np.ndarray, size: np.ndarray, rows: int) -> np.ndarray:
    """Half the variance of the sum of variances in rows, from those with more than one pair, (row, ...)."""
    known, rest = len(one), rows - len(one)
    drawn = one**2 / (size + 1)
    if not rest:
        return (drawn / size**2).sum(axis=0)
    # What the others have is taken from these: rows differ as well.
    each = rest / known
    alike = (drawn * (1 / size**2 + 2 * each / size)).sum(axis=0)
    spread = one.var(axis=0, ddof=1) if known > 1 else one[0] ** 2
    return alike + each**2 * known * (1 + known / rest) * spread / 2


def _wider(variance: np.ndarray, doubt: np.ndarray) -> np.ndarray:
    """Quantile of Student's t over the normal one, for the degrees of freedom of a variance [@satterthwaite1946]."""
    freedom = np.divide(variance**2, doubt, out=np.full(variance.shape, np.inf), where=doubt > 0)
    return stdtrit(np.maximum(freedom, 1.0), 0.975) / ndtri(0.975)
