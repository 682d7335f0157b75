"""The weekly file of a published study [@tarraga2024], with its preparation and with a mended one.

The published pipeline [@tarraga2024] interpolates monthly prices quadratically over the weeks, shifts them two weeks
into the past, sums displacement and conflict over four weeks that overlap, reads blanks as zero, and tests every link
at one level. Each of these is undone in turn, and links are compared over all districts with usable weeks.

"As published" is as published in the five points tested, and no copy of the source. There, prices are also divided by
the exchange rate of the dollar and trends are removed; prices are weighted as they are, and livestock by herds; weeks
of low displacement are masked, and links come from a bootstrap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data import panelclean
from data.errors import DataError
from data.readers.panel import open_panel

from .config import Config
from .field import field_of, lagged, searched

if TYPE_CHECKING:
    import xarray as xr

VARIABLES = ("displacement", "spei6", "food", "livestock", "water", "conflict")
BASKET: Mapping[str, float] = {
    "price_red_sorghum": 95.0,
    "price_wheat_flour": 3.75,
    "price_sugar": 5.0,
    "price_vegetable_oil": 4.0,
    "price_camel_milk": 15.0,
    "price_tea_leaves": 0.5,
    "price_salt": 1.5,
    "price_cowpeas": 6.0,
}
"""Weights of the minimum basket, as in the study [kg or litre]."""
LIVESTOCK = ("price_cattle", "price_camel", "price_goat")
WATER = ("price_water_drum",)
NEEDED = ("idp_drought", "spei6", "fatalities", *BASKET, *LIVESTOCK, *WATER)
START = "2016-01-04"
"""First week; displacement is recorded from here on."""
CARRY_WEEKS = 8
"""Weeks over which a monthly price is carried forward."""


@dataclass(frozen=True)
class Variant:
    """A way of preparing the weekly file.

    Attributes:
        name: name in tables.
        text: what differs from the published preparation.
        future: whether prices are interpolated between months and so read the months to come.
        shift: weeks by which prices are moved into the past.
        window: weeks over which displacement and conflict are summed; windows overlap.
        zero: whether blanks of displacement and conflict are read as zero.
    """

    name: str
    text: str
    future: bool
    shift: int
    window: int
    zero: bool


def variants(shift: int) -> tuple[Variant, ...]:
    """The published preparation, each mend by itself, and all of them."""
    return (
        Variant("as published", "nothing", True, shift, 4, True),
        Variant("prices not shifted", "prices stay at their week", True, 0, 4, True),
        Variant("prices carried forward", "no price from the future, and no shift", False, 0, 4, True),
        Variant(
            "weeks that do not overlap", "displacement and conflict of the week itself", True, shift, 1, True
        ),
        Variant("blanks missing", "a blank is not read as zero", True, shift, 4, False),
        Variant("all mended", "all of these", False, 0, 1, False),
    )


def run(path: Path, config: Config, progress: Callable[[int, int], None] | None = None) -> dict[str, Any]:
    """Search the lagged links of every district under each preparation.

    Returns:
        A table with, for each preparation and each source of displacement, the districts with a link at the level of
        one test and after Holm over all links of all districts, and the change against the published preparation.
    """
    ds = opened(path, config)
    told = variants(config.weekly.shift)
    settings, level = config.weekly, config.causes.alpha
    found: dict[str, Any] = {}
    known = {future: indices(ds, future) for future in {v.future for v in told}}
    for number, variant in enumerate(told):
        cube, kept = prepared(ds, variant, settings.least_weeks, known)
        links = searched(cube, VARIABLES, settings.tau_max, level, fdr="none")
        p, val = lagged(links, "p"), lagged(links, "val")
        found[variant.name] = summary(p, val, kept, level)
        if progress is not None:
            progress(number + 1, len(told))
    base = found["as published"]
    rows = []
    for variant in told:
        here = found[variant.name]
        for source in (v for v in VARIABLES if v != "displacement"):
            mine, theirs = here["links"][source], base["links"][source]
            rows.append(
                {
                    "preparation": variant.name,
                    "source": source,
                    "districts": here["districts"],
                    "single": len(mine["single"]),
                    "chance": mine["chance"],
                    "holm": len(mine["holm"]),
                    "vanished": len(set(theirs["single"]) - set(mine["single"])),
                    "appeared": len(set(mine["single"]) - set(theirs["single"])),
                    "sign": mine["sign"],
                }
            )
    return {
        "rows": rows,
        "variants": [{"name": v.name, "text": v.text} for v in told],
        "study": {n: found[n]["links"] for n in ("as published", "all mended")},
        "tests": {n: found[n]["tests"] for n in found},
        "level": level,
        "lags": settings.tau_max,
    }


def opened(path: Path, config: Config) -> xr.Dataset:
    """The weekly file, checked.

    Raises:
        DataError: a file that cannot be read or trusted.
    """
    return open_panel(path, NEEDED, step="week", least=config.weekly.least_weeks)


def summary(p: np.ndarray, val: np.ndarray, names: list[str], level: float) -> dict[str, Any]:
    """Districts in which each source is linked to displacement, at the level of one test and after Holm.

    Args:
        p: p-values (district, source, target, lag).
        val: strengths, same shape.
        names: districts.
        level: significance.
    """
    field = field_of(p, val, level)
    links = {}
    for i, source in enumerate(VARIABLES):
        if source == "displacement":
            continue
        link = field.link(i, VARIABLES.index("displacement"))
        links[source] = {
            "single": [n for n, s in zip(names, link.single, strict=True) if s],
            "holm": [n for n, s in zip(names, link.strict, strict=True) if s],
            "chance": link.chance,
            "field_p": link.field_p,
            "sign": float(np.sign(link.strongest[link.single]).mean()) if link.single.any() else float("nan"),
        }
    return {"districts": len(names), "links": links, "tests": field.tests}


def indices(ds: xr.Dataset, future: bool) -> dict[str, np.ndarray]:
    """Food, livestock and water: weighted means of prices relative to their first values, (district, time).

    Misprints are set to missing first. Between months a price is interpolated by splines (``future``), or the last
    one is carried forward.
    """
    zones = panelclean.zones([str(r) for r in ds["region"].values])
    filled, first = {}, {}
    for name in (*BASKET, *LIVESTOCK, *WATER):
        held = ds[name].values.copy()
        held[panelclean.outliers(held, zones)] = np.nan
        first[name] = first_prices(held)
        filled[name] = quadratic(held) if future else panelclean.carry_forward(held, CARRY_WEEKS)

    def mean(weights: Mapping[str, float]) -> np.ndarray:
        total, known = np.zeros(ds["idp_drought"].shape), np.zeros(ds["idp_drought"].shape)
        for name, weight in weights.items():
            have = np.isfinite(filled[name])
            total += np.where(have, weight * filled[name] / first[name], 0.0)
            known += weight * have
        return np.where(known > 0, total / np.maximum(known, 1e-9), np.nan)

    return {
        "food": mean(BASKET),
        "livestock": mean(dict.fromkeys(LIVESTOCK, 1.0)),
        "water": mean(dict.fromkeys(WATER, 1.0)),
    }


def prepared(
    ds: xr.Dataset, variant: Variant, least: int, known: Mapping[bool, dict[str, np.ndarray]] | None = None
) -> tuple[xr.Dataset, list[str]]:
    """The six series of each district under one preparation, districts with too few complete weeks left out.

    Args:
        ds: the file as opened.
        variant: the preparation.
        least: complete weeks that a district needs.
        known: indices of prices by whether they read the future, where they were made before.

    Raises:
        DataError: where no district is left.
    """
    import xarray as xr

    begin = int(np.searchsorted(ds["time"].values, np.datetime64(START))) + 3

    def shifted(values: np.ndarray) -> np.ndarray:
        if not variant.shift:
            return values
        lost = np.full((len(values), variant.shift), np.nan)
        return np.concatenate([values[:, variant.shift :], lost], axis=1)

    def count(name: str) -> np.ndarray:
        held = np.where(np.isnan(ds[name].values), 0.0, ds[name].values) if variant.zero else ds[name].values
        summed = sum(np.roll(held, k, axis=1) for k in range(variant.window))
        return np.log1p(np.asarray(summed))

    prices = known[variant.future] if known else indices(ds, variant.future)
    series = {n: shifted(v) for n, v in prices.items()}
    series |= {
        "displacement": count("idp_drought"),
        "conflict": count("fatalities"),
        "spei6": ds["spei6"].values,
    }
    stack = np.stack([series[n][:, begin:] for n in VARIABLES])
    held = np.isfinite(stack)
    mean = np.where(held, stack, 0.0).sum(axis=2) / np.maximum(held.sum(axis=2), 1)
    spread = np.where(held, (stack - mean[..., None]) ** 2, 0.0).sum(axis=2)
    keep = np.flatnonzero((held.all(axis=0).sum(axis=1) >= least) & (spread > 1e-12).all(axis=0))
    if not len(keep):
        raise DataError(
            f"no district has {least} complete weeks", "the weekly panel", "set weekly.least_weeks lower"
        )
    names = [str(n) for n in ds["district"].values[keep]]
    cube = xr.Dataset(
        {n: (("district", "time"), v[keep]) for n, v in zip(VARIABLES, stack, strict=True)},
        {"district": names, "time": ds["time"].values[begin:]},
    )
    return cube, names


def first_prices(values: np.ndarray, count: int = 12) -> np.ndarray:
    """Median of the first known values of each row, (district, 1): what a price is told relative to."""
    out = np.full((len(values), 1), np.nan)
    for i, row in enumerate(values):
        known = row[np.isfinite(row)][:count]
        if known.size:
            out[i] = np.median(known)
    return out


def quadratic(values: np.ndarray) -> np.ndarray:
    """Quadratic splines through the known values of each row, as the published pipeline: they read the future."""
    from scipy.interpolate import interp1d

    out = np.full(values.shape, np.nan)
    steps = np.arange(values.shape[1])
    for i, row in enumerate(values):
        known = np.flatnonzero(np.isfinite(row))
        if len(known) >= 3:
            inside = slice(known[0], known[-1] + 1)
            out[i, inside] = interp1d(known, row[known], kind="quadratic")(steps[inside])
            out[i, known[-1] + 1 :] = row[known[-1]]
    return out
