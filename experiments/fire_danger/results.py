"""Results and scores of a run: CF netCDF, tidy scores, tables, and the lines that are printed at its end."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from data.files import atomic_path

from ..migration.stages import read_json, write_json
from ..report import scores as score_table
from ..resultsfile import read as read
from ..runfolder import RunFolder
from . import counts, judge, power
from .config import Config
from .danger import COMMON
from .models import MODELS
from .opening import Fires

if TYPE_CHECKING:
    import xarray as xr

REFERENCES = ("climatology", "climatology_cell")
LABELS = {
    "hybrid": "hybrid",
    "process": "drought code and wind",
    "network": "U-Net",
    "forest": "random forest",
    "trees": "boosted trees",
    "climatology_cell": "climatology by month and cell",
    "climatology": "climatology by month",
}


def write(folder: RunFolder, config: Config, fires: Fires, found: dict[str, Any]) -> None:
    """Judge all chances and write ``results.nc``, ``scores.csv`` and ``tables/scores.json``."""
    ds = dataset(config, fires, found)
    years = fires.years
    test = (years > config.split.fit_last) & (years <= config.split.test_last)
    parts: dict[str, tuple[np.ndarray, dict[str, np.ndarray]]] = {}
    for lead in sorted(config.leads):
        parts[f"time, lead {lead}"] = (test, _named(found["time"], f"lead{lead}__"))
    parts["space"] = (test, _named(found["space"], ""))
    validated = np.isfinite(found["validation"]["hybrid"]).all(axis=1)
    parts["validation"] = (validated, _named(found["validation"], ""))
    if "nested" in found:
        parts["nested"] = (np.isfinite(found["nested"]["hybrid"]).all(axis=1), _named(found["nested"], ""))
    settings, told, rows = config.judge, {}, []
    for part, (held, chances) in parts.items():
        judged = judge.judge(
            {name: chance[held] for name, chance in chances.items()},
            fires.burned[held],
            REFERENCES,
            block=settings.block,
            resamples=settings.resamples,
            bins=settings.bins,
            seed=config.seed,
        )
        told[part] = judged
        rows += score_rows(part, judged)
    score_table.write(folder.scores, rows)
    first = f"time, lead {min(config.leads)}"
    held, chances = parts[first]
    curves = {
        name: judge.reliability(chance[held].ravel(), fires.burned[held].ravel(), settings.bins)
        for name, chance in chances.items()
    }
    write_json(
        folder,
        "scores.json",
        {
            "parts": told,
            "reliability": curves,
            "first": first,
            "counts": count_rows(config, fires, found["time"], test),
            "ridge": found.get("nested", {}).get("ridge"),
            "power": power.power(
                found["time"][f"lead{min(config.leads)}__climatology_cell"][np.flatnonzero(test)[:12]],
                (2, 4, 8),
                COMMON,
                block=settings.block,
                count=settings.samples,
                resamples=min(settings.resamples, 400),
                seed=config.seed,
            ),
        },
    )
    encoding: dict[Any, dict[str, Any]] = {
        n: {"zlib": True, "complevel": 4} for n, v in ds.data_vars.items() if v.ndim > 1
    }
    with atomic_path(folder.results) as temporary:
        ds.to_netcdf(temporary, engine="netcdf4", encoding=encoding)


def count_rows(
    config: Config, fires: Fires, found: dict[str, np.ndarray], test: np.ndarray
) -> list[dict[str, Any]]:
    """How often the range of the number of cells that burn holds it, over test months whose range is not 0 alone."""
    rows = []
    for lead in sorted(config.leads):
        for kind in ("common", "apart"):
            ranges = found[f"counts{lead}__{kind}"]
            held = test & (found[f"counts{lead}__common"][-1] > 0)
            hit = counts.inside(ranges, fires.burned)[held]
            width = float((ranges[-1] - ranges[0])[held].mean())
            rows.append(
                {"lead": lead, "kind": kind, "held": int(hit.sum()), "months": len(hit), "width": width}
            )
    return rows


def _named(found: dict[str, np.ndarray], start: str) -> dict[str, np.ndarray]:
    return {name: found[start + name] for name in MODELS if start + name in found}


def score_rows(part: str, judged: dict[str, dict[str, dict[str, float]]]) -> list[tuple[Any, ...]]:
    """Tidy scores of one part: intervals as groups of their own."""
    rows = []
    split = part.split(",")[0]
    group = part.partition(", ")[2] or "all"
    for model, metrics in judged.items():
        for metric, values in metrics.items():
            for kind, value in values.items():
                name = group if kind == "value" else f"{group}, {kind}"
                rows.append((model, "burned", metric, split, name, value))
    return rows


def to_grid(fires: Fires, values: np.ndarray) -> np.ndarray:
    """Values of cells (..., cell) on the grid (..., lat, lon), NaN where a cell cannot burn."""
    out = np.full((*values.shape[:-1], *fires.inside.shape), np.nan, np.float32)
    out[..., fires.inside] = values
    return out


def coordinates(fires: Fires) -> dict[str, Any]:
    """Time and place of the grid."""
    return {
        "time": ("time", fires.months.astype("datetime64[ns]"), {"long_name": "month"}),
        "lat": ("lat", fires.lat, {"units": "degrees_north"}),
        "lon": ("lon", fires.lon, {"units": "degrees_east"}),
    }


def dataset(config: Config, fires: Fires, found: dict[str, Any]) -> xr.Dataset:
    """Chances of all models on the grid, what burned, and the scenario."""
    import xarray as xr

    on_grid = partial(to_grid, fires)
    dims = ("time", "lat", "lon")
    stacked = np.stack(
        [np.stack([found["time"][f"lead{k}__{n}"] for k in sorted(config.leads)]) for n in MODELS]
    )
    unit = {"units": "1"}
    changed = np.stack([found["scenario"][f"changed__{n}"] for n in MODELS])
    present = np.stack([found["scenario"][f"present__{n}"] for n in MODELS])
    test = (fires.years > config.split.fit_last) & (fires.years <= config.split.test_last)
    range_ = np.stack([found["time"][f"counts{k}__common"] for k in sorted(config.leads)])
    fields: dict[str, tuple[tuple[str, ...], np.ndarray, str]] = {
        "cells_burned": (
            ("lead", "quantile", "time"),
            range_.astype(np.float32),
            "number of cells that burn in a month, the hybrid's quantiles",
        ),
        "burned": (dims, on_grid(fires.burned), "1 where something burned in the month"),
        "chance": (("model", "lead", *dims), on_grid(stacked), "chance of fire, issued `lead` months before"),
        "chance_spread": (
            ("lead", *dims),
            on_grid(np.stack([found["time"][f"spread{k}"] for k in sorted(config.leads)])),
            "standard deviation of the hybrid's members",
        ),
        "chance_present": (("model", *dims), on_grid(present), "chance of fire under the weather as it was"),
        "chance_changed": (("model", *dims), on_grid(changed), "chance of fire in the changed climate"),
        "chance_space": (
            ("model", *dims),
            on_grid(np.stack([found["space"][n] for n in MODELS])),
            "chance of fire from models that saw no cell of this part of the region",
        ),
        "outside": (
            dims,
            on_grid(found["scenario"]["outside"].astype(float)),
            "1 where the changed climate's dryness lies outside what was fitted",
        ),
        "drought_code": (dims, on_grid(found["scenario"]["code_present"]), "monthly drought code"),
        "drought_code_changed": (
            dims,
            on_grid(found["scenario"]["code_changed"]),
            "monthly drought code in the changed climate",
        ),
        "test": (("time",), test.astype(float), "1 in months that test, else 0"),
    }
    return xr.Dataset(
        {n: (d, v, {**unit, "long_name": text}) for n, (d, v, text) in fields.items()},
        {
            "model": list(MODELS),
            "quantile": ("quantile", list(counts.SHARES), {"units": "1"}),
            "lead": ("lead", sorted(config.leads), {"units": "month", "long_name": "months ahead"}),
            **coordinates(fires),
        },
        {"Conventions": "CF-1.10", "title": "terrax fire danger experiment"},
    )


def lines(folder: RunFolder) -> list[str]:
    """What is printed at the end: skill, whether it is real, calibration, leads, single fires, truth."""
    told = read_json(folder, "scores.json")
    out = []
    for part, judged in told["parts"].items():
        ours = judged["hybrid"]
        beside = ", ".join(f"{n} {judged[n]['auc']['value']:.3f}" for n in MODELS if n != "hybrid")
        out.append(
            f"{part}: AUC hybrid {ours['auc']['value']:.3f} ({beside}); AUPRC {ours['auprc']['value']:.3f} at a "
            f"prevalence of {ours['prevalence']['value']:.3f}; ECE {ours['ece']['value']:.4f}"
        )
        for reference in REFERENCES:
            gain, skill = ours[f"auc - {reference}"], ours[f"brier skill over {reference}"]
            out.append(
                f"  hybrid less {LABELS[reference]}: AUC {_span(gain)}, Brier skill {_span(skill)}, "
                f"AUPRC {_span(ours[f'auprc - {reference}'])}"
            )
    for row in told.get("counts", []):
        if row["kind"] == "common":
            out.append(
                f"cells burned in a month, lead {row['lead']}: the 90 % range holds {row['held']} of {row['months']} "
                f"test months, width {row['width']:.1f}"
            )
    for row in told.get("power", []):
        out.append(
            f"made samples of {row['years']} years, true gain of place {row['difference']:.3f} of AUC: called real in "
            f"{100 * row['real_circular']:.0f} % (years alone {100 * row['real_season']:.0f} %), covered in "
            f"{100 * row['cover_circular']:.0f} % ({100 * row['cover_season']:.0f} %)"
        )
    single = read_json(folder, "montesinho.json")
    if single:
        values = ", ".join(f"{n} {np.mean(v):.2f}" for n, v in single["mad"].items())
        out.append(
            f"Montesinho, MAD [ha] over {single['runs']} runs: {values}; published {single['published']:g}"
        )
    for row in read_json(folder, "relations.json").get("truth", []):
        known = f"known {row['known']:g}, " if "known" in row else ""
        span = f" ({row['low']:.2f} to {row['high']:.2f})" if "low" in row else ""
        out.append(f"truth, {row['name']}: {known}found {row['found']:.2f}{span}")
    return out


def _span(row: dict[str, float]) -> str:
    low, high = (row[k] if row[k] is not None else float("nan") for k in ("low", "high"))
    kept = ""
    if row.get("season_low") is not None:
        kept = f" [years alone: {row['season_low']:+.3f} to {row['season_high']:+.3f}]"
    return f"{row['value']:+.3f} ({low:+.3f} to {high:+.3f}){kept}"
