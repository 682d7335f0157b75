"""Time-series causal graphs from panels and cubes."""

from .discover import discover
from .figures import graph_figure
from .flags import Flag
from .maps import link_map, overview
from .priors import Priors
from .result import parents
from .resultfile import read, write
from .timing import delay_scores, tree_marginals

__all__ = [
    "Flag",
    "Priors",
    "delay_scores",
    "discover",
    "graph_figure",
    "link_map",
    "overview",
    "parents",
    "read",
    "tree_marginals",
    "write",
]
