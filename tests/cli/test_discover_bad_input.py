"""Broken input of ``terrax discover``: exit code 2, one sentence with the remedy, and nothing written."""

from __future__ import annotations

import os

import netCDF4
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from toyfixtures import one_sentence, tree

TIMES = pd.date_range("2000-01-01", periods=60, freq="MS")
YAML = "priors.yml"
NC = "data.nc"


def good(times=60, names="abc", **dims):
    """Noise over any dimensions and time."""
    rng = np.random.default_rng(0)
    shape = (*dims.values(), times)
    when = pd.date_range("2000-01-01", periods=times, freq="MS")
    return xr.Dataset({n: ((*dims, "time"), rng.normal(size=shape)) for n in names}, coords={"time": when})


def changed(change, **dims):
    """Good data after a change of them, as a file."""
    ds = good(**dims)
    found = change(ds)
    return {NC: ds if found is None else found}


def value(name, at, number):
    def change(ds):
        ds[name][at] = number

    return change


def text(content, name=NC):
    return {name: content}


def table(*rows, header="time,a,b"):
    return {"data.csv": "\n".join([header, *rows])}


def rows(count=40):
    rng = np.random.default_rng(0)
    return [
        f"{t:%Y-%m-%d},{a:.3f},{b:.3f}"
        for t, (a, b) in zip(TIMES[:count], rng.normal(size=(count, 2)), strict=True)
    ]


def huge(path):
    """A file of little size whose cube is far larger than any memory: its values are not written."""
    with netCDF4.Dataset(path, "w") as nc:
        for dim, size in {"lat": 200_000, "lon": 200_000, "time": 60}.items():
            nc.createDimension(dim, size)
        nc.createVariable("time", "f8", ("time",))[:] = np.arange(60)
        for name in "ab":
            nc.createVariable(name, "f4", ("lat", "lon", "time"), chunksizes=(100, 100, 60))


def cut_short(path):
    good(times=4000).to_netcdf(path)
    path.write_bytes(path.read_bytes()[:-20_000])


STRING_TIME = good().assign_coords(time=[f"step {k:03d}" for k in range(60)])
GAPPY = good().isel(time=[k for k in range(60) if k != 30])
TWICE = good().isel(time=[*range(30), *range(29, 60)])
BACKWARD = good().isel(time=list(range(59, -1, -1)))
ENDLESS = changed(value("b", (1, 7), np.inf), site=2)
PANEL = {NC: good(member=4).assign(h=("member", [0.0, 1.0, 2.0, 3.0]))}
OPTION = "num_regimes=2"

# name: (files, arguments after the first file, words of the sentence)
DATA = {
    "no such file": ({}, ["absent.nc"], "no such data file or folder (absent.nc): give an existing path"),
    "empty file": (text(""), [NC], "the file is empty"),
    "no netCDF": (text("hello"), [NC], "a netCDF file cannot be read"),
    "file cut short": ({NC: cut_short}, [NC], "cannot be read"),
    "unknown ending": (text("x", "data.xls"), ["data.xls"], "'.xls' files are not read"),
    "folder that is no store": ({"folder/x.txt": "x"}, ["folder"], "the folder is no Zarr store"),
    "no time": (changed(lambda ds: ds.rename(time="step")), [NC], "the dimension 'time' is missing"),
    "unsorted time": ({NC: BACKWARD}, [NC], "time is not sorted, 2004-11-01 00:00:00 comes after"),
    "duplicate time": ({NC: TWICE}, [NC], "time has duplicates, the first at 2002-06-01"),
    "gappy time": ({NC: GAPPY}, [NC], "time has steps of unequal length, the first at 2002-08-01"),
    "time of words": (
        {NC: STRING_TIME},
        [NC],
        "time is neither dates nor numbers, it begins with 'step 000'",
    ),
    "two time steps": (changed(lambda ds: ds.isel(time=slice(2))), [NC], "there are 2 time steps (time)"),
    "too few samples": (
        changed(lambda ds: ds.isel(time=slice(14))),
        [NC, "--tau-max", "3"],
        "14 time steps leave 8 samples at tau_max 3 (time): lower tau_max to at most 2",
    ),
    "lag beyond the record": (
        changed(lambda ds: None),
        [NC, "--tau-max", "100"],
        "60 time steps leave 0 samples at tau_max 100 (time): lower tau_max to at most 25",
    ),
    "no value at all": (
        changed(lambda ds: ds * np.nan, site=3),
        [NC],
        "the variable 'a' has no value (a): leave it out of variables, or check the file",
    ),
    "cells that each lack a variable": (
        changed(lambda ds: ds.assign(a=ds.a.where(ds.site == 0), b=ds.b.where(ds.site == 1)), site=2),
        [NC, "--json"],
        "in every cell some variable has no value",
    ),
    "one variable without values": (
        changed(value("b", slice(None), np.nan)),
        [NC],
        "the variable 'b' has no value (b)",
    ),
    "infinite value": (ENDLESS, [NC], "the variable 'b' is infinite (site 1, time 2000-08-01"),
    "words in a variable": (
        changed(lambda ds: ds.assign(b=("time", ["wet"] * 60))),
        [NC],
        "the variable 'b' is not numeric",
    ),
    "one variable": (
        changed(lambda ds: ds[["a"]]),
        [NC],
        "one variable was given (variables): name at least",
    ),
    "no variable": (changed(lambda ds: ds[["time"]]), [NC], "no variable was given"),
    "variable of no time": (
        changed(lambda ds: ds.assign(h=5.0)),
        [NC, "--variables", "a,h"],
        "the variable 'h' has no dimension 'time'",
    ),
    "dimension of the result": (
        changed(lambda ds: ds.rename(site="lag"), site=2),
        [NC],
        "the dimension 'lag' has the name of one of the result (lag): rename it",
    ),
    "empty dimension": (
        changed(lambda ds: ds.isel(site=slice(0)), site=2),
        [NC],
        "the dimension 'site' is empty",
    ),
    "cube larger than memory": (
        {NC: huge},
        [NC, "--out", "r.nc"],
        "the result of 40000000000 cells needs",
    ),
    "empty table": (text("", "data.csv"), ["data.csv"], "the file is empty"),
    "table without rows": (table(), ["data.csv"], "the table has no rows"),
    "table without times": (
        table("1,2,3", header="x,a,b"),
        ["data.csv"],
        "there is no column of times (",
    ),
    "column twice": (table(*rows(), header="time,a,a"), ["data.csv"], "the column 'a' is there twice"),
    "times that are none": (
        table("yesterday,1,2", "today,1,3"),
        ["data.csv"],
        "the column 'time' holds what is no time",
    ),
    "words in a table": (
        table(*rows(), "2003-05-01,wet,1.0"),
        ["data.csv"],
        "the variable 'a' is not numeric",
    ),
    "more cells than columns": (
        table(*rows(), "2003-05-01,1.0,1.0,1.0,1.0"),
        ["data.csv"],
        "the table cannot be read, ",
    ),
    "unknown column of units": (
        table(*rows()),
        ["data.csv", "--panel", "district"],
        "there is no column 'district'",
    ),
    "two rows of a unit": (
        table("2000-01-01,x,1,2", "2000-01-01,x,1,2", header="time,place,a,b"),
        ["data.csv", "--panel", "place"],
        "'x' has two rows at 2000-01-01",
    ),
}

OPTIONS = {
    "unknown variable": (
        ["--variables", "a,bb"],
        "the variable 'bb' is missing (variables): did you mean 'b'?",
    ),
    "variable twice": (["--variables", "a,b,a"], "the variable 'a' is named twice"),
    "name missing": (["--variables", "a,,b"], "a name is missing in 'a,,b'"),
    "unknown method": (["--method", "pcmc"], "no method 'pcmc' (method): did you mean 'pcmci'?"),
    "unknown test": (["--test", "gpdcc"], "did you mean 'gpdc'?"),
    "unknown engine": (["--engine", "torch"], "no engine 'torch'"),
    "engine that cannot": (
        ["--engine", "jax", "--test", "cmi_knn"],
        "the engine 'jax' cannot do this: the test 'cmi_knn' is tigramite's",
    ),
    "lags swapped": (["--tau-min", "3", "--tau-max", "2"], "tau_min is 3 but tau_max is 2"),
    "negative lag": (["--tau-min", "-1"], "tau_min is -1"),
    "lag of no number": (["--tau-max", "many"], "Invalid value for '--tau-max'"),
    "alpha of zero": (["--alpha", "0"], "alpha is 0.0 (alpha): give a number above 0 and at most 1"),
    "alpha of no number": (["--alpha", "nan"], "alpha is nan"),
    "pc_alpha above one": (["--pc-alpha", "0.1,2"], "pc_alpha is 2.0"),
    "pc_alpha of words": (["--pc-alpha", "some"], "'some' is no significance (--pc-alpha): give a number"),
    "unknown correction": (["--fdr", "bonferroni"], "no fdr 'bonferroni'"),
    "field of one graph": (["--fdr", "field"], "there is one graph, and no field of them"),
    "bad season": (["--season", "DJX"], "no season 'DJX'"),
    "season twice": (["--season", "DJF", "--season", "DJF"], "the season 'DJF' is given twice"),
    "unknown dimension to pool": (["--pool", "member"], "the dimension 'member' to pool is missing (pool)"),
    "panel method without panel": (["--method", "j-pcmci+"], "j-pcmci+ needs a panel"),
    "context without its method": (["--context", "c"], "the method 'pcmci' takes no context"),
    "bad mask type": (["--mask-type", "yq"], "mask_type 'yq' is not made of the letters x, y and z"),
    "mask that is missing": (["--mask", "data.nc:land"], "the mask 'land' is missing"),
    "mask of numbers": (["--mask", "data.nc:a"], "the mask 'a' is not of 0 and 1"),
    "mask of no file": (["--mask", "sea.nc:land"], "no such data file or folder (sea.nc)"),
    "one replicate": (["--bootstrap", "1"], "one replicate tells nothing"),
    "negative replicates": (["--bootstrap", "-5"], "bootstrap is -5"),
    "bootstrap of another engine": (
        ["--bootstrap", "10", "--method", "lpcmci"],
        "the bootstrap runs on the engine 'jax' alone, and the method 'lpcmci' is tigramite's",
    ),
    "block of no step": (["--bootstrap", "10", "--block-length", "0"], "block_length is 0"),
    "no workers": (["--workers", "0"], "workers is 0"),
    "unknown setting": (
        ["--engine", "tigramite", "--option", "significanse=analytic"],
        "did you mean 'significance'?",
    ),
    "setting without a value": (["--option", "knn"], "'knn' is no setting (--option): write NAME=VALUE"),
    "regimes without a number": (["--method", "rpcmci"], "RPCMCI needs the option 'num_regimes'"),
    "regimes with a season": (["--method", "rpcmci", "--season", "DJF"], "'rpcmci' takes no mask"),
    "classes of no test": (["--test", "gsquared"], "gsquared"),
    "panel column of a file": (["--panel", "site"], "--panel names a column of a CSV table"),
    "unknown ending of the result": (
        ["--out", "r.csv"],
        "the ending '.csv' is not known (r.csv): use .nc or",
    ),
    "folder as the result": (["--out", "folder.nc"], "a folder where a file is wanted (folder.nc)"),
    "something else as the store of the result": (["--out", "x.zarr"], "something else than a Zarr store"),
    "result that exists": (["--out", "old.nc"], "the file exists already (old.nc): choose another name, or"),
    "result below a file": (["--out", "old.nc/r.nc"], "'old.nc' is a file, not a folder"),
    "unknown ending of the figure": (["--figure", "f.bmp"], "the ending '.bmp' is not known"),
    "figure that exists": (["--figure", "old.png"], "the file exists already (old.png)"),
    "quiet for nothing": (["--quiet"], "nothing would be seen of the result"),
    "store of another thing": (["--store", "folder.nc"], "the store is not empty (folder.nc)"),
    "store of another search": (["--store", "store"], "the store holds a search with other settings or data"),
    "store below a file": (["--store", "old.nc/store"], "the store cannot be made, not a directory"),
    "priors of no file": (["--priors", "known.yml"], "(known.yml)"),
}

PRIORS = {
    "unknown key": (
        "requird: [[a, b, 1]]",
        "unknown key 'requird' (priors.yml, line 1): did you mean 'required'?",
    ),
    "no list": ("required: a", "'required' is no list"),
    "no YAML": ("required: [[a, b", "priors.yml"),
    "no link": ("required: [a]", "'a' is not a link"),
    "unknown variable": ("forbidden: [[a, bb]]", "no variable 'bb' (priors, forbidden): did you mean 'b'?"),
    "no lag": ("required: [[a, b]]", "the required link (a, b) has no lag"),
    "lag out of bounds": ("required: [[a, b, 9]]", "the lag of (a, b, 9) is not among 0 to 1"),
    "link with itself now": ("required: [[a, a, 0]]", "links a variable with itself at lag 0"),
    "required and forbidden": (
        "required: [[a, b, 1]]\nforbidden: [[a, b]]",
        "the required link a -> b at lag 1 is forbidden",
    ),
    "circle": (
        "required: [[a, b, 0], [b, c, 0], [c, a, 0]]",
        "required links of lag 0 close a circle",
    ),
    "driven and exogenous": ("required: [[b, a, 1]]\nexogenous: [a]", "would drive 'a', which is exogenous"),
    "bounds of three": ("lags: [[a, b, 1]]", "bounds no lags (priors.yml, line 1)"),
    "bounds swapped": ("lags: [[a, b, 1, 0]]", "are not a least and a largest among 0 to 1"),
}

PANELS = {
    "context that is missing": (["--context", "hh"], "hh"),
    "context and variable": (["--context", "a", "--variables", "a,b"], "a"),
    "unknown dummy": (["--dummies", "place"], "no dummy 'place'"),
    "contexts above lag 0": (["--context", "h", "--tau-min", "1"], "contexts act at lag 0"),
    "test that takes no dummies": (
        ["--test", "gpdc", "--dummies", "space"],
        "the test 'gpdc' cannot take dummies",
    ),
    "several pc_alpha": (["--pc-alpha", "0.01,0.05"], "cannot choose among several pc_alpha"),
}


def lay(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_text(content)
        elif callable(content):
            content(path)
        else:
            content.to_netcdf(path)


def refused(terrax, folder, arguments, words):
    before = tree(folder)
    folders = sorted(p for p in folder.rglob("*") if p.is_dir())
    result = terrax("discover", *arguments)
    assert result.code == 2, (result.out, result.err)
    assert words in one_sentence(result)
    assert ": " in one_sentence(result).removeprefix("terrax: "), "there is no remedy"
    assert tree(folder) == before
    assert sorted(p for p in folder.rglob("*") if p.is_dir()) == folders


@pytest.mark.parametrize("case", DATA)
def test_broken_data(terrax, tmp_path, case):
    files, arguments, words = DATA[case]
    lay(tmp_path, files)
    refused(terrax, tmp_path, arguments, words)


@pytest.fixture
def laid(tmp_path):
    """Good data, and things that are in the way."""
    lay(tmp_path, {NC: good(), "old.nc": "old", "old.png": "old", "folder.nc/x": "x", "x.zarr/diary": "dear"})
    lay(tmp_path, {"store/search.json": "{}"})
    return tmp_path


@pytest.mark.parametrize("case", OPTIONS)
def test_broken_options(terrax, laid, case):
    arguments, words = OPTIONS[case]
    refused(terrax, laid, [NC, *arguments], words)


@pytest.mark.parametrize("case", PRIORS)
def test_broken_priors(terrax, laid, case):
    content, words = PRIORS[case]
    (laid / YAML).write_text(content)
    refused(terrax, laid, [NC, "--priors", YAML, "--out", "r.nc"], words)


@pytest.mark.parametrize("case", PANELS)
def test_broken_panels(terrax, tmp_path, case):
    arguments, words = PANELS[case]
    lay(tmp_path, PANEL)
    refused(terrax, tmp_path, [NC, "--method", "j-pcmci+", "--pool", "member", *arguments], words)


def test_season_without_dates(terrax, tmp_path):
    lay(tmp_path, {NC: good().assign_coords(time=np.arange(60))})
    refused(terrax, tmp_path, [NC, "--season", "DJF"], "seasons need a time axis with dates")


def test_season_too_short(terrax, tmp_path):
    lay(tmp_path, {NC: good(times=36)})
    refused(terrax, tmp_path, [NC, "--season", "DJF"], "the season 'DJF' has 9 time steps, 10 are needed")


def test_mask_of_another_length(terrax, tmp_path):
    mask = xr.Dataset({"m": ("time", np.zeros(50, "i1"))})
    lay(tmp_path, {NC: good(), "mask.nc": mask})
    refused(terrax, tmp_path, [NC, "--mask", "mask.nc:m"], "the mask has 50 along 'time', the data 60")


def test_mask_with_a_dimension_of_its_own(terrax, tmp_path):
    mask = xr.Dataset({"m": ("depth", np.zeros(3, "i1"))})
    lay(tmp_path, {NC: good(), "mask.nc": mask})
    refused(
        terrax, tmp_path, [NC, "--mask", "mask.nc:m"], "the mask has a dimension 'depth' that the data lack"
    )


def test_method_that_takes_no_gaps(terrax, tmp_path):
    lay(tmp_path, changed(value("a", 5, np.nan)))
    arguments = ["--method", "rpcmci", "--option", OPTION, "--option", "max_transitions=3"]
    refused(terrax, tmp_path, [NC, *arguments], "miss")


def test_folder_that_may_not_be_written(terrax, tmp_path, monkeypatch):
    lay(tmp_path, {NC: good()})
    (tmp_path / "locked").mkdir()
    may = os.access  # a test may run as a user who may write everywhere
    monkeypatch.setattr(os, "access", lambda p, mode: False if str(p).endswith("locked") else may(p, mode))
    refused(terrax, tmp_path, [NC, "--out", "locked/r.nc"], "the folder may not be written (locked)")
    refused(terrax, tmp_path, [NC, "--figure", "locked/r.png"], "the folder may not be written (locked)")


def test_there_are_many():
    """The kinds of broken input that are tried, whatever else grows."""
    assert len(DATA) + len(OPTIONS) + len(PRIORS) + len(PANELS) >= 40


def test_good_input_passes(terrax, laid):
    """The same data with the same files around them are searched: the cases above fail for their own reason."""
    result = terrax("discover", NC, "--out", "r.nc", "--season", "JFM", "--season", "JJA")
    assert result.code == 0, result.err
    assert "written to r.nc" in result.out
