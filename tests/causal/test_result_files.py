"""Results come back from netCDF and Zarr as they were, and are written whole or not at all."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import causal
from data.errors import DataError


@pytest.fixture(scope="module")
def found():
    """Two by three cells with every kind of variable, and all kinds of marks."""
    rng = np.random.default_rng(0)
    times = pd.date_range("2000-01-01", periods=80, freq="MS")
    ds = xr.Dataset(
        {k: (("lat", "lon", "time"), rng.normal(size=(2, 3, 80))) for k in "abc"},
        coords={"lat": [1.0, 2.0], "lon": [3.0, 4.0, 5.0], "time": times},
    )
    result = causal.discover(ds, method="pcmci+", tau_max=1, bootstrap=2, pc_alpha=[0.01, 0.05])
    for k, mark in enumerate(["-->", "<--", "o-o", "x-x", "<->", "o->"]):
        result["graph"][k // 3, k % 3, 0, 1, 0] = mark
    return result


def the_same(back, found):
    xr.testing.assert_identical(back, found)
    assert np.array_equal(back["graph"].values.astype("<U3"), found["graph"].values)
    for name, value in found.attrs.items():
        assert np.array_equal(np.asarray(back.attrs[name]), np.asarray(value)), name


@pytest.mark.parametrize("name", ["a.nc", "a.zarr", "new/folder/a.nc", "new/folder/a.zarr"])
def test_round_trip(found, tmp_path, name):
    path = causal.write(found, tmp_path / name)
    back = causal.read(path)
    the_same(back, found)
    assert back["graph"].dtype == np.dtype("<U3")
    again = causal.write(back.isel(lat=[0]), path)  # an older result is replaced
    the_same(causal.read(again), found.isel(lat=[0]))
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_one_graph_comes_back(found, tmp_path):
    one = found.isel(lat=0, lon=0)
    for name in ("a.nc", "a.zarr"):
        the_same(causal.read(causal.write(one, tmp_path / name)), one)


def test_seasons_come_back(tmp_path):
    rng = np.random.default_rng(1)
    times = pd.date_range("1980-01-01", periods=360, freq="MS")
    ds = xr.Dataset({k: ("time", rng.normal(size=360)) for k in "ab"}, coords={"time": times})
    found = causal.discover(ds, tau_max=1, seasons={"DJF": "DJF", "JJA": "JJA"})
    assert found.sizes["season"] == 2
    for name in ("a.nc", "a.zarr"):
        the_same(causal.read(causal.write(found, tmp_path / name)), found)


def test_xarrays_own_writers(found, tmp_path):
    found.to_netcdf(tmp_path / "a.nc")
    found.to_zarr(tmp_path / "a.zarr", zarr_format=2)
    with xr.open_dataset(tmp_path / "a.nc") as back:
        the_same(back.load(), found)
    with xr.open_zarr(tmp_path / "a.zarr") as back:
        the_same(back.load(), found)


@pytest.mark.parametrize("name", ["a.nc", "a.zarr"])
def test_a_failure_leaves_the_older_result(found, tmp_path, monkeypatch, name):
    path = causal.write(found, tmp_path / name)

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", fail)
    monkeypatch.setattr(xr.Dataset, "to_zarr", fail)
    with pytest.raises(DataError, match=r"cannot be written, .*No space left"):
        causal.write(found.isel(lat=[0]), path)
    monkeypatch.undo()
    the_same(causal.read(path), found)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_store_that_cannot_take_its_place_leaves_the_older(found, tmp_path, monkeypatch):
    path = causal.write(found, tmp_path / "a.zarr")
    replace = os.replace

    def fail(source, target):
        if str(source).endswith("new.zarr"):
            raise PermissionError(13, "Permission denied")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(DataError, match="Permission denied"):
        causal.write(found.isel(lat=[0]), path)
    monkeypatch.undo()
    the_same(causal.read(path), found)
    assert [p.name for p in tmp_path.iterdir()] == ["a.zarr"]


def test_what_cannot_be_written_or_read(found, tmp_path):
    with pytest.raises(DataError, match=r"the ending '.txt' is not known .*: use .nc or .zarr"):
        causal.write(found, tmp_path / "a.txt")
    (tmp_path / "b.nc").mkdir()
    with pytest.raises(DataError, match="a folder where a file is wanted"):
        causal.write(found, tmp_path / "b.nc")
    (tmp_path / "c.zarr").mkdir()
    (tmp_path / "c.zarr" / "diary.txt").write_text("dear")
    with pytest.raises(DataError, match="something else than a Zarr store"):
        causal.write(found, tmp_path / "c.zarr")
    assert (tmp_path / "c.zarr" / "diary.txt").read_text() == "dear"
    with pytest.raises(DataError, match="no graph"):
        causal.write(found.drop_vars("graph"), tmp_path / "d.nc")
    with pytest.raises(DataError, match="no such file"):
        causal.read(tmp_path / "e.nc")
    (tmp_path / "f.nc").write_text("not netCDF")
    with pytest.raises(DataError, match="cannot be read as a result"):
        causal.read(tmp_path / "f.nc")
    xr.Dataset({"a": ("x", [1.0])}).to_netcdf(tmp_path / "g.nc")
    with pytest.raises(DataError, match="no graph"):
        causal.read(tmp_path / "g.nc")


def test_parents_are_listed_strongest_first(found):
    one = found.isel(lat=0, lon=0).copy(deep=True)
    one["graph"][:], one["val"][:] = "", 0.0
    for i, lag, val in ((0, 1, 0.3), (1, 0, -0.6), (2, 1, 0.1)):
        one["graph"][i, 2, lag], one["val"][i, 2, lag] = "-->", val
    assert causal.parents(one, "c") == [("b", 0, -0.6), ("a", 1, 0.3), ("c", 1, 0.1)]
    with pytest.raises(DataError, match="select one cell"):
        causal.parents(found, "c")
    with pytest.raises(DataError, match="no variable 'z'"):
        causal.parents(one, "z")
