"""Results and scores of a run: CF netCDF, tidy scores, and the lines that are printed at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from data.files import atomic_path

from ..report import scores as score_table
from ..resultsfile import read as read
from ..runfolder import RunFolder
from .config import Config
from .judge import best_on_others, brier, dice, kept_on_others
from .opening import Fire
from .progression import results as progression
from .settings import FREE

if TYPE_CHECKING:
    import xarray as xr

SPLIT = "leave-one-fire-out"
LABELS = {
    "terrax": "chosen on the other fires",
    "terrax_ensemble": "ensemble kept on the other fires, burn probability of a half or more",
    "terrax_untuned": "middle of the priors, nothing chosen",
    "terrax_free": "free burning to the end of the weather, nothing chosen",
}
CELLS = ("fire", "row", "column")
MEMBER = ("dead_moisture", "rate", "duration", "live_moisture", "wind")


def write(
    folder: RunFolder, config: Config, fires: list[Fire], found: dict[str, Any], *, synthetic: bool
) -> None:
    """Write ``results.nc`` and, from what it holds, ``scores.csv``."""
    ds = dataset(config, fires, found, synthetic=synthetic)
    encoding: dict[Any, dict[str, Any]] = {
        n: {"zlib": True, "complevel": 4} for n, v in ds.data_vars.items() if v.ndim > 1
    }
    with atomic_path(folder.results) as temporary:
        ds.to_netcdf(temporary, engine="netcdf4", encoding=encoding)
    score_table.write(folder.scores, [*score_rows(ds), *progression.score_rows(folder)])


def dataset(config: Config, fires: list[Fire], found: dict[str, Any], *, synthetic: bool) -> xr.Dataset:
    """What every fire burned and what was chosen for it on the other fires."""
    import xarray as xr

    priors, names = config.priors, [f.name for f in fires]
    levels = {n: getattr(priors, n).grid() for n in FREE}
    shape = tuple(len(levels[n]) for n in FREE)
    ends = np.array(levels["duration"], np.float32)
    each = [found[n] for n in names]
    scars = [f["scar"] for f in each]
    table = np.stack(
        [
            np.stack([dice(f["choice"] <= e, s) for e in ends], axis=-1)
            for f, s in zip(each, scars, strict=True)
        ]
    )
    drawn = np.stack([dice(f["draws"], s) for f, s in zip(each, scars, strict=True)])
    flat, table = table.reshape(len(fires), -1), table.reshape(len(fires), *shape)
    chosen = [best_on_others(flat, i) for i in range(len(fires))]
    kept = np.stack([kept_on_others(drawn, i, config.kept) for i in range(len(fires))])
    arrival = []
    for f, k in zip(each, chosen, strict=True):
        run, end = divmod(k, len(ends))
        arrival.append(np.where(f["choice"][run] <= ends[end], f["choice"][run], np.nan))
    hours = np.array([f.hours * len(f.wind) for f in fires])[:, None, None]
    index = [np.unravel_index(k, shape) for k in chosen]

    def finite(name: str) -> np.ndarray:
        values = np.stack([f[name] for f in each])
        return np.where(np.isfinite(values), values, np.nan) * hours

    fields: dict[str, tuple[tuple[str, ...], Any, str, str]] = {
        "fuel": (CELLS, np.stack([f.fuel for f in fires]).astype(np.int16), "1", "number of the fuel model"),
        "elevation": (CELLS, np.stack([f.elevation for f in fires]), "m", "elevation"),
        "observed_scar": (CELLS, np.stack(scars).astype(np.int8), "1", "1 where the fire was mapped, else 0"),
        "arrival_time": (
            CELLS,
            np.stack(arrival) * hours,
            "h",
            "time since ignition at which the fire arrived, as chosen on the other fires",
        ),
        "arrival_time_untuned": (CELLS, finite("untuned"), "h", "the same at the middle of the priors"),
        "arrival_time_free": (CELLS, finite("free"), "h", "the same of free burning"),
        "burn_probability": (
            CELLS,
            np.stack([f["draws"][k].mean(axis=0) for f, k in zip(each, kept, strict=True)]),
            "1",
            "share of the draws, kept on the other fires, that burned the cell",
        ),
        "burn_probability_prior": (
            CELLS,
            np.stack([f["draws"].mean(axis=0) for f in each]),
            "1",
            "share of all draws that burned the cell",
        ),
        "dice_of_choice": (("fire", *FREE), table, "1", "Dice of the burned class over the grid of choice"),
        "dice_of_draw": (("fire", "draw"), drawn, "1", "Dice of the burned class of each draw"),
        "kept": (("fire", "draw"), kept.astype(np.int8), "1", "1 for draws kept on the other fires"),
        "ignition_x": (("fire",), [f.ignition[0] for f in fires], "m", "easting of the ignition"),
        "ignition_y": (("fire",), [f.ignition[1] for f in fires], "m", "northing of the ignition"),
        "hours": (("fire",), hours[:, 0, 0], "h", "hours of weather"),
    }
    for place, name in enumerate(FREE):
        values = [levels[name][k[place]] for k in index]
        fields[f"chosen_{name}"] = (("fire",), values, "1", f"{name.replace('_', ' ')} chosen on other fires")
    for place, name in enumerate(MEMBER):
        fields[f"draw_{name}"] = (
            ("draw",),
            each[0]["members"][place],
            "1",
            f"{name.replace('_', ' ')} of a draw",
        )
    ds = xr.Dataset(
        {n: (d, np.asarray(v), {"units": u, "long_name": t}) for n, (d, v, u, t) in fields.items()},
        {
            "fire": ("fire", names, {"long_name": "fire"}),
            **{n: (n, v, {"units": "1", "long_name": n.replace("_", " ")}) for n, v in levels.items()},
            "x": (("fire", "column"), np.stack([f.x for f in fires]), _axis("x", "easting")),
            "y": (("fire", "row"), np.stack([f.y for f in fires]), _axis("y", "northing")),
        },
        {
            "Conventions": "CF-1.10",
            "title": "terrax fire spread experiment",
            "comment": "each fire's choice was made on all other fires",
        },
    )
    for name in ds.data_vars:
        if ds[name].dims == CELLS:
            ds[name].attrs["grid_mapping"] = "crs"
    ds["crs"] = ((), np.int32(0), dict(fires[0].crs))
    if synthetic:
        made = config.synthetic
        ds.attrs |= {f"true_{n}": getattr(made, n) for n in FREE}
    return ds


def _axis(axis: str, text: str) -> dict[str, str]:
    return {
        "units": "m",
        "standard_name": f"projection_{axis}_coordinate",
        "long_name": f"{text} of the cell centre",
    }


def burned(ds: xr.Dataset) -> dict[str, np.ndarray]:
    """What each model says burned, bool (fire, row, column), by the names of the scores."""
    return {
        "terrax": np.isfinite(ds["arrival_time"].values),
        "terrax_ensemble": ds["burn_probability"].values >= 0.5,
        "terrax_untuned": np.isfinite(ds["arrival_time_untuned"].values),
        "terrax_free": np.isfinite(ds["arrival_time_free"].values),
    }


def score_rows(ds: xr.Dataset) -> list[tuple[Any, ...]]:
    """Dice of the burned class and Brier score, by model and fire."""
    scars = ds["observed_scar"].values > 0
    rows: list[tuple[Any, ...]] = []
    for i, fire in enumerate(ds["fire"].values.astype(str)):
        for model, found in burned(ds).items():
            rows.append((model, "burned", "dice", SPLIT, fire, float(dice(found[i], scars[i]))))
        for model, name in (
            ("terrax_ensemble", "burn_probability"),
            ("terrax_prior", "burn_probability_prior"),
        ):
            rows.append((model, "burned", "brier", SPLIT, fire, brier(ds[name].values[i], scars[i])))
        rows.append(("nothing_burns", "burned", "brier", SPLIT, fire, brier(np.zeros(()), scars[i])))
    return rows


def dice_table(ds: xr.Dataset) -> dict[str, np.ndarray]:
    """Dice of each model, (fire,)."""
    scars = ds["observed_scar"].values > 0
    return {n: np.array([dice(f[i], s) for i, s in enumerate(scars)]) for n, f in burned(ds).items()}


def lines(folder: RunFolder) -> list[str]:
    """Dice per fire and mean of each model, what was chosen, and whether a known fire was found."""
    ds = read(folder)
    names, out = ds["fire"].values.astype(str), []
    for model, values in dice_table(ds).items():
        told = ", ".join(f"{n} {v:.3f}" for n, v in zip(names, values, strict=True))
        out.append(f"Dice of {model} ({LABELS[model]}): {told}; mean {values.mean():.3f}")
    for i, name in enumerate(names):
        told = ", ".join(f"{n} {float(ds[f'chosen_{n}'][i]):.3g}" for n in FREE)
        out.append(f"  {name}, chosen on the others: {told}")
    if "true_rate" in ds.attrs:
        out.append("  known: " + ", ".join(f"{n} {ds.attrs[f'true_{n}']:.3g}" for n in FREE))
    return [*out, *progression.lines(folder)]
