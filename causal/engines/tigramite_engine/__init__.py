"""The engine that runs tigramite: any method and test, cell by cell in processes, or one graph for a panel.

tigramite (GPL-3.0-or-later) is imported in this folder alone, and only where a search runs.
"""

from .capabilities import CAPABILITIES, METHOD_CAPABILITIES, check
from .cells import run_cells, run_regimes
from .found import Found, PanelFound, Regimes
from .panel import run_panel

__all__ = [
    "CAPABILITIES",
    "METHOD_CAPABILITIES",
    "Found",
    "PanelFound",
    "Regimes",
    "check",
    "run_cells",
    "run_panel",
    "run_regimes",
]
