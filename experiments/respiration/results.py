"""Results and scores of a run: CF netCDF, tidy scores, and the lines that are printed at its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from data.files import atomic_path
from hybrid.skill import scores as metrics

from ..report import scores as score_table
from ..resultsfile import read as read
from ..runfolder import RunFolder
from .config import Config
from .variants import VARIANTS

if TYPE_CHECKING:
    import xarray as xr

    from .stages import Prepared

CARBON = "g m-2 d-1"
KEPT = ("tas_min", "tas_max", "sw_pot", "dsw_pot", "base_respiration_true", "reco", "reco_true", "reco_unc")
MEMBER = ("variant", "start", "repeat")


def write(folder: RunFolder, config: Config, prepared: Prepared, found: Mapping[str, Any]) -> None:
    """Write ``results.nc`` and, from what it holds, ``scores.csv``."""
    ds = dataset(config, prepared, found)
    encoding: dict[Any, dict[str, Any]] = {
        n: {"zlib": True, "complevel": 4} for n, v in ds.data_vars.items() if v.ndim > 1
    }
    with atomic_path(folder.results) as temporary:
        ds.to_netcdf(temporary, engine="netcdf4", encoding=encoding)
    score_table.write(folder.scores, score_rows(ds, config))


def dataset(config: Config, prepared: Prepared, found: Mapping[str, Any]) -> xr.Dataset:
    """All that a run found, with the world it found it in."""
    panel = prepared.panel
    ds = prepared.ds[[n for n in KEPT if n in prepared.ds]].copy()
    ds["test"] = panel.to_dataarray(
        prepared.test.astype(np.float32), "test", units="1", long_name="1 on days held out for test, else 0"
    )
    ds = ds.assign_coords(
        variant=("variant", list(config.variants), {"long_name": "what the network of the base rate reads"}),
        start=("start", list(config.starts), {"units": "1", "long_name": "first value of Q10"}),
        repeat=("repeat", np.arange(config.repeats), {"long_name": "first weights of the network"}),
    )
    first = found[config.variants[0]]
    ds = ds.assign_coords(
        step=("step", first["steps"], {"long_name": "training step"}),
        profile_q10=(
            "profile_q10",
            first["profile_q10"],
            {"units": "1", "long_name": "value at which Q10 is held"},
        ),
    )

    def stacked(key: str) -> np.ndarray:
        return np.stack([found[name][key] for name in config.variants])

    def series(key: str) -> np.ndarray:
        # (variant, start, repeat, time, site) of the panel, whose records are all the dataset's calendar
        return np.swapaxes(stacked(key), -1, -2).astype(np.float32)

    described: dict[str, tuple[tuple[str, ...], np.ndarray, str, str]] = {
        "reco_simulated": (
            (*MEMBER, "site", "time"),
            series("reco"),
            CARBON,
            "simulated ecosystem respiration",
        ),
        "base_respiration": (
            (*MEMBER, "site", "time"),
            series("base"),
            CARBON,
            "learned base rate at 15 degC",
        ),
        "q10": (MEMBER, stacked("q10"), "1", "learned Q10"),
        "q10_path": ((*MEMBER, "step"), stacked("path"), "1", "Q10 along the training"),
        "q10_carried": (MEMBER, stacked("carried"), "1", "Q10 of the learned base rate itself"),
        "test_nse": (MEMBER, stacked("skill"), "1", "held-out NSE of respiration, mean over sites"),
        "profile_loss": (
            ("variant", "profile_q10"),
            stacked("profile_loss"),
            "1",
            "training loss without penalty (one less NSE, mean over sites), Q10 held",
        ),
        "profile_penalty": (
            ("variant", "profile_q10"),
            stacked("profile_penalty"),
            "1",
            "weighted penalty as added to the training loss, over all days, Q10 held",
        ),
        "profile_test_nse": (
            ("variant", "profile_q10"),
            stacked("profile_skill"),
            "1",
            "held-out NSE of respiration, mean over sites, Q10 held",
        ),
        "profile_carried": (
            ("variant", "profile_q10"),
            stacked("profile_carried"),
            "1",
            "Q10 of the learned base rate itself, Q10 held",
        ),
        "q10_process": (
            ("start",),
            found["process"]["q10"],
            "1",
            "Q10 of the process with a constant base rate",
        ),
        "base_respiration_process": (("start",), found["process"]["base"], CARBON, "constant base rate"),
        "reco_process": (
            ("site", "time"),
            found["process"]["reco"].T.astype(np.float32),
            CARBON,
            "respiration of the process with a constant base rate",
        ),
    }
    ds = ds.assign(
        {
            n: (dims, values, {"units": unit, "long_name": text})
            for n, (dims, values, unit, text) in described.items()
        }
    )
    ds.attrs = {
        "Conventions": "CF-1.10",
        "title": "terrax respiration experiment",
        "featureType": "timeSeries",
        "history": prepared.ds.attrs.get("history", ""),
        "true_q10": config.world.q10,
        "training_observations": int(prepared.training.masks["reco"].sum()),
    }
    return ds


def score_rows(ds: xr.Dataset, config: Config) -> list[dict[str, Any]]:
    """Tidy scores on the test days, of the mean over members, and the error of each Q10."""
    test = ds["test"].values > 0
    observed = np.where(test, ds["reco"].values, np.nan)
    rows: list[dict[str, Any]] = []

    def add(model: str, target: str, simulated: np.ndarray, truth: np.ndarray) -> None:
        for i, site in enumerate(ds["site"].values):
            for metric, value in metrics(simulated[i], truth[i]).items():
                rows.append(_row(model, target, metric, str(site), value))

    add("noise_free", "reco", ds["reco_true"].values, observed)
    add("process", "reco", ds["reco_process"].values, observed)
    known = np.where(test, ds["base_respiration_true"].values, np.nan)
    for name in config.variants:
        part = ds.sel(variant=name).mean(("start", "repeat"))
        add(name, "reco", part["reco_simulated"].values, observed)
        add(name, "base_respiration", part["base_respiration"].values, known)
    for i, start in enumerate(ds["start"].values):
        values = {"process": ds["q10_process"].values[i]}
        values |= {n: ds["q10"].sel(variant=n).values[i].mean() for n in config.variants}
        for name, value in values.items():
            error = float(value) - float(ds.attrs["true_q10"])
            rows.append(_row(name, "q10", "bias", f"start {start:g}", error))
    return rows


def _row(model: str, target: str, metric: str, group: str, value: float) -> dict[str, Any]:
    return {
        "model": model,
        "target": target,
        "metric": metric,
        "split": "time",
        "group": group,
        "value": value,
    }


def lines(folder: RunFolder, config: Config) -> list[str]:
    """One line per variant: Q10 from every start, whether it was found, and the held-out skill."""
    ds = read(folder)
    out = []
    for name in config.variants:
        part = ds.sel(variant=name)
        values = part["q10"]
        found = bool((np.abs(values - ds.attrs["true_q10"]) <= config.tolerance).all())
        told = ", ".join(
            f"{s:g} -> " + "/".join(f"{v:.3f}" for v in values.sel(start=s).values)
            for s in ds["start"].values
        )
        skill = float(part["test_nse"].mean())
        verdict = "found" if found else "not found"
        out.append(
            f"Q10 {verdict} (true {ds.attrs['true_q10']:g} +- {config.tolerance:g}), {VARIANTS[name].label}: "
            f"{told}; held-out NSE {skill:.4f}"
        )
    return out
