"""Landscapes, weather, ignition and scar of single fires: found, checked, and cut to what is simulated."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from data.errors import DataError, counted, listing
from data.provenance import input_files
from data.readers.site_netcdf import open_netcdf

from .config import Config, Landscape

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

FOLDERS = "belgium_*"
LAYERS = ("fuel", "elevation", "slope", "aspect")
SCAR = "observed_scar"
WEATHER = ("wind_km_h", "wind_from_deg")
IGNITION = ("x_m", "y_m")
UNBURNABLE = 91
"""Fuel model of cells without a code."""
FASTEST = 250.0
"""Greatest wind that is believed [km h-1]."""
STEEP = 0.05
"""Slope above which the aspect is compared with the elevation [1]."""
FEWEST = 2
"""Fewest fires that can be left out one by one."""


@dataclass(frozen=True)
class Fire:
    """One fire on the cells about its ignition; fields are (y, x).

    Attributes:
        name: of the folder, without its first word.
        x: eastings of the columns [m].
        y: northings of the rows [m], north first.
        crs: attributes of the grid mapping.
        fuel: numbers of fuel models.
        elevation: [m].
        slope: rise over run [1].
        aspect: downslope direction [rad], clockwise from north.
        scar: what was mapped as burned, or None where it is not known yet.
        wind: speed at 10 m of each row of weather [m s-1].
        wind_from: where it comes from [rad], clockwise from north.
        hours: of a row of weather.
        ignition: easting and northing [m].
        truth: known values by name; empty for real fires.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    crs: dict[str, object]
    fuel: np.ndarray
    elevation: np.ndarray
    slope: np.ndarray
    aspect: np.ndarray
    scar: np.ndarray | None
    wind: np.ndarray
    wind_from: np.ndarray
    hours: float
    ignition: tuple[float, float]

    @property
    def burnable(self) -> np.ndarray:
        """Cells with fuel."""
        from hybrid.fire.behaviour import table

        models = table()
        return np.isin(self.fuel, [n for n, m in models.items() if m.burnable])

    @property
    def width(self) -> float:
        """Of a cell [m]."""
        return float(self.x[1] - self.x[0])


def open_fires(config: Config, data: Path | None) -> tuple[list[Fire], str]:
    """Fires of all folders, or synthetic ones without scar, and path and sha256 of what was read.

    Raises:
        DataError: a file that is missing or cannot be trusted, or too few fires.
    """
    if data is None:
        from data.synthetic.fire_landscape import fire_landscape

        made = fire_landscape(config.synthetic.cells, config.seed)
        return [make_fire(*parts, config.landscape) for parts in made], "[]"
    folders = sorted(p for p in data.glob(FOLDERS) if p.is_dir())
    if len(folders) < FEWEST:
        raise DataError(
            f"there {'is' if len(folders) == 1 else 'are'} {counted(len(folders), 'folder')} {FOLDERS}, "
            f"{FEWEST} fires are needed to leave one out",
            str(data),
            "give the folder 'fire_spread'",
        )
    fires, paths = [], []
    for folder in folders:
        grids = sorted(folder.glob("*.nc"))
        if len(grids) != 1:
            raise DataError(f"there are {len(grids)} netCDF files", str(folder), "keep the landscape alone")
        weather, ignition = folder / "weather.csv", folder / "ignition.csv"
        ds = open_netcdf(grids[0])
        name = folder.name.split("_", 1)[1]
        fires.append(make_fire(name, ds, read_table(weather), read_table(ignition), config.landscape))
        paths += [grids[0], weather, ignition]
    files = [{"path": f["path"], "sha256": f["sha256"]} for f in input_files(paths)]
    return fires, json.dumps(files)


def read_table(path: Path) -> pd.DataFrame:
    """A CSV table.

    Raises:
        DataError: it is missing, empty or no table.
    """
    import pandas as pd

    try:
        return pd.read_csv(path)
    except FileNotFoundError:
        raise DataError("the file does not exist", str(path), "copy it beside the landscape") from None
    except (OSError, ValueError) as error:
        raise DataError(
            f"the table cannot be read, {str(error).splitlines()[0]}", str(path), "copy it from its source"
        ) from error


def make_fire(
    name: str, ds: xr.Dataset, weather: pd.DataFrame, ignition: pd.DataFrame, landscape: Landscape
) -> Fire:
    """A fire from its landscape, weather and ignition, checked and cut.

    Raises:
        DataError: one sentence of what is wrong, where, and what to do.
    """
    from hybrid.fire.behaviour import table
    from hybrid.fire.spread import Grid

    where = f"fire '{name}'"
    if "crs" not in ds:
        raise DataError("the grid mapping 'crs' is missing", where, "add it as CF has it")
    for layer in LAYERS:
        if layer not in ds:
            raise DataError(
                f"the layer '{layer}' is missing", where, f"it holds {listing(map(str, ds.data_vars))}"
            )
        if ds[layer].dims != ("y", "x"):
            raise DataError(f"'{layer}' has dimensions {listing(ds[layer].dims)}", where, "give it y and x")
    grid = Grid.of(ds, where)
    if not grid.north_first:
        raise DataError("the rows run from south to north", where, "sort the dataset by y, descending")
    speed, direction = _weather(weather, where)
    place = _ignition(ignition, grid, where)
    row, column = (round(v) for v in grid.position(*place))
    reach = int(landscape.reach // grid.width)
    rows = slice(max(row - reach, 0), row + reach + 1)
    columns = slice(max(column - reach, 0), column + reach + 1)
    scar = _scar(ds, rows, columns, where) if SCAR in ds else None
    part = ds.isel(y=rows, x=columns)
    fuel = part["fuel"].values
    if not np.isfinite(fuel.astype(float)).all():
        fuel = np.where(np.isfinite(fuel), fuel, -1)
    fuel = np.where(fuel < 0, UNBURNABLE, fuel).astype(int)
    unknown = [n for n in np.unique(fuel) if n not in table()]
    if unknown:
        raise DataError(
            f"no fuel model has the number {listing(unknown)}", where, "use the numbers of Scott and Burgan"
        )
    slope = _slope(part, where)
    aspect = np.radians(part["aspect"].values.astype(float))
    aspect = np.where(slope > 0.0, aspect, 0.0)
    elevation = part["elevation"].values.astype(float)
    for layer, values in (("slope", slope), ("aspect", aspect), ("elevation", elevation)):
        if not np.isfinite(values).all():
            raise DataError(f"'{layer}' has cells that are not a number", where, "fill them")
    _faces(elevation, slope, aspect, grid.width, where)
    found = Fire(
        name,
        grid.x[columns],
        grid.y[rows],
        dict(ds["crs"].attrs),
        fuel,
        elevation,
        slope,
        aspect,
        scar,
        speed,
        direction,
        landscape.hours_per_row,
        place,
    )
    _lights(found, landscape.ignition_radius, where)
    return found


def _weather(rows: pd.DataFrame, where: str) -> tuple[np.ndarray, np.ndarray]:
    for name in WEATHER:
        if name not in rows:
            raise DataError(
                f"the column '{name}' is missing", f"{where}, weather", f"it holds {listing(rows.columns)}"
            )
    if not len(rows):
        raise DataError("there is no row", f"{where}, weather", "give one per hour")
    try:
        speed, direction = (rows[n].to_numpy(float) for n in WEATHER)
    except ValueError:
        raise DataError("a value is not a number", f"{where}, weather", "give numbers") from None
    if not (np.isfinite(speed).all() and (speed >= 0.0).all() and (speed <= FASTEST).all()):
        raise DataError(
            f"a wind speed is missing, negative or above {FASTEST:g} km h-1",
            f"{where}, weather",
            "correct it",
        )
    if not (np.isfinite(direction).all() and (direction >= 0.0).all() and (direction <= 360.0).all()):
        raise DataError("a wind direction is not within 0 to 360 degrees", f"{where}, weather", "correct it")
    return speed / 3.6, np.radians(direction)


def _ignition(rows: pd.DataFrame, grid: object, where: str) -> tuple[float, float]:
    from hybrid.fire.spread import Grid

    assert isinstance(grid, Grid)
    if len(rows) != 1 or any(n not in rows for n in IGNITION):
        raise DataError(
            f"the ignition has {counted(len(rows), 'row')} with {listing(rows.columns)}",
            where,
            f"give one row with {listing(IGNITION)}",
        )
    x, y = (float(rows[n].iloc[0]) for n in IGNITION)
    if not grid.inside(x, y):
        raise DataError(f"the ignition ({x:g}, {y:g}) is outside of the grid", where, "check the projection")
    return x, y


def _scar(ds: xr.Dataset, rows: slice, columns: slice, where: str) -> np.ndarray:
    if ds[SCAR].dims != ("y", "x"):
        raise DataError(f"'{SCAR}' has dimensions {listing(ds[SCAR].dims)}", where, "give it y and x")
    values = ds[SCAR].values
    if not np.isin(values, (0, 1)).all():
        raise DataError(f"'{SCAR}' holds values other than 0 and 1", where, "rasterise the perimeter")
    whole, cut = int(values.sum()), int(values[rows, columns].sum())
    if not whole:
        raise DataError(f"'{SCAR}' has no burned cell", where, "check that it is aligned with the fuel")
    if cut < whole:
        raise DataError(
            f"{counted(whole - cut, 'burned cell')} of {whole} lie outside of what is simulated",
            where,
            "set landscape.reach greater",
        )
    return values[rows, columns] > 0


def _slope(part: xr.Dataset, where: str) -> np.ndarray:
    values, unit = part["slope"].values.astype(float), str(part["slope"].attrs.get("units", ""))
    if unit in ("degree", "degrees", "deg"):
        out = np.tan(np.radians(values))
    elif unit in ("percent", "%"):
        out = values / 100.0
    elif unit == "1":
        out = values
    else:
        raise DataError(
            f"the unit of 'slope' is '{unit}'" if unit else "'slope' has no unit",
            where,
            "set its attribute units to degree, percent or 1",
        )
    if (out < 0.0).any():
        raise DataError("'slope' is negative somewhere", where, "give its steepness")
    return out


def _faces(elevation: np.ndarray, slope: np.ndarray, aspect: np.ndarray, width: float, where: str) -> None:
    """Raise DataError where most slopes face uphill, as azimuths of the steepest ascent do."""
    down, along = np.gradient(elevation, width)
    steep = (slope > STEEP) & (np.hypot(down, along) > STEEP)
    # downhill is against the gradient; rows run southwards
    agree = -along * np.sin(aspect) + down * np.cos(aspect) > 0.0
    if steep.sum() >= 10 and agree[steep].mean() < 0.5:
        raise DataError(
            f"'aspect' points uphill on {100 * (1 - agree[steep].mean()):.0f} % of the steep cells",
            where,
            "give the direction that slopes face, downhill (turn it by 180 degrees)",
        )


def _lights(fire: Fire, radius: float, where: str) -> None:
    east, north = fire.ignition
    near = np.hypot(fire.y[:, None] - north, fire.x[None] - east) <= radius
    if not (near & fire.burnable).any():
        raise DataError(
            f"no cell within {radius:g} m of the ignition can burn",
            where,
            "set landscape.ignition_radius greater",
        )
