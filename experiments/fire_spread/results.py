"""Results and scores of a run: CF netCDF, tidy scores, and the lines that are printed at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from data.files import atomic_path

from ..report import scores as score_table
from ..resultsfile import read as read
from ..runfolder import RunFolder
from . import ensemble
from .config import Config
from .judge import best_on_others, dice
from .members import Member, grid_of_choice
from .opening import Fire
from .progression import results as progression
from .settings import FREE

if TYPE_CHECKING:
    import xarray as xr

SPLIT = "leave-one-fire-out"
LABELS = {
    "terrax": "chosen on the other fires",
    "terrax_ensemble": "ensemble weighed by the other fires, area of greatest expected Dice",
    "terrax_learned": "chosen on the other fires, with the factor learned there",
    "terrax_untuned": "middle of the priors, nothing chosen",
    "terrax_free": "free burning to the end of the weather, nothing chosen",
}
CELLS = ("fire", "row", "column")
MEMBER = ("dead_moisture", "rate", "duration", "live_moisture", "wind")


def write(
    folder: RunFolder,
    config: Config,
    fires: list[Fire],
    found: dict[str, Any],
    learned: dict[str, Any] | None = None,
    *,
    synthetic: bool,
) -> None:
    """Write ``results.nc`` and, from what it holds, ``scores.csv``."""
    ds = dataset(config, fires, found, learned, synthetic=synthetic)
    encoding: dict[Any, dict[str, Any]] = {
        n: {"zlib": True, "complevel": 4} for n, v in ds.data_vars.items() if v.ndim > 1
    }
    with atomic_path(folder.results) as temporary:
        ds.to_netcdf(temporary, engine="netcdf4", encoding=encoding)
    score_table.write(folder.scores, [*score_rows(ds, config.bins), *progression.score_rows(folder)])


def choice_table(config: Config, found: dict[str, Any], names: list[str]) -> np.ndarray:
    """Dice over the grid of choice, (fire, choice): all levels of moisture and rate, each at all ends."""
    ends = np.array(config.priors.duration.grid(), np.float32)
    return np.stack(
        [
            np.stack([dice(found[n]["choice"] <= e, found[n]["scar"]) for e in ends], axis=-1).ravel()
            for n in names
        ]
    )


def chosen_on_others(config: Config, found: dict[str, Any], names: list[str], left_out: int) -> Member:
    """What is assumed of a fire by the other fires; its own scar is not read."""
    run, end = divmod(
        best_on_others(choice_table(config, found, names), left_out), config.priors.duration.levels
    )
    return grid_of_choice(config)[run]._replace(duration=config.priors.duration.grid()[end])


def dataset(
    config: Config,
    fires: list[Fire],
    found: dict[str, Any],
    learned: dict[str, Any] | None = None,
    *,
    synthetic: bool,
) -> xr.Dataset:
    """What every fire burned and what was chosen for it on the other fires."""
    import xarray as xr

    priors, names = config.priors, [f.name for f in fires]
    levels = {n: getattr(priors, n).grid() for n in FREE}
    shape = tuple(len(levels[n]) for n in FREE)
    each = [found[n] for n in names]
    scars = [f["scar"] for f in each]
    table = choice_table(config, found, names)
    chosen = [best_on_others(table, i) for i in range(len(fires))]
    ends, arrival = np.array(levels["duration"], np.float32), []
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
        "dice_of_choice": (
            ("fire", *FREE),
            table.reshape(len(fires), *shape),
            "1",
            "Dice of the burned class over the grid of choice",
        ),
        "ignition_x": (("fire",), [f.ignition[0] for f in fires], "m", "easting of the ignition"),
        "ignition_y": (("fire",), [f.ignition[1] for f in fires], "m", "northing of the ignition"),
        "hours": (("fire",), hours[:, 0, 0], "h", "hours of weather"),
    }
    fields |= ensemble.fields(config, fires, [f["draws"] for f in each], scars)
    if learned:
        fields |= {
            "arrival_time_learned": (
                CELLS,
                np.stack(
                    [np.where(np.isfinite(a), a, np.nan) for a in (learned[n]["arrival"] for n in names)]
                )
                * hours,
                "h",
                "the same as arrival_time, with the factor learned on the other fires",
            ),
            "rate_factor": (
                CELLS,
                np.stack([learned[n]["factor"] for n in names]),
                "1",
                "factor on the rate of spread learned on the other fires, geometric mean over the weather",
            ),
            "misfit": (
                ("fire", "step"),
                np.stack([learned[n]["losses"] for n in names]),
                "1",
                "misfit of the other fires while the factor was trained",
            ),
        }
    for place, name in enumerate(FREE):
        values = [levels[name][k[place]] for k in index]
        fields[f"chosen_{name}"] = (("fire",), values, "1", f"{name.replace('_', ' ')} chosen on other fires")
    for place, name in enumerate(MEMBER):
        if name == "duration":
            continue
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
        ds.attrs |= {f"true_{n}": getattr(made, n) for n in (*FREE, "factor_grass", "factor_timber")}
    return ds


def _axis(axis: str, text: str) -> dict[str, str]:
    return {
        "units": "m",
        "standard_name": f"projection_{axis}_coordinate",
        "long_name": f"{text} of the cell centre",
    }


def burned(ds: xr.Dataset) -> dict[str, np.ndarray]:
    """What each model says burned, bool (fire, row, column), by the names of the scores."""
    arrival = {
        "terrax": "arrival_time",
        "terrax_learned": "arrival_time_learned",
        "terrax_untuned": "arrival_time_untuned",
        "terrax_free": "arrival_time_free",
    }
    out = {m: np.isfinite(ds[n].values) for m, n in arrival.items() if n in ds}
    return out | {"terrax_ensemble": ds["likely_burned"].values > 0}


def score_rows(ds: xr.Dataset, bins: int) -> list[tuple[Any, ...]]:
    """Dice of the burned class, scores of burn probabilities and of burned area, by model and fire."""
    scars = ds["observed_scar"].values > 0
    rows: list[tuple[Any, ...]] = []
    for i, fire in enumerate(ds["fire"].values.astype(str)):
        for model, found in burned(ds).items():
            rows.append((model, "burned", "dice", SPLIT, fire, float(dice(found[i], scars[i]))))
    told = [*ensemble.skill(ds, bins), *ensemble.area_skill(ds)]
    return rows + [
        (m, "area" if k in ("crps", "covered") else "burned", k, SPLIT, f, v) for m, k, f, v in told
    ]


def dice_table(ds: xr.Dataset) -> dict[str, np.ndarray]:
    """Dice of each model, (fire,)."""
    scars = ds["observed_scar"].values > 0
    return {n: np.array([dice(f[i], s) for i, s in enumerate(scars)]) for n, f in burned(ds).items()}


def lines(folder: RunFolder, bins: int) -> list[str]:
    """Dice per fire and mean of each model, what was chosen, and whether a known fire was found."""
    ds = read(folder)
    names, out = ds["fire"].values.astype(str), []
    for model, values in dice_table(ds).items():
        told = ", ".join(f"{n} {v:.3f}" for n, v in zip(names, values, strict=True))
        out.append(f"Dice of {model} ({LABELS[model]}): {told}; mean {values.mean():.3f}")
    for i, name in enumerate(names):
        told = ", ".join(f"{n} {float(ds[f'chosen_{n}'][i]):.3g}" for n in FREE)
        out.append(f"  {name}, chosen on the others: {told}")
    for name, (model, text) in ensemble.CHANCES.items():
        told = {(k, f): v for m, k, f, v in ensemble.skill(ds, bins) if m == model}
        out.append(
            f"{name} ({text}): Brier score {told['brier', 'mean']:.4f}, skill {told['brier_skill', 'mean']:.3f}, "
            f"calibration error {told['ece', 'pooled']:.3f}"
        )
    if "true_rate" in ds.attrs:
        out.append("  known: " + ", ".join(f"{n} {ds.attrs[f'true_{n}']:.3g}" for n in FREE))
    return [*out, *progression.lines(folder)]
