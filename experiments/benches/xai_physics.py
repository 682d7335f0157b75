"""Accounts through physics: how exact, at what cost; and how long all coalitions of twelve groups take."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

import hybrid
from data import synthetic
from data.batches import Panel, pack

from .. import bench
from ..accounting import account_of, prepared

WEATHER = ("tas_min", "tas_max", "rsds", "vpd", "pr", "co2")
SEASONS = 4
PLAYERS = ("pr", "vpd", "rsds")
"""Three variables times four seasons are twelve groups."""
GAP, SECONDS = 1e-8, 1.0


def dry_year(site: str = "mediterranean") -> tuple[Panel, dict[str, np.ndarray]]:
    """One year of synthetic weather, and the mean year of it and eight others as the baseline.

    Args:
        site: climate of `data.synthetic.weather`.
    """
    panel = pack(synthetic.weather([site], 9, seed=3), WEATHER)
    days = 365
    starts = [np.flatnonzero(panel.dates[:, 0] == np.datetime64(f"{y}-01-01")) for y in _years(panel)]
    first = [int(s[0]) for s in starts if len(s) and s[0] + days <= panel.shape[0]]
    totals = [panel.forcing["pr"][s : s + days].sum() for s in first]
    driest = first[int(np.argmin(totals))]
    mean = {n: np.mean([panel.forcing[n][s : s + days, 0] for s in first], axis=0) for n in WEATHER}
    cut = slice(driest, driest + days)
    year = replace(
        panel,
        forcing={n: v[cut] for n, v in panel.forcing.items()},
        targets={n: v[cut] for n, v in panel.targets.items()},
        masks={n: v[cut] for n, v in panel.masks.items()},
        valid=panel.valid[cut],
        dates=panel.dates[cut],
    )
    return year, {n: v.astype(float) for n, v in mean.items()}


def _years(panel: Panel) -> list[int]:
    return sorted({int(str(d)[:4]) for d in panel.dates[:, 0]})


def august(panel: Panel) -> tuple[str, str]:
    """First and last day of August of a panel's only year."""
    year = str(panel.dates[0, 0])[:4]
    return f"{year}-08-01", f"{year}-08-31"


def model_of(panel: Panel, networks: bool) -> hybrid.Model:
    """The ecosystem, with a recurrent network of random weights for two parameters where asked."""
    roles: dict[str, Any] = {}
    slots = {}
    if networks:
        roles = {n: hybrid.Dynamic(network="memory") for n in ("half_wetness", "light_use_efficiency")}
        slots = {"memory": hybrid.Slot("gru", ("pr", "vpd", "rsds"), {"width": 16})}
    model = hybrid.Model(hybrid.process.ecosystem(), roles, slots)
    if networks:
        model = model.normalised(model.inputs(panel), panel.valid)
        last = lambda m: m.networks["memory"].module.out  # noqa: E731
        model = eqx.tree_at(last, model, 10.0 * last(model))
    return model


def deficit(networks: bool, rtol: float = 1e-9, site: str = "mediterranean") -> tuple[xr.Dataset, float]:
    """Account of a dry year's August photosynthesis by day, pool and flux, and the seconds it took."""
    panel, mean = dry_year(site)
    model = model_of(panel, networks)
    began = time.perf_counter()
    ds = account_of(model, panel, mean, of="gpp", when=august(panel), rtol=rtol)
    return ds, time.perf_counter() - began


class Coalition(eqx.Module):
    """August photosynthesis where some season's weather is that of the mean year, in single precision."""

    total: Any
    x: Any
    mean: dict[str, jax.Array]
    season: jax.Array

    def __call__(self, present: jax.Array) -> jax.Array:
        """Output where player (variable, season) is present, (player,) of truth values."""
        grid = present.reshape(len(PLAYERS), SEASONS)
        forcing = dict(self.x["forcing"])
        for i, n in enumerate(PLAYERS):
            forcing[n] = jnp.where(grid[i][self.season], forcing[n], self.mean[n])
        return self.total({**self.x, "forcing": forcing})


def all_coalitions(repeats: int = 3, together: int = 256) -> tuple[float, np.ndarray]:
    """Seconds for the 4096 runs of twelve groups over 365 days, once compiled, and their outputs.

    Args:
        repeats: the fastest of as many counts.
        together: runs side by side, few enough for the processor's cache.
    """
    panel, mean = dry_year()
    model = model_of(panel, True)
    with jax.enable_x64(True):
        total, x, dates, _ = prepared(model, panel, "gpp", august(panel))
    single = lambda t: jax.tree.map(  # noqa: E731
        lambda a: jnp.asarray(a, jnp.float32) if eqx.is_inexact_array(a) else a, t
    )
    month = np.array([int(str(d)[5:7]) for d in dates])
    game = Coalition(
        single(total),
        single(x),
        {n: jnp.asarray(mean[n], jnp.float32) for n in PLAYERS},
        jnp.asarray(month % 12 // 3, jnp.int32),
    )
    count = len(PLAYERS) * SEASONS
    present = (np.arange(2**count)[:, None] >> np.arange(count)) % 2 == 1
    run = eqx.filter_jit(lambda game, z: jax.lax.map(game, z, batch_size=together))
    found = np.asarray(run(game, jnp.asarray(present)))
    best = np.inf
    for _ in range(repeats):
        began = time.perf_counter()
        found = np.asarray(run(game, jnp.asarray(present)))
        best = min(best, time.perf_counter() - began)
    return best, found


def rows(data: Path | None, quick: bool) -> list[bench.Row]:
    """Rows on accounts through physics; weather is synthetic, so ``data`` is not read."""
    del data
    label = f"365 days, JAX {jax.__version__}"
    out = []
    for name, networks in (("ecosystem", False),) if quick else (("ecosystem", False), ("hybrid", True)):
        ds, seconds = deficit(networks)
        rise = abs(float(ds["prediction"] - ds["base_value"]))
        gap = max(float(np.abs(ds[n]).max()) for n in ("efficiency_gap", "pool_gap", "flux_gap")) / rise
        out += [
            bench.Row(f"{name}, completeness gap, relative, {label}", gap, "1", target=GAP, at_most=True),
            bench.Row(f"{name}, gradients to place the nodes", float(ds.attrs["runs"]), "1"),
            bench.Row(f"{name}, nodes", float(ds.attrs["nodes"]), "1"),
            bench.Row(f"{name}, account with compilation", seconds, "s"),
        ]
    seconds, _ = all_coalitions()
    out.append(bench.Row(f"4096 runs of a hybrid, {label}", seconds, "s", target=SECONDS, at_most=True))
    return out
