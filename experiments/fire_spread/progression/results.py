"""Results and scores of a fire with timed perimeters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data.errors import RunError
from data.files import atomic_path

from ...runfolder import RunFolder
from .config import Progression
from .opening import Perimeters, TimedFire, fine

if TYPE_CHECKING:
    import xarray as xr

FILE = "progression.nc"
SINGLE = {
    "gradient": "assimilated by gradient, from the mapped perimeter",
    "edge": "middle of the priors, from the part of the perimeter that burns on",
    "prior": "middle of the priors, from the mapped perimeter",
    "prior_flat": "the same without terrain in the wind",
    "open": "middle of the priors, from the first perimeter (open loop)",
}
"""Forecasts of one run each."""
MANY = {
    "gradient": "assimilated by gradient, draws",
    "kalman": "assimilated by the Kalman smoother, members",
    "posterior": "assimilated by numpyro, draws",
    "edge": "draws of the priors, from the part of the perimeter that burns on",
    "prior": "draws of the priors, from the mapped perimeter",
    "open": "draws of the priors, from the first perimeter (open loop)",
}
"""Forecasts of many members."""
STATES = {
    "chance": "share of the members",
    "wide": "with the errors of rates and fronts of left-out intervals",
    "corrected": "and their logistic curve",
}
"""Burn probability as it is, widened, and corrected; the last that there is stands for a method."""
LEFT = {
    "taught": "taught by the other intervals, from the part that burns on",
    "whole": "taught by the other intervals, from all of the perimeter",
    "prior": "the priors, from all of the perimeter",
}
"""Forecasts of left-out intervals by members, with the run of each by :data:`ONE`."""
ONE = {"taught": "mode", "whole": "whole_mode", "prior": "middle"}


def path(folder: RunFolder) -> Path:
    """Where the results are."""
    return folder.path / FILE


def read(folder: RunFolder) -> xr.Dataset:
    """The results, in memory.

    Raises:
        RunError: where they are missing or cut short.
    """
    import xarray as xr

    try:
        with xr.open_dataset(path(folder), engine="netcdf4") as ds:
            return ds.load()
    except (OSError, ValueError) as error:
        raise RunError(
            "the results of the fire with timed perimeters cannot be read",
            str(path(folder)),
            "run the experiment again",
        ) from error


def write(
    folder: RunFolder,
    config: Progression,
    fire: TimedFire,
    perimeters: Perimeters,
    found: dict[str, dict[str, np.ndarray]],
    left: dict[str, np.ndarray],
    ahead: dict[str, np.ndarray],
) -> None:
    """Write ``progression.nc``."""
    ds = dataset(config, fire, perimeters, found, left, ahead)
    encoding: dict[Any, dict[str, Any]] = {
        n: {"zlib": True, "complevel": 4} for n, v in ds.data_vars.items() if v.ndim > 1
    }
    with atomic_path(path(folder)) as temporary:
        ds.to_netcdf(temporary, engine="netcdf4", encoding=encoding)


def dataset(
    config: Progression,
    fire: TimedFire,
    perimeters: Perimeters,
    found: dict[str, dict[str, np.ndarray]],
    left: dict[str, np.ndarray],
    ahead: dict[str, np.ndarray],
) -> xr.Dataset:
    """Perimeters, forecasts on the cells of the file, parameters of the members, and what the correction is from."""
    import xarray as xr

    from . import learn
    from .judge import judged
    from .stages import corrections

    n, last = config.coarser, perimeters.analysed
    cells = ("y", "x")
    fields: dict[str, tuple[tuple[str, ...], Any, str, str]] = {
        "observed": (
            ("perimeter", *cells),
            perimeters.burned.astype(np.int8),
            "1",
            "1 where the fire had been mapped by the time of a perimeter, else 0",
        ),
        "judged": (
            cells,
            fine(judged(fire, last, config.judged), n).astype(np.int8),
            "1",
            "1 where burn probability is judged",
        ),
        "elevation": (cells, fine(fire.elevation, n), "m", "elevation"),
    }
    for name, text in SINGLE.items():
        fields[f"burned_{name}"] = (
            ("lead", *cells),
            fine(ahead[f"burned_{name}"], n).astype(np.int8),
            "1",
            text,
        )
        hours = np.where(np.isfinite(ahead[f"arrival_{name}"]), ahead[f"arrival_{name}"] / 3600.0, np.nan)
        fields[f"arrival_{name}"] = (
            cells,
            fine(hours, n).astype(np.float32),
            "h",
            f"time of arrival: {text}",
        )
    for state, how in STATES.items():
        for name, text in MANY.items():
            if f"{state}_{name}" in ahead:
                about = f"burn probability, {how}: {text}"
                fields[f"{state}_{name}"] = (("lead", *cells), fine(ahead[f"{state}_{name}"], n), "1", about)
    for method, values in found.items():
        for name in type(config.beliefs).model_fields:
            dims = ("member", "hour") if name in learn.HOURLY else ("member",)
            held = values[name][: config.members]
            about = f"{name.replace('_', ' ')} of a member of the {method} method"
            unit = "degree" if name.startswith("turn") else "1"
            fields[f"{method}_{name}"] = (dims, held, unit, about)
            if method == "gradient":
                fields[f"mode_{name}"] = (dims[1:], values[f"mode_{name}"][0], unit, f"most probable {name}")
    attrs: dict[str, Any] = {
        "Conventions": "CF-1.10",
        "title": "terrax fire spread experiment: a fire with timed perimeters",
        "comment": f"perimeters to {config.analysed} were assimilated, later ones are for scores alone",
        "analysed": last,
        "block": config.block,
        "resamples": config.resamples,
        "history": "parameters and corrections come from intervals up to the last assimilated perimeter",
    }
    near = fire.cut(config.near)
    fields |= _edge(fire, config, last, attrs)
    fixed = corrections(near, config, left)
    if fixed:
        for name, fix in fixed.items():
            attrs[f"front_error_{name}"], attrs[f"rate_error_{name}"] = float(fix.speed), float(fix.pace)
            attrs[f"crossed_{name}"] = list(fix.crossed)
            fields[f"left_out_share_{name}"] = (
                ("pace", "widening") if name == "taught" else ("widening",),
                fix.scores if name == "taught" else fix.scores[0],
                "1",
                f"Brier score of left-out intervals over that of no fire, by errors of rates and fronts: {name}",
            )
        fields |= _left_out(near, config, left)
    if "posterior" in found:
        attrs |= {f"posterior_{k}": float(found["posterior"][k]) for k in ("rhat", "ess", "divergences")}
    attrs["gradient_cost"] = [float(found["gradient"]["history"][i]) for i in (0, -1)]
    stamp = np.array([np.datetime64(t.replace(" ", "T")) for t in perimeters.labels]).astype("datetime64[ns]")
    grid = perimeters.grid
    ds = xr.Dataset(
        {k: (d, np.asarray(v), {"units": u, "long_name": t}) for k, (d, v, u, t) in fields.items()},
        {
            "time": ("perimeter", stamp, {"standard_name": "time", "long_name": "local time of a perimeter"}),
            "lead_time": ("lead", stamp[last + 1 :], {"long_name": "local time of a forecast"}),
            "widening": (
                "widening",
                list(config.widening),
                {"units": "m h-1", "long_name": "error of fronts"},
            ),
            "pace": (
                "pace",
                list(config.pace),
                {"units": "1", "long_name": "error of the logarithm of rates"},
            ),
            "x": ("x", grid.x, _axis("x", "easting")),
            "y": ("y", grid.y, _axis("y", "northing")),
        },
        attrs,
    )
    for name in ds.data_vars:
        if ds[name].dims[-2:] == cells:
            ds[name].attrs["grid_mapping"] = "crs"
    ds["crs"] = ((), np.int32(0), dict(grid.crs))
    return ds


def score_rows(folder: RunFolder) -> list[tuple[Any, ...]]:
    """Rows of the table of scores; none where the part was left out."""
    from . import scores

    return scores.rows(read(folder)) if path(folder).exists() else []


def lines(folder: RunFolder) -> list[str]:
    """What is printed at the end of a run; nothing where the part was left out."""
    from . import scores

    return scores.lines(read(folder)) if path(folder).exists() else []


def _edge(fire: TimedFire, config: Progression, last: int, attrs: dict[str, Any]) -> dict[str, Any]:
    """Probability that the edge of the last assimilated perimeter burns on; coefficients go to the attributes."""
    from .edges import activity_of, edge_at

    if not config.edge.used:
        return {}
    model, edge = activity_of(fire, config, list(range(last))), edge_at(fire, last)
    attrs["edge_coefficients"] = [float(v) for v in model.mean]
    attrs["edge_sd"] = [float(v) for v in np.sqrt(np.diag(model.covariance))]
    field = np.full(fire.grid.shape, np.nan, np.float32)
    field[edge.rows, edge.columns] = model.chance(edge.idle[:, None])
    about = "probability that the edge of the last assimilated perimeter burns on; missing elsewhere"
    return {"edge_chance": (("y", "x"), fine(field, config.coarser), "1", about)}


def _left_out(fire: TimedFire, config: Progression, left: dict[str, np.ndarray]) -> dict[str, Any]:
    """Scores of the left-out intervals, on simulated cells: Dice of runs, Brier score and error of members."""
    from hybrid.fire.assimilation import Forecast, brier, dice, reliability

    from .judge import judged

    out: dict[str, Any] = {}
    for name, text in LEFT.items():
        found: dict[str, list[float]] = {"dice": [], "brier": [], "ece": []}
        many = left[name][0] if name == "taught" else left[name]
        for k, (levels, one) in enumerate(zip(many, left[ONE[name]], strict=True)):
            seen, where = fire.burned[k + 1], judged(fire, k, config.judged)
            p = Forecast(np.zeros(1), levels[:, None], np.empty(0), fire.grid.width).probability()[0]
            found["dice"].append(float(dice(one[0] <= 0.0, seen, ~fire.burned[k] & ~fire.before)))
            found["brier"].append(brier(p, seen, where))
            found["ece"].append(reliability(p, seen, where).error)
        for metric, about in (
            ("dice", "Dice of new growth, one run"),
            ("brier", "Brier score, members"),
            ("ece", "expected calibration error, members"),
        ):
            out[f"left_out_{metric}_{name}"] = (
                ("interval",),
                found[metric],
                "1",
                f"{about}, of a left-out interval: {text}",
            )
    return out


def _axis(axis: str, text: str) -> dict[str, str]:
    return {
        "units": "m",
        "standard_name": f"projection_{axis}_coordinate",
        "long_name": f"{text} of the cell centre",
    }


__all__ = [
    "FILE",
    "LEFT",
    "MANY",
    "ONE",
    "SINGLE",
    "STATES",
    "dataset",
    "lines",
    "path",
    "read",
    "score_rows",
    "write",
]
