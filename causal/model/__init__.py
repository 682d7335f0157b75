"""From a causal graph to a model: mechanisms masked by the graph, rollouts under do(...), counterfactuals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.lazy import lazily

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

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
