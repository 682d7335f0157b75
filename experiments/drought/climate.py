"""Scenarios of a run: projections, physical-response checks, drift, and the files they leave."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import hybrid
from data.files import atomic_path
from hybrid.inputs import from_panel
from hybrid.project import WATCHED, Projection, Range, project
from hybrid.scenario import Scenario

SHOWN = ("gpp", "et", "reco", "nee", "lai", "runoff")
YEAR = 365.25


def first_member(models: Any) -> Any:
    """The first member of an ensemble."""
    return jax.tree.map(lambda a: a[0] if eqx.is_array(a) else a, models)


def summary(control: Projection, changed: Projection) -> list[dict[str, Any]]:
    """Mean of each observable now and under the scenario by site, with the spread of the change over members.

    Rows: scenario, site, variable, present, scenario_value, change, spread (same unit), outside (share of
    days outside the training range of all sites).
    """
    rows = []
    panel = control.panel
    for name in SHOWN:
        before, after = control.observables[name], changed.observables[name]
        for j, site in enumerate(panel.sites):
            days = panel.valid[:, j]
            a, b = before[:, days, j].mean(1), after[:, days, j].mean(1)
            rows.append(
                {
                    "scenario": changed.scenario.name,
                    "site": site,
                    "variable": name,
                    "present": float(a.mean()),
                    "value": float(b.mean()),
                    "change": float((b - a).mean()),
                    "spread": float((b - a).std()),
                    "outside": float((changed.outside[days, j] > 0).mean()),
                }
            )
    return rows


def checks(models: Any, control: Projection, seen: Range) -> list[dict[str, Any]]:
    """Do projections act as physics asks? Rows: check, value, unit, ok.

    Half the rain must give less soil water, less evapotranspiration and less runoff at every site.
    """
    panel = control.panel
    drier = project(models, panel, Scenario("half_rain", {"pr": "x 0.5"}), seen)
    rows = []

    def compare(name: str, a: np.ndarray, b: np.ndarray, unit: str) -> None:
        change = (b - a).mean(axis=(0, 1))
        rows.append(
            {
                "check": f"half the rain, {name}: largest change of any site",
                "value": float(change.max()),
                "unit": unit,
                "ok": bool((change <= 1e-6).all()),
            }
        )

    compare("root-zone water", control.pools["soil_root"], drier.pools["soil_root"], "mm")
    compare("evapotranspiration", control.observables["et"], drier.observables["et"], "mm d-1")
    compare("runoff", control.observables["runoff"], drier.observables["runoff"], "mm d-1")
    return rows


def drift(models: Any, control: Projection) -> dict[str, Any]:
    """Does one year repeated from equilibrium drift? A row of check, value, unit, ok."""
    member, panel = first_member(models), control.panel
    year = panel.window(0, min(365, panel.shape[0]))
    inputs = from_panel(year, models.design.categories)
    last = {n: jnp.asarray(v[0, -1]) for n, v in control.pools.items()}
    _, told = hybrid.spin_up(member, inputs, cycles=60, tolerance=2e-3, start=last)
    worst = max(told["drift"], key=told["drift"].__getitem__)
    return {
        "check": f"one year repeated {told['cycles']} times from spin-up: drift per year of {worst}",
        "value": float(told["drift"][worst]),
        "unit": "1",
        "ok": bool(told["converged"]),
    }


def write_projection(projection: Projection, path: Path) -> None:
    """Write a projection as CF netCDF: mean and spread of observables and pools, and the flags."""
    import xarray as xr

    panel = projection.panel
    process = hybrid.process.ecosystem()
    meaning = {q.name: (q.meaning, q.unit) for q in process.observables}
    meaning |= {p.name: (p.meaning, p.unit) for p in process.pools}
    ds = xr.Dataset()
    for name, values in {**projection.observables, **projection.pools}.items():
        text, unit = meaning[name]
        ds[name] = panel.to_dataarray(values.mean(0), name, units=unit, long_name=text)
        ds[f"{name}_spread"] = panel.to_dataarray(
            values.std(0), name, units=unit, long_name=f"standard deviation over members of {text}"
        )
    for name in ("tas_min", "tas_max", "rsds", "vpd", "pr", "co2"):
        ds[name] = panel.to_dataarray(panel.forcing[name], name)
    masks = [1 << i for i in range(len(WATCHED))]
    for name, flags, of in (
        ("outside_training", projection.outside, "any site"),
        ("outside_site_training", projection.outside_site, "this site"),
    ):
        ds[name] = panel.to_dataarray(
            flags.astype(np.float32),
            name,
            units="1",
            long_name=f"forcing outside the range that training saw at {of}",
            flag_masks=np.array(masks, np.float32),
            flag_meanings=" ".join(WATCHED),
        )
    ds.attrs |= {
        "Conventions": "CF-1.10",
        "title": f"projection under scenario {projection.scenario.name}",
        "scenario": projection.scenario.name,
        "changes": ", ".join(f"{k} {v}" for k, v in projection.scenario.changes.items()) or "none",
        "description": projection.scenario.description,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    encoding: dict[Any, dict[str, Any]] = {n: {"zlib": True, "complevel": 4} for n in ds.data_vars}
    with atomic_path(path) as temporary:
        ds.to_netcdf(temporary, engine="netcdf4", encoding=encoding)
