"""Folds that do not leak: blocked in time, by site, and by drought."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import DataError, counted, listing
from .seasons import Season
from .seasons import seasons as find_seasons

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, eq=False)
class Fold:
    """One way to part the days of all sites; masks are bool (site, time), False outside a site's record.

    Attributes:
        name: "time", "site-FR-Pue", "drought", ...
        train: days whose targets may be fitted.
        validation: days for early stopping; no training day and no test day among them.
        test: days for scores only.
        groups: named parts of the test days ("all", or "normal" and "drought").
        train_sites: sites with training days.
        test_sites: sites with test days.
        meta: how the fold was made, as plain values.
    """

    name: str
    train: xr.DataArray
    validation: xr.DataArray
    test: xr.DataArray
    groups: dict[str, xr.DataArray] = field(default_factory=dict)
    train_sites: tuple[str, ...] = ()
    test_sites: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = {
            f.name: getattr(self, f.name) for f in fields(self) if f.name in ("train", "validation", "test")
        }
        for name, mask in parts.items():
            if name != "validation" and not bool(mask.any()):
                raise DataError(
                    f"the {name} part has no day", f"split '{self.name}'", "use more years or sites"
                )
        for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
            shared = int((parts[one] & parts[other]).sum())
            if shared:
                told = f"{counted(shared, 'day')} both in {one} and {other}"
                raise DataError(told, f"split '{self.name}'", "report this fault")
        for name, mask in self.groups.items():
            if bool((mask & ~self.test).any()):
                raise DataError(
                    f"the group '{name}' reaches beyond the test days", f"split '{self.name}'", "report this"
                )


def record_mask(ds: xr.Dataset) -> xr.DataArray:
    """Return the days inside each site's record, bool (site, time)."""
    return ((ds["time"] >= ds["record_start"]) & (ds["time"] <= ds["record_end"])).transpose("site", "time")


def by_time(ds: xr.Dataset, years: int = 5, validation_years: int = 1) -> list[Fold]:
    """Train on each site's first calendar years, test on the rest.

    Args:
        ds: site dataset of `data.open_sites`.
        years: first calendar years of each record for training and validation together.
        validation_years: the last of these, kept for validation; 0 for none.

    Returns:
        One fold, "time".

    Raises:
        DataError: where a site's record is too short, or no training year is left.
    """
    _positive("years", years)
    _validation(validation_years, years)
    inside = record_mask(ds).values
    calendar = _years(ds)
    train, validation, test = (np.zeros_like(inside) for _ in range(3))
    for row, site in enumerate(_sites(ds)):
        own = np.unique(calendar[inside[row]])
        if len(own) <= years:
            raise DataError(
                f"the record has {counted(len(own), 'calendar year')}, {years} to train leave none to test",
                f"site {site}",
                "choose fewer training years or leave the site out",
            )
        held = own[years - validation_years : years]
        train[row] = inside[row] & np.isin(calendar, own[: years - validation_years])
        validation[row] = inside[row] & np.isin(calendar, held)
        test[row] = inside[row] & np.isin(calendar, own[years:])
    meta = {"by": "time", "years": years, "validation_years": validation_years}
    return [_fold(ds, "time", train, validation, test, {"all": test}, meta)]


def by_site(ds: xr.Dataset, folds: int | None = None, validation_years: int = 1, seed: int = 0) -> list[Fold]:
    """Hold out whole sites.

    Args:
        ds: site dataset of `data.open_sites`.
        folds: number of folds, the sites shuffled among them; None leaves one site out at a time.
        validation_years: last calendar years of every training site, kept for validation; 0 for none.
        seed: seed of the shuffle.

    Returns:
        One fold per group of held-out sites; a test site has neither training nor validation days.

    Raises:
        DataError: where there are fewer than two sites, more folds than sites, or no training year is left.
    """
    names = _sites(ds)
    if len(names) < 2:
        raise DataError("leaving sites out needs at least two sites", listing(names), "open more sites")
    if folds is not None and not 2 <= folds <= len(names):
        raise DataError(f"folds={folds} is out of bounds", "by_site", f"choose 2 to {len(names)}")
    if validation_years < 0:
        raise DataError(f"validation_years={validation_years} is negative", "by_site", "choose 0 or more")
    inside = record_mask(ds).values
    calendar = _years(ds)
    held = np.zeros_like(inside)
    for row, site in enumerate(names):
        own = np.unique(calendar[inside[row]])
        if len(own) <= validation_years:
            raise DataError(
                f"the record has {counted(len(own), 'calendar year')}, "
                f"{validation_years} for validation leave none to train",
                f"site {site}",
                "choose fewer validation years or leave the site out",
            )
        if validation_years:
            held[row] = inside[row] & np.isin(calendar, own[-validation_years:])
    order = np.arange(len(names)) if folds is None else np.random.default_rng(seed).permutation(len(names))
    parts = np.array_split(order, len(names) if folds is None else folds)
    found = []
    for number, part in enumerate(parts):
        out = np.isin(np.arange(len(names)), part)[:, None]
        label = names[int(part[0])] if len(part) == 1 else str(number)
        meta = {"by": "site", "folds": folds, "validation_years": validation_years, "seed": seed}
        test = inside & out
        found.append(
            _fold(ds, f"site-{label}", inside & ~held & ~out, held & ~out, test, {"all": test}, meta)
        )
    return found


def by_drought(
    ds: xr.Dataset, seasons: int = 2, validation_seasons: int = 1, buffer: int = 30, lead: int = 90
) -> list[Fold]:
    """Hold out each site's driest growing seasons, and as many ordinary ones to compare with.

    Growing seasons and their water deficit come from forcing alone (see `data.seasons`), so that no target
    decides what is held out. The `seasons` with the greatest deficit are the test group "drought", those
    nearest the site's median the group "normal"; the seasons next nearest the median validate.
    `buffer` days on both sides of every held-out season belong to no part.

    Args:
        ds: site dataset of `data.open_sites` with tas_min, tas_max, vpd and pr.
        seasons: growing seasons per site in each of the two groups.
        validation_seasons: growing seasons per site for validation; 0 for none.
        buffer: days around a held-out season that are not used [d].
        lead: days before a season over which its deficit builds up [d].

    Returns:
        One fold, "drought"; `meta["seasons"]` lists year, deficit and role of every season by site.

    Raises:
        DataError: where a site has too few whole growing seasons or lacks a variable.
    """
    _positive("seasons", seasons)
    for name, value in (("validation_seasons", validation_seasons), ("buffer", buffer), ("lead", lead)):
        if value < 0:
            raise DataError(f"{name}={value} is negative", "by_drought", "choose 0 or more")
    needed = ("tas_min", "tas_max", "vpd", "pr")
    for name in needed:
        if name not in ds:
            raise DataError(f"the variable '{name}' is missing", "by_drought", "open the sites with it")
    inside = record_mask(ds).values
    days = ds["time"].values.astype("datetime64[D]")
    train = inside.copy()
    validation, normal, drought = (np.zeros_like(inside) for _ in range(3))
    told: dict[str, list[dict[str, Any]]] = {}
    for row, site in enumerate(_sites(ds)):
        own = np.flatnonzero(inside[row])
        start = int(own[0])
        forcing = {n: ds[n].values[row, own].astype(np.float64) for n in needed}
        gaps = {n: int(np.isnan(v).sum()) for n, v in forcing.items() if np.isnan(v).any()}
        if gaps:
            raise DataError(f"forcing has gaps: {gaps}", f"site {site}", "open the sites with fill=")
        found = find_seasons(days[own], forcing, float(ds["lat"].values[row]), lead)
        roles = _roles(found, seasons, validation_seasons, str(site))
        for season, role in zip(found, roles, strict=True):
            if role == "train":
                continue
            span = slice(start + season.first, start + season.last + 1)
            {"drought": drought, "normal": normal, "validation": validation}[role][row, span] = True
            train[row, max(span.start - buffer, 0) : span.stop + buffer] = False
        told[str(site)] = [
            {
                "year": s.year,
                "first": str(days[start + s.first]),
                "last": str(days[start + s.last]),
                "deficit_mm": round(s.deficit, 1),
                "role": r,
            }
            for s, r in zip(found, roles, strict=True)
        ]
    validation = _guard(validation, normal | drought, buffer)
    meta = {
        "by": "drought",
        "seasons_held": seasons,
        "validation_seasons": validation_seasons,
        "buffer": buffer,
        "lead": lead,
        "seasons": told,
    }
    groups = {"normal": normal, "drought": drought}
    return [_fold(ds, "drought", train, validation, normal | drought, groups, meta)]


def _roles(found: list[Season], seasons: int, validation: int, site: str) -> list[str]:
    least = 2 * seasons + validation + 1
    if len(found) < least:
        raise DataError(
            f"the record has {counted(len(found), 'whole growing season')}, {least} are needed",
            f"site {site}",
            "hold out fewer seasons or leave the site out",
        )
    deficit = np.array([s.deficit for s in found])
    driest = np.argsort(-deficit, kind="stable")[:seasons]
    nearest = np.argsort(np.abs(deficit - np.median(deficit)), kind="stable")
    ordinary = [i for i in nearest if i not in driest]
    roles = ["train"] * len(found)
    for i in driest:
        roles[i] = "drought"
    for i in ordinary[:seasons]:
        roles[i] = "normal"
    for i in ordinary[seasons : seasons + validation]:
        roles[i] = "validation"
    return roles


def _guard(mask: np.ndarray, other: np.ndarray, buffer: int) -> np.ndarray:
    """Take the days of `mask` away that lie within `buffer` days of `other`."""
    near = other.copy()
    for row, column in zip(*np.nonzero(other), strict=True):
        near[row, max(column - buffer, 0) : column + buffer + 1] = True
    return mask & ~near


def _fold(
    ds: xr.Dataset,
    name: str,
    train: np.ndarray,
    validation: np.ndarray,
    test: np.ndarray,
    groups: dict[str, np.ndarray],
    meta: dict[str, Any],
) -> Fold:
    import xarray as xr

    coords = {"site": ds["site"].values, "time": ds["time"].values}

    def mask(values: np.ndarray) -> xr.DataArray:
        return xr.DataArray(values, coords, ("site", "time"))

    sites = _sites(ds)
    return Fold(
        name,
        mask(train),
        mask(validation),
        mask(test),
        {k: mask(v) for k, v in groups.items()},
        tuple(s for s, days in zip(sites, train, strict=True) if days.any()),
        tuple(s for s, days in zip(sites, test, strict=True) if days.any()),
        meta,
    )


def _sites(ds: xr.Dataset) -> list[str]:
    return [str(s) for s in ds["site"].values]


def _years(ds: xr.Dataset) -> np.ndarray:
    return ds["time"].values.astype("datetime64[Y]").astype(int) + 1970


def _positive(name: str, value: int) -> None:
    if value < 1:
        raise DataError(f"{name}={value} is out of bounds", "data.splits", "choose 1 or more")


def _validation(validation_years: int, years: int) -> None:
    if not 0 <= validation_years < years:
        raise DataError(
            f"validation_years={validation_years} leaves no training year of {years}",
            "by_time",
            f"choose 0 to {years - 1}",
        )
