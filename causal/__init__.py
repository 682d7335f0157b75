"""Time-series causal graphs from panels and cubes."""

from .discover import discover
from .flags import Flag
from .priors import Priors
from .result import parents
from .resultfile import read, write

__all__ = ["Flag", "Priors", "discover", "parents", "read", "write"]
