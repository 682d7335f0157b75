"""Growth form of a land cover class: how much is woody, evergreen and needleleaf."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

GROWTH_FORM = ("woody_cover", "evergreen_share", "needleleaf_share")
"""Shares [1] that :func:`growth_form` gives: ground under woody plants, and of these the part that keeps its
leaves and the part with needles."""

_CLASSES = {
    "ENF": (0.8, 1.0, 1.0),
    "EBF": (0.8, 1.0, 0.0),
    "DNF": (0.8, 0.0, 1.0),
    "DBF": (0.8, 0.0, 0.0),
    "MF": (0.8, 0.5, 0.5),
    "CSH": (0.8, 0.5, 0.0),
    "OSH": (0.35, 0.5, 0.0),
    "WSA": (0.45, 0.5, 0.0),
    "SAV": (0.2, 0.5, 0.0),
    "GRA": (0.05, 0.0, 0.0),
    "WET": (0.05, 0.0, 0.0),
    "CRO": (0.05, 0.0, 0.0),
    "CVM": (0.2, 0.0, 0.0),
    "BSV": (0.05, 0.0, 0.0),
}


def growth_form(igbp: Sequence[str]) -> dict[str, np.ndarray] | None:
    """Growth form of sites from their IGBP land cover class.

    Cover is the middle of the range that defines each class [@loveland1997]: above 0.6 for forests and closed
    shrublands, 0.3 to 0.6 for woody savannas, 0.1 to 0.3 for savannas, 0.1 to 0.6 for open shrublands, below 0.1
    for what is herbaceous or bare. Where a class leaves leaf habit open, the share is a half.

    Args:
        igbp: class of each site, as ``DBF``.

    Returns:
        Each of ``GROWTH_FORM`` as float32 (site,), or None where a class is unknown or not vegetation.
    """
    if any(c not in _CLASSES for c in igbp):
        return None
    table = np.array([_CLASSES[c] for c in igbp], np.float32)
    return {name: table[:, i] for i, name in enumerate(GROWTH_FORM)}
