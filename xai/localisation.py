"""Localisation: whether the attribution lies where the relevant cells are known to be."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from data.errors import DataError

from .scores import Score, one, permuted, undefined


def relevance_mass(
    attribution: Float[np.ndarray, "*draw part"], relevant: Bool[np.ndarray, " part"]
) -> Float[np.ndarray, "*draw"]:
    """Share of the attribution's size that lies in the relevant parts [@arras2022]."""
    size = np.abs(attribution)
    with np.errstate(invalid="ignore"):
        return size[..., relevant].sum(axis=-1) / size.sum(axis=-1)


def relevance_rank(
    attribution: Float[np.ndarray, "*draw part"], relevant: Bool[np.ndarray, " part"]
) -> Float[np.ndarray, "*draw"]:
    """Share of the K parts of largest attribution that are relevant, where K parts are relevant [@arras2022]."""
    count = int(relevant.sum())
    first = np.argsort(-np.abs(attribution), axis=-1, kind="stable")[..., :count]
    return relevant[first].mean(axis=-1)


def pointing(
    attribution: Float[np.ndarray, "*draw part"], relevant: Bool[np.ndarray, " part"]
) -> Float[np.ndarray, "*draw"]:
    """1 where the part of largest attribution is relevant, else 0 [@zhang2018]."""
    return relevant[np.argmax(np.abs(attribution), axis=-1)].astype(float)


MEASURES = {"relevance_mass": relevance_mass, "relevance_rank": relevance_rank, "pointing_game": pointing}


def localisation(
    attribution: Float[np.ndarray, " part"],
    relevant: Bool[np.ndarray, " part"],
    rng: np.random.Generator,
    *,
    draws: int = 40,
) -> tuple[Score, ...]:
    """Mass, rank and pointing scores of an attribution, where the relevant parts are known.

    Args:
        attribution: of each part that may be attributed to.
        relevant: which of them matter.
        rng: of random explanations.
        draws: of them.

    Raises:
        DataError: all or none of the parts are relevant.
    """
    if relevant.all() or not relevant.any():
        raise DataError(
            f"{int(relevant.sum())} of {relevant.size} parts are relevant",
            "localisation",
            "mark some and leave some unmarked",
        )
    if not np.abs(attribution).any():
        return tuple(undefined(n, "the attribution is zero everywhere", draws) for n in MEASURES)
    random = permuted(attribution, rng, draws)
    return tuple(
        one(name, float(f(attribution, relevant)), f(random, relevant), 1.0, 1)
        for name, f in MEASURES.items()
    )
