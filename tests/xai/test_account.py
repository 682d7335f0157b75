"""Accounts of plain functions: two reservoirs in series, whose impulse responses are known."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from data.errors import ModelError
from xai.account import DIRECT, account
from xai.account_dataset import account_dataset, by_week
from xai.account_figure import draw_account
from xai.resultfile import read, write

DAYS, CUT, UPPER, LOWER = 24, 15, 0.3, 0.1


class Reservoirs(eqx.Module):
    """Rain to an upper reservoir, which drains to a lower one, whose outflow on the last day is the output."""

    cut: int = eqx.field(static=True)

    def _from(self, pools, rain, start):
        upper, lower = pools
        for t in range(start, len(rain)):
            upper, lower = (1 - UPPER) * upper + rain[t], (1 - LOWER) * lower + UPPER * upper
        return LOWER * lower

    def _to(self, x):
        upper, lower = jnp.zeros(()), x["initial"]["lower"]
        for t in range(self.cut):
            upper, lower = (1 - UPPER) * upper + x["forcing"]["rain"][t], (1 - LOWER) * lower + UPPER * upper
        return {"upper": upper, "lower": lower, "dummy": x["forcing"]["rain"][: self.cut].sum()}

    def run(self, x, push=None):
        pools = self._to(x)
        push = push or {n: 0.0 for n in pools}
        pools = {n: v + push[n] for n, v in pools.items()}
        return self._from((pools["upper"], pools["lower"]), x["forcing"]["rain"], self.cut), pools

    def local(self, x, held):
        return self._to(x), self._from((held["upper"], held["lower"]), x["forcing"]["rain"], self.cut)


class Leaking(Reservoirs):
    """The same, but its `local` forgets the rain after the cut."""

    def local(self, x, held):
        rain = jax.lax.stop_gradient(x["forcing"]["rain"])
        return self._to(x), self._from((held["upper"], held["lower"]), rain, self.cut)


class Wrong(Reservoirs):
    """The same, but its `local` returns another output."""

    def local(self, x, held):
        found, rest = super().local(x, held)
        return found, rest + 1.0


@pytest.fixture(scope="module")
def explained():
    with jax.enable_x64(True):
        rain = jnp.asarray(np.random.default_rng(0).exponential(4.0, DAYS))
        x = {"forcing": {"rain": rain}, "initial": {"lower": jnp.asarray(7.0)}}
        base = {"forcing": {"rain": 0.0 * rain + 2.0}, "initial": {"lower": jnp.asarray(5.0)}}
        return x, base, account({"pool": Reservoirs(CUT)}, x, baseline=base)


def _upper(n):
    return (1 - UPPER) ** n


def _lower(n):
    """Lower reservoir after n days for one unit in the upper one at the start."""
    a, b = 1 - UPPER, 1 - LOWER
    return UPPER * (a**n - b**n) / (a - b)


def test_contributions_are_the_impulse_responses(explained):
    x, base, found = explained
    missing = np.asarray(x["forcing"]["rain"] - base["forcing"]["rain"])
    day, later = np.arange(DAYS), DAYS - CUT
    before = day < CUT
    since = np.where(before, CUT - 1 - day, 0)
    upper = np.where(before, missing * _upper(since) * LOWER * _lower(later), 0.0)
    lower = np.where(before, missing * _lower(since) * LOWER * (1 - LOWER) ** later, 0.0)
    direct = np.where(before, 0.0, missing * LOWER * _lower(DAYS - 1 - day))
    by_channel = found.passages["pool"].channels
    for name, truth in (("upper", upper), ("lower", lower), (DIRECT, direct)):
        np.testing.assert_allclose(by_channel[name]["forcing"]["rain"], truth, rtol=1e-10, atol=1e-14)
    start = 2.0 * (1 - LOWER) ** CUT * LOWER * (1 - LOWER) ** later
    assert float(by_channel["lower"]["initial"]["lower"]) == pytest.approx(start, rel=1e-10)
    assert float(by_channel["upper"]["initial"]["lower"]) == 0.0


def test_pool_that_nothing_reads_carries_nothing(explained):
    carried = explained[2].passages["pool"].channels["dummy"]
    assert all(np.all(np.asarray(v) == 0.0) for v in jax.tree.leaves(carried))


def test_everything_is_accounted_for(explained):
    _, _, found = explained
    rise = float(found.prediction - found.base_value)
    assert abs(float(found.efficiency_gap)) <= 1e-12 * abs(rise)
    assert abs(float(found.passages["pool"].efficiency_gap)) <= 1e-12 * abs(rise)
    assert float(found.passages["pool"].mismatch) <= 1e-14


def test_way_out_beside_the_channels_is_seen(explained):
    x, base, _ = explained
    with jax.enable_x64(True):
        leaking = account({"pool": Leaking(CUT)}, x, baseline=base).passages["pool"]
        assert float(leaking.mismatch) > 1e-3
        assert abs(float(leaking.efficiency_gap)) > 1e-3
        with pytest.raises(ModelError, match="held is not that of the run"):
            account({"pool": Wrong(CUT)}, x, baseline=base)


def test_dataset_sums_and_goes_through_a_file(explained, tmp_path):
    _, _, found = explained
    dates = np.arange("2003-07-01", "2003-07-25", dtype="datetime64[D]")
    ds = account_dataset(found, {"time": dates}, of="outflow", unit="mm", settings={"rtol": 1e-9})
    assert ds["forcing_by_pool"].dims == ("variable", "time", "pool")
    np.testing.assert_allclose(ds["forcing_by_pool"].sum("pool"), ds["forcing"], atol=1e-13)
    weekly = by_week(ds)
    assert weekly.sizes["week"] == 4
    np.testing.assert_allclose(weekly["forcing_by_pool"].sum(), ds["forcing"].sum())
    xr.testing.assert_identical(read(write(ds, tmp_path / "account.nc")).load(), ds)


def test_figure_shows_every_week_and_the_gap(explained):
    found = explained[2]
    dates = np.arange("2003-07-01", "2003-07-25", dtype="datetime64[D]")
    ds = account_dataset(found, {"time": dates}, of="outflow", unit="mm")
    figure = draw_account(ds)
    top = {}
    for bar in figure.axes[0].patches:
        top[bar.get_x()] = top.get(bar.get_x(), 0.0) + bar.get_height()
    np.testing.assert_allclose(list(top.values()), by_week(ds)["forcing"].values[0], atol=1e-12)
    assert "gap" in figure.get_suptitle()
