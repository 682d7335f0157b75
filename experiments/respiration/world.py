"""The synthetic world: weather, potential radiation, a known base rate, a known Q10, known noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from data import synthetic
from data.solar import day_of_year, extraterrestrial
from data.units import CARBON_MOLAR_MASS

from .config import World

if TYPE_CHECKING:
    import xarray as xr

HALF_WINDOW = 5
"""Half of the moving mean over potential radiation [d], ten days in the benchmark."""

HALF_HOURS = 48
"""Steps of the benchmark in a day: it states the change of radiation per half hour, times 10 000."""

GRAMS = CARBON_MOLAR_MASS * 1e-6 * 86400
"""One umol m-2 s-1 of CO2 in g m-2 d-1 of carbon."""

WATT = 1.0 / 0.0864
"""One MJ m-2 d-1 in W m-2."""


def potential_radiation(lat: np.ndarray, days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Potential radiation and its change, (site, time), each a mean over ten days [@cohrs2024].

    Args:
        lat: latitude [degree north], (site,).
        days: datetime64[D], consecutive, (time,).

    Returns:
        Radiation at the top of the atmosphere [W m-2], and its mean change per day [W m-2 d-1].
    """
    half = HALF_WINDOW
    day = np.timedelta64(1, "D")
    wide = days[0] + day * np.arange(-half, len(days) + half)
    daily = extraterrestrial(np.asarray(lat)[:, None], day_of_year(wide)[None]) * WATT
    count = len(days)
    mean = np.mean([daily[:, i : i + count] for i in range(2 * half)], axis=0)
    change = (daily[:, 2 * half : 2 * half + count] - daily[:, :count]) / (2 * half)
    return mean, change


def base_rate(sw_pot: np.ndarray, dsw_pot: np.ndarray) -> np.ndarray:
    """The known base rate at 15 degC [g m-2 d-1] of the benchmark [@reichstein2022].

    Rb = 0.75 (x - min x + 0.1 pi) umol m-2 s-1, with x = 0.01 SW - 0.005 dSW, where SW is the potential
    radiation [W m-2] and dSW 10 000 times its change per half hour. The least value of x is taken over all
    sites and days, so that one function serves all sites.

    Args:
        sw_pot: potential radiation [W m-2].
        dsw_pot: its change [W m-2 d-1].
    """
    x = 0.01 * sw_pot - 0.005 * 1e4 / HALF_HOURS * dsw_pot
    return 0.75 * (x - x.min() + 0.1 * np.pi) * GRAMS


def respiration(base: np.ndarray, tas: np.ndarray, q10: float) -> np.ndarray:
    """Respiration [g m-2 d-1]: base rate x Q10^((T - 15 degC) / 10 K) [@reichstein2022]."""
    return base * q10 ** (0.1 * (tas - 15.0))


def make_world(world: World, seed: int) -> xr.Dataset:
    """Virtual sites (site, time): weather, sw_pot, dsw_pot, base_respiration_true, reco and reco_true.

    Raises:
        ConfigError: an unknown climate.
    """
    ds = synthetic.weather(world.climates, world.years, seed=seed)
    days = ds["time"].values.astype("datetime64[D]")
    sw_pot, dsw_pot = potential_radiation(ds["lat"].values, days)
    base = base_rate(sw_pot, dsw_pot)
    dims = ("site", "time")
    ds = ds.assign(
        sw_pot=(dims, sw_pot.astype(np.float32), {"units": "W m-2", "long_name": "potential radiation"}),
        dsw_pot=(
            dims,
            dsw_pot.astype(np.float32),
            {"units": "W m-2 d-1", "long_name": "change of potential radiation"},
        ),
        base_respiration_true=(
            dims,
            base.astype(np.float32),
            {"units": "g m-2 d-1", "long_name": "known base rate at 15 degC, as carbon"},
        ),
    )

    def simulate(held: xr.Dataset) -> dict[str, xr.DataArray]:
        tas = 0.5 * (held["tas_min"].astype(float) + held["tas_max"].astype(float))
        return {"reco": tas.copy(data=respiration(base, tas.transpose(*dims).values, world.q10))}

    return synthetic.virtual_sites(ds, simulate, {"reco": world.noise}, world.gaps, seed=seed, truth=True)
