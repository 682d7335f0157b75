"""From a causal graph to a model: mechanisms masked by the graph, rollouts under do(...), counterfactuals."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .coverage import study
    from .fitting import fit
    from .graphs import Structure, input_mask, structure
    from .network import Network
    from .structural import StructuralModel

_HOME = {
    "study": "coverage",
    "fit": "fitting",
    "Structure": "graphs",
    "input_mask": "graphs",
    "structure": "graphs",
    "Network": "network",
    "StructuralModel": "structural",
}

__all__ = ["Network", "StructuralModel", "Structure", "fit", "input_mask", "structure", "study"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
