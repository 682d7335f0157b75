"""One search for links, by whichever engine can do it, as marks of claims with a stated significance."""

from __future__ import annotations

import numpy as np

from causal.engines import abilities, jax_engine, tigramite_engine
from causal.links import Links
from causal.multiple import benjamini_hochberg
from causal.settings import Settings


def search(values: np.ndarray, settings: Settings, mask: np.ndarray | None = None) -> Links:
    """Search the links of every cell.

    Args:
        values: complete series ``(cell, time, variable)``.
        settings: of the search; for PCMCI, marks follow ``alpha``, after Benjamini and Hochberg's correction over the
            lagged links of a cell where ``fdr`` is ``graph``.
        mask: True where left out, of the same shape, or None.

    Returns:
        Marks, values and p-values of each cell.
    """
    if not abilities.can(settings, missing=False):
        found = jax_engine.run_cells(values, settings, mask=mask).links
    else:
        names = [f"x{k}" for k in range(values.shape[2])]
        found = tigramite_engine.run_cells(values, settings, names=names, mask=mask)
    if settings.method == "pcmci":
        p = adjusted(found.p) if settings.fdr == "graph" else found.p
        found.graph = directed(p <= settings.alpha)
    return found


def adjusted(p: np.ndarray) -> np.ndarray:
    """p-values ``(cell, source, target, lag)``, lagged ones adjusted within each cell; lag 0 stays."""
    lagged = np.broadcast_to(np.arange(p.shape[-1]) > 0, p.shape[1:]).ravel()
    return benjamini_hochberg(p.reshape(len(p), -1), lagged).reshape(p.shape)


def directed(found: np.ndarray) -> np.ndarray:
    """Marks of PCMCI: a lagged link points forward in time, one without delay has no direction."""
    graph = np.where(found, "-->", "").astype("<U3")
    graph[..., 0] = np.where(found[..., 0], "o-o", "")
    return graph
