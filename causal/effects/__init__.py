"""Effects from a graph and data: identification, adjustment, paths, horizons, panels, double robustness."""

from .doublyrobust import AverageEffect, average_effect
from .effect import Effect, effect_of
from .heterogeneous import effect_modifiers, effect_surface, group_effects
from .horizon import effects_over
from .identify import Identification, identify, why_invalid
from .panel import PanelFit, distributed_lags, two_way
from .paths import PathModel, mediation, path_coefficients
from .resample import Bootstrap

__all__ = [
    "AverageEffect",
    "Bootstrap",
    "Effect",
    "Identification",
    "PanelFit",
    "PathModel",
    "average_effect",
    "distributed_lags",
    "effect_modifiers",
    "effect_of",
    "effect_surface",
    "effects_over",
    "group_effects",
    "identify",
    "mediation",
    "path_coefficients",
    "two_way",
    "why_invalid",
]
