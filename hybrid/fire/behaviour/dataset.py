"""Fire behaviour over a grid: fuel codes, moistures, wind and slope to a CF dataset."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from data.errors import ConfigError, DataError, listing, nearest
from data.units import convert

from ..ellipse import back, flank
from . import check
from .convention import DEFAULT, Convention
from .crown import KINDS, Canopy, Crown, crown_fire
from .fuelbed import Moisture
from .fuels import Fuel, fuel, fuel_grid
from .midflame import slope_vector, twenty_foot_wind, wind_adjustment, wind_vector
from .rothermel import Bed, prepare
from .surface import Surface, spread

CANOPY = ("cover", "height", "base_height", "bulk_density", "foliar_moisture", "crown_ratio")
_REFERENCES = "Rothermel 1972; Albini 1976; Scott and Burgan 2005; Andrews 2018"
_CROWN = "; Van Wagner 1977; Rothermel 1991; Scott and Reinhardt 2001"


def surface_dataset(
    fuel_code: xr.DataArray,
    moisture: Mapping[str, Any],
    wind_speed: Any,
    wind_direction: Any,
    slope: Any = 0.0,
    aspect: Any = 0.0,
    *,
    direction: Literal["from", "towards"],
    wind_height: Literal["midflame", "20ft", "10m"] = "20ft",
    canopy: Mapping[str, Any] | None = None,
    fill: int | None = None,
    convention: Convention = DEFAULT,
) -> xr.Dataset:
    """Rate of spread, flame length and intensity of every cell, as a dataset with CF attributes.

    Numbers are taken in the unit named below; arrays that carry ``units`` are converted.

    Args:
        fuel_code: numbers of fuel models on any grid.
        moisture: ``dead_1h``, ``dead_10h``, ``dead_100h``, ``live_herbaceous``, ``live_woody`` [1], a mapping or a
            dataset.
        wind_speed: wind speed at ``wind_height`` [m s-1].
        wind_direction: direction of the wind [degree], clockwise from north.
        slope: slope [1], rise over run.
        aspect: direction that the slope faces, downslope [degree], clockwise from north.
        direction: whether wind comes "from" its direction or blows "towards" it.
        wind_height: height of the wind given: at 20 ft or 10 m above the vegetation, or at midflame height.
        canopy: ``cover`` [1], ``height`` [m] and ``crown_ratio`` [1] for sheltered wind; with ``base_height`` [m],
            ``bulk_density`` [kg m-3] and ``foliar_moisture`` [1] crown fire too.
        fill: fuel model of cells without a code, such as 91 (unburnable); None takes none.
        convention: choices where references differ.

    Raises:
        DataError: an unknown fuel code; a number that is missing, negative or in another unit; grids that differ.
        ConfigError: wind direction or height not stated; a canopy value that is missing or unknown.
    """
    given = {"fuel_code": fuel_code, **_moistures(moisture)}
    given |= {"wind_speed": wind_speed, "wind_direction": wind_direction, "slope": slope, "aspect": aspect}
    trees = _canopy(canopy, wind_height, convention)
    fields = _on_one_grid(given | {f"canopy {k}": v for k, v in trees.items()})
    numbers = _checked(fields, trees)
    if direction not in ("from", "towards"):
        raise ConfigError(
            f"the wind direction is {direction!r}",
            "wind",
            "say whether wind comes 'from' it or blows 'towards' it",
        )
    dtype = jnp.result_type(float)
    cells = fuel_grid(np.asarray(fields["fuel_code"].values), convention, fill=fill)
    values = {k: jnp.asarray(v, dtype) for k, v in numbers.items()}
    crowns = "bulk_density" in trees
    crown_fuel = fuel(10, convention) if crowns else None
    bed, low, adjustment, high = _compute(
        jax.tree.map(lambda x: jnp.asarray(x, dtype), cells),
        None if crown_fuel is None else jax.tree.map(lambda x: jnp.asarray(x, dtype), crown_fuel),
        values,
        direction,
        wind_height,
        convention,
    )
    return _dataset(fields["fuel_code"], bed, low, adjustment, high, convention)


@partial(jax.jit, static_argnames=("direction", "height", "convention"))
def _compute(
    cells: Fuel,
    crown_fuel: Fuel | None,
    values: dict[str, Any],
    direction: Any,
    height: str,
    convention: Convention,
) -> tuple[Bed, Surface, jax.Array, Crown | None]:
    """Bed, surface fire, wind adjustment and crown fire of all cells."""
    moisture = Moisture(*(values[n] for n in Moisture._fields))
    bed = prepare(cells, moisture, convention)
    speed = values["wind_speed"]
    if height == "10m":
        speed = twenty_foot_wind(speed)
    if height == "midflame":
        adjustment = jnp.ones_like(speed)
    else:
        adjustment = wind_adjustment(
            cells.depth,
            values.get("canopy cover", 0.0),
            values.get("canopy height", 0.0),
            values.get("canopy crown_ratio", 0.0),
            convention,
        )
    wind = wind_vector(speed, jnp.radians(values["wind_direction"]), direction)
    rise = slope_vector(values["slope"], jnp.radians(values["aspect"]))
    low = spread(bed, (adjustment * wind[0], adjustment * wind[1]), rise, convention)
    if crown_fuel is None:
        return bed, low, adjustment, None
    parts = ("base_height", "height", "bulk_density", "foliar_moisture")
    trees = Canopy(*(values[f"canopy {n}"] for n in parts))
    crown_bed = prepare(crown_fuel, moisture, convention)
    return bed, low, adjustment, crown_fire(bed, crown_bed, wind, adjustment, rise, trees, convention)


def _moistures(moisture: Mapping[str, Any]) -> dict[str, Any]:
    """Moistures by name; raise DataError where one is missing or unknown."""
    names = [str(n) for n in (moisture.data_vars if isinstance(moisture, xr.Dataset) else moisture)]
    for name in names:
        if name not in Moisture._fields:
            raise DataError(
                f"no fuel has the moisture {name!r}",
                "moisture",
                nearest(name, Moisture._fields).strip() or f"give {listing(Moisture._fields)}",
            )
    lost = [n for n in Moisture._fields if n not in names]
    if lost:
        raise DataError(f"the moisture {listing(lost)} is missing", "moisture", "give all five")
    return {n: moisture[n] for n in Moisture._fields}


def _canopy(canopy: Mapping[str, Any] | None, height: str, convention: Convention) -> dict[str, Any]:
    """Canopy values by name; raise ConfigError where one is unknown or missing for what is asked."""
    if height not in ("midflame", "20ft", "10m"):
        raise ConfigError(f"the wind height is {height!r}", "wind", "use 'midflame', '20ft' or '10m'")
    given = dict(canopy or {})
    for name in given:
        if name not in CANOPY:
            raise ConfigError(
                f"no canopy value is called {name!r}",
                "canopy",
                nearest(name, CANOPY).strip() or f"use {listing(CANOPY)}",
            )
    wanted: list[str] = []
    if given:
        wanted = (
            ["cover", "height"] if convention.crown_ratio == "cover" else ["cover", "height", "crown_ratio"]
        )
        wanted = [] if height == "midflame" else wanted
        if {"base_height", "bulk_density", "foliar_moisture"} & set(given):
            wanted += ["height", "base_height", "bulk_density", "foliar_moisture"]
            if height == "midflame":
                raise ConfigError(
                    "crown fire needs the wind above the trees, not at midflame height",
                    "wind",
                    "give wind at '20ft' or '10m', or leave the canopy's base and density out",
                )
        if wanted.count("crown_ratio") and {"base_height", "height"} <= set(given):
            wanted.remove("crown_ratio")
    lost = [n for n in dict.fromkeys(wanted) if n not in given]
    if lost:
        raise ConfigError(
            f"the canopy's {listing(lost)} is missing", "canopy", "give it, or no canopy at all"
        )
    return given


def _on_one_grid(given: dict[str, Any]) -> dict[str, xr.DataArray]:
    """All inputs as arrays of the fuel's grid; raise DataError where dimensions or coordinates differ."""
    code = given["fuel_code"]
    if not isinstance(code, xr.DataArray):
        raise DataError(
            f"the fuel codes are a {type(code).__name__}", "fuel_code", "give a DataArray with its grid"
        )
    out = {}
    for name, value in given.items():
        if not isinstance(value, xr.DataArray):
            if np.ndim(value) and np.shape(value) != code.shape:
                raise DataError(
                    f"{name} is of shape {np.shape(value)} where the fuel is {code.shape}",
                    name,
                    "give it on the fuel's grid",
                )
            value = xr.DataArray(value, dims=code.dims if np.ndim(value) else ())
        out[name] = value
    for name, value in out.items():
        for dim in set(value.dims) & set(code.dims):
            if value.sizes[dim] != code.sizes[dim]:
                raise DataError(
                    f"{name} has {value.sizes[dim]} places along {dim} where the fuel has {code.sizes[dim]}",
                    name,
                    "give it on the fuel's grid",
                )
            both = dim in value.coords and dim in code.coords
            if both and not np.array_equal(value[dim].values, code[dim].values):
                raise DataError(
                    f"{name} and the fuel differ in the coordinate {dim}", name, "regrid one onto the other"
                )
    extra = [d for v in out.values() for d in v.dims if d not in code.dims]
    whole = {d: s for v in out.values() for d, s in v.sizes.items()}
    order = [*dict.fromkeys(extra), *code.dims]
    plain = {n: v.drop_vars([c for c in v.coords if c not in v.dims]) for n, v in out.items()}
    placed = {n: v.expand_dims({d: whole[d] for d in order if d not in v.dims}) for n, v in plain.items()}
    placed = {n: v.transpose(*order) for n, v in placed.items()}
    coords = {c: v[c] for v in out.values() for c in v.coords if set(v[c].dims) <= set(order)}
    placed["fuel_code"] = placed["fuel_code"].assign_coords({**coords, **code.coords})
    return placed


_UNITS = {"wind_speed": "m s-1", "wind_direction": "degree", "aspect": "degree", "slope": "1"}
_UNITS |= {"canopy height": "m", "canopy base_height": "m", "canopy bulk_density": "kg m-3"}


def _checked(fields: dict[str, xr.DataArray], trees: dict[str, Any]) -> dict[str, np.ndarray]:
    """Numbers in the units of the computation, checked."""
    out = {}
    for name, field in fields.items():
        if name == "fuel_code":
            continue
        unit, found = _UNITS.get(name, "1"), field.attrs.get("units")
        values = np.asarray(field.values)
        if found is not None and name == "slope" and str(found).lower().startswith("deg"):
            values = np.tan(np.radians(values))
        elif found is not None:
            values = convert(values, str(found), unit, where=name)
        out[name] = values
    for name in Moisture._fields:
        check.check_moisture(out[name], name, check.MOST_DEAD if name.startswith("dead") else check.MOST_LIVE)
    check.check_speed(out["wind_speed"])
    check.check_slope(out["slope"])
    for name in ("wind_direction", "aspect"):
        check.check_finite(out[name], name)
    for name in ("canopy cover", "canopy crown_ratio"):
        if name in out:
            check.check_fraction(out[name], name)
    if "bulk_density" in trees:
        parts = ("base_height", "height", "bulk_density", "foliar_moisture")
        check.check_canopy(*(out[f"canopy {n}"] for n in parts))
        if "crown_ratio" not in trees:
            top = out["canopy height"]
            depth = np.maximum(top - out["canopy base_height"], 0.0)
            out["canopy crown_ratio"] = np.divide(depth, top, out=np.zeros_like(depth), where=top > 0)
    return out


def _dataset(
    code: xr.DataArray, bed: Bed, low: Surface, adjustment: Any, high: Crown | None, convention: Convention
) -> xr.Dataset:
    """What was computed, with CF attributes."""
    fire = low if high is None else high
    shape = code.shape
    rows: dict[str, tuple[Any, str, str]] = {
        "rate_of_spread": (fire.ellipse.head, "m s-1", "rate of spread of the head of the fire"),
        "spread_direction": (
            jnp.degrees(fire.ellipse.towards) % 360.0,
            "degree",
            "direction that the head moves to, clockwise from north",
        ),
        "length_to_width_ratio": (fire.ellipse.length_to_width, "1", "length-to-width ratio of the fire"),
        "backing_rate_of_spread": (back(fire.ellipse), "m s-1", "rate of spread of the back of the fire"),
        "flanking_rate_of_spread": (flank(fire.ellipse), "m s-1", "rate of spread of the flanks of the fire"),
        "flame_length": (fire.flame_length, "m", "flame length at the head"),
        "fireline_intensity": (fire.intensity, "kW m-1", "fireline intensity at the head"),
        "heat_per_area": (fire.heat_per_area, "kJ m-2", "heat released per area"),
        "reaction_intensity": (bed.reaction_intensity, "kW m-2", "reaction intensity of the surface fire"),
        "residence_time": (bed.residence_time, "s", "residence time of the surface flame"),
        "effective_wind_speed": (low.effective_wind, "m s-1", "effective midflame wind speed"),
        "wind_adjustment_factor": (adjustment, "1", "midflame wind speed over that at 20 ft"),
    }
    if high is not None:
        rows["crown_fraction_burned"] = (high.fraction_burned, "1", "fraction of the crowns burned")
        rows["crowning_wind_speed"] = (high.crowning_wind, "m s-1", "20-ft wind that sustains crown fire")
    variables = {
        name: (code.dims, np.broadcast_to(np.asarray(v), shape), {"units": unit, "long_name": words})
        for name, (v, unit, words) in rows.items()
    }
    out = xr.Dataset(variables, coords=code.coords)
    if high is not None:
        kind = np.broadcast_to(np.asarray(high.kind, np.int8), shape)
        flags = {"flag_values": np.arange(len(KINDS), dtype=np.int8), "flag_meanings": " ".join(KINDS)}
        out["fire_type"] = (code.dims, kind, {"long_name": "type of fire", **flags})
    chosen = ", ".join(f"{k}={v}" for k, v in vars(convention).items())
    out.attrs = {
        "Conventions": "CF-1.10",
        "title": "Fire behaviour",
        "source": "terrax, Rothermel's surface fire" + ("" if high is None else " and crown fire"),
        "references": _REFERENCES + ("" if high is None else _CROWN),
        "comment": f"conventions: {chosen}",
    }
    return out


__all__ = ["surface_dataset"]
