"""Spread of the attribution over functions that were trained again: what training leaves open."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from data.errors import DataError

from .scores import Score, jackknife, one, permuted, ranks, undefined


def member_rank_correlation(members: Float[np.ndarray, "*draw member part"]) -> np.ndarray:
    """Mean rank correlation of the attributions of all pairs of members, (*draw,)."""
    order = ranks(members)
    order = order - order.mean(axis=-1, keepdims=True)
    size = np.linalg.norm(order, axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = order / size
    return _pairs(unit @ np.swapaxes(unit, -1, -2))


def member_sign_agreement(members: Float[np.ndarray, "*draw member part"]) -> np.ndarray:
    """Mean over pairs of members of the share of parts to which both give the same sign, (*draw,)."""
    sign = np.sign(members)
    return _pairs((sign[..., :, None, :] == sign[..., None, :, :]).mean(axis=-1))


def member_spread(members: Float[np.ndarray, "*draw member part"]) -> np.ndarray:
    """Standard deviation over members relative to the size of their attributions (root mean squares), (*draw,)."""
    variance = members.var(axis=-2, ddof=1).mean(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sqrt(variance / (members**2).mean(axis=(-1, -2)))


MEASURES: dict[str, tuple[Callable[[np.ndarray], np.ndarray], float, int]] = {
    "member_rank_correlation": (member_rank_correlation, 1.0, 1),
    "member_sign_agreement": (member_sign_agreement, 1.0, 1),
    "member_spread": (member_spread, 0.0, -1),
}


def ensemble_scores(
    members: Float[np.ndarray, "member part"], rng: np.random.Generator, *, draws: int = 40
) -> tuple[Score, ...]:
    """How far members of an ensemble agree in what they attribute, each against members permuted independently.

    Errors come from leaving out one member at a time.

    Args:
        members: attribution of each member.
        rng: of random explanations.
        draws: of them.

    Raises:
        DataError: fewer than two members.
    """
    if len(members) < 2:
        raise DataError(f"{len(members)} member has no spread", "members", "give two functions or more")
    random = permuted(members, rng, draws)
    out = []
    for name, (measure, perfect, better) in MEASURES.items():
        found = float(measure(members))
        if not np.isfinite(found):
            out.append(undefined(name, "a member attributes the same to all parts", draws))
            continue
        left = [np.delete(members, i, axis=0) for i in range(len(members))] if len(members) > 2 else []
        error = jackknife([float(measure(m)) for m in left])
        out.append(one(name, found, measure(random), perfect, better, error))
    return tuple(out)


def _pairs(matrix: np.ndarray) -> np.ndarray:
    """Mean over the pairs of different members of a symmetric matrix, (*draw,)."""
    i, j = np.triu_indices(matrix.shape[-1], 1)
    return matrix[..., i, j].mean(axis=-1)
