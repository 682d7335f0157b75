"""Broken input of the migration experiment: exit code 2, one sentence, and nothing left behind."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from toyfixtures import one_sentence, tree

from data.synthetic.displacement import Country, displacement
from experiments import registry

registry.register("migration", "experiments.migration", "displacement by drought")


@pytest.fixture(scope="module")
def whole() -> xr.Dataset:
    """A file that could be used."""
    ds = displacement(Country(districts=8, months=96), seed=0)
    return ds.drop_vars(["effect_true", "drought_true", "log_departures_true", "horizon"])


def text_counts(ds):
    return ds.assign(departures=ds["departures"].astype(str))


def endless(ds):
    return ds.assign(cdi=ds["cdi"].where(ds["time"] != ds["time"][50], np.inf))


FILES = {
    "no departures": (lambda d: d.drop_vars("departures"), "the variable 'departures' is missing (fsnau_monthly.nc)"),
    "misspelt drought index": (lambda d: d.rename(cdi="cdii"), "did you mean 'cdii'?"),
    "no conflict": (lambda d: d.drop_vars("insecurity_fatalities"), "'insecurity_fatalities' is missing"),
    "no regions": (lambda d: d.drop_vars("region"), "the coordinate 'region' of the districts is missing"),
    "no latitude": (lambda d: d.drop_vars("lat"), "the coordinate 'lat' of the districts is missing"),
    "no districts": (lambda d: d.rename(district="place"), "the dimension 'district' with its coordinate is missing"),
    "one place twice": (
        lambda d: d.assign_coords(district=["Baidoa", "Baydhaba", *d["district"].values[2:]]),
        "are one place, 'Baydhaba'",
    ),
    "a name twice": (
        lambda d: d.assign_coords(district=["a", "a", *d["district"].values[2:]]),
        "the district 'a' is given twice",
    ),
    "unsorted time": (lambda d: d.isel(time=np.r_[0:40, 41, 40, 42:96]), "times are not sorted"),
    "a month left out": (lambda d: d.isel(time=np.r_[0:40, 41:96]), "does not follow its predecessor by one month"),
    "a month twice": (lambda d: d.isel(time=np.r_[0:40, 39:96]), "is repeated"),
    "numbers for dates": (lambda d: d.assign_coords(time=np.arange(96)), "dates are wanted"),
    "too short": (lambda d: d.isel(time=slice(0, 70)), "months of reports before the test, 36 are needed"),
    "text for counts": (text_counts, "numbers are wanted"),
    "infinite": (endless, "'cdi' holds 8 infinite values"),
    "negative counts": (lambda d: d.assign(arrivals=-d["arrivals"]), "a count is negative"),
    "no counts": (lambda d: d.assign(departures=d["departures"] * np.nan), "'departures' has hardly any value"),
    "one variable without time": (lambda d: d.assign(pr=d["pr"][:, 0].drop_vars("time")), "'pr' has the dimensions"),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_a_broken_file_is_one_sentence_and_leaves_nothing(case, whole, terrax, tmp_path):
    spoil, said = FILES[case]
    (tmp_path / "in").mkdir()
    spoil(whole).to_netcdf(tmp_path / "in" / "fsnau_monthly.nc")
    result = terrax("run", "migration", "--data", "in", "--out", "out", "--quick")
    assert result.code == 2
    assert said in one_sentence(result)
    assert set(tree(tmp_path)) == {"in/fsnau_monthly.nc"}


def test_a_wrong_path_folder_or_file(terrax, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.nc").write_text("no netCDF")
    for data, said in (
        ("nowhere", "no such data file or folder"),
        ("empty", "the folder holds no fsnau_monthly.nc"),
        ("text.nc", "cannot be read"),
    ):
        result = terrax("run", "migration", "--data", data, "--out", "out")
        assert result.code == 2
        assert said in one_sentence(result)
    assert set(tree(tmp_path)) == {"text.nc"}


def test_no_contrast_is_told_before_hours_are_spent(whole, terrax, tmp_path):
    (tmp_path / "in").mkdir()
    whole.assign(cdi=whole["cdi"] * 0 + 2.0).to_netcdf(tmp_path / "in" / "fsnau_monthly.nc")
    result = terrax("run", "migration", "--data", "in", "--out", "out", "--quick")
    assert result.code == 2
    assert "no month has districts with drought" in one_sentence(result)
    assert set(tree(tmp_path)) == {"in/fsnau_monthly.nc"}


SETTINGS = {
    "forecast.leads=[]": "'forecast.leads'",
    "forecast.leads=[1, 1]": "'forecast.leads' names a lead twice",
    "forecast.leads=[13]": "'forecast.leads[0]' is 13",
    "forecast.test_months=6": None,
    "forecast.halflife=2": "did you mean 'half_life'?",
    "forecast.level=1.2": "'forecast.level' is 1.2",
    "forecast.gp_weight=2": "'forecast.gp_weight' is 2",
    "cleaning.blank=nil": "'cleaning.blank' is 'nil'",
    "cleaning.reliable_from=2016": "'cleaning.reliable_from'",
    "cleaning.outlier_factor=1": "'cleaning.outlier_factor' is 1",
    "target=deaths": "'target' is 'deaths'",
    "effect.threshold=0": "'effect.threshold' is 0",
    "effect.since=2016-13": "'effect.since'",
    "causes.tau_max=0": "'causes.tau_max' is 0",
    "causes.alpha=5": "'causes.alpha' is 5",
    "synthetic.months=80": "synthetic months are too few",
    "seed=-1": "'seed' is -1",
}


@pytest.mark.parametrize("setting", [s for s, said in SETTINGS.items() if said])
def test_a_bad_setting_is_one_sentence_and_leaves_nothing(setting, terrax, tmp_path):
    result = terrax("run", "migration", "--out", "out", "--set", setting)
    assert result.code == 2
    said = SETTINGS[setting]
    assert said is not None
    assert said in one_sentence(result)
    assert tree(tmp_path) == {}
