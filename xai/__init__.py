"""Attributions of any function on the coordinates of its input, with their trustworthiness.

Real shap behind the same inputs and outputs is in `xai.shap_adapter`, imported by itself.
"""

from .account import Account, account
from .account_dataset import account_dataset, by_week
from .account_figure import draw_account
from .agreement import agreement, disagreements, per_unit
from .ale import ale
from .ale_interaction import ale_interaction
from .attribute import METHODS, attribute
from .baselines import make_baseline
from .causal_shapley import CausalExplained, causal_shapley
from .cells import per_variable
from .clusters import clusters
from .coalitions import Coalitions
from .counterfactual import counterfactual
from .dependence import partial_dependence
from .explained import Explained
from .figures import bar_figure, map_figure
from .figures_curves import ale_figure, counterfactual_figure, dependence_figure, interaction_figure
from .figures_time import lag_figure
from .function import Plain, evaluate
from .games import exact
from .gradients import gradient, input_x_gradient, smoothgrad
from .grouped import grouped_shapley
from .importance import permutation_importance
from .interventions import LinearSampler
from .kernel_game import kernel
from .memory import memory_lengths
from .occlusion import occlusion
from .paths import expected_gradients, integrated_gradients
from .permutation_game import permutation
from .players import Players, per_cell, players
from .resultfile import read, write
from .timeresolved import time_resolved
from .trust import trust
from .trust_figure import trust_figure
from .trust_table import markdown, trust_table, write_trust

__all__ = [
    "METHODS",
    "Account",
    "CausalExplained",
    "Coalitions",
    "Explained",
    "LinearSampler",
    "Plain",
    "Players",
    "account",
    "account_dataset",
    "agreement",
    "ale",
    "ale_figure",
    "ale_interaction",
    "attribute",
    "bar_figure",
    "by_week",
    "causal_shapley",
    "clusters",
    "counterfactual",
    "counterfactual_figure",
    "dependence_figure",
    "disagreements",
    "draw_account",
    "evaluate",
    "exact",
    "expected_gradients",
    "gradient",
    "grouped_shapley",
    "input_x_gradient",
    "integrated_gradients",
    "interaction_figure",
    "kernel",
    "lag_figure",
    "make_baseline",
    "map_figure",
    "markdown",
    "memory_lengths",
    "occlusion",
    "partial_dependence",
    "per_cell",
    "per_unit",
    "per_variable",
    "permutation",
    "permutation_importance",
    "players",
    "read",
    "smoothgrad",
    "time_resolved",
    "trust",
    "trust_figure",
    "trust_table",
    "write",
    "write_trust",
]
