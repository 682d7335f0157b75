"""Files of monthly fire: found, checked, and brought to cells that can burn."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from data.errors import DataError, counted, listing, nearest
from data.provenance import input_files
from data.readers.site_netcdf import open_netcdf
from data.units import convert

from .config import Config

if TYPE_CHECKING:
    import xarray as xr

MONTHLY = "sardinia_2009_2016.nc"
HISTORY = "sardinia_burned_area_2001_2008.nc"
SINGLE = "montesinho_forestfires.csv"
DIMS = ("time", "lat", "lon")
UNITS = {
    "burned_area": "m2",
    "burnable_fraction": "1",
    "tas": "degC",
    "pr": "mm d-1",
    "uas": "m s-1",
    "vas": "m s-1",
    "cvh": "1",
    "cvl": "1",
}
"""Variables that are read, in the units they are held in."""
SUN, SUN_UNIT = "rsns", "MJ m-2 d-1"
"""Net solar radiation, read where there is such; without it the sun departs from its normal nowhere."""
FEWEST = 5
"""Fewest cell-months with fire in the fit years, and one in the test years, from which anything can be said."""


@dataclass(frozen=True)
class Fires:
    """Fire and weather of the cells that can burn; arrays are (time, cell).

    Attributes:
        months: datetime64[M] (time,).
        inside: which cells of the grid are meant, bool (lat, lon).
        lat: latitude of the grid's rows [degree north].
        lon: longitude of its columns [degree east].
        burned: 1 where something burned in the month, else 0.
        tas: air temperature [degC].
        pr: precipitation [mm d-1].
        wind: speed of the monthly mean wind vector [m s-1].
        sun: net solar radiation [MJ m-2 d-1], zero where the file holds none.
        cover: high and low vegetation and burnable share of each cell [1] (cell, 3).
        earlier: burned or not in the years before (earlier time, cell); no months where there are none.
        earlier_months: datetime64[M].
        truth: what is known of a synthetic island, by name (time, cell).
        files: path and sha256 of what was read.
        single: file of single fires, or None.
    """

    months: np.ndarray
    inside: np.ndarray
    lat: np.ndarray
    lon: np.ndarray
    burned: np.ndarray
    tas: np.ndarray
    pr: np.ndarray
    wind: np.ndarray
    sun: np.ndarray
    cover: np.ndarray
    earlier: np.ndarray
    earlier_months: np.ndarray
    truth: dict[str, np.ndarray] = field(default_factory=dict)
    files: str = "[]"
    single: Path | None = None

    @property
    def years(self) -> np.ndarray:
        """Calendar year of each month (time,)."""
        return self.months.astype("datetime64[Y]").astype(int) + 1970

    @property
    def month(self) -> np.ndarray:
        """Calendar month 0 to 11 (time,)."""
        return self.months.astype(int) % 12


def find_files(data: Path) -> tuple[Path, Path | None, Path | None]:
    """The monthly file of a path, the earlier history and the file of single fires where there are such.

    Raises:
        DataError: where a folder holds no monthly file.
    """
    if data.is_file():
        return data, None, None
    path = data / MONTHLY
    if not path.exists():
        raise DataError(
            f"the folder holds no {MONTHLY}", str(data), "give the folder 'fire_danger' or the monthly file"
        )
    history, single = data / HISTORY, data / SINGLE
    return path, history if history.exists() else None, single if single.exists() else None


def open_fires(config: Config, data: Path | None) -> Fires:
    """Open the monthly files, or make the synthetic island, and check them.

    Raises:
        DataError: a file that cannot be read or trusted, or too few fires in the years that fit or test.
    """
    if data is None:
        from data.synthetic.fire_danger import Island, fire_danger

        made = config.synthetic
        island = Island(years=made.years, dryness=made.dryness, wind=made.wind)
        ds, history = fire_danger(island, config.seed)
        return _joined(ds, history if config.split.history else None, config, "synthetic island")
    path, before, single = find_files(data)
    before = before if config.split.history else None
    ds = open_netcdf(path)
    history = open_netcdf(before) if before else None
    paths = [p for p in (path, before, single if config.montesinho.use else None) if p]
    files = [{"path": f["path"], "sha256": f["sha256"]} for f in input_files(paths)]
    found = _joined(ds, history, config, path.name)
    return Fires(**{**found.__dict__, "files": json.dumps(files), "single": single})


def _joined(ds: xr.Dataset, history: xr.Dataset | None, config: Config, where: str) -> Fires:
    held = {name: _variable(ds, name, unit, where) for name, unit in UNITS.items()}
    months = _months(ds, where)
    _plausible(held, where)
    share = held["burnable_fraction"].mean(axis=0)
    inside = share > config.split.burnable
    if inside.sum() < 4:
        raise DataError(
            f"{counted(int(inside.sum()), 'cell')} can burn by more than {config.split.burnable:g}, 4 are needed",
            where,
            "set split.burnable lower",
        )
    wind = np.hypot(held["uas"], held["vas"])
    has_sun = SUN in ds.data_vars
    sun = _variable(ds, SUN, SUN_UNIT, where) if has_sun else np.zeros_like(wind)
    for name, values in {**held, "wind": wind, SUN: sun}.items():
        empty = int((~np.isfinite(values[:, inside])).sum())
        if empty:
            raise DataError(
                f"'{name}' lacks {counted(empty, 'value')} in cells that can burn", where, "fill or mask them"
            )
    cover = np.stack([held[n].mean(axis=0)[inside] for n in ("cvh", "cvl", "burnable_fraction")], axis=-1)
    earlier, earlier_months = _history(history, ds, months, inside)
    truth = {n: ds[n].values[:, inside] for n in map(str, ds.data_vars) if n.endswith("_true")}
    found = Fires(
        months,
        inside,
        ds["lat"].values.astype(float),
        ds["lon"].values.astype(float),
        (held["burned_area"][:, inside] > 0).astype(float),
        held["tas"][:, inside],
        held["pr"][:, inside],
        wind[:, inside],
        sun[:, inside],
        cover,
        earlier,
        earlier_months,
        truth,
    )
    _enough(found, config, where)
    return found


def _variable(ds: xr.Dataset, name: str, unit: str, where: str) -> np.ndarray:
    for dim in DIMS:
        if dim not in ds.dims or dim not in ds.coords:
            raise DataError(f"the dimension '{dim}' with its coordinate is missing", where, "name it so")
    if name not in ds.data_vars:
        hint = nearest(name, map(str, ds.data_vars)).strip() or f"it holds {listing(ds.data_vars, 12)}"
        raise DataError(f"the variable '{name}' is missing", where, hint)
    if set(ds[name].dims) != set(DIMS):
        raise DataError(
            f"'{name}' has the dimensions {listing(ds[name].dims)}", where, "give it time, lat and lon"
        )
    values = ds[name].transpose(*DIMS)
    if values.dtype.kind not in "fiub":
        raise DataError(f"'{name}' holds {values.dtype} values, numbers are wanted", where, "convert them")
    return convert(
        values.values.astype(float), values.attrs.get("units"), unit, where=f"{where}, variable {name}"
    )


def _months(ds: xr.Dataset, where: str) -> np.ndarray:
    times = ds["time"].values
    if not np.issubdtype(times.dtype, np.datetime64):
        raise DataError(
            f"times are {times.dtype} values, dates are wanted", where, "give units of a standard calendar"
        )
    months = times.astype("datetime64[M]")
    wrong = np.flatnonzero(np.diff(months.astype(int)) != 1)
    if len(wrong):
        raise DataError(
            f"the month {months[wrong[0] + 1]} does not follow {months[wrong[0]]}",
            where,
            "give every month once, in order",
        )
    return months


def _plausible(held: dict[str, np.ndarray], where: str) -> None:
    """Raise DataError for values that cannot be."""
    limits = {
        "burned_area": (0.0, np.inf),
        "burnable_fraction": (0.0, 1.0 + 1e-6),
        "tas": (-60.0, 60.0),
        "pr": (0.0, 500.0),
        "cvh": (-1e-6, 1.0 + 1e-6),
        "cvl": (-1e-6, 1.0 + 1e-6),
    }
    for name, (low, high) in limits.items():
        values = held[name]
        bad = int(((values < low) | (values > high)).sum())
        if bad:
            beyond = f"below {low:g}" if (values < low).any() else f"above {high:g}"
            raise DataError(f"'{name}' has {counted(bad, 'value')} {beyond}", where, "check units and source")


def _history(
    history: xr.Dataset | None, ds: xr.Dataset, months: np.ndarray, inside: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    if history is None:
        return np.zeros((0, int(inside.sum()))), months[:0]
    where = HISTORY
    burned = _variable(history, "burned_area", "m2", where)
    before = _months(history, where)
    for name in ("lat", "lon"):
        a, b = history[name].values, ds[name].values
        if a.shape != b.shape or not np.allclose(a, b, atol=1e-4):
            raise DataError(
                f"its '{name}' is another grid than that of the weather", where, "bring both to one grid"
            )
    if before[-1] >= months[0]:
        raise DataError(
            f"it reaches to {before[-1]}, the weather starts in {months[0]}", where, "cut what both hold"
        )
    if (burned < 0).any():
        raise DataError("'burned_area' has values below 0", where, "check units and source")
    return (burned[:, inside] > 0).astype(float), before


def _enough(fires: Fires, config: Config, where: str) -> None:
    split, years = config.split, fires.years
    for year in range(split.fit_first, split.test_last + 1):
        count = int((years == year).sum())
        if count < 12:
            raise DataError(
                f"the year {year} has {counted(count, 'month')} of 12", where, "choose other years in split"
            )
    fit = fires.burned[(years >= split.fit_first) & (years <= split.fit_last)].sum()
    test = fires.burned[(years > split.fit_last) & (years <= split.test_last)].sum()
    if fit < FEWEST:
        raise DataError(
            f"{counted(int(fit), 'cell-month')} with fire in the years that fit, {FEWEST} are needed",
            where,
            "choose other years or more cells",
        )
    if test < 1:
        raise DataError("no cell-month with fire in the years that test", where, "choose other years")


def names_of_cover() -> Sequence[str]:
    """Names of the columns of ``cover``."""
    return ("high vegetation", "low vegetation", "burnable share")
