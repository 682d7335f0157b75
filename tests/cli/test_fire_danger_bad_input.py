"""Broken input of the fire danger experiment: exit code 2, one sentence, and nothing left behind."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from toyfixtures import one_sentence, tree

from data.synthetic.fire_danger import Island, fire_danger

FILE, BEFORE, SINGLE = (
    "sardinia_2009_2016.nc",
    "sardinia_burned_area_2001_2008.nc",
    "montesinho_forestfires.csv",
)
HEAD = "temp,RH,wind,rain,area\n"


@pytest.fixture(scope="module")
def whole() -> tuple[xr.Dataset, xr.Dataset]:
    """Files that could be used."""
    ds, history = fire_danger(Island(rows=4, columns=4), seed=0)
    return ds.drop_vars(["chance_true", "dryness_true", "wind_true"]), history


def unit(ds, name, text):
    return ds.assign({name: ds[name].assign_attrs(units=text)})


def no_fire_until(ds, year):
    return ds.assign(
        burned_area=ds["burned_area"].where(ds["time"].dt.year > year, 0.0).assign_attrs(units="m2")
    )


def changed(ds, name, change):
    return ds.assign({name: change(ds[name]).assign_attrs(ds[name].attrs)})


FILES = {
    "no wind": (lambda d: d.drop_vars("uas"), "the variable 'uas' is missing (sardinia_2009_2016.nc)"),
    "misspelt": (lambda d: d.rename(tas="tass"), "did you mean 'tass'?"),
    "other dimension": (lambda d: d.rename(lat="y"), "the dimension 'lat' with its coordinate is missing"),
    "no time": (lambda d: d.assign(pr=d["pr"].isel(time=0, drop=True).assign_attrs(units="mm d-1")), "'pr' has"),
    "months not in order": (lambda d: d.isel(time=np.r_[0:40, 41, 40, 42:96]), "2012-06 does not follow 2012-04"),
    "a month left out": (lambda d: d.isel(time=np.r_[0:40, 41:96]), "does not follow 2012-04"),
    "a month twice": (lambda d: d.isel(time=np.r_[0:40, 39:96]), "2012-04 does not follow 2012-04"),
    "numbers for dates": (lambda d: d.assign_coords(time=np.arange(96)), "dates are wanted"),
    "no fire in the fit": (lambda d: no_fire_until(d, 2014), "0 cell-months with fire in the years that fit"),
    "negative area": (lambda d: changed(d, "burned_area", lambda a: -a), "below 0"),
    "negative rain": (lambda d: changed(d, "pr", lambda a: -a), "'pr' has"),
    "no unit": (lambda d: d.assign(tas=d["tas"].drop_attrs()), "the unit is missing, 'degC'"),
    "other unit": (lambda d: unit(d, "pr", "K"), "the unit 'K' does not convert to 'mm d-1'"),
    "kelvin called degC": (lambda d: unit(d, "tas", "degC"), "values above 60"),
    "share in percent": (lambda d: changed(d, "burnable_fraction", lambda a: 100 * a), "above 1"),
    "nothing burns": (lambda d: changed(d, "burnable_fraction", lambda a: 0 * a), "0 cells can burn"),
    "gap": (lambda d: changed(d, "tas", lambda a: a.where(a["time"] != a["time"][3])), "'tas' lacks 16 values"),
    "too short": (lambda d: d.isel(time=slice(0, 90)), "the year 2016 has 6 months of 12"),
    "text": (lambda d: d.assign(pr=d["pr"].astype(str).assign_attrs(units="mm d-1")), "numbers are wanted"),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_a_broken_file_of_fire_is_one_sentence(case, whole, terrax, tmp_path):
    spoil, said = FILES[case]
    (tmp_path / "in").mkdir()
    spoil(whole[0]).to_netcdf(tmp_path / "in" / FILE)
    result = terrax("run", "fire-danger", "--data", "in", "--out", "out", "--quick")
    assert result.code == 2
    assert said in one_sentence(result)
    assert set(tree(tmp_path)) == {f"in/{FILE}"}


HISTORY = {
    "another grid": (lambda h: h.assign_coords(lat=h["lat"] + 0.25), "its 'lat' is another grid"),
    "fewer cells": (lambda h: h.isel(lon=slice(0, 3)), "its 'lon' is another grid"),
    "years of both": (
        lambda h: h.assign_coords(time=h["time"] + np.timedelta64(400, "D")),
        "it reaches to 20",
    ),
    "negative": (lambda h: changed(h, "burned_area", lambda a: -a - 1), "values below 0"),
}


@pytest.mark.parametrize("case", HISTORY)
def test_a_broken_history_of_fire_is_one_sentence(case, whole, terrax, tmp_path):
    spoil, said = HISTORY[case]
    (tmp_path / "in").mkdir()
    whole[0].to_netcdf(tmp_path / "in" / FILE)
    history = spoil(whole[1])
    if case == "years of both":
        starts = np.arange("2002-01", "2010-01", dtype="datetime64[M]").astype("datetime64[ns]")
        history = whole[1].assign_coords(time=starts)
    history.to_netcdf(tmp_path / "in" / BEFORE)
    result = terrax("run", "fire-danger", "--data", "in", "--out", "out", "--quick")
    assert result.code == 2
    assert said in one_sentence(result)


TABLES = {
    "no rain": ("temp,RH,wind,area\n1,2,3,4\n", "the column 'rain' is missing"),
    "text for area": (HEAD + "1,2,3,4,large\n", "'area' has values that are no numbers"),
    "negative fire": (HEAD + "1,2,3,4,-5\n", "'area' has 1 value below 0"),
}


@pytest.mark.parametrize("case", TABLES)
def test_broken_single_fires_are_one_sentence(case, whole, terrax, tmp_path):
    text, said = TABLES[case]
    (tmp_path / "in").mkdir()
    whole[0].to_netcdf(tmp_path / "in" / FILE)
    (tmp_path / "in" / SINGLE).write_text(text)
    result = terrax("run", "fire-danger", "--data", "in", "--out", "out", "--quick")
    assert result.code == 2
    assert said in one_sentence(result)


SETTINGS = {
    "leads=[1, 1]": "'leads' names a lead twice",
    "leads=[9]": "'leads[0]' is 9",
    "split.fit_last=2010": "are fewer than 3 years that fit",
    "split.test_last=2014": "those that test in 2014",
    "split.fit_first=2001": "the island has weather from 2009 on",
    "synthetic.years=5": "the island has weather to 2013",
    "scenario.tas=+ 2 mm": "'K' is wanted",
    "scenario.tas== 20 degC": "is not a sum",
    "scenario.pr=+ 1 mm d-1": "is not a factor",
    "hybrid.member=3": "did you mean 'members'?",
    "climatology.reach=0": "'climatology.reach' is 0",
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_bad_setting_of_fire_danger_is_one_sentence(setting, terrax, tmp_path):
    result = terrax("run", "fire-danger", "--out", "out", "--set", setting)
    assert result.code == 2
    assert SETTINGS[setting] in one_sentence(result)
    assert tree(tmp_path) == {}


def test_a_folder_without_fire_is_one_sentence(terrax, tmp_path):
    (tmp_path / "empty").mkdir()
    result = terrax("run", "fire-danger", "--data", "empty", "--out", "out")
    assert result.code == 2
    assert f"the folder holds no {FILE}" in one_sentence(result)
