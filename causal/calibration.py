"""Whether PCMCI's p-values can be read at their word with these settings and so many samples."""

from __future__ import annotations

import numpy as np

from .settings import Settings

SAFE = 0.05
"""Up to this ``pc_alpha`` false positives keep to their level."""
CROWDED = 0.02
"""Conditions that chance selects for a variable, per sample, from which 5 % of false positives become 5.5 or more."""


def calibration(settings: Settings, variables: int, samples: np.ndarray) -> dict[str, str]:
    """Return a note for the attributes of a result whose p-values are somewhat too small, else nothing.

    PCMCI's selection keeps each of the ``variables * tau_max`` past values by chance with probability ``pc_alpha``.
    Where these are many beside the samples, tests that condition on them reject more often than they say: the bench
    ``causal-truth`` prints the rates.

    Args:
        settings: of the search.
        variables: number of variables.
        samples: of the graphs, any shape.

    Returns:
        ``calibration`` with a sentence, or an empty mapping.
    """
    largest = max(settings.searched)
    usable = samples[samples > 0]
    if settings.method != "pcmci" or settings.test == "cmi_knn" or largest <= SAFE or not usable.size:
        return {}
    chance = largest * variables * settings.tau_max
    if chance < CROWDED * float(np.median(usable)):
        return {}
    return {
        "calibration": f"pc_alpha {largest:g} lets chance select some {chance:.0f} conditions for "
        f"{int(np.median(usable))} samples, so that p-values are somewhat too small; where their level must hold, "
        f"give pc_alpha={SAFE:g} or less"
    }
