"""Results and scores of a run: CF netCDF, tidy scores, tables, and the lines that are printed at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from data.files import atomic_path

from ..report import scores as score_table
from ..resultsfile import read as read
from ..runfolder import RunFolder
from .backtest import MODELS, Forecasts
from .config import Config
from .judge import bars, judge, reference
from .prepare import Panel

if TYPE_CHECKING:
    import xarray as xr

LOG = "log(1 + persons)"


def write(folder: RunFolder, config: Config, panel: Panel, found: Forecasts) -> None:
    """Judge the forecasts and write ``results.nc``, ``scores.csv`` and ``tables/forecast.json``."""
    from .stages import write_json

    months = panel.shape[1]
    test = range(months - config.forecast.test_months, months)
    first = max(test.start - config.forecast.validation_months, panel.first + max(found.leads) + 2)
    bar = bars(panel, config, test.start)
    judged = judge(panel, config, found, test, bar)
    rows = [
        {
            "model": row["model"],
            "target": config.target,
            "metric": row["metric"],
            "split": "time",
            "group": row["group"],
            "value": row["value"],
        }
        for row in judged["scores"]
    ]
    score_table.write(folder.scores, rows)
    before = judge(panel, config, found, range(first, test.start), bars(panel, config, first))
    write_json(
        folder,
        "forecast.json",
        {
            "differences": judged["differences"],
            "best": judged["best"],
            "validation": [r for r in before["scores"] if r["metric"] == "r2"],
            "validation_months": [str(panel.months[first]), str(panel.months[test.start - 1])],
            "test_months": [str(panel.months[test.start]), str(panel.months[test.stop - 1])],
            "pairs": {
                str(lead): int(np.isfinite(_seen(panel, lead)[:, test.start :]).sum()) for lead in found.leads
            },
            "reference": reference(panel),
        },
    )
    ds = dataset(config, panel, found, judged, bar, test)
    encoding: dict[Any, dict[str, Any]] = {
        n: {"zlib": True, "complevel": 4} for n, v in ds.data_vars.items() if v.ndim > 1
    }
    with atomic_path(folder.results) as temporary:
        ds.to_netcdf(temporary, engine="netcdf4", encoding=encoding)


def _seen(panel: Panel, lead: int) -> np.ndarray:
    from .judge import paired

    return paired(panel.target, lead)


def dataset(
    config: Config, panel: Panel, found: Forecasts, judged: dict[str, Any], bar: np.ndarray, test: range
) -> xr.Dataset:
    """Forecasts, intervals and what was observed, (district, time)."""
    import xarray as xr

    dims = ("lead", "district", "time")
    units, months = panel.shape
    low = np.full((len(found.leads), units, months), np.nan)
    high = low.copy()
    for i, lead in enumerate(found.leads):
        low[i], high[i] = judged["bounds"][lead]
    held = np.zeros(months)
    held[test.start :] = 1.0
    stacked = np.stack([found.mean[name] for name in MODELS]).astype(np.float32)
    told = f"{config.target} in the month"
    ds = xr.Dataset(
        {
            "observed": (("district", "time"), panel.target, {"units": "1", "long_name": f"{LOG}, {told}"}),
            "forecast": (
                ("model", *dims),
                stacked,
                {"units": "1", "long_name": f"{LOG} forecast for the month, issued `lead` months before"},
            ),
            "forecast_lower": (
                dims,
                low,
                {"units": "1", "long_name": f"lower bound, {config.forecast.level:g}"},
            ),
            "forecast_upper": (
                dims,
                high,
                {"units": "1", "long_name": f"upper bound, {config.forecast.level:g}"},
            ),
            "alarm_bar": (
                ("district",),
                bar,
                {"units": "1", "long_name": f"{LOG} beyond which a month is an alarm"},
            ),
            "drought_index": (
                ("district", "time"),
                panel.cdi,
                {"units": "1", "long_name": "combined drought index"},
            ),
            "test": (("time",), held, {"units": "1", "long_name": "1 in months held out for test, else 0"}),
        },
        {
            "model": list(MODELS),
            "lead": ("lead", np.array(found.leads), {"units": "month", "long_name": "months ahead"}),
            "district": list(panel.districts),
            "time": ("time", panel.months.astype("datetime64[ns]"), {"long_name": "month"}),
            "region": ("district", list(panel.regions)),
            "lat": ("district", panel.lat, {"units": "degrees_north"}),
            "lon": ("district", panel.lon, {"units": "degrees_east"}),
        },
        {"Conventions": "CF-1.10", "title": "terrax migration experiment", "target": config.target},
    )
    return ds


def lines(folder: RunFolder) -> list[str]:
    """One line per lead: R2, the best baseline and its difference, coverage of the interval."""
    from .stages import read_json

    frame = score_table.read(folder.scores)
    told = read_json(folder, "forecast.json")
    out = []
    for lead, name in told["best"].items():
        found = next(d for d in told["differences"] if str(d["lead"]) == lead and d["baseline"] == name)
        here = score_table.only(frame, model="terrax", group=f"lead={lead}")
        value = {m: float(v) for m, v in zip(here["metric"], here["value"], strict=True)}
        ahead = f"{lead} month{'s' if int(lead) > 1 else ''} ahead"
        out.append(
            f"{ahead}: R2 {value['r2']:.3f}, {name} {value['r2'] - found['value']:.3f}; difference "
            f"{found['value']:+.3f} ({found['low']:+.3f} to {found['high']:+.3f}); interval covers "
            f"{100 * value.get('coverage', float('nan')):.0f} %"
        )
    return out
