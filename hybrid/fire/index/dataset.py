"""Fire weather of a dataset: weather at noon in, codes and indices out, with CF attributes."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from data.errors import ConfigError, DataError
from data.variables import REGISTRY

from . import daylength
from .blocks import BLOCK, in_blocks
from .daylength import DayLength
from .family import family_of
from .inputs import codes_of, latitude_of, weather_of
from .run import START, Codes, FireWeather, Weather, run_days
from .season import Season, by_means, by_snow, by_temperature, closed, dry_start
from .seasonal import State, Winter, run_seasons

SEASONS = ("temperature", "snow", "means")
"""Ways to tell the season: `season.by_temperature`, `season.by_snow`, `season.by_means`."""

REFERENCES = (
    "Van Wagner & Pickett 1985, Forestry Technical Report 33; Wang et al. 2017, Ecological Processes 6:5"
)


def fire_weather(
    ds: xr.Dataset,
    *,
    start: Any = START,
    season: str | xr.DataArray | None = None,
    opening: Any = START,
    winter: Winter | None = None,
    family: str = "1985",
    day_length: str = "latitude",
    dtype: str = "float32",
    block: int = BLOCK,
    threads: int | None = None,
) -> xr.Dataset:
    """Codes and indices of the Fire Weather Index System for every cell and day of a dataset.

    Days run in pieces, each started with what the one before gave, are those of one run to the last bit (the season by
    "means" and a "dry" opening look back over days, which a piece does not have).

    Args:
        ds: weather at noon (time, ...) with units: tas, hurs, wind speed at 10 m (``ws``, ``sfcWind``) and pr of the 24
            hours up to noon, under names or standard names of CF; ``lat`` for day length; snd for season by snow.
        start: codes of the day before the first: numbers, arrays or a dataset with ffmc, dmc and dc; what an earlier
            call returned goes on from its last day, its season and its winter.
        season: None for all days; a way of `SEASONS`; or whether each day is in season (time, ...).
        opening: codes that a season opens with; "dry" as in `season.dry_start`.
        winter: how winter wets deep layers, `seasonal.Winter`; None for codes that each season opens with anew.
        family: "1985", "exact" or "printed", see `family.FAMILIES`.
        day_length: "latitude" for the tables by belt, "canada" for Canada's everywhere.
        dtype: "float32" or "float64" for the calculation and its result.
        block: most cells to run at once.
        threads: blocks at once; as many as there are processors where None.

    Returns:
        Dataset with ffmc, dmc, dc, isi, bui, fwi, dsr [1] (time, ...), NaN where weather is missing, from then on, and
        out of season. With a season also in_season (time, ...), and what a later call goes on from.

    Raises:
        DataError: a variable, unit or latitude that is missing or wrong, values out of range, days with gaps or out of
            order, start codes of another shape.
        ConfigError: an unknown season, family, day length or type.
    """
    _check(season, opening, winter, family, dtype)
    names = ("tas", "hurs", "ws", "pr")
    snowy = isinstance(opening, str) or (isinstance(season, str) and season != "temperature")
    found = weather_of(ds, (*names, "snd") if snowy else names)
    like = found["tas"].isel(time=0, drop=True)
    lat = latitude_of(ds, like).ravel() if day_length == "latitude" else np.zeros(like.size)
    start = _last(start, found["tas"]["time"].values[0])
    with jax.enable_x64(dtype == "float64"):
        length = _per_cell(daylength.of(day_length, lat), like.size, dtype)
        weather = Weather(*(_flat(found[n], dtype) for n in names))
        month = found["tas"]["time"].dt.month.values.astype(np.int32) - 1
        codes = _cells(codes_of(start, like), dtype)
        if season is None:
            function = functools.partial(_always, family=family)
            out, _ = in_blocks(function, (weather, codes, length), month, block, threads)
            return _dataset(out, found["tas"], family)
        snd = _flat(found["snd"], dtype) if snowy else None
        mask = _mask(season, found["tas"])
        opens = None if isinstance(opening, str) else _cells(codes_of(opening, like, "opening"), dtype)
        state, seen = _state(start, codes, like, dtype)
        function = functools.partial(
            _seasonal,
            family=family,
            kind=season if isinstance(season, str) else "given",
            wintry=winter is not None,
        )
        parts = (weather, snd, mask, state, seen, length, opens)
        out, on, state, seen = in_blocks(function, parts, (month, winter or Winter()), block, threads)
    result = _dataset(out, found["tas"], family)
    return _with_state(result, on, state, seen, found["tas"])


@functools.partial(jax.jit, static_argnames="family")
def _always(part: Any, month: Any, family: str) -> Any:
    weather, codes, length = part
    return run_days(weather, month, codes, length, family)


@functools.partial(jax.jit, static_argnames=("family", "kind", "wintry"))
def _seasonal(part: Any, shared: Any, family: str, kind: str, wintry: bool) -> Any:
    weather, snd, mask, state, seen, length, opens = part
    month, winter = shared
    if kind == "temperature":
        on, seen = by_temperature(weather.tas, seen)
    elif kind == "snow":
        on, seen = by_snow(snd, seen)
    else:
        on = by_means(weather.tas, snd) if kind == "means" else mask
    if opens is None:
        dmc, dc = dry_start(weather.pr, snd)
        opens = Codes(jnp.full_like(dmc, START.ffmc), dmc, dc)
    out, state = run_seasons(weather, month, on, state, length, family, opens, winter if wintry else None)
    return out, on, state, seen._replace(active=state.active)


def _check(season: Any, opening: Any, winter: Any, family: str, dtype: str) -> None:
    family_of(family)
    if isinstance(season, str) and season not in SEASONS:
        raise ConfigError(
            f"there is no season by '{season}'", "season", f"choose {', '.join(SEASONS)} or a mask"
        )
    if isinstance(opening, str) and opening != "dry":
        raise ConfigError(f"a season cannot open '{opening}'", "opening", "choose codes or 'dry'")
    if season is None and (winter is not None or isinstance(opening, str)):
        raise ConfigError(
            "winter and a dry opening need seasons", "season", f"choose {', '.join(SEASONS)} or a mask"
        )
    if dtype not in ("float32", "float64"):
        raise ConfigError(
            f"numbers of type '{dtype}' are not calculated", "dtype", "choose float32 or float64"
        )


def _flat(item: xr.DataArray, dtype: str) -> Any:
    """Values (time, cell)."""
    return np.ascontiguousarray(item.values.reshape(item.sizes["time"], -1), dtype=dtype)


def _cells(codes: Codes, dtype: str) -> Codes:
    """Codes (cell,)."""
    return jax.tree.map(lambda c: c.ravel().astype(dtype), codes)


def _per_cell(length: DayLength, cells: int, dtype: str) -> DayLength:
    wide = (np.broadcast_to(np.asarray(a, dtype).reshape(12, -1), (12, cells)) for a in length)
    return DayLength(*(np.ascontiguousarray(a) for a in wide))  # pyright: ignore[reportArgumentType]


def _last(start: Any, first: np.datetime64) -> Any:
    """The last day of an earlier result, which must be the day before the first."""
    if not isinstance(start, xr.Dataset):
        return start
    if "time" in start.dims:
        start = start.isel(time=-1)
    if "time" in start.coords:
        ended, begins = (np.asarray(t).astype("datetime64[D]") for t in (start["time"].values, first))
        if begins - ended != np.timedelta64(1, "D"):
            raise DataError(
                f"the codes to start from are of {ended}, the weather begins on {begins}",
                "start",
                "give the weather from the next day on",
            )
        start = start.drop_vars("time")
    return start


def _mask(season: Any, like: xr.DataArray) -> np.ndarray | None:
    if isinstance(season, str):
        return None
    if not isinstance(season, xr.DataArray) or season.dtype != bool:
        raise DataError(
            "the season is no DataArray of bool", "season", f"give one, or one of {', '.join(SEASONS)}"
        )
    if set(season.dims) != set(like.dims) or any(season.sizes[d] != like.sizes[d] for d in like.dims):
        raise DataError(
            f"the season has the shape {dict(season.sizes)}, the weather {dict(like.sizes)}",
            "season",
            "give a value for each day and cell",
        )
    return season.transpose(*like.dims).values.reshape(like.sizes["time"], -1)


_CARRIED = ("dc_autumn", "pr_winter", "season_active", "season_opening", "season_closing")


def _state(start: Any, codes: Codes, like: xr.DataArray, dtype: str) -> tuple[State, Season]:
    """State to go on from: that of an earlier result, or none."""
    cells = like.size
    seen = jax.tree.map(np.asarray, closed((cells,)))
    autumn, rain = np.full(cells, np.nan, dtype), np.zeros(cells, dtype)
    if isinstance(start, xr.Dataset) and set(_CARRIED) <= set(start.variables):
        kept = {n: start[n].transpose(*like.dims).values.ravel() for n in _CARRIED}
        autumn, rain = kept["dc_autumn"].astype(dtype), kept["pr_winter"].astype(dtype)
        days = (kept[n].astype(np.int32) for n in ("season_opening", "season_closing"))
        seen = Season(kept["season_active"].astype(bool), *days)  # pyright: ignore[reportArgumentType]
    return State(codes, seen.active, autumn, rain), seen  # pyright: ignore[reportArgumentType]


def _dataset(out: FireWeather, like: xr.DataArray, family: str) -> xr.Dataset:
    coords = {n: c for n, c in like.coords.items()}
    fields = {
        n: (like.dims, np.asarray(v).reshape(like.shape), REGISTRY[n].attributes())
        for n, v in zip(FireWeather._fields, out, strict=True)
    }
    attrs = {
        "Conventions": "CF-1.10",
        "title": "Canadian Forest Fire Weather Index System",
        "references": REFERENCES,
        "family": family,
    }
    return xr.Dataset(fields, coords, attrs)


def _with_state(ds: xr.Dataset, on: Any, state: State, seen: Season, like: xr.DataArray) -> xr.Dataset:
    """The result with its season and what a later call goes on from."""
    flags = {"units": "1", "long_name": "in the fire season", "flag_values": np.array([0, 1], np.int8)}
    flags["flag_meanings"] = "out_of_season in_season"
    ds["in_season"] = (like.dims, np.asarray(on).reshape(like.shape).astype(np.int8), flags)
    cell, shape = like.dims[1:], like.shape[1:]
    carried = {
        "dc_autumn": (state.autumn_dc, "1", "Drought Code of the last day in season"),
        "pr_winter": (state.winter_rain, "mm", "precipitation since the last day in season"),
        "season_active": (np.asarray(seen.active).astype(np.int8), "1", "whether the last day is in season"),
        "season_opening": (seen.opening, "d", "days in a row that speak for a season's start"),
        "season_closing": (seen.closing, "d", "days in a row that speak for a season's end"),
    }
    for name, (values, unit, words) in carried.items():
        ds[name] = (cell, np.asarray(values).reshape(shape), {"units": unit, "long_name": words})
    return ds


__all__ = ["SEASONS", "fire_weather"]
