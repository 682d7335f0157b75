"""Fire Weather Index System beside published series: every printed digit, restarts, seasons."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray as xr

from hybrid.fire.index import START, Codes, Weather, daylength, fire_weather, run_days

from ... import bench
from .printed import differing, folder

PEER = "published series"
SERIES = {"fwi_01": START, "fwi_02": START, "fwi_03": START, "fwi_04": START, "fwi_05": (0.0, 0.0, 0.0)}
"""Printed series of 48 days and the codes they start from."""
COLUMNS = ("FFMC", "DMC", "DC", "ISI", "BUI", "FWI", "DSR")
_run = jax.jit(run_days, static_argnames="family")
NAMES = ("ffmc", "dmc", "dc", "isi", "bui", "fwi")


def rows(data: Path | None, quick: bool) -> list[bench.Row]:
    """Rows of ``terrax bench fire-truth`` on fire weather; each counts values that are not as published."""
    del quick
    where = folder(data)
    counts = printed_series(where) | binary_runs(where) | database(where) | pieces(where)
    found = [bench.Row(n, float(v), "values", PEER, target=0.0, at_most=True) for n, v in counts.items()]
    name = "a year in float32 beside float64, greatest relative error of values above 0.1"
    return [*found, bench.Row(name, single(where), "1", target=1e-4, at_most=True)]


def printed_series(where: Path) -> dict[str, int]:
    """Values that do not round to what is printed, by series, scale 147.27723."""
    table = pd.read_csv(where / "fwi_01.csv")
    month = table["MON"].to_numpy() - 1
    found = {}
    with jax.enable_x64(True):
        weather = _weather(table[c].to_numpy(float) for c in ("TEMP", "RH", "WS", "PREC"))
        for name, start in SERIES.items():
            out, _ = _run(weather, jnp.asarray(month), _codes(start), daylength.canadian(), "exact")
            wanted = pd.read_csv(where / f"{name}.csv")
            off = sum(differing(np.asarray(v), wanted[c]) for c, v in zip(COLUMNS, out, strict=True))
            found[f"{name}, 48 days, seven codes and indices, differing from print"] = off
    return found


def binary_runs(where: Path) -> dict[str, int]:
    """Values off by more than 1e-6 of themselves, the restart begun with the last codes of the first run."""
    found = {}
    with xr.open_dataset(where / "vanwagner_pickett_48d.nc") as ds, jax.enable_x64(True):
        weather = _weather(ds[n].values.astype(float) for n in ("tas", "hurs", "sfcwind", "pr"))
        month = jnp.asarray(ds["time"].dt.month.values - 1)
        start = _codes(START)
        for run in (0, 1):
            out, start = _run(weather, month, start, daylength.canadian(), "1985")
            off = sum(_off(np.asarray(v), ds[n].values[run]) for n, v in zip(NAMES, out, strict=False))
            found[f"48 days, run {ds['run'].values[run]}, off by more than 1e-6"] = off
        out, _ = _run(weather, month, _codes(START), daylength.canadian(), "exact")
        off = sum(
            differing(v, [float(f"{x:.7g}") for x in ds[n].values[2]])
            for n, v in zip(NAMES, out, strict=False)
        )
        found[f"48 days, run {ds['run'].values[2]}, differing from print"] = off
    return found


def database(where: Path) -> dict[str, int]:
    """Values and days in season of the Global Fire Weather Database that are not found again, by place."""
    found = {}
    with xr.open_dataset(where / "gfwed_sample_2017.nc") as ds:
        weather = ds[["tas", "hurs", "sfcwind", "pr", "snd"]]
        for k, place in enumerate(ds["loc"].values):
            one, wanted = weather.isel(loc=k), ds.isel(loc=k)
            if np.isnan(wanted["dc"]).any():
                out = fire_weather(one, season="means", opening="dry", family="printed", dtype="float64")
            else:  # in season since before the year began: from the first day's codes
                start = {n: float(wanted[n][0]) for n in ("ffmc", "dmc", "dc")}
                one, wanted = one.isel(time=slice(1, None)), wanted.isel(time=slice(1, None))
                out = fire_weather(one, start=start, family="printed", dtype="float64")
            season = int((np.isnan(out["dc"].values) != np.isnan(wanted["dc"].values)).sum())
            off = sum(_off(out[n].values, wanted[n].values) for n in NAMES)
            found[f"GFWED 2017, {place}, days in season that differ"] = season
            found[f"GFWED 2017, {place}, off by more than 1e-6"] = off
    return found


def pieces(where: Path) -> dict[str, int]:
    """Values of a year in float32 that differ in any bit where the year is run in two."""
    with xr.open_dataset(where / "gfwed_sample_2017.nc") as ds:
        weather = ds[["tas", "hurs", "sfcwind", "pr"]].load()
    whole = fire_weather(weather)
    off = 0
    for cut in (1, 182):
        first = fire_weather(weather.isel(time=slice(None, cut)))
        second = fire_weather(weather.isel(time=slice(cut, None)), start=first)
        for name in NAMES:
            both = np.concatenate([first[name].values, second[name].values])
            off += int((both.view(np.int32) != whole[name].values.view(np.int32)).sum())
    return {"a year run in two, float32, values that differ in any bit": off}


def single(where: Path) -> float:
    """Greatest relative error of float32 beside float64 over a year at four places, of values above 0.1."""
    with xr.open_dataset(where / "gfwed_sample_2017.nc") as ds:
        weather = ds[["tas", "hurs", "sfcwind", "pr"]].load()
    one, two = fire_weather(weather), fire_weather(weather, dtype="float64")
    worst = 0.0
    for name in NAMES:
        many = two[name].values > 0.1
        worst = max(worst, float(np.max(np.abs(one[name].values[many] / two[name].values[many] - 1.0))))
    return worst


def _codes(numbers: Iterable[Any]) -> Codes:
    return Codes(*(jnp.asarray(n, float) for n in numbers))


def _weather(columns: Iterable[Any]) -> Weather:
    return Weather(*(jnp.asarray(c) for c in columns))


def _off(values: np.ndarray, wanted: np.ndarray, share: float = 1e-6) -> int:
    """How many values are further than a share from those wanted, where these are not missing."""
    there = ~np.isnan(wanted)
    return int((~(np.abs(values - wanted) <= share * np.abs(wanted) + 1e-9))[there].sum())
