"""Fire behaviour of a dataset: fuel types, weather and terrain in, spread and intensity out, with CF attributes."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from data.errors import ConfigError, DataError, counted, listing, nearest
from data.solar import day_of_year
from data.units import convert

from . import foliar
from .fuels import NO_FUEL, TYPES, codes_of
from .predict import CONVENTIONS, Behaviour, Site, behaviour


class Input(NamedTuple):
    """A variable that `fire_behaviour` reads.

    Attributes:
        unit: in which the equations take it.
        low: least value.
        high: greatest value.
        default: where the dataset has none; None where it must.
    """

    unit: str
    low: float
    high: float
    default: float | None


INPUTS = {
    "ffmc": Input("1", 0.0, 101.0, None),
    "bui": Input("1", 0.0, 5000.0, None),
    "ws": Input("km h-1", 0.0, 250.0, None),
    "slope": Input("%", 0.0, 1000.0, 0.0),
    "aspect": Input("degree", 0.0, 360.0, 0.0),
    "foliar_moisture": Input("%", 50.0, 300.0, np.nan),
    "conifer": Input("%", 0.0, 100.0, 50.0),
    "dead_fir": Input("%", 0.0, 100.0, 35.0),
    "curing": Input("%", 0.0, 100.0, 80.0),
    "grass_load": Input("kg m-2", 0.0, 10.0, 0.35),
    "crown_base": Input("m", 0.0, 100.0, np.nan),
    "crown_load": Input("kg m-2", 0.0, 10.0, np.nan),
    "isi": Input("1", 0.0, 10000.0, np.nan),
    "elevation": Input("m", -500.0, 9000.0, 0.0),
}
"""Variables by name; the wind's direction is ``wind_from_direction`` or ``wind_to_direction`` [degree]."""

OUTPUTS = {
    "rate_of_spread": ("m min-1", "rate of spread of the head"),
    "flank_rate_of_spread": ("m min-1", "rate of spread of the flanks"),
    "back_rate_of_spread": ("m min-1", "rate of spread of the back"),
    "rate_of_spread_then": ("m min-1", "rate of spread of the head the given time after ignition"),
    "fireline_intensity": ("kW m-1", "fireline intensity of the head"),
    "flank_intensity": ("kW m-1", "fireline intensity of the flanks"),
    "back_intensity": ("kW m-1", "fireline intensity of the back"),
    "crown_fraction_burned": ("1", "crown fraction burned by the head"),
    "fuel_consumption": ("kg m-2", "fuel consumed by the head"),
    "surface_fuel_consumption": ("kg m-2", "surface fuel consumed"),
    "crown_fuel_consumption": ("kg m-2", "crown fuel consumed by the head"),
    "heading": ("degree", "direction of the head, clockwise from north"),
    "net_wind_speed": ("km h-1", "wind speed with the effect of slope"),
    "isi": ("1", "Initial Spread Index with slope"),
    "length_to_breadth": ("1", "length of the fire over its breadth"),
    "critical_rate_of_spread": ("m min-1", "rate of spread that ignites crowns"),
    "critical_intensity": ("kW m-1", "surface intensity that ignites crowns"),
    "head_distance": ("m", "distance of the head from the ignition after the given time"),
    "flank_distance": ("m", "distance of the flanks from the ignition after the given time"),
    "back_distance": ("m", "distance of the back from the ignition after the given time"),
}
"""Unit and long name of each result."""

FIRE_TYPES = "surface intermittent_crown crown"
"""Meanings of 0, 1 and 2: crown fraction burned below 0.1, below 0.9, and from there."""


def fire_behaviour(
    ds: xr.Dataset,
    *,
    minutes: float = 60.0,
    point: bool = True,
    buildup: bool = True,
    family: str = "exact",
    convention: str = "published",
    dtype: str = "float32",
) -> xr.Dataset:
    """Behaviour of fire by the Canadian system for every cell of a dataset [@forestrycanada1992development].

    Args:
        ds: ``fuel_type`` by name ("C-2", "NF" for no fuel) or by place in `fuels.TYPES` (-1 for no fuel), with the
            variables of `INPUTS` and units, on any dimensions; ``wind_from_direction`` or ``wind_to_direction``;
            foliar moisture, or ``lat``, ``lon`` and ``time`` to have it from place and date.
        minutes: time since ignition [min].
        point: whether fire accelerates from a point.
        buildup: whether the buildup effect counts.
        family: scale of the Fine Fuel Moisture Code, of `index.family.FAMILIES`.
        convention: of `predict.CONVENTIONS`.
        dtype: "float32" or "float64".

    Returns:
        Dataset with the variables of `OUTPUTS` and fire_type, NaN (and -1) without fuel.

    Raises:
        DataError: a variable, unit or direction that is missing or wrong, values out of range, an unknown fuel type.
        ConfigError: an unknown family, convention or type, or a time that is not above zero.
    """
    if not minutes > 0.0:
        raise ConfigError(
            f"{minutes:g} minutes since ignition are not above zero", "minutes", "give the time [min]"
        )
    if dtype not in ("float32", "float64"):
        raise ConfigError(
            f"numbers of type '{dtype}' are not calculated", "dtype", "choose float32 or float64"
        )
    if convention not in CONVENTIONS:
        raise ConfigError(
            f"there is no convention '{convention}'", "convention", f"choose {listing(CONVENTIONS)}"
        )
    if "fuel_type" not in ds.variables:
        raise DataError(
            "the variable 'fuel_type' is missing", "fire_behaviour", f"give types of {listing(TYPES, 20)}"
        )
    given = {n: _read(ds, n) for n in INPUTS}
    code = ds["fuel_type"].copy(data=_codes(ds["fuel_type"].values))
    towards = _wind(ds)
    arrays = [a for a in (code, towards, *given.values(), *_place(ds)) if isinstance(a, xr.DataArray)]
    like = xr.broadcast(*arrays)[0]
    leaf = given.pop("foliar_moisture")
    if not isinstance(leaf, xr.DataArray):
        leaf = _foliar(ds, like, given["elevation"])
    height = {n: _values(v, like) for n, v in given.items()}
    with jax.enable_x64(dtype == "float64"):
        site = Site(
            np.maximum(_values(code, like), 0).astype(np.int32),
            height["ffmc"],
            height["bui"],
            height["ws"],
            _values(towards, like),
            height["slope"],
            np.deg2rad(height["aspect"] + 180.0),
            _values(leaf, like),
            *(
                height[n]
                for n in ("conifer", "dead_fir", "curing", "grass_load", "crown_base", "crown_load", "isi")
            ),
        )
        site = Site(site.fuel, *(jnp.asarray(v, dtype) for v in site[1:]))
        function = functools.partial(
            _behaviour, point=point, buildup=buildup, family=family, convention=convention
        )
        found = jax.tree.map(np.asarray, function(site, jnp.asarray(minutes, dtype)))
    return _dataset(found, _values(code, like) == NO_FUEL, like)


@functools.partial(jax.jit, static_argnames=("point", "buildup", "family", "convention"))
def _behaviour(site: Site, minutes: Any, **options: Any) -> Behaviour:
    return behaviour(site, minutes, **options)


def _read(ds: xr.Dataset, name: str) -> Any:
    """A variable in its unit, or its default."""
    known, where = INPUTS[name], f"fire_behaviour, variable {name}"
    if name not in ds.variables:
        if known.default is None:
            hint = nearest(name, map(str, ds.variables)).strip()
            raise DataError(
                f"the variable '{name}' is missing", "fire_behaviour", hint or f"give it in {known.unit}"
            )
        return known.default
    item = ds[name]
    unit = item.attrs.get("units", "1" if known.unit == "1" else None)
    values = convert(np.asarray(item.values, np.float64), unit, known.unit, where=where)
    outside = (values < known.low) | (values > known.high)
    if outside.any():
        raise DataError(
            f"{counted(int(outside.sum()), 'value')} outside {known.low:g} to {known.high:g} {known.unit}, "
            f"the first {values[outside].flat[0]:g}",
            where,
            "check the unit, and set what is wrong to missing",
        )
    shares = known.unit == "%" and name != "slope" and known.high == 100.0
    if shares and values.size and 0.0 < np.nanmax(values, initial=0.0) <= 1.0:
        raise DataError(
            f"the greatest value is {np.nanmax(values):g} %, as if it were a fraction",
            where,
            'set the attribute units = "1" if it is one',
        )
    return item.copy(data=values)


def _codes(values: np.ndarray) -> np.ndarray:
    """Codes of fuel types given by name or as codes."""
    if values.dtype.kind in "OUST":
        return codes_of(values)
    wrong = ~np.isin(values, np.arange(NO_FUEL, len(TYPES)))
    if wrong.any():
        raise DataError(
            f"the fuel code {values[wrong].flat[0]:g} is unknown",
            "fuel_type",
            f"codes are {NO_FUEL} to {len(TYPES) - 1}",
        )
    return values.astype(np.int32)


def _wind(ds: xr.Dataset) -> Any:
    """Direction the wind blows to [rad]."""
    known = {"wind_from_direction": np.pi, "wind_to_direction": 0.0}
    found = [str(n) for n in ds.variables if str(n) in known or ds[n].attrs.get("standard_name") in known]
    if len(found) != 1:
        what = "is missing" if not found else f"is told twice, by {listing(found)}"
        raise DataError(
            f"the wind's direction {what}",
            "fire_behaviour",
            "give wind_from_direction or wind_to_direction, which say where it comes from or goes to",
        )
    item = ds[found[0]]
    turn = known[found[0] if found[0] in known else str(item.attrs["standard_name"])]
    where = f"fire_behaviour, variable {found[0]}"
    degrees = convert(np.asarray(item.values, np.float64), item.attrs.get("units"), "degree", where=where)
    if (np.abs(degrees) > 360.0).any():
        raise DataError("a direction is beyond 360 degrees", where, "check the unit")
    return item.copy(data=np.deg2rad(degrees) + turn)


def _place(ds: xr.Dataset) -> list[xr.DataArray]:
    return [ds[n] for n in ("lat", "lon", "time") if n in ds.variables]


def _foliar(ds: xr.Dataset, like: xr.DataArray, elevation: Any) -> xr.DataArray:
    """Foliar moisture [%] from place and date."""
    missing = [n for n in ("lat", "lon", "time") if n not in ds.variables]
    if missing:
        raise DataError(
            f"there is neither foliar_moisture nor {listing(missing)}",
            "fire_behaviour",
            "give foliar_moisture in %, or place and date to have it from",
        )
    lat, lon = (np.asarray(_values(ds[n], like), np.float64) for n in ("lat", "lon"))
    if not (np.abs(lat) <= 90.0).all() or not (np.abs(lon) <= 360.0).all():
        raise DataError("a latitude or longitude is impossible", "fire_behaviour", "give decimal degrees")
    west = np.where(lon > 180.0, 360.0 - lon, -lon)
    if (west < 0.0).any():
        raise DataError(
            "foliar moisture by place is known for the western hemisphere alone",
            "fire_behaviour",
            "give foliar_moisture in %",
        )
    day = day_of_year(_values(ds["time"], like))
    with jax.enable_x64(True):
        least = foliar.day_of_least_moisture(*map(jnp.asarray, (lat, west, _values(elevation, like))))
        return like.copy(data=np.asarray(foliar.moisture(jnp.asarray(day, float), least)))


def _values(item: Any, like: xr.DataArray) -> np.ndarray:
    """Values of the shape of ``like``."""
    if isinstance(item, xr.DataArray):
        return item.broadcast_like(like).transpose(*like.dims).values
    return np.broadcast_to(np.asarray(item), like.shape)


def _dataset(b: Behaviour, none: np.ndarray, like: xr.DataArray) -> xr.Dataset:
    found = (
        b.head.rate, b.flank.rate, b.back.rate, b.head.rate_then, b.head.intensity, b.flank.intensity,
        b.back.intensity, b.head.crown_fraction, b.head.consumption, b.surface_consumption, b.crown_consumption,
        np.rad2deg(b.towards), b.net_wind, b.isi, b.length_to_breadth, b.critical_rate, b.critical_intensity,
        b.head.distance, b.flank.distance, b.back.distance,
    )  # fmt: skip
    fields: dict[str, Any] = {
        name: (
            like.dims,
            np.where(none, np.nan, values).astype(values.dtype),
            {"units": unit, "long_name": words},
        )
        for (name, (unit, words)), values in zip(OUTPUTS.items(), found, strict=True)
    }
    burned = np.asarray(b.head.crown_fraction)
    kind = np.where(none, -1, (burned >= 0.1).astype(int) + (burned >= 0.9)).astype(np.int8)
    flags = {
        "flag_values": np.array([0, 1, 2], np.int8),
        "flag_meanings": FIRE_TYPES,
        "long_name": "type of fire",
    }
    fields["fire_type"] = (like.dims, kind, flags)
    attrs = {
        "Conventions": "CF-1.10",
        "title": "Canadian Forest Fire Behaviour Prediction System",
        "references": "Forestry Canada Fire Danger Group 1992, ST-X-3; Wotton et al. 2009, GLC-X-10",
    }
    return xr.Dataset(fields, {n: c for n, c in like.coords.items()}, attrs)


__all__ = ["FIRE_TYPES", "INPUTS", "OUTPUTS", "Input", "fire_behaviour"]
