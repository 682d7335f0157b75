"""An account of a hybrid model at one site, from a panel to a Dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Float

from data.batches import Panel
from data.errors import ConfigError, DataError, ModelError, listing, nearest
from hybrid.model import Model
from xai.account import DIRECT, account
from xai.account_dataset import account_dataset
from xai.function import Progress

from .accounts import MEMORY, ByFlux, ByPool, Total, X

Series = Mapping[str, Float[np.ndarray, " time"]]


def account_of(
    model: Model,
    panel: Panel,
    baseline: Series,
    *,
    of: str = "gpp",
    when: Sequence[str] | slice | np.ndarray,
    site: str | int = 0,
    cuts: Sequence[str] = (),
    initial: Mapping[str, float] | None = None,
    baseline_initial: Mapping[str, float] | None = None,
    baseline_parameters: Mapping[str, float] | None = None,
    rtol: float = 1e-9,
    max_runs: int = 50_000,
    chunk: int = 16,
    progress: Progress = None,
) -> xr.Dataset:
    """What the sum of an observable over some days owes to each day's weather, by pool and by flux.

    The record is run twice in thought: with its own weather, pools and parameters, and with those of the baseline.
    Between both lies the straight way that is integrated over (see `xai.account.account`), in double precision.

    Args:
        model: one member, with the daily solver.
        panel: weather of the site, from the first day that is to be explained.
        baseline: forcing to its values at the baseline, (time,). What is left out stays as it is.
        of: observable whose sum over `when` is explained [its unit times d].
        when: first and last date, a slice of dates, or a mask (time,).
        site: code or index.
        cuts: dates at whose start the pools are looked at; the first day of `when` if there are none.
        initial: pools on the first day; the model's own where left out.
        baseline_initial: pools on the first day at the baseline, where they differ.
        baseline_parameters: parameters to their values at the baseline, where they differ. A parameter that networks
            drive is named "raw:<name>", with its unconstrained value.
        rtol: tolerance of the gap relative to what is explained.
        max_runs: most gradients to place nodes with.
        chunk: nodes at once.
        progress: is told how many gradients are done.

    Returns:
        Dataset with ``forcing`` (variable, time), ``forcing_by_pool`` (pool_cut, variable, time, pool),
        ``forcing_by_flux`` (variable, time, flux), the same for ``initial`` and ``parameters``, and the gaps.

    Raises:
        ModelError: a model without pools, with another solver, or an observable or parameter that it lacks.
        DataError: a baseline of other length, or a site, pool or date that is not there.
        ConfigError: settings out of range.
    """
    with jax.enable_x64(True):
        total, x, dates, place = prepared(model, panel, of, when, site, initial)
        process = total.model.process
        parameters = dict(baseline_parameters or {})
        values = total.values(x)
        for name in parameters:
            if name not in values or jnp.ndim(values[name]):
                raise ModelError(
                    f"{name!r} is no parameter with one value{nearest(name, process.parameter)}",
                    "baseline_parameters",
                    "name a fixed or global parameter of the process",
                )
        given = _like_forcing(baseline, x["forcing"], panel.sites[place])
        moved = {n: v for n, v in given.items() if not np.array_equal(v, np.asarray(x["forcing"][n]))}
        pools = dict(baseline_initial or {})
        _known(pools, process.pool_names, "baseline_initial")
        x = {
            "forcing": {n: x["forcing"][n] for n in moved},
            "initial": x["initial"],
            "parameters": {n: jnp.asarray(values[n]) for n in parameters},
        }
        base: X = {
            "forcing": {n: jnp.asarray(v) for n, v in moved.items()},
            "initial": {n: jnp.asarray(pools.get(n, v), jnp.float64) for n, v in x["initial"].items()},
            "parameters": {n: jnp.asarray(v, jnp.float64) for n, v in parameters.items()},
        }
        chosen = np.flatnonzero(np.asarray(total.weights[of]))
        marks = [str(c) for c in cuts] or [str(dates[chosen[0]])]
        parts = (total.model, total.inputs, total.weights)
        views: dict[str, Any] = {"flux": ByFlux(*parts)}
        for mark in marks:
            views[f"pool@{mark}"] = ByPool(*parts, cut=jnp.asarray(_day(dates, mark)))
        found = account(views, x, baseline=base, rtol=rtol, max_runs=max_runs, chunk=chunk, progress=progress)
    memories = [MEMORY + n for n in total.memories]
    unit = next(o.unit for o in process.observables if o.name == of)
    fluxes = [f.name for f in process.fluxes]
    return account_dataset(
        found,
        {"time": dates},
        kinds={"pool": [*process.pool_names, *memories, DIRECT], "flux": [*fluxes, *memories]},
        of=of,
        unit=f"{unit} d",
        settings={
            "site": panel.sites[place],
            "from": str(dates[chosen[0]]),
            "to": str(dates[chosen[-1]]),
            "rtol": rtol,
            "max_runs": max_runs,
        },
    )


def prepared(
    model: Model,
    panel: Panel,
    of: str,
    when: Any,
    site: str | int = 0,
    initial: Mapping[str, float] | None = None,
) -> tuple[Total, X, np.ndarray, int]:
    """The function that is explained, all forcing and pools of a site, its dates and its index; needs 64 bits.

    Raises:
        ModelError: a model without pools or the observable.
        DataError: a site, pool or date that is not there.
    """
    process = model.process
    if not process.pools:
        raise ModelError(
            "a process without pools has nothing to pass through",
            f"process {process.name}",
            "use integrated gradients",
        )
    names = [o.name for o in process.observables]
    if of not in names:
        raise ModelError(f"{of!r} is no observable{nearest(of, names)}", "of", f"choose {listing(names)}")
    if isinstance(site, str) and site not in panel.sites:
        raise DataError(f"there is no site {site!r}{nearest(site, panel.sites)}", "site", "correct it")
    place = panel.sites.index(site) if isinstance(site, str) else site
    model = jax.tree.map(lambda a: a.astype(jnp.float64) if eqx.is_inexact_array(a) else a, model)
    inputs = model.inputs(panel.take([panel.sites[place]]), dtype=np.float64)
    dates = panel.dates[:, place]
    mask = _mask(dates, when)
    total = Total(model, inputs, {of: jnp.asarray(mask, jnp.float64)})
    start = dict(initial or {})
    _known(start, process.pool_names, "initial")
    values = model.values(inputs)
    pools = {
        n: jnp.asarray(start[n] if n in start else jnp.reshape(values[f"initial_{n}"], ()), jnp.float64)
        for n in process.pool_names
        if n in start or f"initial_{n}" in values
    }
    return total, {"forcing": {n: v[:, 0] for n, v in inputs.forcing.items()}, "initial": pools}, dates, place


def _like_forcing(baseline: Series, forcing: Mapping[str, Any], site: str) -> dict[str, np.ndarray]:
    _known(baseline, forcing, "baseline")
    out = {}
    for n, v in baseline.items():
        out[n] = np.asarray(v, np.float64)
        if out[n].shape != forcing[n].shape:
            raise DataError(
                f"the baseline of {n!r} is of shape {out[n].shape}, and its record of {forcing[n].shape}",
                f"site {site}",
                "give one value a day",
            )
    return out


def _known(given: Mapping[str, Any], known: Any, where: str) -> None:
    for n in given:
        if n not in known:
            raise DataError(f"there is no {n!r}{nearest(n, known)}", where, f"choose among {listing(known)}")


def _mask(dates: np.ndarray, when: Any) -> np.ndarray:
    if isinstance(when, np.ndarray) and when.dtype == bool:
        mask = when
    else:
        first, last = (when.start, when.stop) if isinstance(when, slice) else when
        mask = (dates >= np.datetime64(first)) & (dates <= np.datetime64(last))
    if mask.shape != dates.shape or not mask.any():
        raise DataError("no day of the record is chosen", "when", f"choose from {dates[0]} to {dates[-1]}")
    return mask


def _day(dates: np.ndarray, mark: str) -> int:
    found = np.flatnonzero(dates == np.datetime64(mark))
    if not len(found):
        raise ConfigError(
            f"the cut {mark} is no day of the record", "cuts", f"choose from {dates[0]} to {dates[-1]}"
        )
    return int(found[0])
