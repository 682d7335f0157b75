"""Look at data before using them: variables, units, gaps, ranges, duplicates, time steps."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import DataError, counted
from .gaps import longest_gap
from .readers import NETCDF, is_zarr, listed
from .records import Record, check_coordinates, check_days
from .units import compatible
from .variables import DEFAULT_FORCING, REGISTRY, canonical

if TYPE_CHECKING:
    import xarray as xr
    from rich.console import Group


@dataclass(frozen=True)
class VariableReport:
    """One variable of one file or site.

    Attributes:
        name: name in the file.
        known_as: registry name, "" where unknown.
        unit: unit found, "" where none is stated.
        unit_status: "ok", "converts", "incompatible", "missing" or "unknown variable".
        values: number of values that should be there.
        missing: how many of them are missing.
        longest_gap: longest run of missing values along time [steps], 0 for variables without time alone.
        minimum: least value, NaN where there is none.
        maximum: greatest value.
        out_of_range: values outside the plausible range, counted where the unit is the registry's.
        infinite: infinite values.
    """

    name: str
    known_as: str
    unit: str
    unit_status: str
    values: int
    missing: int
    longest_gap: int
    minimum: float
    maximum: float
    out_of_range: int
    infinite: int


@dataclass(frozen=True)
class SourceReport:
    """One file, or one site of a table.

    Attributes:
        name: file name, and site where the file name does not say it.
        start: first time, "" without times.
        end: last time.
        steps: number of times.
        step: the usual time step in words.
        duplicates: times that occur again.
        unsorted: times earlier than the one before.
        gaps: missing steps.
        variables: a report per variable.
        problems: what stands in the way of using it, one sentence each.
        notes: what was found or done on reading.
    """

    name: str
    start: str = ""
    end: str = ""
    steps: int = 0
    step: str = ""
    duplicates: int = 0
    unsorted: int = 0
    gaps: int = 0
    variables: tuple[VariableReport, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """What `check` found.

    Attributes:
        path: what was checked.
        sources: a report per file or site.
        verdict: "" where `data.open_sites` opens it with the default forcing, else why not, in a sentence.
    """

    path: str
    sources: tuple[SourceReport, ...] = field(default=())
    verdict: str = ""

    @property
    def problems(self) -> list[str]:
        """All problems, one sentence each."""
        return [p for s in self.sources for p in s.problems]

    @property
    def ok(self) -> bool:
        """Whether no problem was found."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, NaN as None, for JSON."""
        return _plain({**asdict(self), "ok": self.ok})

    def __rich__(self) -> Group:
        from .check_table import render

        return render(self)

    def __str__(self) -> str:
        from .check_table import as_text

        return as_text(self)


def check(path: str | Path, **options: Any) -> Report:
    """Check a file or folder of any kind terrax reads.

    Files that cannot be read become problems of the report rather than an error.

    Args:
        path: netCDF file, Zarr store, FLUXNET CSV, or a folder of these.
        **options: keyword arguments for `data.readers.fluxnet.read_fluxnet`.

    Returns:
        The report, to print with rich, as text or as dict.

    Raises:
        DataError: where the path does not exist or holds nothing that terrax reads.
    """
    path = Path(path)
    if not path.exists():
        raise DataError("the path does not exist", str(path), "give a folder or file with data")
    sources: list[SourceReport] = []
    for part in _parts(path):
        if part.suffix.lower() == ".csv":
            sources += _check_table(part, options)
        else:
            sources.append(_check_netcdf(part))
    return Report(str(path), tuple(sources), _verdict(path, options))


def _parts(path: Path) -> list[Path]:
    from .readers.fluxnet import is_fluxnet_name

    if path.is_file() or is_zarr(path):
        if path.is_file() and path.suffix.lower() not in (*NETCDF, ".csv"):
            raise DataError(
                f"'{path.suffix}' files are not read", str(path), "give netCDF (.nc), Zarr or FLUXNET CSV"
            )
        return [path]
    parts = [p for p in listed(path) if p.suffix.lower() in NETCDF or is_zarr(p) or is_fluxnet_name(p)]
    if not parts:
        raise DataError(
            "the folder holds no netCDF, Zarr store or FLUXNET CSV", str(path), "give another folder"
        )
    return parts


def _verdict(path: Path, options: dict[str, Any]) -> str:
    from .sites import open_sites

    try:
        open_sites(path, options=options)
    except DataError as error:
        return str(error)
    return ""


def _check_table(path: Path, options: dict[str, Any]) -> list[SourceReport]:
    from .readers.fluxnet import read_fluxnet

    try:
        records = read_fluxnet([path], **options)
    except DataError as error:
        return [SourceReport(path.name, problems=(str(error),))]
    return [_of_record(r) for r in records]


def _of_record(record: Record) -> SourceReport:
    variables = tuple(variable_report(n, v, REGISTRY[n].unit, ("time",)) for n, v in record.values.items())
    problems = _problems(variables, record.source.name)
    for action in (lambda: check_days(record.days, record.where()), lambda: check_coordinates(record)):
        try:
            action()
        except DataError as error:
            problems.append(str(error))
    problems += [f"{n} is missing ({record.where()})." for n in DEFAULT_FORCING if n not in record.values]
    return SourceReport(
        f"{record.source.name}",
        variables=variables,
        problems=tuple(problems),
        notes=tuple(record.notes),
        **time_report(record.days),
    )


def _check_netcdf(path: Path) -> SourceReport:
    from .readers.site_netcdf import open_netcdf

    try:
        ds = open_netcdf(path)
    except DataError as error:
        return SourceReport(path.name, problems=(str(error),))
    variables = tuple(
        variable_report(str(n), v.values, v.attrs.get("units"), tuple(map(str, v.dims)))
        for n, v in ds.data_vars.items()
        if v.ndim
    )
    problems = _problems(variables, path.name)
    times = _times(ds)
    found = time_report(times) if times is not None else {}
    for key, text in (
        ("duplicates", "times occur again"),
        ("unsorted", "times are not sorted"),
        ("gaps", "time steps are missing"),
    ):
        if found.get(key):
            problems.append(f"{found[key]} {text} ({path.name}).")
    return SourceReport(path.name, variables=variables, problems=tuple(problems), **found)


def _times(ds: xr.Dataset) -> np.ndarray | None:
    if (
        "time" not in ds.variables
        or ds["time"].dtype.kind != "M"
        or ds["time"].ndim != 1
        or not ds["time"].size
    ):
        return None
    return ds["time"].values.astype("datetime64[s]")


def time_report(times: np.ndarray) -> dict[str, Any]:
    """Return start, end, steps, step, duplicates, unsorted and gaps of times, datetime64 (time,)."""
    found: dict[str, Any] = {"start": str(times[0]), "end": str(times[-1]), "steps": len(times)}
    if len(times) < 2:
        return found
    gaps = np.diff(times.astype("datetime64[s]")).astype(np.int64)
    found["duplicates"] = int((gaps == 0).sum())
    found["unsorted"] = int((gaps < 0).sum())
    usual = int(np.median(gaps[gaps > 0])) if (gaps > 0).any() else 0
    found["step"] = _step_name(usual)
    if usual and usual < 28 * 86400:
        found["gaps"] = int(np.sum(np.round(gaps[gaps > usual] / usual) - 1))
    return found


def _step_name(seconds: int) -> str:
    for length, name in (
        (365 * 86400, "year"),
        (28 * 86400, "month"),
        (86400, "day"),
        (3600, "hour"),
        (60, "minute"),
    ):
        if seconds >= length:
            count = max(round(seconds / (30.4 * 86400 if name == "month" else length)), 1)
            return name if count == 1 else f"{count} {name}s"
    return f"{seconds} seconds"


def variable_report(name: str, values: np.ndarray, unit: str | None, dims: tuple[str, ...]) -> VariableReport:
    """Return the report of one variable; see `VariableReport`."""
    known = canonical(name) or ""
    status = "unknown variable"
    if known:
        variable = REGISTRY[known]
        if unit is None:
            status = "missing"
        elif " ".join(unit.split()) == variable.unit:
            status = "ok"
        else:
            status = "converts" if compatible(unit, variable.unit, variable.substance) else "incompatible"
    if values.dtype.kind not in "fiu":
        return VariableReport(
            name, known, unit or "", status, values.size, 0, 0, float("nan"), float("nan"), 0, 0
        )
    array = values.astype(np.float64)
    missing, infinite = np.isnan(array), np.isinf(array)
    finite = array[~missing & ~infinite]
    outside = 0
    if status == "ok":
        outside = int(((finite < REGISTRY[known].lower) | (finite > REGISTRY[known].upper)).sum())
    gap = longest_gap(missing)[0] if dims == ("time",) else 0
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (float("nan"), float("nan"))
    return VariableReport(
        name,
        known,
        unit or "",
        status,
        array.size,
        int(missing.sum()),
        gap,
        low,
        high,
        outside,
        int(infinite.sum()),
    )


def _problems(variables: tuple[VariableReport, ...], where: str) -> list[str]:
    found = []
    for v in variables:
        spot = f"({where}, variable {v.name})"
        if v.unit_status == "missing":
            found.append(f"the unit is missing, '{REGISTRY[v.known_as].unit}' is wanted {spot}.")
        elif v.unit_status == "incompatible":
            found.append(f"the unit '{v.unit}' does not convert to '{REGISTRY[v.known_as].unit}' {spot}.")
        if v.infinite:
            found.append(f"{counted(v.infinite, 'infinite value')} {spot}.")
        if v.out_of_range:
            known = REGISTRY[v.known_as]
            bounds = f"{known.lower:g} to {known.upper:g} {known.unit}"
            found.append(f"{counted(v.out_of_range, 'value')} outside {bounds} {spot}.")
        if v.known_as in DEFAULT_FORCING and v.missing > 0 and v.longest_gap:
            found.append(
                f"{counted(v.missing, 'value')} of forcing missing, at most {v.longest_gap} in a row {spot}."
            )
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
