"""The block bootstrap, and searches that are stopped and taken up again."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import xarray as xr

from causal import discover
from causal.bootstrap import default_length, draw
from causal.search import Task
from data.errors import ConfigError


def cells(number=6, times=200, seed=0, strength=0.7):
    """a drives b after one step; c is noise."""
    x = np.random.default_rng(seed).normal(size=(number, times, 3))
    x[:, 1:, 1] += strength * x[:, :-1, 0]
    return xr.Dataset({n: (("cell", "time"), x[..., k]) for k, n in enumerate("abc")})


def small_blocks(monkeypatch, size):
    """Search so many cells at a time."""
    import causal.search

    monkeypatch.setattr(causal.search, "_block_size", lambda cube, task: size)


def test_strong_links_come_back_and_absent_ones_rarely():
    found = discover(cells(12, 300), tau_max=1, bootstrap=60, alpha=0.05)
    strong = {"source": "a", "target": "b", "lag": 1}
    assert (found["frequency"].sel(strong) == 1).all()
    assert (found["val_low"].sel(strong) < found["val"].sel(strong)).all()
    assert (found["val"].sel(strong) < found["val_high"].sel(strong)).all()
    assert ((found["val_high"] - found["val_low"]).sel(strong) < 0.35).all()
    none = {"source": "c", "target": "a", "lag": 1}
    # A replicate's value scatters about the cell's, itself about 0: twice the variance, 0.17 of them beyond 1.96 sd.
    assert 0.05 < float(found["presence"].sel(none).mean()) < 0.35


def test_frequency_counts_the_mark_and_presence_any_link():
    found = discover(cells(4), method="pcmci+", tau_max=1, bootstrap=20)
    linked = (found["graph"] != "").values
    frequency, presence = found["frequency"].values, found["presence"].values
    assert (frequency[linked] <= presence[linked]).all()
    np.testing.assert_allclose(frequency[~linked], 1 - presence[~linked], atol=1e-12)
    assert ((frequency >= 0) & (presence <= 1)).all()


@pytest.mark.parametrize("method", ["pcmci", "pcmci+"])
def test_replicates_do_not_depend_on_the_blocks_of_cells(monkeypatch, method):
    arguments = {"method": method, "tau_max": 1, "bootstrap": 8, "seed": 5}
    whole = discover(cells(), **arguments)
    small_blocks(monkeypatch, 4)
    parts = discover(cells(), **arguments)
    monkeypatch.undo()
    alone = discover(cells().isel(cell=slice(0, 2)), **arguments)
    for other, found in ((parts, whole), (alone, whole.isel(cell=slice(0, 2)))):
        assert (other["graph"].values == found["graph"].values).all()
        for name in ("frequency", "presence", "val_low", "val_high"):
            np.testing.assert_allclose(other[name], found[name], atol=1e-9)


def test_the_seed_decides():
    one, same, other = (discover(cells(2), tau_max=1, bootstrap=8, seed=s) for s in (1, 1, 2))
    xr.testing.assert_identical(one, same)
    assert not np.allclose(one["val_low"], other["val_low"])


def test_draws_are_blocks_of_the_series():
    times = draw(3, 7, 50, 4, 104, 10)
    assert times.shape == (50, 100)
    assert times.min() >= 4
    assert times.max() <= 103
    assert (np.diff(times.reshape(50, 10, 10), axis=2) == 1).all()
    assert not (times == draw(3, 8, 50, 4, 104, 10)).all()
    assert [default_length(n) for n in (1, 8, 1000)] == [1, 2, 10]


def test_a_panel_is_drawn_too():
    found = discover(cells(6, 80), tau_max=1, pool="cell", bootstrap=20)
    assert found["frequency"].sel(source="a", target="b", lag=1) == 1
    assert found["frequency"].dims == ("source", "target", "lag")


class Stop(Exception):
    pass


@pytest.mark.parametrize("engine", ["jax", "tigramite"])
def test_a_stopped_search_goes_on(tmp_path, monkeypatch, engine):
    """Blocks that are finished are not searched again, and the whole is the same as in one go."""
    import causal.search

    arguments = {"tau_max": 1, "engine": engine, "bootstrap": 4 if engine == "jax" else 0}
    whole = discover(cells(), **arguments)
    small_blocks(monkeypatch, 2)

    def stop(done, total):
        if done >= 4:
            raise Stop

    with pytest.raises(Stop):
        discover(cells(), store=tmp_path / "s", progress=stop, **arguments)
    kept = sorted(p.name for p in (tmp_path / "s").glob("block_*.npz"))
    assert kept[0] == "block_000000.npz"
    searched = []
    work = causal.search._block

    def watched(values, out, task: Task, cube, first, progress):
        searched.append(first)
        return work(values, out, task, cube, first, progress)

    monkeypatch.setattr(causal.search, "_block", watched)
    told = []
    again = discover(cells(), store=tmp_path / "s", progress=lambda *a: told.append(a), **arguments)
    assert searched == [f for f in (0, 2, 4) if f"block_{f // 2:06d}.npz" not in kept]
    assert told[-1] == (6, 6)
    assert (again["graph"].values == whole["graph"].values).all()
    for name in set(whole.data_vars) - {"graph"}:
        np.testing.assert_allclose(again[name], whole[name], atol=1e-9)
    searched.clear()
    xr.testing.assert_identical(discover(cells(), store=tmp_path / "s", **arguments), again)
    assert searched == []


def test_a_store_knows_its_search_and_its_data(tmp_path, monkeypatch):
    small_blocks(monkeypatch, 3)
    first = discover(cells(), tau_max=1, store=tmp_path)
    with pytest.raises(ConfigError, match="another folder, or delete"):
        discover(cells(), tau_max=2, store=tmp_path)
    changed = cells()
    changed["b"][5] = changed["b"][5] * 2 + 1  # the same correlations
    changed["a"][5, 10] += 3
    other = discover(changed, tau_max=1, store=tmp_path)
    assert not np.allclose(other["val"].isel(cell=5), first["val"].isel(cell=5))
    np.testing.assert_array_equal(other["val"].isel(cell=slice(0, 3)), first["val"].isel(cell=slice(0, 3)))
    (tmp_path / "block_000001.npz").write_bytes(b"cut off")
    xr.testing.assert_identical(discover(changed, tau_max=1, store=tmp_path), other)


def test_each_season_has_its_own_part_of_a_store(tmp_path):
    import pandas as pd

    ds = cells(2, 240).assign_coords(time=pd.date_range("2000-01-01", periods=240, freq="MS"))
    found = discover(ds, tau_max=1, seasons=["DJF", "JJA"], store=tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["DJF", "JJA"]
    xr.testing.assert_identical(discover(ds, tau_max=1, seasons=["DJF", "JJA"], store=tmp_path), found)


def test_graphs_of_pools_are_taken_up_again(tmp_path, monkeypatch):
    module = sys.modules["causal.discover"]  # the name in the package is the function
    ds = xr.concat([cells(3, 80, seed) for seed in range(3)], "basin")
    arguments = {"tau_max": 1, "pool": "cell", "store": tmp_path / "s"}
    whole = discover(ds, tau_max=1, pool="cell")
    done = []

    def stop(count, total):
        if count == 2:
            raise Stop

    with pytest.raises(Stop):
        discover(ds, progress=stop, **arguments)
    work = module.search_panel

    def watched(*given):
        done.append(1)
        return work(*given)

    monkeypatch.setattr(module, "search_panel", watched)
    xr.testing.assert_identical(discover(ds, **arguments), whole)
    assert len(done) == 1
    with pytest.raises(ConfigError, match="another folder, or delete"):
        discover(ds, tau_max=1, pool="basin", store=tmp_path / "s")
    changed = ds.copy(deep=True)
    changed["a"][1, 0, 10] += 3
    assert not np.allclose(discover(changed, **arguments)["val"][1], whole["val"][1])
    assert len(done) == 2


def test_what_failed_is_told_again_from_a_store(tmp_path):
    ds = cells(2, 60)
    ds["a"][1, :30], ds["b"][1, 30:] = np.nan, np.nan
    arguments = {"tau_max": 1, "engine": "tigramite", "store": tmp_path / "s"}
    first = discover(ds, **arguments)
    assert "no sample is left" in first.attrs["errors"]
    xr.testing.assert_identical(discover(ds, **arguments), first)
