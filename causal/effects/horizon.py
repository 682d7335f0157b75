"""An effect over the lags 0 to H: of one pulse at each lag, and summed up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import xarray as xr

from data.errors import ConfigError

from .effect import effect_of
from .panel_data import as_panel, graph_of, node_of, unit_of_effect
from .paths import path_coefficients
from .resample import Bootstrap, block_length

METHODS = ("adjustment", "paths")


def effects_over(
    graph: xr.Dataset | xr.DataArray | np.ndarray,
    data: xr.Dataset,
    source: str | int,
    target: str | int,
    horizon: int,
    *,
    method: str = "adjustment",
    intercept: str = "unit",
    bootstrap: Bootstrap | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Total effects of a pulse of the source on the target 0 to `horizon` steps later.

    All lags rest on the same steps and the same bootstrap draws, so the interval of the sum knows how the lags vary
    together. The sum over the lags 0 to h is the response to one unit more in every one of the last h + 1 steps
    where each comes on top of what the source does by itself.

    Args:
        graph: marks ``[source, target, lag]``, or what `causal.discover` returns for one cell.
        data: series over ``time`` and at most one panel dimension.
        source: the cause.
        target: the effect.
        horizon: largest lag [steps].
        method: ``adjustment`` (one regression per lag, sound if the graph is right near source and target) or
            ``paths`` (products of path coefficients: narrower, and wrong if any link on the way is wrong).
        intercept: ``unit`` or ``common``.
        bootstrap: how intervals are made.
        progress: called with (done, total) after each lag.

    Returns:
        Over ``lag``: ``effect``, ``lower``, ``upper``, ``stderr``, ``cumulative``, ``cumulative_lower``,
        ``cumulative_upper``, ``cumulative_stderr`` [unit(target)/unit(source)] and ``identified``. Lags without an
        identified effect are NaN, and so are the sums from there on.

    Raises:
        ConfigError: the method is unknown or the horizon negative.
        ModelError: ``paths`` meets links without a direction on the way.
    """
    if method not in METHODS:
        raise ConfigError(f"the method '{method}' is unknown", "effects_over", f"choose one of {METHODS}")
    if horizon < 0:
        raise ConfigError(f"the horizon is {horizon}", "effects_over", "give 0 or more steps")
    bootstrap = bootstrap or Bootstrap()
    marks, names = graph_of(graph, data)
    i, j = node_of((source, 0), names)[0], node_of((target, 0), names)[0]
    start = horizon + marks.shape[2] - 1
    steps = horizon + 1
    known, sentences = np.ones(steps, bool), [""] * steps
    if method == "paths":
        model = path_coefficients(graph, data, intercept=intercept, bootstrap=bootstrap, start=start)
        model.check(i, j)
        values, draws = model.total(horizon)[:, j, i], model.total_draws(horizon)[:, :, j, i]
    else:
        values, draws = np.zeros(steps), np.zeros((bootstrap.replicates, steps))
        # one block length for all lags, so that all share their draws
        shared = _with_block(bootstrap, data, names, start, horizon)
        for h in range(steps):
            if i == j and h == 0:
                values[0], draws[:, 0] = 1.0, 1.0
            else:
                found = effect_of(
                    graph, data, (i, -h), (j, 0), intercept=intercept, bootstrap=shared, start=start
                )
                values[h], known[h], sentences[h] = found.estimate, found.identified, found.sentence
                draws[:, h] = found.draws if found.identified else np.nan
            if progress is not None:
                progress(h + 1, steps)
    return _dataset(
        values, draws, known, sentences, bootstrap, method, _unit(data, names, i, j), names[i], names[j]
    )


def _with_block(
    bootstrap: Bootstrap, data: xr.Dataset, names: list[str], start: int, horizon: int
) -> Bootstrap:
    steps = as_panel(data, names).values.shape[1] - start
    return replace(bootstrap, block=bootstrap.block or block_length(max(steps, 1), horizon))


def _unit(data: xr.Dataset, names: list[str], source: int, target: int) -> str:
    return unit_of_effect(*(str(data[names[v]].attrs.get("units", "")) for v in (target, source)))


def _dataset(values, draws, known, sentences, bootstrap, method, unit, source, target) -> xr.Dataset:
    """Effects and their sums with intervals."""
    sums, sum_draws = np.cumsum(values), np.cumsum(draws, axis=1)
    fields = {}
    for name, value, drawn in (("", values, draws), ("cumulative", sums, sum_draws)):
        low, high = bootstrap.interval(drawn)
        prefix = f"{name}_" if name else ""
        spread = drawn.std(0, ddof=1) if len(drawn) > 1 else np.full(value.shape, np.nan)
        fields |= {
            name or "effect": value,
            f"{prefix}lower": low,
            f"{prefix}upper": high,
            f"{prefix}stderr": spread,
        }
    attrs = {"units": unit} if unit else {}
    result = xr.Dataset(
        {name: ("lag", value, attrs) for name, value in fields.items()},
        coords={"lag": ("lag", np.arange(len(values)), {"units": "steps"})},
        attrs={"source": source, "target": target, "method": method, "level": bootstrap.level},
    )
    result["identified"] = ("lag", known)
    result["sentence"] = ("lag", np.array(sentences, dtype=object).astype(str))
    return result
