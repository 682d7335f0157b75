"""``terrax discover``: files in, results, figures and summaries out."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from toyfixtures import one_sentence

import causal


def data(times=120, **dims):
    """Rain drives soil after one step, soil drives leaves."""
    x = np.random.default_rng(0).normal(size=(*dims.values(), times, 3))
    for t in range(1, times):
        x[..., t, 1] += 0.7 * x[..., t - 1, 0]
        x[..., t, 2] += 0.7 * x[..., t - 1, 1]
    when = pd.date_range("2000-01-01", periods=times, freq="MS")
    names = ("rain", "soil", "leaves")
    return xr.Dataset({n: ((*dims, "time"), x[..., k]) for k, n in enumerate(names)}, coords={"time": when})


@pytest.mark.parametrize("name", ["grid.nc", "grid.zarr"])
def test_a_cube(terrax, tmp_path, name):
    ds = data(lat=3, lon=4).assign_coords(lat=[1.0, 2.0, 3.0], lon=[4.0, 5.0, 6.0, 7.0])
    names = ("--variables", "rain,soil,leaves") if name.endswith(".zarr") else ()
    ds.to_netcdf(name) if name.endswith(".nc") else ds.to_zarr(name, zarr_format=2)
    result = terrax("discover", name, "--out", f"r{name[4:]}", "--figure", "f.png", "--fdr", "field", *names)
    assert result.code == 0, result.err
    assert "12 cells (3 lat x 4 lon), 3 variables" in result.out
    assert "engine jax: it can do all that is asked" in result.out
    assert any(line.split()[:5] == ["rain", "-->", "soil", "1", "1"] for line in result.out.splitlines())
    assert "cells  step 12/12" in result.err
    found = causal.read(tmp_path / f"r{name[4:]}")
    xr.testing.assert_identical(found, causal.discover(ds, fdr="field"))
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")


def test_a_table_and_all_options(terrax, tmp_path):
    ds = data(240)
    frame = ds.to_dataframe()
    frame.iloc[7, 1] = -9999
    frame.to_csv("t.csv")
    (tmp_path / "known.yml").write_text(
        "required: [[rain, soil, 1]]\nlags: [[soil, leaves, 1, 2]]\nexogenous: [rain]\n"
    )
    xr.Dataset({"dry": ("time", (np.arange(240) < 20).astype("i1"))}).to_netcdf("m.nc")
    arguments = ["--method", "pcmci+", "--pc-alpha", "0.01,0.05", "--tau-max", "2", "--priors", "known.yml"]
    arguments += ["--mask", "m.nc:dry", "--mask-type", "xyz", "--season", "DJFMAM", "--json"]
    result = terrax("discover", "t.csv", "--out", "r.nc", *arguments)
    assert result.code == 0, result.err
    assert result.err == ""
    told = json.loads(result.out)
    assert told["flags"] == [
        {"flag": "missing", "cells": 1, "share": 1.0, "meaning": "some values are missing"}
    ]
    ds["soil"][7] = np.nan
    priors = causal.Priors(
        required=[("rain", "soil", 1)], lags={("soil", "leaves"): (1, 2)}, exogenous=["rain"]
    )
    mask = xr.DataArray(np.arange(240) < 20, dims="time")
    expected = causal.discover(
        ds,
        method="pcmci+",
        pc_alpha=[0.01, 0.05],
        tau_max=2,
        priors=priors,
        mask=mask,
        mask_type="xyz",
        seasons="DJFMAM",
    )
    found = causal.read(tmp_path / "r.nc")
    assert (found["graph"].values == expected["graph"].values).all()
    np.testing.assert_allclose(found["p"], expected["p"], rtol=1e-6)


def test_a_long_table_of_units(terrax, tmp_path):
    frame = data(60, district=5).assign_coords(district=list("vwxyz")).to_dataframe().reset_index()
    frame.sample(frac=1, random_state=0).to_csv("t.csv", index=False)
    result = terrax("discover", "t.csv", "--panel", "district", "--pool", "district", "--out", "r.nc")
    assert result.code == 0, result.err
    assert "one graph, 3 variables" in result.out
    found = causal.read(tmp_path / "r.nc")
    assert found.attrs["members"] == 5
    assert found["graph"].sel(source="rain", target="soil", lag=1) == "-->"


def test_existing_files_stay_unless_forced(terrax, tmp_path):
    data().to_netcdf("d.nc")
    assert terrax("discover", "d.nc", "--out", "r.nc", "--quiet").out == ""
    before = (tmp_path / "r.nc").read_bytes()
    result = terrax("discover", "d.nc", "--out", "r.nc", "--tau-max", "2")
    assert result.code == 2
    assert "exists already" in one_sentence(result)
    assert (tmp_path / "r.nc").read_bytes() == before
    assert terrax("discover", "d.nc", "--out", "r.nc", "--tau-max", "2", "--force").code == 0
    assert causal.read(tmp_path / "r.nc").sizes["lag"] == 3


def test_a_stop_and_a_second_call(terrax, tmp_path, monkeypatch):
    """Ctrl-C leaves the store and no result; the second call goes on there."""
    import causal.search

    data(cell=6).to_netcdf("d.nc")
    monkeypatch.setattr(causal.search, "_block_size", lambda cube, task: 2)
    work, searched = causal.search._block, []

    def interrupted(values, out, task, cube, first, progress):
        if first == 4 and not searched.count(4):
            searched.append(4)
            raise KeyboardInterrupt
        searched.append(first)
        return work(values, out, task, cube, first, progress)

    monkeypatch.setattr(causal.search, "_block", interrupted)
    result = terrax("discover", "d.nc", "--out", "r.nc", "--store", "s")
    assert result.code == 130
    assert result.err.splitlines()[-1] == "terrax: stopped."
    assert sorted(p.name for p in tmp_path.iterdir()) == ["d.nc", "s"]
    searched.clear()
    searched.append(4)
    result = terrax("discover", "d.nc", "--out", "r.nc", "--store", "s")
    assert result.code == 0, result.err
    assert searched == [4, 4]
    xr.testing.assert_identical(causal.read(tmp_path / "r.nc"), causal.discover(data(cell=6)))
