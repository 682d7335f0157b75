"""Scores and the results file of a run."""

from __future__ import annotations

import json
from typing import Any

import equinox as eqx
import jax
import numpy as np

import hybrid
from data.batches import Panel
from data.files import atomic_path
from hybrid.closure import worst
from hybrid.inputs import from_panel
from hybrid.skill import scores as metrics

from ..report import scores as score_table
from ..runfolder import RunFolder
from . import peers
from .config import Config
from .prepare import Prepared, test_groups, training_days
from .stages import load_predictions

DRIVEN_SHOWN = 12
CALENDAR = {
    "day_of_year": {"units": "1", "long_name": "day of year"},
    "day_length": {"units": "h", "long_name": "day length"},
}


def score_rows(config: Config, prepared: Prepared, folder: RunFolder) -> list[dict[str, Any]]:
    """Tidy scores of every model that was run, by target, test group and site."""
    panel = prepared.panel
    rows: list[dict[str, Any]] = []
    groups: dict[str, np.ndarray] = {}
    for fold in prepared.folds:
        for name, days in test_groups(panel, fold).items():
            groups[name] = groups.get(name, np.zeros(panel.shape, bool)) | days
    for model in config.models:
        if model == "published":
            continue
        held = load_predictions(folder, model)
        if held is None:
            continue
        for target in prepared.targets:
            if target not in held:
                continue
            for split, days in groups.items():
                for j, site in enumerate(panel.sites):
                    seen = days[:, j] & panel.masks[target][:, j]
                    observed = np.where(seen, panel.targets[target][:, j], np.nan)
                    for metric, value in metrics(held[target][:, j], observed).items():
                        rows.append(
                            {
                                "model": model,
                                "target": target,
                                "metric": metric,
                                "split": split,
                                "group": site,
                                "value": value,
                            }
                        )
    if "published" in config.models and prepared.published is not None and config.split.by == "time":
        rows += published_rows(prepared)
    return rows


def published_rows(prepared: Prepared) -> list[dict[str, Any]]:
    """Published scores: for each target the configuration with the best median over the sites."""
    assert prepared.published is not None
    table = peers.published(prepared.published, prepared.panel.sites)
    rows: list[dict[str, Any]] = []
    for target in prepared.targets:
        part = table[table["target"] == target]
        nse = part[part["metric"] == "nse"]
        if nse.empty:
            continue
        best = nse.groupby("configuration")["value"].median().idxmax()
        for _, row in part[part["configuration"] == best].iterrows():
            rows.append(
                {
                    "model": "published",
                    "target": target,
                    "metric": row["metric"],
                    "split": "time",
                    "group": row["group"],
                    "value": float(row["value"]),
                }
            )
    return rows


def write_scores(config: Config, prepared: Prepared, folder: RunFolder) -> None:
    """Write ``scores.csv``."""
    score_table.write(folder.scores, score_rows(config, prepared, folder))


def details(runs: hybrid.Runs) -> dict[str, Any]:
    """Ensemble means of pools, fluxes and driven parameters, and the worst closure of any member."""
    return {
        "pools": {n: np.asarray(v).mean(0) for n, v in runs.pools.items()},
        "fluxes": {n: np.asarray(v) for n, v in runs.fluxes.items()},
        "driven": {n: np.asarray(v) for n, v in runs.driven.items()},
        "closure": {"relative_float32": float(np.max(np.asarray(runs.closure)))},
    }


def closure_double(models: Any, panel: Panel, members: int) -> float:
    """Worst absolute closure residual [mm or gC m-2] of any member in float64."""
    worst_of = 0.0
    with jax.enable_x64(True):
        inputs = from_panel(panel, models.design.categories, np.float64)
        run = eqx.filter_jit(lambda m: worst(m.process, m.simulate(inputs))[0])
        for i in range(members):
            member = jax.tree.map(
                lambda a, i=i: a[i].astype(np.float64) if eqx.is_inexact_array(a) else a, models
            )
            worst_of = max(worst_of, float(run(member)))
    return worst_of


def write_results(
    config: Config, prepared: Prepared, folder: RunFolder, found: dict[str, Any] | None
) -> None:
    """Write ``results.nc``: observations, predictions, states, parameters, test days, in CF netCDF."""
    import xarray as xr

    panel = prepared.panel
    names = [m for m in config.models if load_predictions(folder, m) is not None]
    held = {m: load_predictions(folder, m) or {} for m in names}
    process_units = _units()
    ds = xr.Dataset()
    for target in prepared.targets:
        observed = np.where(panel.masks[target], panel.targets[target], np.nan)
        ds[f"{target}_observed"] = panel.to_dataarray(observed, target, long_name=f"observed {target}")
        attrs = dict(ds[f"{target}_observed"].attrs)
        for model in names:
            for key in (target, f"{target}__spread"):
                if key in held[model]:
                    label = "standard deviation over members of" if key.endswith("spread") else "simulated"
                    name = f"{target}_{model}" + ("_spread" if key.endswith("spread") else "")
                    ds[name] = panel.to_dataarray(
                        held[model][key], target, **{**attrs, "long_name": f"{label} {target}, {model}"}
                    )
    for name in panel.forcing:
        ds[name] = panel.to_dataarray(panel.forcing[name], name, **CALENDAR.get(name, {}))
    for fold in prepared.folds:
        for group, days in test_groups(panel, fold).items():
            name = f"test_{group}"
            mask = panel.to_dataarray(
                days.astype(np.float32), name, units="1", long_name=f"test days, {group}"
            )
            ds[name] = mask if name not in ds else (ds[name] + mask).clip(max=1.0).assign_attrs(mask.attrs)
        days = panel.to_dataarray(
            training_days(panel, fold).astype(np.float32),
            "training",
            units="1",
            long_name="days that train or validate",
        )
        ds["training"] = (
            days if "training" not in ds else (ds["training"] + days).clip(max=1.0).assign_attrs(days.attrs)
        )
    if found is not None:
        for group, prefix in (("pools", "state"), ("fluxes", "flux"), ("driven", "parameter")):
            for name, values in found[group].items():
                meaning, unit = process_units.get(name, (name, "1"))
                if values.ndim == 2:
                    ds[f"{prefix}_{name}"] = panel.to_dataarray(
                        values.astype(np.float32), name, units=unit, long_name=f"{meaning} ({prefix}, hybrid)"
                    )
                elif values.ndim == 1:
                    ds[f"{prefix}_{name}"] = (
                        "site",
                        values.astype(np.float32),
                        {"units": unit, "long_name": f"{meaning} ({prefix}, hybrid)"},
                    )
        for name, value in found.get("centres", {}).items():
            meaning, unit = process_units.get(name, (name, "1"))
            ds[f"centre_{name}"] = (
                (),
                np.float32(value),
                {"units": unit, "long_name": f"{meaning}, global value"},
            )
    for v in ds.variables.values():
        v.attrs.pop("_FillValue", None)
    ds.attrs |= {
        "Conventions": "CF-1.10",
        "title": "terrax drought experiment",
        "models": json.dumps(names),
        "split": config.split.by,
        "targets": json.dumps(list(prepared.targets)),
    }
    encoding: dict[Any, dict[str, Any]] = {
        n: {"zlib": True, "complevel": 4} for n, v in ds.data_vars.items() if v.ndim == 2
    }
    with atomic_path(folder.results) as temporary:
        ds.to_netcdf(temporary, engine="netcdf4", encoding=encoding)


def _units() -> dict[str, tuple[str, str]]:
    process = hybrid.process.ecosystem()
    named = {p.name: (p.meaning, p.unit) for p in process.all_parameters}
    named |= {p.name: (p.meaning, p.unit) for p in process.pools}
    return named | {q.name: (q.meaning, q.unit) for q in process.quantities}
