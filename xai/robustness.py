"""Robustness: how far the attribution moves when the input moves a little."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from .scores import Score, one, permuted, undefined


def sensitivity(
    attribution: Float[np.ndarray, " part"],
    perturbed: Float[np.ndarray, "draw part"],
    rng: np.random.Generator,
    *,
    draws: int = 40,
) -> Score:
    """Largest relative change of the attribution over small changes of the input (max-sensitivity) [@yeh2019].

    Random explanations are permuted anew at each input; the best does not move at all. An attribution may rightly move
    where the function itself bends, so a skill below 1 is a fact about the function as well.

    Args:
        attribution: at the input.
        perturbed: at inputs close to it.
        rng: of random explanations.
        draws: of them.
    """
    size = np.linalg.norm(attribution)
    if not size > 0:
        return undefined("max_sensitivity", "the attribution is zero everywhere", draws)
    found = np.linalg.norm(perturbed - attribution, axis=-1).max() / size
    own, others = permuted(attribution, rng, draws), permuted(perturbed, rng, draws)
    random = np.linalg.norm(others - own[:, None], axis=-1).max(axis=-1) / size
    return one("max_sensitivity", float(found), random, 0.0, -1)


def lipschitz(
    attribution: Float[np.ndarray, " part"],
    perturbed: Float[np.ndarray, "draw part"],
    moved: Float[np.ndarray, " draw"],
) -> float:
    """Largest change of the attribution per change of the input, the local Lipschitz constant [@alvarezmelis2018].

    Args:
        attribution: at the input.
        perturbed: at inputs close to it.
        moved: Euclidean distance of each of them from the input.
    """
    return float((np.linalg.norm(perturbed - attribution, axis=-1) / moved).max())
