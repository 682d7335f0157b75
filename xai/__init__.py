"""Attributions of any function on the coordinates of its input, with their trustworthiness."""

from .attribute import METHODS, attribute
from .baselines import make_baseline
from .cells import per_variable
from .explained import Explained
from .function import Plain, evaluate
from .gradients import gradient, input_x_gradient, smoothgrad
from .importance import permutation_importance
from .occlusion import occlusion
from .paths import expected_gradients, integrated_gradients
from .resultfile import read, write

__all__ = [
    "METHODS",
    "Explained",
    "Plain",
    "attribute",
    "evaluate",
    "expected_gradients",
    "gradient",
    "input_x_gradient",
    "integrated_gradients",
    "make_baseline",
    "occlusion",
    "per_variable",
    "permutation_importance",
    "read",
    "smoothgrad",
    "write",
]
