"""FLUXNET and ICOS tables (FULLSET or SUBSET, half-hourly, hourly or daily) as daily site records."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError, counted, listing
from ..records import Record
from ..units import convert
from ..vapour import latent_heat
from ..variables import REGISTRY
from .fluxnet_columns import Column, columns
from .halfhours import step_minutes, to_days
from .metadata import Metadata, read_sites
from .table import parse_times, read_table

if TYPE_CHECKING:
    import pandas as pd

SITE_CODE = re.compile(r"(?:^|[_\-.])([A-Z]{2}-[A-Za-z0-9]{3})(?=[_.]|$)")
OTHER_STEPS = re.compile(r"_(WW|MM|YY)(?=[_.])")
NOT_TABLES = re.compile(r"_(ERAI|ERA5|AUXMETEO|AUXNEE|BIF|BADM|VARINFO)", re.IGNORECASE)
TIMES = {"TIMESTAMP", "TIMESTAMP_START", "TIMESTAMP_END"}
FILL_TEMPERATURE = 20.0
"""Air temperature of the latent heat where none was measured [degC]; 1 K changes ET by 0.1 %."""


def is_fluxnet_name(path: Path) -> bool:
    """Tell whether a file name is that of a FLUXNET data table with days or parts of days."""
    name = path.name
    return (
        path.suffix.lower() == ".csv"
        and SITE_CODE.search(name) is not None
        and not OTHER_STEPS.search(name)
        and not NOT_TABLES.search(name)
    )


def site_code(path: Path) -> str:
    """Return the site code in a file name, as BE-Bra in FLX_BE-Bra_FLUXNET2015_FULLSET_DD_2019.csv.

    Raises:
        DataError: where there is none.
    """
    match = SITE_CODE.search(path.name)
    if match is None:
        raise DataError(
            "the file name holds no site code", path.name, "name it like FLX_BE-Bra_FULLSET_DD_2019.csv"
        )
    return match.group(1)


def read_fluxnet(
    paths: Iterable[str | Path],
    *,
    metadata: str | Path | None = None,
    min_quality: float = 0.5,
    min_coverage: float = 0.8,
    partitioning: str = "NT",
    closed: bool = False,
) -> list[Record]:
    """Read FLUXNET or ICOS tables.

    Half hours become days: means for states and fluxes, minimum and maximum for temperature, sums for rain.
    Carbon fluxes turn from umol m-2 s-1 to gC m-2 d-1, latent heat [W m-2] to evapotranspiration [mm d-1] by
    the latent heat of vaporization at air temperature [@allen1998], radiation to MJ m-2 d-1. Columns are
    those of [@pastorello2020fluxnet2015].

    Args:
        paths: files or folders; files of one site are joined in time. Where a site has half-hourly and daily
            files the half-hourly are read, for they give the extremes of temperature.
        metadata: table of sites; `sites.csv` beside the first file where None.
        min_quality: least share of measured or well gap-filled data in a day for a flux to be kept [1]; daily
            files state it as QC, half-hourly ones by flags, 0 and 1 being good. Meteorology is kept as it is.
        min_coverage: least fraction of half hours present for a day to have a value [1].
        partitioning: "NT" or "DT", the partitioning of GPP and RECO.
        closed: whether ET comes from the latent heat corrected for energy balance closure (LE_CORR).

    Returns:
        One record per site, sorted by site.

    Raises:
        DataError: for files that are unreadable, cut short or without times, text among numbers, unknown
            options, and sites held by overlapping files.
    """
    for name, value in (("min_quality", min_quality), ("min_coverage", min_coverage)):
        if not 0.0 <= value <= 1.0:
            raise DataError(f"{name}={value} is out of bounds", "read_fluxnet", "choose 0 to 1")
    if partitioning not in ("NT", "DT"):
        raise DataError(f"partitioning='{partitioning}' is unknown", "read_fluxnet", "choose NT or DT")
    files = _files(paths)
    beside = files[0].parent / "sites.csv"
    site_table = Path(metadata) if metadata else (beside if beside.exists() else None)
    known = read_sites(site_table) if site_table else {}
    wanted = columns(partitioning, closed)
    parts: dict[str, list[tuple[bool, Record]]] = {}
    for path in files:
        fine, record = _read_file(path, wanted, known, min_quality, min_coverage)
        if site_table is not None and record.site in known:
            record.further.append(site_table)
        parts.setdefault(record.site, []).append((fine, record))
    return [_join(parts[site]) for site in sorted(parts)]


def _files(paths: Iterable[str | Path]) -> list[Path]:
    found: list[Path] = []
    for path in (Path(p) for p in paths):
        if not path.exists():
            raise DataError(
                "the path does not exist", str(path), "give FLUXNET CSV files or a folder of them"
            )
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if is_fluxnet_name(p))
            if not inside:
                raise DataError("the folder holds no FLUXNET CSV", str(path), "give another folder")
            found += inside
        else:
            found.append(path)
    if not found:
        raise DataError("no file is given", "read_fluxnet", "give FLUXNET CSV files or a folder of them")
    return found


def _read_file(
    path: Path, wanted: tuple[Column, ...], known: Metadata, min_quality: float, min_coverage: float
) -> tuple[bool, Record]:
    site = site_code(path)
    names = {c for w in wanted for c in (*w.choices, *w.subdaily_choices)}
    flags = {n + "_QC" for n in names} | {w.quality for w in wanted if w.quality}
    table = read_table(path, names | flags, TIMES)
    times, fine, notes = _times(table, path)
    numbers, words = known.get(site, ({}, {}))
    notes = [f"{site}: {n}" for n in notes]
    record = Record(site, times.astype("datetime64[D]"), {}, path, dict(numbers), dict(words), notes)
    step = step_minutes(times, path.name) if fine else 0
    if step:
        record.days = np.unique(record.days)
    for column in wanted:
        choices = (column.subdaily_choices or column.choices) if fine else column.choices
        if fine and not column.subdaily_unit:
            continue
        name = next((c for c in choices if c in table and bool(table[c].notna().any())), None)
        if name is None:
            continue
        raw = table[name].to_numpy()
        values = to_days(times, raw, step, column.collect, min_coverage)[1] if fine else raw
        if column.flux:
            values = _keep_good(table, column, name, values, times, step, min_quality, record)
        unit = column.subdaily_unit if fine else column.daily_unit
        record.values[column.name] = _convert(values, unit, column, record, f"{path.name}, column {name}")
    if not record.values:
        raise DataError(
            "no known column has a value",
            path.name,
            f"the table should have columns such as {listing(sorted(names)[:4])}",
        )
    return fine, record


def _times(table: pd.DataFrame, path: Path) -> tuple[np.ndarray, bool, list[str]]:
    for name in ("TIMESTAMP_START", "TIMESTAMP", "TIMESTAMP_END"):
        if name in table:
            times, fine = parse_times(table[name], f"{path.name}, column {name}")
            break
    else:
        raise DataError(
            "the column TIMESTAMP is missing", path.name, "name the time column TIMESTAMP or TIMESTAMP_START"
        )
    if not fine:
        return times, False, []
    if bool((times.astype("datetime64[D]") == times).all()):
        return times, False, ["times of day are all midnight, read as days"]
    if name == "TIMESTAMP_END":
        return times - np.diff(times).min(), True, ["TIMESTAMP_END moved back by one step"]
    return times, True, ["TIMESTAMP read as the start of its interval"] if name == "TIMESTAMP" else []


def _keep_good(
    table: pd.DataFrame,
    column: Column,
    name: str,
    values: np.ndarray,
    times: np.ndarray,
    step: int,
    min_quality: float,
    record: Record,
) -> np.ndarray:
    flag = next(
        (f for f in (column.quality, f"{name}_QC") if f and f in table and bool(table[f].notna().any())), None
    )
    if flag is None:
        record.notes.append(f"{record.site}: {column.name} has no quality flag, kept as found")
        return values
    share = table[flag].to_numpy()
    if step:
        good = np.where(np.isnan(share), np.nan, (share <= 1).astype(np.float64))
        share = to_days(times, np.nan_to_num(good), step, "mean", 0.0)[1]
    elif np.nanmax(share) > 1.0:
        raise DataError(
            f"daily quality reaches {np.nanmax(share):g}, a share from 0 to 1 is wanted",
            f"{record.source.name}, column {flag}",
            "give the share of good data, or the half-hourly file",
        )
    poor = ~(share >= min_quality) & ~np.isnan(values)
    if poor.any():
        record.notes.append(
            f"{record.site}: {column.name} left out on {counted(int(poor.sum()), 'day')} "
            f"with quality below {min_quality:g}"
        )
    return np.where(poor, np.nan, values)


def _convert(values: np.ndarray, unit: str, column: Column, record: Record, where: str) -> np.ndarray:
    variable = REGISTRY[column.name]
    if column.collect == "sum" and unit == "mm":
        unit = "mm d-1"
    if column.name in ("et", "et_unc"):
        temperature = record.values.get("tas", np.full(len(values), np.nan))
        unknown = np.isnan(temperature) & ~np.isnan(values)
        if unknown.any():
            record.notes.append(
                f"{record.site}: latent heat at {FILL_TEMPERATURE:g} degC on "
                f"{counted(int(unknown.sum()), 'day')} without temperature"
            )
        energy = convert(values, unit, "MJ m-2 d-1", where=where)
        return energy / latent_heat(np.where(np.isnan(temperature), FILL_TEMPERATURE, temperature))
    return convert(values, unit, variable.unit, substance=variable.substance, where=where)


def _join(parts: list[tuple[bool, Record]]) -> Record:
    fine = [r for is_fine, r in parts if is_fine]
    records = fine or [r for _, r in parts]
    if fine and len(fine) < len(parts):
        fine[0].notes.append(f"{fine[0].site}: half-hourly files read, daily ones left out")
    if len(records) == 1:
        return records[0]
    records = sorted(records, key=lambda r: r.days[0])
    for one, other in pairwise(records):
        if other.days[0] <= one.days[-1]:
            raise DataError(
                f"two files hold {other.days[0]} of site {one.site}",
                f"{one.source.name} and {other.source.name}",
                "keep one of them",
            )
    first = records[0]
    names = dict.fromkeys(n for r in records for n in r.values)
    first.values = {
        n: np.concatenate([r.values.get(n, np.full(len(r.days), np.nan)) for r in records]) for n in names
    }
    first.days = np.concatenate([r.days for r in records])
    first.notes = [n for r in records for n in r.notes]
    first.further = list(
        dict.fromkeys([r.source for r in records[1:]] + [p for r in records for p in r.further])
    )
    return first
