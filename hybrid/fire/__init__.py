"""Wildfire: behaviour of fire in its fuel, danger indices, spread over a landscape and what perimeters tell of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.lazy import lazily

if TYPE_CHECKING:
    from . import assimilation, behaviour, ellipse, fbp, index, spread
    from .ellipse import Ellipse
    from .fbp.dataset import fire_behaviour
    from .index.dataset import fire_weather
    from .index.hourly_dataset import hourly_fire_weather

_HOME = {
    "assimilation": "",
    "behaviour": "",
    "fbp": "",
    "index": "",
    "spread": "",
    "ellipse": "",
    "Ellipse": "ellipse",
    "fire_behaviour": "fbp.dataset",
    "fire_weather": "index.dataset",
    "hourly_fire_weather": "index.hourly_dataset",
}

__all__ = [
    "Ellipse",
    "assimilation",
    "behaviour",
    "ellipse",
    "fbp",
    "fire_behaviour",
    "fire_weather",
    "hourly_fire_weather",
    "index",
    "spread",
]

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
