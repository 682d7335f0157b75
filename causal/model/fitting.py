"""Fit a structural model: mechanisms on the parents that a graph gives, members by blocks, residuals of noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import jax
import numpy as np

from data.errors import ConfigError, DataError, ModelError, counted

from . import blocks
from .graphs import Structure, structure
from .linear import residuals as linear_residuals
from .linear import solve
from .mechanism import Mechanism, evaluate
from .network import Network, train
from .series import Series, read, windows
from .structural import StructuralModel

if TYPE_CHECKING:
    import xarray as xr

MEMBERS = {"linear": 200, "network": 20}
"""Members where none are asked for: least squares costs nothing, a network is trained.

Of n members the lowest and the highest enclose a further one with probability (n - 1) / (n + 1): a 90 % interval needs
19 or more.
"""
SPARE = 10
"""Complete samples that a variable needs beyond its parents and its constant."""


def fit(
    graph: Any,
    ds: xr.Dataset,
    mechanism: Literal["linear", "network"] | Network = "linear",
    *,
    names: Sequence[str] | None = None,
    members: int | None = None,
    block: int | None = None,
    centre: Literal["all", "member"] = "all",
    seed: int = 0,
) -> StructuralModel:
    """Fit each variable on its parents in the graph, and on nothing else.

    A sample is a step whose value and parents are all there; windows of lags never cross the border of a panel
    member. Members of the fit are bootstrap samples of blocks of time [@kunsch1989]; a network's steps that a
    member did not draw stop its training (one half) or tell the noise (the other half).

    Args:
        graph: marks ``(source, target, lag)``, see `causal.model.structure`.
        ds: dataset over ``time`` and any panel dimensions with the graph's variables.
        mechanism: ``linear`` (least squares), ``network``, or a `Network` with settings.
        names: names of the variables where the graph is a plain array.
        members: bootstrap members; 200 linear ones or 20 networks where None.
        block: steps of a block; from the length of the record where None.
        centre: ``member`` takes each panel member's own mean away, so that constant differences between
            members explain nothing (fixed effects); ``all`` one mean for all.
        seed: of the bootstrap and of the networks' first weights.

    Raises:
        ModelError: links without direction or in a circle, or too few complete samples.
        DataError: variables or times that cannot be read.
        ConfigError: an unknown mechanism or setting.
    """
    settings, kind = _settings(mechanism)
    members = MEMBERS[kind] if members is None else members
    if members < 2:
        raise ConfigError(f"members={members} give no interval", "fit", "choose 2 or more")
    if centre not in ("all", "member"):
        raise ConfigError(f"no centre '{centre}'", "fit", "choose all or member")
    plan = structure(graph, names)
    series = read(ds, plan.names)
    middle, scale = _moments(series, centre)
    values = (series.values - middle[:, None]) / scale
    x, y, valid = samples(values, plan)
    steps = values.shape[1] - plan.tau_max
    _check_samples(valid, plan, steps)
    block = blocks.length(steps) if block is None else block
    if not 1 <= block <= steps // 2:
        raise ConfigError(f"block={block} is out of bounds", "fit", f"choose 1 to {steps // 2}")
    rng = np.random.default_rng(seed)
    drawn = blocks.counts(rng, steps, block, members)
    count = values.shape[0]
    weight = _weights(np.tile(drawn, count), valid)
    if settings is None:
        error, _, _ = linear_residuals(x, y, plan.flat, valid)
        mechanisms, told = Mechanism(*solve(x, y, plan.flat, weight)), {}  # type: ignore[arg-type]
    else:
        validation, test = (np.tile(a, count) for a in blocks.halves(rng, drawn, block))
        held = _weights(validation, valid)
        mechanisms, told = train(settings, x, y, plan.flat, weight, held, seed)
        error = _unseen(mechanisms, x, y, plan, test, valid)
    return StructuralModel(
        structure=plan,
        mechanisms=mechanisms,
        residuals=(error - np.nanmean(error, axis=0)).reshape(count, steps, -1),
        centre=middle,
        scale=scale,
        block=block,
        kind=kind,
        labels=series.labels if series.dims else [()],
        dims=series.dims,
        attrs=series.attrs,
        told=told,
    )


def _settings(mechanism: Any) -> tuple[Network | None, str]:
    if isinstance(mechanism, Network):
        return mechanism, "network"
    if mechanism == "network":
        return Network(), "network"
    if mechanism != "linear":
        raise ConfigError(
            f"no mechanism {mechanism!r}", "fit", "choose linear, network or causal.model.Network(...)"
        )
    return None, "linear"


def _moments(series: Series, centre: str) -> tuple[np.ndarray, np.ndarray]:
    """Return means ``(member or 1, variable)`` and spreads ``(variable,)``; 0 and 1 where there are none."""
    values = series.values
    known = np.isfinite(values)
    empty = [n for k, n in enumerate(series.names) if not known[..., k].any()]
    if empty:
        raise DataError(f"the variable '{empty[0]}' has no value", "dataset", "leave it out of the graph")
    over = (0, 1) if centre == "all" else (1,)
    number = np.maximum(known.sum(over), 1)
    middle = np.atleast_2d(np.where(known, values, 0.0).sum(over) / number)
    spread = np.sqrt(np.nanmean((values - middle[:, None]) ** 2, axis=(0, 1)))
    return middle, np.where(spread > 0, spread, 1.0)


def samples(values: np.ndarray, plan: Structure) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return inputs ``(row, input)``, targets ``(row, variable)`` and where complete, ``(variable, row)``.

    Rows are members times steps from ``tau_max`` on; missing values are 0 there.
    """
    tau = plan.tau_max
    x = windows(values, tau)
    x = x.reshape(-1, x.shape[-1])
    y = values[:, tau:].reshape(-1, values.shape[-1])
    holes = (~np.isfinite(x)).astype(np.float32) @ plan.flat.T.astype(np.float32)
    valid = (np.isfinite(y) & (holes == 0)).T
    return np.nan_to_num(x), np.nan_to_num(y), valid


def _check_samples(valid: np.ndarray, plan: Structure, steps: int) -> None:
    if steps < 2 * SPARE:
        raise ModelError(
            f"the record is too short: lags of {plan.tau_max} leave {counted(max(steps, 0), 'step')}",
            "fit",
            "give a longer record or a graph of fewer lags",
        )
    for index, name in enumerate(plan.names):
        parents = int(plan.flat[index].sum())
        if valid[index].sum() < parents + 1 + SPARE:
            raise ModelError(
                f"'{name}' has {counted(int(valid[index].sum()), 'complete sample')} for {counted(parents, 'parent')}",
                "fit",
                "fill or lengthen the record, or drop parents with many gaps",
            )


def _weights(rows: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Weights ``(member, variable, row)``; a member without any complete sample of a variable gets them all."""
    found = rows[:, None, :] * valid[None].astype(float)
    empty = found.sum(-1) == 0
    found[empty] = np.broadcast_to(valid[None], found.shape)[empty]
    return found


def _unseen(
    mechanisms: Mechanism, x: np.ndarray, y: np.ndarray, plan: Structure, test: np.ndarray, valid: np.ndarray
) -> np.ndarray:
    """Residuals ``(row, variable)`` of the mean of those members that never saw a row, NaN where all did."""
    with jax.enable_x64(True):
        wide = jax.tree.map(lambda a: np.asarray(a, float), mechanisms)
        found = np.asarray(evaluate(wide, x, plan.flat.astype(float)))
    number = test.sum(0)
    mean = np.einsum("mr,mrn->rn", test.astype(float), found) / np.maximum(number, 1)[:, None]
    return np.where((number > 0)[:, None] & valid.T, y - mean, np.nan)
