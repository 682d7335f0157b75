"""Small finished runs, made by code, that the manuscript can be built from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import yaml

from experiments.report import scores, style
from experiments.runfolder import RunFolder, Status

MODELS = ("hybrid", "process", "gru", "trees", "climatology")
TARGETS = ("gpp", "et", "reco", "nee")
SITES = ("US-Var", "FR-Pue", "DE-Tha")
SPLITS = {"time": ("time",), "site": ("site",), "drought": ("normal", "drought")}
DATE = "2024-05-06T07:08:09Z"


def rows(splits, seed=0):
    """Scores that differ in every digit."""
    rng = np.random.default_rng(seed)
    for split in splits:
        for model in MODELS:
            for target in TARGETS:
                for site in SITES:
                    yield model, target, "nse", split, site, float(rng.uniform(-0.2, 0.95))


def make_run(path: Path, by="time", data="towers", experiment="drought", **changes) -> RunFolder:
    """A finished run of the drought experiment as 'terrax run' would leave it."""
    folder = RunFolder(path)
    path.mkdir(parents=True)
    values = {"state": "finished", "started": DATE, "data": data, "seconds": {"hybrid": 61.5, "gru": 20.0}}
    folder.write_json(
        folder.environment_file,
        {
            "versions": {"terrax": "0.1.0", "jax": "0.10.2", "python": "3.11.7"},
            "devices": [{"platform": "cpu", "kind": "cpu"}],
            "platform": {"cpu_count": 2},
            "git": {"commit": "0123456789abcdef0123", "dirty": False},
        },
    )
    files = [{"path": f"towers/{site}.nc", "sha256": "0" * 64} for site in SITES] if data else []
    folder.write_json(folder.data_file, {"root": data, "label": "", "files": files})
    config = {"seed": 0, "split": {"by": by}, "train": {"members": 3, "steps": 407}}
    folder.config_file.write_text(yaml.safe_dump(config))
    scores.write(folder.scores, rows(SPLITS[by]))
    results(folder.results)
    tables(folder)
    draw(folder)
    folder.write_status(Status(experiment, **{**values, **changes}))
    held = folder.read_json(path / "status.json")
    folder.write_json(path / "status.json", {**held, "updated": DATE})
    return folder


def results(path: Path) -> None:
    """A results file with a calendar, observations, a scalar and a labelled table."""
    days = np.arange("2001-01-01", "2001-02-10", dtype="datetime64[D]").astype("datetime64[ns]")
    observed = np.ones((len(SITES), len(days)), np.float32)
    observed[0, :5] = np.nan
    change = np.array([[[-1.0, -2.5, -9.0]], [[3.0, 4.0, 8.0]]], np.float32)
    ds = xr.Dataset(
        {
            "gpp_observed": (("site", "time"), observed, {"units": "g m-2 d-1"}),
            "closure": ((), 3.25e-13, {"units": "mm"}),
            "centre_plant_q10": ((), np.float32(1.512), {"units": "1"}),
            "change": (("scenario", "target", "site"), change, {"units": "%"}),
        },
        {"site": list(SITES), "time": days, "scenario": ["drier", "warmer"], "target": ["gpp"]},
        {"members": 3, "title": "a run"},
    )
    ds.to_netcdf(path, engine="netcdf4")


def tables(folder: RunFolder) -> None:
    """The tables that a run of drought leaves."""
    changes = [
        {
            "scenario": scenario,
            "site": site,
            "variable": variable,
            "present": 4.0,
            "value": 4.0 + change,
            "change": change,
            "spread": 0.1,
            "outside": 0.25,
        }
        for scenario, sign in (("warmer", 1.0), ("drier", -1.0))
        for site, change in zip(SITES, (0.5 * sign, 1.0 * sign, -0.25 * sign), strict=True)
        for variable in ("gpp", "runoff")
    ]
    held = {
        "closure": {"absolute_float64": 3.25e-13, "relative_float32": 1.2e-7},
        "scenarios": {
            "changes": changes,
            "checks": [{"check": "half the rain", "value": -0.2, "unit": "mm d-1", "ok": True}],
        },
        "memory": {
            "skill": [{"model": "hybrid", "days": 15, "target": "gpp", "nse": 0.5}],
            "recovery": {"hybrid": {"soil_root": [10.0, 41.0, None], "gpp": [3.0, 4.0, 5.0]}},
        },
        "curves": [
            {"parameter": "light_use_efficiency", "against": "vpd", "x": 2.5, "median": 1.1, "low": 1.0}
        ],
    }
    if folder.read_json(folder.data_file)["root"] is None:
        row = {"name": "plant_q10", "unit": "1", "truth": 1.6, "start": 1.8, "found": 1.59, "error": 0.00625}
        held["truth"] = [row]
    (folder.path / "tables").mkdir()
    for name, value in held.items():
        folder.write_json(folder.path / "tables" / f"{name}.json", value)


def make_respiration(path: Path) -> RunFolder:
    """A finished run of the respiration experiment, whose parts the manuscript reads."""
    folder = make_run(path, data=None, experiment="respiration")
    config = {"starts": [0.5, 1.5, 2.5], "variants": ["radiation", "temperature"]}
    folder.config_file.write_text(yaml.safe_dump(config))
    found = np.array([[[1.49], [1.5], [1.51]], [[0.9], [1.5], [2.0]]])
    ds = xr.Dataset(
        {"q10": (("variant", "start", "repeat"), found, {"units": "1"})},
        {"variant": ["radiation", "temperature"], "start": [0.5, 1.5, 2.5], "repeat": [0]},
        {"true_q10": 1.5},
    )
    folder.results.unlink()
    ds.to_netcdf(folder.results, engine="netcdf4")
    return folder


def draw(folder: RunFolder) -> None:
    """Every figure that the manuscript may ask this run for."""
    from experiments.paper import SOURCE, figures

    names = {item.file for item in figures.read(SOURCE / "figures.yml").values()}
    with style.use():
        drawing, axis = style.figure(width="one", height=30)
        axis.plot([0, 1], [0, 1])
        for name in sorted(names):
            style.save(drawing, folder.figures, name)


@pytest.fixture(scope="session")
def run_by_time(tmp_path_factory) -> RunFolder:
    """A run by time; do not change it."""
    return make_run(tmp_path_factory.mktemp("paper") / "by-time")


@pytest.fixture(scope="session")
def all_runs(tmp_path_factory, run_by_time) -> list[RunFolder]:
    """A run of each kind; do not change them."""
    root = tmp_path_factory.mktemp("paper")
    return [
        run_by_time,
        make_run(root / "by-site", "site"),
        make_run(root / "by-drought", "drought"),
        make_run(root / "virtual", data=None),
        make_respiration(root / "breath"),
    ]
