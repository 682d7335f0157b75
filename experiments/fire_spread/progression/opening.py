"""A fire with timed perimeters: its landscape, weather and perimeters, found, checked and made coarser."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data.errors import DataError, counted, listing
from data.readers.site_netcdf import open_netcdf
from hybrid.fire.spread import Grid

from ..opening import read_table

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from .config import Progression

FIELDS = ("fuel_official", "elevation", "slope", "aspect", "curing")
CASES = ("windninja_speed", "windninja_direction")
CASE_SPEED = 30.0
"""Speed of the wind that the local ones are told for [km h-1]."""
WEATHER = ("time", "wind_km_h", "wind_from_deg", "FFMC", "BUI")
BEYOND = -1
"""Fuel code beyond the map."""
CURED = 80.0
"""Curing where none is told [%]."""


@dataclass(frozen=True)
class TimedFire:
    """One fire whose perimeter was mapped more than once; fields are (y, x), times seconds since the first perimeter.

    Attributes:
        name: of the fire.
        grid: of the fields.
        fuel: code of the fuel type of the Canadian system, -1 without fuel.
        conifer: in mixtures [%].
        curing: of grass [%].
        elevation: [m].
        slope: [%].
        aspect: downslope direction [rad], clockwise from north.
        case_from: origins of the wind that the effect of terrain is known for [rad], ascending, (case,).
        case_speed: local speed of these winds as a share of theirs [1], (case, y, x).
        case_turn: local origin less that of the case [rad], (case, y, x).
        times: of the weather [s], (time,).
        wind: speed [km h-1], (time,).
        wind_from: where it comes from [rad], (time,).
        ffmc: Fine Fuel Moisture Code [1], (time,).
        bui: Buildup Index [1], (time,).
        outside: cells beyond the map.
        seconds: of the assimilated perimeters, the first one among them [s], (perimeter,).
        burned: what had burned, cumulative, (perimeter, y, x).
        before: what had burned before the first one's run began.
    """

    name: str
    grid: Grid
    fuel: np.ndarray
    conifer: np.ndarray
    curing: np.ndarray
    elevation: np.ndarray
    slope: np.ndarray
    aspect: np.ndarray
    case_from: np.ndarray
    case_speed: np.ndarray
    case_turn: np.ndarray
    times: np.ndarray
    wind: np.ndarray
    wind_from: np.ndarray
    ffmc: np.ndarray
    bui: np.ndarray
    outside: np.ndarray
    seconds: np.ndarray
    burned: np.ndarray
    before: np.ndarray

    def gone(self, k: int) -> np.ndarray:
        """What had burned before the run of perimeter ``k`` began: the perimeter before, or older fires."""
        return self.burned[k - 1] if k else self.before

    def cut(self, margin: float) -> TimedFire:
        """The part within ``margin`` metres (along rows and columns) of the runs that the perimeters show."""
        rows, columns = np.nonzero(self.burned[-1] & ~self.before)
        cells = int(np.ceil(margin / self.grid.width))
        top, left = max(int(rows.min()) - cells, 0), max(int(columns.min()) - cells, 0)
        part = np.s_[..., top : int(rows.max()) + cells + 1, left : int(columns.max()) + cells + 1]
        arrays = {n: v for n, v in vars(self).items() if isinstance(v, np.ndarray)}
        fields = {n: v[part] for n, v in arrays.items() if v.shape[-2:] == self.grid.shape}
        sign = -1.0 if self.grid.north_first else 1.0
        grid = replace(
            self.grid,
            rows=fields["fuel"].shape[0],
            columns=fields["fuel"].shape[1],
            west=self.grid.west + left * self.grid.width,
            first=self.grid.first + sign * top * self.grid.width,
        )
        return replace(self, grid=grid, **fields)


@dataclass(frozen=True)
class Perimeters:
    """All perimeters from the first one on, on the cells of the file.

    Attributes:
        grid: of the file.
        seconds: since the first, (perimeter,).
        labels: dates, (perimeter,).
        burned: cumulative, (perimeter, y, x).
        analysed: place of the last one that is assimilated.
    """

    grid: Grid
    seconds: np.ndarray
    labels: tuple[str, ...]
    burned: np.ndarray
    analysed: int


def read_files(folder: Path) -> tuple[xr.Dataset, pd.DataFrame, pd.DataFrame, list[Path]]:
    """Landscape, weather and names of fuels of a folder, and the files that were read.

    Raises:
        DataError: a file that is missing or cannot be read.
    """
    grids = sorted(folder.glob("*.nc"))
    if len(grids) != 1:
        raise DataError(f"there are {len(grids)} netCDF files", str(folder), "keep the landscape alone")
    runs = sorted(folder.glob("weather_run*.csv"))
    if len(runs) != 1:
        raise DataError(f"there are {len(runs)} files weather_run*.csv", str(folder), "keep one")
    lookup = folder / "fuel_lookup.csv"
    return open_netcdf(grids[0]), read_table(runs[0]), read_table(lookup), [grids[0], runs[0], lookup]


def make_timed(
    name: str, ds: xr.Dataset, weather: pd.DataFrame, lookup: pd.DataFrame, config: Progression
) -> tuple[TimedFire, Perimeters]:
    """A fire with the perimeters that are assimilated, and all of them apart.

    Raises:
        DataError: one sentence of what is wrong, where, and what to do.
    """
    where = f"fire '{name}'"
    missing = [n for n in (*FIELDS, *CASES, "burned", "wind_case", "obs_time") if n not in ds.variables]
    if missing:
        raise DataError(
            f"{listing(missing)} {'is' if len(missing) == 1 else 'are'} missing",
            where,
            f"the file holds {listing(map(str, ds.variables), 30)}",
        )
    if str(ds["slope"].attrs.get("units")) not in ("%", "percent"):
        raise DataError(
            f"the unit of 'slope' is '{ds['slope'].attrs.get('units', '')}'", where, "give it in percent"
        )
    native = Grid.of(ds, where)
    seconds, labels, before, analysed, burned = _perimeters(ds, config, where)
    n = config.coarser
    if min(native.shape) < 3 * n:
        raise DataError(
            f"{native.rows} x {native.columns} cells are too few", where, "lower progression.coarser"
        )
    rows, columns = (n * (s // n) for s in native.shape)
    native = replace(native, rows=rows, columns=columns)
    burned, before = burned[..., :rows, :columns], before[:rows, :columns]
    ds = ds.isel(y=slice(0, rows), x=slice(0, columns))
    # one cell stands for each block, so that fuels keep their shares and lines of no fuel their gaps
    some = ds.isel(y=slice(0, None, n), x=slice(0, None, n))
    grid = replace(native, rows=rows // n, columns=columns // n, width=n * native.width)
    grid = replace(
        grid,
        west=native.west + 0.5 * (n - 1) * native.width,
        first=native.first + (-0.5 if native.north_first else 0.5) * (n - 1) * native.width,
    )
    codes, conifer = _fuels(some["fuel_official"].values, lookup, where)
    slope, elevation = (some[v].values.astype(float) for v in ("slope", "elevation"))
    local, towards = (some[v].values.astype(float) for v in CASES)
    for layer, values in zip(("slope", "elevation", *CASES), (slope, elevation, local, towards), strict=True):
        if not np.isfinite(values).all():
            raise DataError(f"'{layer}' has cells that are not a number", where, "fill them")
    case = np.asarray(some["wind_case"].values, float)
    if (np.diff(case) <= 0.0).any():
        raise DataError("the cases of the wind do not ascend", where, "sort them by direction")
    turn = np.radians((towards - case[:, None, None] + 180.0) % 360.0 - 180.0)
    aspect = some["aspect"].values.astype(float)
    curing = some["curing"].values.astype(float)
    times, speed, origin, ffmc, bui = _weather(weather, config, seconds[-1], where)
    kept = slice(0, analysed + 1)
    fire = TimedFire(
        name,
        grid,
        codes,
        conifer,
        np.where(np.isfinite(curing), curing, CURED),
        elevation,
        slope,
        np.radians(np.where(np.isfinite(aspect), aspect, 0.0)),
        np.radians(case),
        local / CASE_SPEED,
        turn,
        times,
        speed,
        origin,
        ffmc,
        bui,
        some["fuel_official"].values == BEYOND,
        seconds[kept],
        coarse(burned[kept], n),
        coarse(before, n),
    )
    return fire, Perimeters(native, seconds, labels, burned, analysed)


def coarse(burned: np.ndarray, n: int) -> np.ndarray:
    """Blocks of which a half or more burned."""
    *lead, rows, columns = burned.shape
    blocks = burned.reshape(*lead, rows // n, n, columns // n, n)
    return blocks.mean(axis=(-3, -1)) >= 0.5


def fine(values: np.ndarray, n: int) -> np.ndarray:
    """Values of blocks laid on their cells."""
    return np.repeat(np.repeat(values, n, axis=-2), n, axis=-1)


def _perimeters(ds: xr.Dataset, config: Progression, where: str) -> Any:
    values = ds["burned"].values
    if not np.isin(values, (0, 1)).all():
        raise DataError("'burned' holds values other than 0 and 1", where, "rasterise the perimeters")
    clock = ds["obs_time"].values.astype("datetime64[s]")
    place = {}
    for key in ("first", "analysed", "last"):
        found = np.flatnonzero(clock == np.datetime64(getattr(config, key), "s"))
        if not found.size:
            raise DataError(
                f"no perimeter is of {getattr(config, key)}",
                f"{where}, progression.{key}",
                f"there are {listing(map(str, clock), 20)}",
            )
        place[key] = int(found[0])
    some = slice(place["first"], place["last"] + 1)
    burned = np.logical_or.accumulate(values > 0, axis=0)
    before = burned[place["first"] - 1] if place["first"] else np.zeros(burned.shape[1:], bool)
    chosen = burned[some]
    for label, area in zip(clock[some][1:], np.diff(chosen.sum(axis=(1, 2))), strict=True):
        if not area:
            raise DataError(f"nothing burned before {label}", where, "leave this perimeter out")
    if not (chosen[0] & ~before).any():
        raise DataError(
            "nothing burned before the first perimeter", f"{where}, progression.first", "choose another"
        )
    labels = tuple(str(t).replace("T", " ")[:16] for t in clock[some])
    seconds = (clock[some] - clock[some][0]).astype(float)
    return seconds, labels, before, place["analysed"] - place["first"], chosen


def _fuels(values: np.ndarray, lookup: pd.DataFrame, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Codes of the Canadian system, and per cent conifer."""
    from hybrid.fire.fbp import codes_of

    if not {"grid_value", "fuel_type"} <= set(lookup.columns):
        raise DataError(
            f"the table of fuels holds {listing(map(str, lookup.columns))}",
            where,
            "give grid_value and fuel_type",
        )
    known = dict(zip(lookup["grid_value"], lookup["fuel_type"].astype(str), strict=True))
    code, conifer = np.full(values.shape, -1), np.full(values.shape, 50.0)
    for value in np.unique(values):
        if value == BEYOND:
            continue
        if value not in known:
            raise DataError(f"the fuel {value} is not in the table", where, "add it to fuel_lookup.csv")
        # a type by season is the leafless or matted one, its first name
        kind = re.match(r"[A-Z]-\d[ab]?", known[value])
        if kind:
            code[values == value] = codes_of(np.array([kind[0]]))[0]
            share = re.search(r"\((\d+) PC\)", known[value])
            conifer[values == value] = float(share[1]) if share else 50.0
        elif known[value] != "Non-fuel":
            raise DataError(f"the fuel type '{known[value]}' is unknown", where, "correct fuel_lookup.csv")
    return code, conifer


def _weather(rows: pd.DataFrame, config: Progression, until: float, where: str) -> Any:
    import pandas as pd

    missing = [n for n in WEATHER if n not in rows]
    if missing:
        raise DataError(
            f"{listing(missing)} is missing", f"{where}, weather", f"it holds {listing(rows.columns)}"
        )
    try:
        clock = pd.to_datetime(rows["time"])
        speed, origin, ffmc, bui = (rows[n].to_numpy(float) for n in WEATHER[1:])
    except (ValueError, TypeError):
        raise DataError("a value is no number, or no date", f"{where}, weather", "correct it") from None
    seconds = (clock - pd.Timestamp(config.first)).dt.total_seconds().to_numpy()
    if not (np.diff(seconds) > 0.0).all() or len(seconds) < 2:
        raise DataError("the times do not increase", f"{where}, weather", "sort the rows")
    if seconds[0] > 0.0 or seconds[-1] < until:
        raise DataError(
            f"it goes from {rows['time'].iloc[0]} to {rows['time'].iloc[-1]}",
            f"{where}, weather",
            f"give it from {config.first} to {config.last}",
        )
    for name, values, low, high in (
        ("wind_km_h", speed, 0.0, 250.0),
        ("wind_from_deg", origin, 0.0, 360.0),
        ("FFMC", ffmc, 0.0, 101.0),
        ("BUI", bui, 0.0, 5000.0),
    ):
        bad = ~((values >= low) & (values <= high))
        if bad.any():
            raise DataError(
                f"{counted(int(bad.sum()), 'value')} of '{name}' outside {low:g} to {high:g}",
                f"{where}, weather",
                "correct the unit, or fill it",
            )
    return seconds, speed, np.radians(origin), ffmc, bui


__all__ = ["Perimeters", "TimedFire", "coarse", "fine", "make_timed", "read_files"]
