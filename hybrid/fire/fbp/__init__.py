"""Canadian Forest Fire Behaviour Prediction System: spread, crown fire and intensity of its fuel types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.lazy import lazily

if TYPE_CHECKING:
    from . import consumption, foliar, fuels, growth, slope, spread
    from .dataset import fire_behaviour
    from .fuels import TYPES, codes_of
    from .predict import Behaviour, Front, Site, behaviour, ellipse

_HOME = {
    "consumption": "",
    "foliar": "",
    "fuels": "",
    "growth": "",
    "slope": "",
    "spread": "",
    "fire_behaviour": "dataset",
    "TYPES": "fuels",
    "codes_of": "fuels",
    "Behaviour": "predict",
    "Front": "predict",
    "Site": "predict",
    "behaviour": "predict",
    "ellipse": "predict",
}

__all__ = [
    "TYPES",
    "Behaviour",
    "Front",
    "Site",
    "behaviour",
    "codes_of",
    "consumption",
    "ellipse",
    "fire_behaviour",
    "foliar",
    "fuels",
    "growth",
    "slope",
    "spread",
]

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
