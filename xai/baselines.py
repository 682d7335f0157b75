"""What an attribution counts from: zero, a mean, the usual course of a year, another year, a sample of inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from data.errors import ConfigError, DataError, nearest

ROWS = "background"
"""Dimension of a background's rows."""
NAMED = ("zero", "mean", "climatology", "background")
WINDOW = 15
"""Days over which a daily climatology is smoothed."""


def make_baseline(
    spec: str | Mapping[str, Any] | xr.Dataset, ds: xr.Dataset, over: tuple[str, ...] = (), seed: int = 0
) -> xr.Dataset:
    """The baseline that is asked for, on the coordinates of the input.

    Args:
        spec: ``zero``; ``mean``, of each cell or site over time (over the samples where there is no time);
            ``climatology``, of each day of the year (smoothed over 15 days) or each month; ``{"year": 2003}``, the same
            days of a reference year; ``background`` or ``{"rows": 50}``, a random sample of the inputs along `over`; or
            a Dataset like the input, with a further dimension ``background`` for a sample of inputs.
        ds: the input.
        over: dimensions of samples.
        seed: of a background sample.

    Returns:
        Dataset like `ds`; with the leading dimension ``background``, and without `over`, for a background.

    Raises:
        ConfigError: an unknown name or setting.
        DataError: a Dataset of other variables, coordinates or units, a baseline that is missing where the input is
            not, or too few years.
    """
    if isinstance(spec, xr.Dataset):
        out = _given(spec, ds, over)
    elif isinstance(spec, str) and spec in NAMED:
        out = {"zero": _zero, "mean": _mean, "climatology": _climatology}.get(
            spec, lambda d, o: background_of(d, o, 100, seed)
        )(ds, over)
    elif isinstance(spec, Mapping) and set(spec) == {"year"}:
        out = _year(ds, int(spec["year"]))
    elif isinstance(spec, Mapping) and set(spec) == {"rows"}:
        out = background_of(ds, over, int(spec["rows"]), seed)
    else:
        hint = nearest(spec, NAMED) if isinstance(spec, str) else ""
        raise ConfigError(
            f"the baseline {spec!r} is unknown",
            "baseline",
            f"choose {', '.join(NAMED)}, {{'year': 2003}}, {{'rows': 50}} or a Dataset{hint}",
        )
    if ROWS in out.dims:
        return _filled(out, ds, over)
    _covers(out, ds)
    return out


def background_of(ds: xr.Dataset, over: tuple[str, ...], rows: int, seed: int) -> xr.Dataset:
    """At most `rows` of the inputs along `over`, drawn without replacement, on the dimension ``background``.

    Raises:
        ConfigError: no dimension to draw along, or fewer than one row.
    """
    if not over:
        raise ConfigError(
            "a background sample needs a dimension of samples",
            "baseline",
            "name it in `over`, or give a Dataset with the dimension 'background'",
        )
    if rows < 1:
        raise ConfigError(f"a background of {rows} rows is empty", "baseline", "ask for 1 or more")
    stacked = ds.stack({ROWS: list(over)})
    count = stacked.sizes[ROWS]
    chosen = np.sort(np.random.default_rng(seed).permutation(count)[:rows])
    out = stacked.isel({ROWS: chosen}).drop_vars([ROWS, *over], errors="ignore")
    return out.transpose(ROWS, ...)


def _zero(ds: xr.Dataset, over: tuple[str, ...]) -> xr.Dataset:
    return xr.zeros_like(ds)


def _mean(ds: xr.Dataset, over: tuple[str, ...]) -> xr.Dataset:
    def mean(item: xr.DataArray) -> xr.DataArray:
        dims = ["time"] if "time" in item.dims else [d for d in over if d in item.dims]
        if not dims:
            raise DataError(
                f"{item.name!r} has neither time nor samples to take a mean over",
                "baseline 'mean'",
                "give a Dataset",
            )
        return item.mean(dims).broadcast_like(item).transpose(*item.dims)

    return ds.map(mean)


def _climatology(ds: xr.Dataset, over: tuple[str, ...]) -> xr.Dataset:
    time = _times(ds, "climatology")
    if len(np.unique(time.dt.year)) < 2:
        raise DataError(
            "one year alone has no climatology", "baseline 'climatology'", "give two years or more"
        )
    monthly = (
        time.size > 1 and float((time[1:].values - time[:-1].values).min() / np.timedelta64(1, "D")) > 20
    )
    label = time.dt.month if monthly else xr.where(time.dt.dayofyear > 365, 365, time.dt.dayofyear)
    label = label.rename("step_of_year")

    def usual(item: xr.DataArray) -> xr.DataArray:
        if "time" not in item.dims:
            return item
        mean = item.groupby(label).mean("time")
        if not monthly:
            half = WINDOW // 2
            mean = mean.pad(step_of_year=half, mode="wrap").rolling(
                step_of_year=WINDOW, center=True, min_periods=1
            )
            mean = mean.mean().isel(step_of_year=slice(half, -half))
        return mean.sel(step_of_year=label).drop_vars("step_of_year").transpose(*item.dims)

    return ds.map(usual)


def _year(ds: xr.Dataset, year: int) -> xr.Dataset:
    time = _times(ds, "year")
    years = time.dt.year
    if not bool((years == year).any()):
        raise DataError(
            f"the reference year {year} is not in the input",
            "baseline",
            f"choose one from {int(years.min())} to {int(years.max())}",
        )
    inside = np.flatnonzero(years.values == year)
    key = time.dt.month.values * 100 + time.dt.day.values
    have = {int(k): int(i) for i, k in zip(inside, key[inside], strict=True)}
    have.setdefault(229, have.get(228, -1))
    chosen = np.array([have.get(int(k), -1) for k in key])
    if (chosen < 0).any():
        first = str(time.values[chosen < 0][0])[:10]
        raise DataError(
            f"the reference year {year} has no day for {first}", "baseline", "choose a year that is whole"
        )

    def same_days(item: xr.DataArray) -> xr.DataArray:
        return item if "time" not in item.dims else item.copy(data=item.isel(time=chosen).values)

    return ds.map(same_days)


def _times(ds: xr.Dataset, name: str) -> xr.DataArray:
    if "time" not in ds.coords or ds.time.ndim != 1:
        raise DataError(
            "the input has no time coordinate", f"baseline {name!r}", "add it, or choose 'mean' or 'zero'"
        )
    return ds.time


def _given(given: xr.Dataset, ds: xr.Dataset, over: tuple[str, ...]) -> xr.Dataset:
    missing = [str(n) for n in ds.data_vars if n not in given]
    if missing:
        raise DataError(
            f"the baseline lacks {', '.join(missing)}", "baseline", "give every variable of the input"
        )
    given = given[list(ds.data_vars)]
    rows = ROWS in given.dims
    for name, item in ds.data_vars.items():
        theirs = given[name]
        units, other = item.attrs.get("units"), theirs.attrs.get("units")
        if units is not None and other is not None and units != other:
            raise DataError(
                f"{name!r} is in {other!r} in the baseline and in {units!r} in the input",
                "baseline",
                "convert it",
            )
        dims = [d for d in item.dims if not rows or d not in over]
        want = {d: item.sizes[d] for d in dims}
        have = {d: n for d, n in theirs.sizes.items() if d != ROWS}
        if have != want:
            raise DataError(
                f"{name!r} has shape {have} in the baseline and {want} in the input",
                "baseline",
                "give the baseline on the coordinates of the input"
                + (" without the dimensions of samples" if rows else ""),
            )
    out = given.transpose(*([ROWS] if rows else []), *[d for d in ds.dims if not rows or d not in over])
    if not rows:
        out = xr.Dataset(
            {n: (v.dims, given[n].transpose(*v.dims).values) for n, v in ds.data_vars.items()}, ds.coords
        )
    return out


def _filled(background: xr.Dataset, ds: xr.Dataset, over: tuple[str, ...]) -> xr.Dataset:
    """A background whose missing cells have the mean of the rows that know them; ``filled`` in attrs counts them."""
    missing = sum(int(v.isnull().sum()) for v in background.data_vars.values())
    if not missing:
        return background
    for name, item in background.data_vars.items():
        never = item.isnull().all(ROWS).values
        known = (
            ds[name].notnull().any([d for d in over if d in ds[name].dims]).transpose(*item.dims[1:]).values
        )
        bare = int((never & known).sum())
        if bare:
            raise DataError(
                f"{name!r} is missing in every row of the background in {bare} cells that the input has",
                "baseline",
                "give rows that know them, or mask these cells",
            )
    return background.map(lambda v: v.fillna(v.mean(ROWS)).fillna(0.0)).assign_attrs(filled=missing)


def _covers(baseline: xr.Dataset, ds: xr.Dataset) -> None:
    for name, item in ds.data_vars.items():
        bare = int((np.isfinite(item.values) & ~np.isfinite(baseline[name].values)).sum())
        if bare:
            raise DataError(
                f"the baseline of {name!r} is missing in {bare} cells where the input is not",
                "baseline",
                "fill it, or mask these cells",
            )
