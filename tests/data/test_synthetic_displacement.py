"""The synthetic displacement panel: its form, and that its effects are those it states."""

from __future__ import annotations

import numpy as np
import pytest

from data.readers.panel import open_panel
from data.synthetic.displacement import Country, Effects, displacement


def test_total_effects_are_direct_ones_and_those_through_the_price():
    told = Effects(drought=(0.0, 0.5), drought_price=0.2, price=1.0, persistence=0.5)
    np.testing.assert_allclose(told.total(4), [0.0, 0.5, 0.2, 0.1, 0.05])
    assert Effects(drought=(0.3,), drought_price=0.0).total(2).tolist() == [0.3, 0.0, 0.0]


def test_the_panel_is_one_that_the_reader_opens(tmp_path):
    ds = displacement(Country(districts=12, months=40), seed=1)
    ds.to_netcdf(tmp_path / "panel.nc")
    opened = open_panel(tmp_path / "panel.nc", ["departures", "cdi"], least=40)
    assert opened.sizes["district"] == 12
    assert (ds["departures"].min() >= 1) & (ds["departures"].isnull().mean() > 0.05)
    assert displacement(Country(districts=12, months=40), seed=1).identical(ds)
    assert not displacement(Country(districts=12, months=40), seed=2).identical(ds)


def test_the_stated_effects_are_in_the_panel():
    """Least squares on the noise-free course with all causes finds the direct effects; drought falls from the sky."""
    country = Country(districts=60, months=240, noise=0.0, local=0.0)
    ds = displacement(country, seed=3)
    drought = ds["drought_true"].values
    assert 0.15 < drought.mean() < 0.6
    y = ds["log_departures_true"].values
    lags = np.stack([np.roll(drought, k, axis=1) for k in range(7)], axis=-1)[:, 12:]
    y = y[:, 12:]

    def within(x):
        return x - x.mean(0, keepdims=True) - x.mean(1, keepdims=True) + x.mean((0, 1), keepdims=True)

    conflict = np.log1p(ds["insecurity_fatalities"].values)
    x = np.concatenate([within(lags), within(np.roll(conflict, 1, axis=1)[:, 12:, None])], axis=-1)
    found = np.linalg.lstsq(x.reshape(-1, 8), within(y).ravel(), rcond=None)[0]
    np.testing.assert_allclose(found[:7], ds["effect_true"].values, atol=0.03)
    assert found[7] == pytest.approx(country.effects.conflict, abs=0.02)
