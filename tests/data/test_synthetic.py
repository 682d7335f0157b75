from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from data import open_sites, synthetic
from data.errors import ConfigError, DataError
from data.solar import day_of_year, extraterrestrial
from data.synthetic.climates import CLIMATES
from data.synthetic.generator import LAG, NOISE, residuals, seasonal
from data.synthetic.worlds import gap_mask
from data.variables import DEFAULT_FORCING, REGISTRY

YEARS = 60


@pytest.fixture(scope="module")
def long() -> xr.Dataset:
    return synthetic.weather(list(CLIMATES), years=YEARS, start="1951-01-01", seed=11)


def test_enough_climates_and_all_forcing(long):
    assert len(CLIMATES) >= 6
    assert set(DEFAULT_FORCING) <= set(long.data_vars)
    for name in long.data_vars:
        values = long[name].values
        assert np.isfinite(values).all()
        known = REGISTRY[str(name)]
        assert values.min() >= known.lower
        assert values.max() <= known.upper
        assert long[name].attrs["units"] == known.unit


@pytest.mark.parametrize("name", list(CLIMATES))
def test_rain_matches_the_stated_climate(long, name):
    climate, ds = CLIMATES[name], long.sel(site=name)
    total = ds.pr.groupby("time.month").sum().values / YEARS
    wet = (ds.pr > 0).groupby("time.month").mean().values
    days = np.array([31, 28.24, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    # sampling error of the wet fraction: binomial, widened by persistence
    spread = np.sqrt(np.array(climate.wet) * (1 - np.array(climate.wet)) / (days * YEARS))
    widening = np.sqrt((1 + climate.persistence) / (1 - climate.persistence))
    assert (np.abs(wet - climate.wet) <= 4 * spread * widening + 0.01).all()
    # of a monthly total: gamma amounts, number of wet days, and the yearly factor
    count = np.array(climate.wet) * days
    amount = np.array(climate.rain) / count
    variance = count * amount**2 * (1 / climate.shape + 1) * widening**2
    variance += (climate.rain_variability * np.array(climate.rain)) ** 2
    assert (
        np.abs(total - climate.rain) <= 4 * np.sqrt(variance / YEARS) + 0.02 * np.array(climate.rain)
    ).all()
    assert total.sum() == pytest.approx(
        climate.mean_annual_precipitation,
        rel=4
        * np.sqrt(variance.sum() + (climate.rain_variability * climate.mean_annual_precipitation) ** 2)
        / np.sqrt(YEARS)
        / climate.mean_annual_precipitation,
    )


@pytest.mark.parametrize("name", list(CLIMATES))
def test_temperature_matches_the_stated_climate(long, name):
    climate, ds = CLIMATES[name], long.sel(site=name)
    tas = (0.5 * (ds.tas_min + ds.tas_max)).groupby("time.month").mean().values
    error = 4 * max(climate.spread) * np.sqrt(2.3 * 1.9 / (30 * YEARS)) + 0.1
    assert np.abs(tas - climate.tas).max() < error
    wet = (ds.pr > 0).values
    assert (ds.tas_max - ds.tas_min).values.min() >= 0.5 - 1e-4
    month = ds.time.dt.month.values
    gap = [
        ds.tas_max.values[~wet & (month == m)].mean() - ds.tas_max.values[wet & (month == m)].mean()
        for m in range(1, 13)
        if (wet & (month == m)).sum() > 300
    ]
    assert np.mean(gap) == pytest.approx(climate.wet_cooling, abs=0.7)


@pytest.mark.parametrize("name", list(CLIMATES))
def test_wet_and_dry_days_persist(long, name):
    climate = CLIMATES[name]
    wet = (long.pr.sel(site=name) > 0).values
    month = long.time.dt.month.values[1:]
    fraction = np.array(climate.wet)[month - 1]
    use = fraction > 0.15  # enough wet days to tell
    chance = np.mean([wet[1:][use & wet[:-1]].mean() - wet[1:][use & ~wet[:-1]].mean()])
    # a season in the wet fraction adds a little to the apparent persistence
    assert climate.persistence - 0.05 < chance < climate.persistence + 0.15


def test_radiation_stays_below_the_top_of_the_atmosphere(long):
    doy = day_of_year(long.time.values)
    top = extraterrestrial(long.lat.values[:, None], doy[None, :])
    assert (long.rsds.values <= 0.78 * top + 1e-4).all()
    wet = (long.pr > 0).values
    for i, climate in enumerate(CLIMATES.values()):
        ratio = long.rsds.values[i][top[i] > 1] / top[i][top[i] > 1]
        rainy = wet[i][top[i] > 1]
        assert ratio[~rainy].mean() == pytest.approx(climate.clearness_dry, abs=0.03)
        assert ratio[rainy].mean() == pytest.approx(climate.clearness_wet, abs=0.03)


def test_residuals_have_unit_variance_and_the_published_lag():
    found = residuals(60_000, np.random.default_rng(0))
    np.testing.assert_allclose(found.std(0), 1.0, atol=0.03)
    covariance = found.T @ found / len(found)
    lagged = found[1:].T @ found[:-1] / len(found)
    np.testing.assert_allclose(lagged, LAG @ covariance, atol=0.02)
    np.testing.assert_allclose(covariance, LAG @ covariance @ LAG.T + NOISE @ NOISE.T, atol=0.03)


def test_rain_varies_between_years_as_stated():
    climate = CLIMATES["temperate_deciduous"]
    spread = []
    for variability in (0.0, 0.3):
        ds = synthetic.weather(
            replace(climate, rain_variability=variability), 120, start="1900-01-01", seed=2
        )
        totals = ds.pr.isel(site=0).groupby("time.year").sum().values
        spread.append(totals.std() / totals.mean())
    added = np.sqrt(spread[1] ** 2 - spread[0] ** 2)
    assert added == pytest.approx(
        0.3, rel=0.25
    )  # sampling error of a standard deviation from 120 years is 6 %


def test_carbon_dioxide_rises(long):
    rise = long.co2.sel(site="boreal").groupby("time.year").mean().diff("year").mean()
    assert rise == pytest.approx(2.1, abs=0.02)


def test_seasonal_keeps_monthly_means():
    days = np.arange("2001-01-01", "2002-01-01", dtype="datetime64[D]")
    month = days.astype("datetime64[M]").astype(int) % 12
    for climate in CLIMATES.values():
        for values in (climate.tas, climate.wet):
            daily = seasonal(values, days)
            means = np.bincount(month, daily) / np.bincount(month)
            np.testing.assert_allclose(means, values, atol=0.02 * (max(values) - min(values)))


def test_seed_decides_and_sites_are_independent():
    one = synthetic.weather(["savanna", "savanna", "boreal"], 1, seed=3)
    again = synthetic.weather(["savanna", "savanna"], 1, seed=3)
    other = synthetic.weather(["savanna", "savanna"], 1, seed=4)
    assert one.site.values.tolist() == ["savanna-1", "savanna-2", "boreal"]
    np.testing.assert_array_equal(one.pr.values[:2], again.pr.values)
    assert not np.array_equal(one.pr.values[0], one.pr.values[1])
    assert not np.array_equal(again.pr.values, other.pr.values)
    assert len(one.time) == 365


def test_virtual_sites_know_their_truth(simulate):
    weather = synthetic.weather(["boreal", "savanna"], 3, seed=2)
    made = synthetic.virtual_sites(weather, simulate, noise={"gpp": 0.2}, gaps=0.15, seed=5, truth=True)
    assert 0.05 < made.gpp.isnull().mean().item() < 0.25
    truth = made.gpp_true.values
    use = np.isfinite(made.gpp.values) & (truth > 0.1)
    relative = (made.gpp.values - truth)[use] / truth[use]
    assert relative.std() == pytest.approx(0.2, abs=0.02)
    np.testing.assert_allclose(made.gpp_unc.values[use], 0.2 * truth[use], rtol=1e-5)
    np.testing.assert_allclose(
        made.reco.values[made.reco.notnull().values], made.reco_true.values[made.reco.notnull().values]
    )
    clean = synthetic.virtual_sites(weather, simulate)
    assert not any(clean[n].isnull().any() for n in ("gpp", "reco", "nee", "et"))
    assert set(clean.data_vars) == set(weather.data_vars) | {"gpp", "reco", "nee", "et"}


def test_gaps_have_their_fraction_and_length():
    mask = gap_mask((200, 1000), 0.15, np.random.default_rng(0))
    assert mask.mean() == pytest.approx(0.15, abs=0.005)
    starts = (np.diff(mask.astype(int), axis=1) == 1).sum()
    assert mask.sum() / starts == pytest.approx(5.0, abs=0.2)
    assert not gap_mask((2, 9), 0.0, np.random.default_rng(0)).any()


def test_files_come_back_as_they_went(world, folder):
    back = open_sites(folder, sites=world.site.values.tolist())
    for name in world.data_vars:
        np.testing.assert_array_equal(back[name].values, world[name].values, err_msg=str(name))
        assert back[name].attrs["units"] == world[name].attrs["units"]
    for name in ("lat", "lon", "elevation", "mean_annual_temperature", "mean_annual_precipitation"):
        np.testing.assert_allclose(back[name].values, world[name].values)
    assert back.igbp.values.tolist() == world.igbp.values.tolist()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: synthetic.weather("savana", 1), "did you mean 'savanna'"),
        (lambda: synthetic.weather([], 1), "no climate"),
        (lambda: synthetic.weather("savanna", 0), "years=0"),
        (lambda: synthetic.weather("savanna", 1, start="soon"), "no date"),
    ],
)
def test_weather_errors(call, message):
    with pytest.raises(ConfigError, match=message):
        call()


def test_world_errors():
    weather = synthetic.weather("boreal", 1)

    def nothing(ds):
        return {"gpp": ds.rsds * np.nan}

    def flat(ds):
        return {"gpp": ds.rsds.isel(site=0)}

    with pytest.raises(DataError, match="not finite"):
        synthetic.virtual_sites(weather, nothing)
    with pytest.raises(DataError, match="dimensions"):
        synthetic.virtual_sites(weather, flat)
    with pytest.raises(ConfigError, match="not simulated"):
        synthetic.virtual_sites(weather, lambda ds: {"gpp": ds.rsds}, noise={"et": 0.1})
    with pytest.raises(ConfigError, match="gaps"):
        synthetic.virtual_sites(weather, lambda ds: {"gpp": ds.rsds}, gaps=1.0)
