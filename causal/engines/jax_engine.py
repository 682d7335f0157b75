"""terrax's own engine: PCMCI and PCMCI+ with linear tests, on many cells at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np

from ..flags import Flag
from ..links import Links
from ..settings import Settings
from .evidence import Evidence
from .mci import momentary
from .moments import CONSTANT, correlations, lagged_columns, pooled, resampled, samples
from .partial import NEAR
from .pcmciplus import pcmciplus, symmetrise
from .ragged import RaggedEvidence
from .selection import best_of, select

BYTES = 32 << 20
"""Memory for the correlation matrices of the cells that are worked on together."""


@dataclass
class Found:
    """What the engine returns.

    Attributes:
        links: marks, values and p-values; a graph that rests on corrected p-values is made later.
        parents: conditions chosen per target, nodes ``lag * N + source``, then -1, ``(cell, target, rank)``.
        flags: see `Flag`, ``(cell,)``.
    """

    links: Links
    parents: np.ndarray
    flags: np.ndarray


def cells_at_once(size: int, tau_max: int) -> int:
    """Cells whose correlation matrices fit in `BYTES`."""
    nodes = size * (2 * tau_max + 1)
    return int(np.clip(BYTES // (nodes * nodes * 8), 4, 4096))


def run_cells(
    values: np.ndarray,
    settings: Settings,
    *,
    mask: np.ndarray | None = None,
    priors: np.ndarray | None = None,
    times: np.ndarray | None = None,
) -> Found:
    """Find the links of every cell.

    Args:
        values: series, NaN where missing, ``(cell, time, variable)``.
        settings: what is asked for.
        mask: True where a value is left out by ``settings.mask_type``, same shape, or None.
        priors: marks of assumed links, ``(source, target, lag)``, or None.
        times: samples of a bootstrap replicate, ``(cell, sample)``, or None for all from ``2 * tau_max`` on.
    """
    values = np.asarray(values, np.float64)
    whole = np.all(np.isfinite(values), axis=(1, 2))
    if whole.any() and not whole.all():
        # Gaps make every test gather its own samples, which takes far longer: whole cells are kept apart.
        halves = []
        for some in (whole, ~whole):
            out, when = (None if part is None else part[some] for part in (mask, times))
            halves.append((some, run_cells(values[some], settings, mask=out, priors=priors, times=when)))
        return _merged(halves)
    with jax.enable_x64(True):
        evidence, flags = _evidence(values, settings, mask, times)
        return _find(evidence, settings, priors, flags)


def _merged(halves: list[tuple[np.ndarray, Found]]) -> Found:
    """Put the results of parts of the cells back in their places."""
    some, one = halves[0]
    cells, size = some.size, one.links.graph.shape[1]
    links = Links.empty(cells, size, one.links.graph.shape[3] - 1)
    wide = max(part.parents.shape[2] for _, part in halves)
    parents, flags = np.full((cells, size, wide), -1, np.int32), np.zeros(cells, int)
    for some, part in halves:
        for name in ("graph", "val", "p", "n"):
            getattr(links, name)[some] = getattr(part.links, name)
        parents[some, :, : part.parents.shape[2]] = part.parents
        flags[some] = part.flags
    return Found(links, parents, flags)


def run_panel(
    values: np.ndarray,
    settings: Settings,
    *,
    mask: np.ndarray | None = None,
    priors: np.ndarray | None = None,
    times: np.ndarray | None = None,
) -> Found:
    """Find one graph for all members of a panel, their samples pooled; arguments as `run_cells`, one cell returned."""
    values = np.asarray(values, np.float64)
    with jax.enable_x64(True):
        evidence, flags = _pooled_evidence(values, settings, mask, times)
        return _find(evidence, settings, priors, flags)


def _find(evidence: Evidence, settings: Settings, priors: np.ndarray | None, flags: np.ndarray) -> Found:
    """Run the method, and flag what went less than well."""
    if settings.method == "pcmci+":
        links, parents = pcmciplus(evidence, settings, priors)
    else:
        links, parents = _pcmci(evidence, settings, priors)
    flags = flags | np.where(evidence.pivots < NEAR, int(Flag.DEPENDENT), 0)
    flags = flags | np.where(evidence.short, int(Flag.SHORT), 0)
    bad = ~np.isfinite(links.p)
    links.p[bad], links.val[bad] = 1.0, 0.0
    return Found(links, parents, flags)


def _pcmci(evidence: Evidence, settings: Settings, priors: np.ndarray | None) -> tuple[Links, np.ndarray]:
    """PCMCI (Runge et al. 2019): the selection of conditions, then momentary conditional independence."""
    tau_min, tau_max = settings.tau_min, settings.tau_max
    found = [
        select(evidence, alpha, tau_min, tau_max, priors=priors, max_conds_dim=settings.max_conds_dim)
        for alpha in settings.searched
    ]
    parents = found[0].parents
    if len(found) > 1:
        parents, _ = best_of(evidence, settings.searched, found)
    val, p = momentary(
        evidence,
        parents,
        tau_min,
        tau_max,
        priors=priors,
        max_conds_py=settings.max_conds_py,
        max_conds_px=settings.max_conds_px,
    )
    links = Links.empty(evidence.cells, evidence.size, tau_max)
    links.val, links.p, links.n = val, p, evidence.count.max(1)
    return links, parents


def _start(values: np.ndarray, tau_max: int, times: np.ndarray | None) -> np.ndarray:
    """Time steps of the samples of every cell, ``(cell, sample)``."""
    if times is not None:
        return np.asarray(times, np.int32)
    steps = np.arange(2 * tau_max, values.shape[1], dtype=np.int32)
    return np.broadcast_to(steps, (values.shape[0], steps.size))


def _flags_of(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Flags that follow from the series alone."""
    number = known.sum(axis=1)
    none = number == 0
    filled = np.where(known, values, 0.0)
    mean = filled.sum(axis=1) / np.maximum(number, 1)
    spread = (np.where(known, filled - mean[:, None], 0.0) ** 2).sum(axis=1) / np.maximum(number, 1)
    constant = np.logical_and(spread <= CONSTANT * np.maximum(mean**2, 1e-280), np.logical_not(none))
    flags = np.where(np.all(known, axis=(1, 2)), 0, int(Flag.MISSING))
    flags = flags | np.where(np.any(none, axis=1), int(Flag.EMPTY), 0)
    return flags | np.where(np.any(constant, axis=1), int(Flag.CONSTANT), 0)


def _evidence(
    values: np.ndarray, settings: Settings, mask: np.ndarray | None, times: np.ndarray | None
) -> tuple[Evidence, np.ndarray]:
    """Choose how tests of cells get their samples: all alike, by target, or each its own."""
    cells, length, size = values.shape
    tau_max, robust = settings.tau_max, settings.test == "robust_parcorr"
    known = np.isfinite(values)
    flags = _flags_of(values, known)
    which = np.repeat(np.arange(cells)[:, None], size, axis=1)
    if known.all() and mask is None and times is None and not robust:
        matrices, _ = correlations(values, tau_max)
        return Evidence(matrices, which, np.full((cells, size), samples(length, tau_max))), flags
    steps = _start(values, tau_max, times)
    if not known.all() or (mask is not None and set(settings.mask_type) != {"y"}):
        return _ragged(values, known, mask, settings, steps), flags
    if mask is None:
        weights = np.ones(steps.shape)
        matrices, _ = resampled(values, steps, weights, tau_max=tau_max, robust=robust)
        return Evidence(matrices, which, np.full((cells, size), steps.shape[1])), flags
    kept = ~np.take_along_axis(mask, steps[:, :, None], axis=1)
    if (kept == kept[:, :, :1]).all():
        weights = kept[:, :, 0].astype(float)
        matrices, _ = resampled(values, steps, weights, tau_max=tau_max, robust=robust)
        return Evidence(matrices, which, np.repeat(weights.sum(1).astype(int)[:, None], size, axis=1)), flags
    each = np.repeat(np.arange(cells), size)
    weights = kept.transpose(0, 2, 1).reshape(cells * size, -1).astype(float)
    matrices, _ = resampled(values[each], steps[each], weights, tau_max=tau_max, robust=robust)
    which = np.arange(cells * size).reshape(cells, size)
    return Evidence(matrices, which, weights.sum(1).astype(int).reshape(cells, size)), flags


def _pooled_evidence(
    values: np.ndarray, settings: Settings, mask: np.ndarray | None, times: np.ndarray | None
) -> tuple[Evidence, np.ndarray]:
    """Evidence of one cell made of all members of a panel."""
    size, tau_max = values.shape[2], settings.tau_max
    known = np.isfinite(values)
    flags = np.bitwise_or.reduce(
        _flags_of(values.reshape(1, -1, size), known.reshape(1, -1, size)), keepdims=True
    )
    steps = _start(values, tau_max, times)
    if not known.all() or mask is not None:
        found = _ragged(values, known, mask, settings, steps, together=True)
        merged = [
            None if part is None else np.moveaxis(np.asarray(part), 0, 1).reshape(1, part.shape[1], -1)
            for part in (found.columns, found.known, found.allowed)
        ]
        columns, seen, allowed = merged
        assert columns is not None
        assert seen is not None
        return RaggedEvidence(jnp.asarray(columns), seen, allowed, settings.mask_type, size), flags
    robust = settings.test == "robust_parcorr"
    matrices, _ = pooled(values, steps, np.ones(steps.shape), tau_max=tau_max, robust=robust)
    return Evidence(matrices[None], np.zeros((1, size), int), np.full((1, size), steps.size)), flags


_columns = jax.jit(jax.vmap(lagged_columns, (0, 0, None)), static_argnums=2)


def _ragged(
    values: np.ndarray,
    known: np.ndarray,
    mask: np.ndarray | None,
    settings: Settings,
    steps: np.ndarray,
    together: bool = False,
) -> RaggedEvidence:
    """Columns of every cell, and what is known and allowed of them; scaled cell by cell, or all ``together``."""
    over = (0, 1) if together else (1,)
    with np.errstate(invalid="ignore"):
        count = np.maximum(known.sum(over, keepdims=True), 1)
        filled = np.where(known, values, 0.0)
        mean = filled.sum(over, keepdims=True) / count
        centred = np.where(known, values - mean, 0.0)
        spread = np.sqrt((centred**2).sum(over, keepdims=True) / count)
        flat = spread**2 <= CONSTANT * np.maximum(mean**2, 1e-280)
        scaled = np.where(flat, 0.0, centred / np.where(flat, 1.0, spread))

    def columns(x: np.ndarray) -> np.ndarray:
        return np.asarray(_columns(x, steps, settings.tau_max)).transpose(0, 2, 1)

    allowed = None if mask is None else columns(~mask)
    return RaggedEvidence(
        jnp.asarray(columns(scaled)), columns(known), allowed, settings.mask_type, values.shape[2]
    )


def oriented(
    links: Links, settings: Settings, priors: np.ndarray | None, q: np.ndarray | None = None
) -> Links:
    """Make PCMCI's graph: marks from p-values (or corrected ones), then one value for both ends of lag 0.

    A link of lag 0 is ``o-o`` where both tests are significant; where one alone is, it points that way.
    """
    significant = (links.p if q is None else q) <= settings.alpha
    graph = np.where(significant, "-->", "").astype(links.graph.dtype)
    now = significant[..., 0]
    other = now.transpose(0, 2, 1)
    graph[..., 0] = np.select([now & other, now, other], ["o-o", "-->", "<--"], "")
    found = replace(links, graph=graph, val=links.val.copy(), p=links.p.copy())
    symmetrise(found, priors)
    return found
