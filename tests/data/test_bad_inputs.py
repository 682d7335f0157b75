"""Broken inputs: each gives one sentence that says what is wrong, where, and the remedy."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from data import check, convert, normalise, open_sites, pack, provenance, splits, synthetic
from data.errors import DataError

DD = "FLX_BE-Bra_FLUXNET2015_FULLSET_DD_2019-2019_1-4.csv"
HH = "FLX_BE-Bra_FLUXNET2015_FULLSET_HH_2019-2019_1-4.csv"
HEAD = "TIMESTAMP,TA_F,TMIN_F,TMAX_F,SW_IN_F,VPD_F,P_F,CO2_F_MDS,PA_F,GPP_NT_VUT_REF,NEE_VUT_REF_QC"
ROW = "10,5,15,100,5,2,410,101,4,1"


@pytest.fixture(scope="module")
def good() -> xr.Dataset:
    """One virtual site of three years."""
    weather = synthetic.weather("temperate_deciduous", 3, seed=1)
    made = synthetic.virtual_sites(weather, lambda ds: {"gpp": 0.3 * ds.rsds, "et": 0.1 * ds.rsds})
    return made.isel(site=0).drop_vars(["record_start", "record_end"])


def table(path: Path, rows: list[str], head: str = HEAD, sites: bool = True) -> Path:
    """Write a daily table."""
    path.write_text("\n".join([head, *rows]) + "\n")
    if sites:
        (path.parent / "sites.csv").write_text("site,lat,lon,elevation_m\nBE-Bra,51.3,4.5,16\n")
    return path


def days(count: int, row: str = ROW) -> list[str]:
    start = np.datetime64("2019-01-01")
    return [f"{start + np.timedelta64(k, 'D')}".replace("-", "") + f",{row}" for k in range(count)]


# --- site netCDF: name -> (change of the good dataset, what the sentence must say)


def at(name: str, index: int | slice, value: float) -> Callable[[xr.Dataset], xr.Dataset]:
    def change(ds: xr.Dataset) -> xr.Dataset:
        values = ds[name].values.copy()
        values[index] = value
        return ds.assign({name: ("time", values, ds[name].attrs)})

    return change


def unit(name: str, text: str | None) -> Callable[[xr.Dataset], xr.Dataset]:
    def change(ds: xr.Dataset) -> xr.Dataset:
        attrs = {k: v for k, v in ds[name].attrs.items() if k != "units"} | ({"units": text} if text else {})
        return ds.assign({name: (ds[name].dims, ds[name].values, attrs)})

    return change


def taken(order) -> Callable[[xr.Dataset], xr.Dataset]:
    return lambda ds: ds.isel(time=order)


def retimed(times) -> Callable[[xr.Dataset], xr.Dataset]:
    return lambda ds: ds.assign_coords(time=("time", times(ds.sizes["time"])))


NETCDF: dict[str, tuple[Callable[[xr.Dataset], xr.Dataset], str]] = {
    "missing forcing": (lambda ds: ds.drop_vars("pr"), "forcing variable 'pr' is missing"),
    "nan in forcing": (at("vpd", 17, np.nan), "forcing has gaps: vpd 1 day at temperate_deciduous"),
    "inf in forcing": (at("pr", 100, np.inf), r"1 infinite value, first at index 100 \(2001-04-11\)"),
    "inf in target": (at("gpp", slice(2, 5), -np.inf), "3 infinite values"),
    "all of a forcing missing": (at("rsds", slice(None), np.nan), "rsds 1095 days"),
    "missing unit": (unit("pr", None), "the unit is missing, 'mm d-1'"),
    "unknown unit": (unit("pr", "wibbles"), "the unit 'wibbles' is unknown, 'mm d-1' is wanted"),
    "incompatible unit": (unit("tas_min", "hPa"), "the unit 'hPa' does not convert to 'degC'"),
    "unit of another quantity": (unit("et", "W m-2"), "'W m-2' does not convert to 'mm d-1'"),
    "kelvin called celsius": (
        lambda ds: ds.assign(tas_min=("time", ds.tas_min.values + 273.15, ds.tas_min.attrs)),
        r"1095 values outside -80 to 45 degC.*check the unit",
    ),
    "extremes swapped": (
        lambda ds: ds.rename(tas_min="tas_max", tas_max="tas_min"),
        "minimum temperature exceeds the maximum on 1095 days",
    ),
    "duplicate day": (taken(np.r_[0:20, 19, 20:60]), "2001-01-20 occurs twice, again at index 20"),
    "unsorted days": (taken(np.r_[0:20, 21, 20, 22:60]), "times are not sorted, 2001-01-21 at index 21"),
    "reversed": (taken(slice(None, None, -1)), "times are not sorted"),
    "a day missing": (taken(np.r_[0:20, 21:60]), "1 day missing, the first after 2001-01-20 at index 19"),
    "a month missing": (taken(np.r_[0:20, 50:90]), "30 days missing"),
    "monthly steps": (taken(slice(None, None, 30)), "time step is about 30 days, daily values"),
    "hourly steps": (
        retimed(lambda n: np.datetime64("2001-01-01", "ns") + np.arange(n) * np.timedelta64(1, "h")),
        "time step is 60 minutes, daily values",
    ),
    "no days": (taken(slice(0, 0)), "the record has no days"),
    "no time": (
        lambda ds: ds.drop_vars("time"),
        "the coordinate 'time' is missing",
    ),
    "time as numbers": (retimed(lambda n: np.arange(n) * 1.0), "times are float64 numbers, dates are wanted"),
    "time missing at a step": (
        retimed(
            lambda n: np.where(
                np.arange(n) == 4,
                np.datetime64("NaT", "ns"),
                np.datetime64("2001-01-01", "ns") + np.arange(n) * np.timedelta64(1, "D"),
            )
        ),
        "the time at index 4 is missing",
    ),
    "no latitude": (lambda ds: ds.drop_vars("lat"), "site coordinate 'lat' is missing"),
    "nan longitude": (lambda ds: ds.assign_coords(lon=np.nan), "site coordinate 'lon' is missing"),
    "impossible latitude": (lambda ds: ds.assign_coords(lat=513.0), "the lat 513 is impossible"),
    "text in a variable": (
        lambda ds: ds.assign(pr=("time", np.full(ds.sizes["time"], "wet"), ds.pr.attrs)),
        "numbers are wanted",
    ),
    "two names of one variable": (
        lambda ds: ds.assign(tasmin=ds.tas_min),
        "'tas_min' is held by two variables",
    ),
    "unknown dimension": (
        lambda ds: ds.expand_dims(member=2),
        "dimensions member are neither a site nor a grid",
    ),
    "empty site dimension": (
        lambda ds: ds.expand_dims("site").isel(site=slice(0, 0)),
        "dimension 'site' is empty",
    ),
}


@pytest.mark.parametrize("name", list(NETCDF))
def test_site_netcdf(name, good, tmp_path):
    change, message = NETCDF[name]
    path = tmp_path / "temperate_deciduous.nc"
    change(good).to_netcdf(path)
    sentence(lambda: open_sites(tmp_path), message)
    report = check.check(tmp_path)
    assert report.verdict, "the check finds the file ready"


def test_a_calendar_without_true_dates(good, tmp_path):
    good.convert_calendar("360_day", align_on="date").to_netcdf(tmp_path / "a.nc")
    sentence(lambda: open_sites(tmp_path), "the calendar '360_day' has no true dates")


# --- files and folders


def cut(tmp_path: Path, good: xr.Dataset, share: float) -> Path:
    good.to_netcdf(tmp_path / "whole.nc")
    path = tmp_path / "cut" / "a.nc"
    path.parent.mkdir()
    content = (tmp_path / "whole.nc").read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def twice(tmp_path: Path, good: xr.Dataset) -> Path:
    for name in ("a.nc", "b.nc"):
        good.to_netcdf(tmp_path / name)
    return tmp_path


FILES: dict[str, tuple[Callable[[Path, xr.Dataset], Path], str]] = {
    "no such path": (lambda t, g: t / "none", "the path does not exist"),
    "empty folder": (lambda t, g: t, "the folder holds no site netCDF"),
    "empty netcdf": (lambda t, g: written(t / "a.nc", b""), "the file is empty"),
    "netcdf cut at half": (lambda t, g: cut(t, g, 0.5), "a netCDF file cannot be read"),
    "netcdf cut near its end": (lambda t, g: cut(t, g, 0.98), "a netCDF file cannot be read"),
    "netcdf of its head only": (lambda t, g: cut(t, g, 0.001), "a netCDF file cannot be read"),
    "text called netcdf": (lambda t, g: written(t / "a.nc", b"hello"), "a netCDF file cannot be read"),
    "foreign kind": (lambda t, g: written(t / "a.docx", b"hello"), "'.docx' files are not read"),
    "broken zarr": (
        lambda t, g: [(t / "a.zarr").mkdir(), (t / "a.zarr" / "zarr.json").write_text("{")] and t / "a.zarr",
        "a Zarr store cannot be read",
    ),
    "site held twice": (twice, "the site 'temperate_deciduous' is held twice"),
}


@pytest.mark.parametrize("name", list(FILES))
def test_files(name, good, tmp_path):
    make, message = FILES[name]
    path = make(tmp_path, good)
    sentence(lambda: open_sites(path), message)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_files_without_permission(good, tmp_path):
    good.to_netcdf(tmp_path / "a.nc")
    (tmp_path / "a.nc").chmod(0)
    sentence(lambda: open_sites(tmp_path), "may not be read")


def test_permission_of_any_user(good, tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    good.to_netcdf(tmp_path / "a.nc")
    monkeypatch.setattr(xr, "open_dataset", refuse)
    sentence(lambda: open_sites(tmp_path), "the file may not be read")
    monkeypatch.setattr(Path, "iterdir", refuse)
    sentence(lambda: open_sites(tmp_path), "the folder may not be listed")


# --- FLUXNET tables


def hh(rows: int, flip: bool = False, step: int = 30) -> list[str]:
    start = np.datetime64("2019-01-01T00:00")
    stamps = [start + np.timedelta64(k * step, "m") for k in range(rows)]
    if flip:
        stamps[5] = stamps[4]
    return [re.sub(r"[-T:]", "", str(s)) + "," + ROW for s in stamps]


TABLES: dict[str, tuple[str, list[str], str, str]] = {
    "empty": (DD, [], "", "the file is empty"),
    "header only": (DD, [], HEAD, "the table has no rows"),
    "cut short": (DD, [*days(9), "20190110,10,5"], HEAD, "the last row has 3 of 11 fields"),
    "too many fields": (
        DD,
        [*days(5), days(6)[5] + ",1,2,3", *days(8)[6:]],
        HEAD,
        "row 7 has 14 fields, the header 11",
    ),
    "text among numbers": (
        DD,
        [*days(3), "20190104,10,5,warm,100,5,2,410,101,4,1"],
        HEAD,
        r"'warm' is no number \(.*column TMAX_F, row 5",
    ),
    "no timestamp": (DD, days(3), HEAD.replace("TIMESTAMP", "WHEN"), "the column TIMESTAMP is missing"),
    "strange timestamp": (
        DD,
        [*days(3), "4 Jan 2019," + ROW],
        HEAD,
        "time stamp '4 Jan 2019' is not understood",
    ),
    "impossible date": (DD, [*days(3), "20190231," + ROW], HEAD, "'20190231' is no date"),
    "two forms of timestamp": (
        DD,
        [*days(3), "201901040000," + ROW],
        HEAD,
        "has another form than the first",
    ),
    "column twice": (DD, days(3), HEAD.replace("TMIN_F", "TA_F"), "the column TA_F occurs twice"),
    "no known column": (DD, ["20190101,3"], "TIMESTAMP,FOO", "no known column has a value"),
    "no extremes of temperature": (
        DD,
        days(3),
        HEAD.replace("TMIN_F", "X"),
        "forcing variable 'tas_min' is missing",
    ),
    "only missing values": (DD, days(9, ",".join(["-9999"] * 10)), HEAD, "no known column has a value"),
    "gap in forcing": (
        DD,
        [*days(3), "20190104,10,5,15,100,5,NA,410,101,4,1", *days(9)[4:]],
        HEAD,
        "pr 1 day at BE-Bra",
    ),
    "infinite value": (DD, [*days(3), "20190104,10,5,15,100,5,inf,410,101,4,1"], HEAD, "1 infinite value"),
    "duplicate day": (DD, [*days(3), *days(3)[2:]], HEAD, "2019-01-03 occurs twice, again at index 3"),
    "day missing": (DD, [*days(3), *days(9)[5:]], HEAD, "2 days missing, the first after 2019-01-03"),
    "yearly quality": (DD, days(3, ROW[:-1] + "3"), HEAD, "daily quality reaches 3"),
    "half hour twice": (HH, hh(96, flip=True), HEAD, "2019-01-01T02:00 occurs twice, again at index 5"),
    "ten minutes": (HH, hh(300, step=10), HEAD, "the time step is 10 minutes, 30 or 60"),
    "no site code": ("flux.csv", days(3), HEAD, "the file name holds no site code"),
    "binary": (DD, ["\0\0\0"], HEAD, "the file is no text"),
}


@pytest.mark.parametrize("name", list(TABLES))
def test_fluxnet_tables(name, tmp_path):
    file, rows, head, message = TABLES[name]
    path = table(tmp_path / file, rows, head)
    if not head:
        path.write_text("")
    sentence(lambda: open_sites(path), message)
    if name not in NOT_FORCING:
        sentence(lambda: convert.convert_fluxnet([path], tmp_path / "out"), message)
        assert not (tmp_path / "out").exists(), "a half-written result"


NOT_FORCING = ("no extremes of temperature", "gap in forcing")
"""Tables that convert, for the gap stays a gap; opening them as forcing is the error."""


SITE_TABLES: dict[str, tuple[str, str]] = {
    "no coordinates": ("site,name\nBE-Bra,Brasschaat\n", "site coordinate 'lat' is missing"),
    "another site": ("site,lat,lon\nDE-Tha,50.9,13.5\n", "site coordinate 'lat' is missing"),
    "text latitude": ("site,lat,lon\nBE-Bra,north,4.5\n", "'north' is no number .*column lat, site BE-Bra"),
    "no site column": ("tower,lat,lon\nBE-Bra,51.3,4.5\n", "the site table has no column 'site'"),
    "site twice": ("site,lat,lon\nBE-Bra,51.3,4.5\nBE-Bra,51.3,4.5\n", "the site 'BE-Bra' occurs twice"),
    "empty": ("", "the file is empty"),
    "swapped": ("site,lat,lon\nBE-Bra,451.3,4.5\n", "the lat 451.3 is impossible"),
}


@pytest.mark.parametrize("name", list(SITE_TABLES))
def test_site_tables(name, tmp_path):
    content, message = SITE_TABLES[name]
    path = table(tmp_path / DD, days(5), sites=False)
    (tmp_path / "sites.csv").write_text(content)
    sentence(lambda: open_sites(path), message)


# --- arguments, splits and panels


def short(ds: xr.Dataset) -> xr.Dataset:
    full = ds.expand_dims("site")
    ends = {"record_start": ("site", ds.time.values[:1]), "record_end": ("site", ds.time.values[-1:])}
    return full.assign_coords(
        {n: ("site", np.atleast_1d(c.values)) for n, c in ds.coords.items() if not c.dims} | ends
    )


CALLS: dict[str, tuple[Callable[[Path, xr.Dataset], object], str]] = {
    "unknown site": (
        lambda p, g: open_sites(p, sites=["temperate_decidous"]),
        "did you mean 'temperate_deciduous'",
    ),
    "no sites": (lambda p, g: open_sites(p, sites=[]), "no site is asked for"),
    "unknown forcing": (lambda p, g: open_sites(p, forcing=["rain"]), "the variable 'rain' is unknown"),
    "unknown fill": (lambda p, g: open_sites(p, fill="interpolat"), "did you mean 'interpolate'"),
    "unknown ranges": (lambda p, g: open_sites(p, ranges="maybe"), "ranges='maybe' is unknown"),
    "zero-length split": (lambda p, g: splits.by_time(short(g), 3), "leave none to test"),
    "one site left out of one": (lambda p, g: splits.by_site(short(g)), "at least two sites"),
    "droughts of a short record": (lambda p, g: splits.by_drought(short(g), 2), "whole growing seasons"),
    "site with no target": (
        lambda p, g: pack(short(g.assign(gpp=g.gpp * np.nan)), ["pr"], ["gpp"]),
        "no target has a value",
    ),
    "unknown target": (lambda p, g: pack(short(g), ["pr"], ["gppp"]), "did you mean 'gpp'"),
    "statistics of nothing": (
        lambda p, g: normalise.from_dataset(short(g), splits.record_mask(short(g)) & False),
        "no training days",
    ),
    "output is a file": (
        lambda p, g: synthetic.write_sites(short(g), written(p / "taken", b"") / "in"),
        "cannot be written",
    ),
    "site that cannot name a file": (
        lambda p, g: synthetic.write_sites(short(g).assign_coords(site=["a/b"]), p),
        "cannot name a file",
    ),
    "bad quality": (lambda p, g: convert.convert_fluxnet([p / DD], p, min_quality=2.0), "min_quality=2.0"),
    "bad partitioning": (
        lambda p, g: convert.convert_fluxnet([p / DD], p, partitioning="XT"),
        "choose NT or DT",
    ),
    "nothing to convert": (lambda p, g: convert.convert_fluxnet([], p), "no file is given"),
    "folder without tables": (lambda p, g: convert.convert_fluxnet([p], p), "holds no FLUXNET CSV"),
    "metadata that is not there": (
        lambda p, g: convert.convert_fluxnet([table(p / DD, days(3))], p, metadata=p / "no.csv"),
        "does not exist",
    ),
    "check of nothing": (lambda p, g: check.check(p / "none"), "the path does not exist"),
    "hash of nothing": (lambda p, g: provenance.input_files([p / "none"]), "the path does not exist"),
}


@pytest.mark.parametrize("name", list(CALLS))
def test_calls(name, good, tmp_path):
    call, message = CALLS[name]
    good.to_netcdf(tmp_path / "a.nc")
    sentence(lambda: call(tmp_path, good), message)


def test_there_are_enough_cases():
    assert len(NETCDF) + len(FILES) + len(TABLES) + len(SITE_TABLES) + len(CALLS) >= 80


def sentence(call: Callable[[], object], message: str) -> None:
    """Check that a call fails with one sentence of what, where and remedy."""
    with pytest.raises(DataError) as caught:
        call()
    error = caught.value
    told = str(error)
    assert re.search(message, told), told
    assert error.what, told
    assert error.where, told
    assert error.remedy, told
    assert "\n" not in told
    assert told.endswith((".", "?"))
    assert "None" not in told
    assert len(told) < 400
