"""Refutation: what an effect must survive before it is believed, and how often that works."""

from .estimate import Estimate, as_estimate
from .estimators import average_estimator, graph_estimator, two_way_estimator
from .hidden import hidden_confounder, strongest
from .rates import rates
from .refuters import Row, block_placebo, data_subset, negative_control, random_common_cause
from .report import Refutation, refute
from .sensitivity import Sensitivity, adjusted, as_strong_as, sensitivity

__all__ = [
    "Estimate",
    "Refutation",
    "Row",
    "Sensitivity",
    "adjusted",
    "as_estimate",
    "as_strong_as",
    "average_estimator",
    "block_placebo",
    "data_subset",
    "graph_estimator",
    "hidden_confounder",
    "negative_control",
    "random_common_cause",
    "rates",
    "refute",
    "sensitivity",
    "strongest",
    "two_way_estimator",
]
