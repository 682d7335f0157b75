"""From files to a clean panel: every rule applied in one place, and a record of what it changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data import panelclean
from data.errors import DataError, counted
from data.readers.panel import months_of, open_panel

from .config import Config

if TYPE_CHECKING:
    import xarray as xr

MONTHLY = "fsnau_monthly.nc"
WEEKLY = "uc2_weekly.nc"
COUNTS = ("departures", "arrivals")
CLIMATE = ("cdi", "ndvi", "pr")
CONFLICT = ("insecurity_fatalities", "insecurity_incidents")
CEREALS = ("price_sorghum", "price_maize", "price_rice")
PRICES = (*CEREALS, "price_goat", "wage")
NEEDED = (*COUNTS, *CLIMATE, *CONFLICT)
LEAST = 36
"""Fewest months with reports before the test that anything can be learned from."""


@dataclass(frozen=True)
class Panel:
    """A clean panel; arrays are (district, time), missing values NaN.

    Attributes:
        districts: names.
        regions: region of each district.
        lat: latitude of each district's centre [degree north].
        lon: longitude [degree east].
        months: datetime64[M], (time,).
        target: log(1 + count) of the count that is forecast.
        other: log(1 + count) of the other count.
        drivers: climate as anomalies from the past, log(1 + conflict), prices relative to their own past.
        cdi: drought index as in the file [1].
        first: index of the first month whose counts are used.
        log: what cleaning changed: rows of rule, variable, number of values, what was done.
        raw: the dataset as opened, for reference numbers.
    """

    districts: tuple[str, ...]
    regions: tuple[str, ...]
    lat: np.ndarray
    lon: np.ndarray
    months: np.ndarray
    target: np.ndarray
    other: np.ndarray
    drivers: dict[str, np.ndarray]
    cdi: np.ndarray
    first: int
    log: list[dict[str, Any]] = field(default_factory=list)
    raw: xr.Dataset | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Districts and months."""
        return self.target.shape  # type: ignore[return-value]


def find_monthly(data: Path) -> Path:
    """Return the monthly file of a path.

    Raises:
        DataError: where a folder holds none.
    """
    if data.is_file():
        return data
    path = data / MONTHLY
    if not path.exists():
        raise DataError(
            f"the folder holds no {MONTHLY}", str(data), "give the folder 'displacement' or the file"
        )
    return path


def prepare(config: Config, data: Path | None) -> Panel:
    """Open the monthly panel, or make the synthetic one, and clean it.

    Raises:
        DataError: a file that cannot be read or trusted, or a record too short for the split.
    """
    if data is None:
        ds = synthetic(config)
    else:
        ds = open_panel(find_monthly(data), NEEDED)
        for name in ("region", "lat", "lon"):
            if name not in ds.coords or ds[name].dims != ("district",):
                raise DataError(
                    f"the coordinate '{name}' of the districts is missing", find_monthly(data).name, "add it"
                )
    return clean(ds, config)


def synthetic(config: Config) -> xr.Dataset:
    """The panel with known effects."""
    from data.synthetic.displacement import Country, displacement

    size = config.synthetic
    country = Country(size.districts, size.months, config.effect.threshold, size.noise)
    return displacement(country, config.seed)


def clean(ds: xr.Dataset, config: Config) -> Panel:
    """Apply every rule of cleaning to an opened panel.

    Raises:
        DataError: where too few months remain.
    """
    rules, log = config.cleaning, []
    names = panelclean.names([str(n) for n in ds["district"].values])
    changed = sum(a != str(b) for a, b in zip(names, ds["district"].values, strict=True))
    _note(log, "one spelling per district", "district", changed, "renamed")
    months = months_of(ds)
    first = int(np.searchsorted(months, np.datetime64(rules.reliable_from, "M")))
    before = len(months) - config.forecast.test_months - first
    if before < LEAST:
        raise DataError(
            f"{counted(max(before, 0), 'month')} of reports before the test, {LEAST} are needed",
            "the monthly panel",
            "set forecast.test_months or cleaning.reliable_from lower, or give a longer record",
        )
    counts = {}
    for name in COUNTS:
        held = ds[name].values
        early = int(np.isfinite(held[:, :first]).sum())
        _note(log, f"reports before {rules.reliable_from} are not complete", name, early, "set to missing")
        empty = int(np.isnan(held[:, first:]).sum())
        what = "left missing" if rules.blank == "missing" else "read as 0"
        _note(log, "a blank is zero or missing, the source does not say", name, empty, what)
        counts[name] = np.log1p(panelclean.blanks(held, rules.blank, first))
    target = counts[config.target]
    other = counts[next(n for n in COUNTS if n != config.target)]
    if np.isfinite(target[:, : len(months) - config.forecast.test_months]).sum() < 20 * 8:
        raise DataError(
            f"'{config.target}' has hardly any value before the test", "the monthly panel", "check it"
        )
    regions = tuple(str(r) for r in ds["region"].values)
    drivers = climate(ds, log) | conflict(ds) | prices(ds, regions, config, log)
    return Panel(
        tuple(names),
        regions,
        ds["lat"].values.astype(float),
        ds["lon"].values.astype(float),
        months,
        target,
        other,
        drivers,
        ds["cdi"].values,
        first,
        log,
        ds,
    )


def climate(ds: xr.Dataset, log: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    """Drought index, vegetation and rain as anomalies from each district's own past [1]."""
    out = {}
    for name in CLIMATE:
        values = ds[name].values
        _note(log, "no anomaly where climate is missing", name, int(np.isnan(values).sum()), "0 as anomaly")
        out[name] = panelclean.anomaly(
            np.log(np.maximum(values, 1e-3)) if name == "cdi" else _roots(name, values)
        )
    return out


def _roots(name: str, values: np.ndarray) -> np.ndarray:
    """Rain on a scale on which it is less skewed; vegetation as it is."""
    return np.log1p(np.maximum(values, 0.0)) if name == "pr" else values


def conflict(ds: xr.Dataset) -> dict[str, np.ndarray]:
    """log(1 + fatalities) and log(1 + incidents)."""
    return {n: np.log1p(np.maximum(ds[n].values, 0.0)) for n in CONFLICT}


def prices(
    ds: xr.Dataset, regions: tuple[str, ...], config: Config, log: list[dict[str, Any]]
) -> dict[str, np.ndarray]:
    """Prices relative to their own past [1]: ``cereal`` (the mean over the cereals sold), ``goat`` and ``wage``."""
    rules, found = config.cleaning, {}
    zones = panelclean.zones(regions)
    for name in (n for n in PRICES if n in ds):
        held = ds[name].values.copy()
        flags = panelclean.outliers(held, zones, rules.outlier_factor)
        worst = (
            f"set to missing; the largest {np.nanmax(held[flags]):.3g}" if flags.any() else "set to missing"
        )
        _note(log, "a price far from its own past and from its currency zone", name, int(flags.sum()), worst)
        held[flags] = np.nan
        relative = panelclean.relative_to_past(held)
        carried = panelclean.carry_forward(relative, rules.carry_months)
        _note(
            log,
            f"a gap in prices is filled from before it, at most {rules.carry_months} months",
            name,
            int((np.isfinite(carried) & np.isnan(relative)).sum()),
            "carried forward",
        )
        found[name] = carried
    out = {}
    cereals = [found[n] for n in CEREALS if n in found]
    if cereals:
        stack = np.stack(cereals)
        known = np.isfinite(stack).sum(axis=0)
        out["cereal"] = np.where(known > 0, np.nansum(stack, axis=0) / np.maximum(known, 1), np.nan)
    for name, short in (("price_goat", "goat"), ("wage", "wage")):
        if name in found:
            out[short] = found[name]
    apart = sum(z != "Somali shilling" for z in zones)
    _note(log, "prices are relative to a district's own past, which has no currency", "prices", apart,
          "districts with Somaliland shillings, compared with nothing but themselves")  # fmt: skip
    return out


def _note(log: list[dict[str, Any]], rule: str, variable: str, count: int, done: str) -> None:
    log.append({"rule": rule, "variable": variable, "values": int(count), "done": done})
