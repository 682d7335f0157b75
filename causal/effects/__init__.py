"""Effects from a graph and data: identification, adjustment, paths, horizons, panels, double robustness."""

from .effect import Effect, effect_of
from .horizon import effects_over
from .identify import Identification, identify, why_invalid
from .panel import PanelFit, distributed_lags, two_way
from .paths import PathModel, mediation, path_coefficients
from .resample import Bootstrap

__all__ = [
    "Bootstrap",
    "Effect",
    "Identification",
    "PanelFit",
    "PathModel",
    "distributed_lags",
    "effect_of",
    "effects_over",
    "identify",
    "mediation",
    "path_coefficients",
    "two_way",
    "why_invalid",
]
