"""Small worlds for the tests of data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from data import synthetic


def fluxes(weather: xr.Dataset) -> dict[str, xr.DataArray]:
    """A simple world: light use for gpp, a temperature response for reco, energy-limited et."""
    tas = 0.5 * (weather.tas_min + weather.tas_max)
    gpp = 0.4 * weather.rsds * np.clip(tas / 20.0, 0.0, 1.0)
    reco = 2.0 * 1.5 ** ((tas - 15.0) / 10.0)
    return {"gpp": gpp, "reco": reco, "nee": reco - gpp, "et": 0.1 * weather.rsds}


@pytest.fixture(scope="session")
def simulate():
    """The simulation behind the virtual sites."""
    return fluxes


@pytest.fixture(scope="session")
def world() -> xr.Dataset:
    """Three virtual sites of six years with noise and gaps."""
    weather = synthetic.weather(["savanna", "boreal", "temperate_deciduous"], years=6, seed=7)
    return synthetic.virtual_sites(weather, fluxes, noise={"gpp": 0.1, "et": 0.1}, gaps=0.1, seed=1)


@pytest.fixture(scope="session")
def folder(world: xr.Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The virtual sites as netCDF files."""
    place = tmp_path_factory.mktemp("sites")
    synthetic.write_sites(world, place)
    return place
