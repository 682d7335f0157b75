"""The largest loss through the hybrid's physics: which week's missing rain, through which pool."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from data.batches import Panel
from data.errors import ModelError, TerraxError
from xai.account import DIRECT, account
from xai.account_dataset import account_dataset, by_week

from ..accounting import prepared
from ..accounts import MEMORY, ByPool, X
from .explain_events import DAYS, Events
from .explain_game import DRIVERS

RTOL, RUNS = 1e-4, 512
TOP = 6


def largest_loss(
    model: Any, panel: Panel, events: Events, event: int, usual: Mapping[str, Any], start: Mapping[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """Account of one event's GPP by the pools at the start of its window, and what its table says.

    Args:
        model: a member of the hybrid.
        panel: all days.
        events: the droughts.
        event: which one.
        usual: climatology of the forcing of all events, (time, event).
        start: pools at the start of each event's simulation, (event,).

    Returns:
        The account (None where the model has none, with the reason) and its numbers.
    """
    began = time.monotonic()
    first, end = int(events.first[event]), int(events.end[event])
    site = panel.sites[events.site[event]]
    dates = panel.dates[:, events.site[event]]
    when = (str(dates[end - DAYS + 1]), str(dates[end]))
    told = {"event": events.names(panel)[event], "site": site, "from": when[0], "to": when[1]}
    try:
        if model.design.integrator.solver != "daily":
            raise ModelError("accounts need the daily solver", "integrate.solver", "choose daily")
        baseline = {v: usual[v][:, event] for variables in DRIVERS.values() for v in variables}
        initial = {n: float(v[event]) for n, v in start.items()}
        found = _by_pool(model, panel.window(first, end + 1), baseline, when, site, initial)
    except TerraxError as error:
        return None, told | {"skipped": " ".join(str(error).split())}
    weekly = by_week(found)
    rain = weekly["forcing_by_pool"].isel(pool_cut=0).sel(variable="pr")
    flat = rain.stack(cell=("week", "pool"))
    order = np.argsort(flat.values)[:TOP]
    end_day = np.datetime64(when[1])
    rows = [
        {
            "week": str(flat["week"].values[i])[:10],
            "lag": int((end_day - flat["week"].values[i].astype("datetime64[D]")).astype(int)),
            "pool": str(flat["pool"].values[i]),
            "attribution": float(flat.values[i]),
        }
        for i in order
    ]
    pools = rain.sum("week")
    change = float(found["prediction"] - found["base_value"])
    return found, told | {
        "change": change,
        "base_value": float(found["base_value"]),
        "rain": float(rain.sum()),
        "gap": abs(float(found["pool_gap"].isel(pool_cut=0))) / max(abs(change), 1e-300),
        "by_pool": {str(n): float(v) for n, v in zip(pools["pool"].values, pools.values, strict=True)},
        "top": rows,
        "units": str(found["forcing_by_pool"].attrs.get("units", "")),
        "seconds": round(time.monotonic() - began, 1),
    }


def _by_pool(
    model: Any,
    panel: Panel,
    baseline: Mapping[str, np.ndarray],
    when: tuple[str, str],
    site: str,
    initial: Mapping[str, float],
) -> xr.Dataset:
    """Account of GPP by the pools at the start of the window alone: fluxes would take as long again to compile."""
    with jax.enable_x64(True):
        total, x, dates, _ = prepared(model, panel, "gpp", when, site, initial)
        here: X = {"forcing": {n: x["forcing"][n] for n in baseline}, "initial": x["initial"]}
        base: X = {
            "forcing": {n: jnp.asarray(v, jnp.float64) for n, v in baseline.items()},
            "initial": x["initial"],
        }
        cut = jnp.asarray(int(np.flatnonzero(np.asarray(total.weights["gpp"]))[0]))
        view: Any = ByPool(total.model, total.inputs, total.weights, cut=cut)
        found = account({f"pool@{when[0]}": view}, here, baseline=base, rtol=RTOL, max_runs=RUNS)
        channels = [*total.model.process.pool_names, *(MEMORY + n for n in total.memories), DIRECT]
    return account_dataset(
        found,
        {"time": dates},
        kinds={"pool": channels},
        of="gpp",
        unit="gC m-2",
        settings={"site": site, "from": when[0], "to": when[1], "rtol": RTOL, "max_runs": RUNS},
    )
