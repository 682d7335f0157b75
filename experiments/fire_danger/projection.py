"""Danger of a finished run under another scenario, by its trained hybrid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from data.files import atomic_path
from hybrid.scenario import get_scenario

from ..respiration.stages import load
from ..runfolder import RunFolder
from .config import Config
from .models import fit_all, restored
from .opening import Fires, open_fires
from .results import coordinates, to_grid
from .scenario import change_of, project
from .settings import effective
from .stages import fit_years

SEASONS = {"December to February": (12, 1, 2), "March to May": (3, 4, 5), "June to September": (6, 7, 8, 9),
           "October and November": (10, 11)}  # fmt: skip
"""Months of each season, by name."""


def project_run(folder: RunFolder, scenario: str, out: Path) -> None:
    """Project a finished run under a scenario, into ``out/projection.nc`` and ``out/changes.json``.

    Args:
        folder: of the run.
        scenario: name or YAML file; of its changes, those of ``tas`` (a sum) and ``pr`` (a factor) are read.
        out: folder, made where missing.

    Raises:
        ScenarioError: an unknown scenario, or one that changes what fire danger does not read.
    """
    chosen = get_scenario(scenario)
    change = change_of(chosen.changes, f"scenario {chosen.name}")
    told = folder.read_json(folder.data_file)
    config = effective(folder.load_config(Config), folder.status().quick)
    fires = open_fires(config, Path(told["root"]) if told.get("root") else None)
    fit, everywhere = fit_years(config), np.ones(fires.burned.shape[1], bool)
    hybrid = restored(config, load(folder, "hybrid"))
    fitted = fit_all(fires, config, fit, everywhere, min(config.leads), only=(), trained=hybrid)
    found = project(fires, config, fitted, fit, change)
    out.mkdir(parents=True, exist_ok=True)
    _write(fires, found, chosen.name, out / "projection.nc")
    folder.write_json(out / "changes.json", changes(fires, found))


def changes(fires: Fires, found: dict[str, Any]) -> list[dict[str, Any]]:
    """By season: mean chance now and changed, drought code, and the share of cell-months outside the fit."""
    rows = []
    for name, months in SEASONS.items():
        held = np.isin(fires.month + 1, months)
        now, then = (float(found[f"{v}__hybrid"][held].mean()) for v in ("present", "changed"))
        rows.append(
            {
                "season": name,
                "chance_present": now,
                "chance_changed": then,
                "ratio": then / now,
                "drought_code_present": float(found["code_present"][held].mean()),
                "drought_code_changed": float(found["code_changed"][held].mean()),
                "share_outside": float(found["outside"][held].mean()),
            }
        )
    return rows


def _write(fires: Fires, found: dict[str, Any], scenario: str, path: Path) -> None:
    import xarray as xr

    told = {
        "chance_present": (found["present__hybrid"], "chance of fire under the weather as it was"),
        "chance_changed": (found["changed__hybrid"], "chance of fire in the changed climate"),
        "drought_code": (found["code_present"], "monthly drought code"),
        "drought_code_changed": (found["code_changed"], "monthly drought code in the changed climate"),
        "outside": (
            np.asarray(found["outside"], float),
            "1 where the changed climate's dryness lies outside what was fitted",
        ),
    }
    ds = xr.Dataset(
        {
            name: (("time", "lat", "lon"), to_grid(fires, values), {"units": "1", "long_name": text})
            for name, (values, text) in told.items()
        },
        coordinates(fires),
        {"Conventions": "CF-1.10", "title": f"terrax fire danger under the scenario {scenario}"},
    )
    with atomic_path(path) as temporary:
        ds.to_netcdf(temporary, engine="netcdf4", encoding={n: {"zlib": True} for n in ds.data_vars})
