"""Seasons: by temperature, by snow, by means; codes that start anew, winters that wet."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hybrid.fire.index import START, Codes, Weather, Winter, daylength, out_of_season, run_seasons, season
from hybrid.fire.index.drought import overwintered


def on(mask):
    return np.flatnonzero(np.asarray(mask)).tolist()


def test_season_by_temperature():
    """After three days above 12 degC, until the day after three below 5 degC (Wotton & Flannigan 1993)."""
    tas = jnp.array([13, 13, 11, 13, 14, 15, 8, 4, 4, 6, 4, 3, 2, 1, 20.0])
    mask, state = season.by_temperature(tas, season.closed(()))
    assert on(mask) == [6, 7, 8, 9, 10, 11, 12]
    assert not bool(state.active)


@pytest.mark.parametrize("cut", range(1, 14))
def test_season_by_temperature_in_pieces(cut):
    tas = jnp.array([13, 13, 11, 13, 14, 15, 8, 4, 4, 6, 4, 3, 2, 1, 20.0])
    whole, _ = season.by_temperature(tas, season.closed(()))
    first, state = season.by_temperature(tas[:cut], season.closed(()))
    second, _ = season.by_temperature(tas[cut:], state)
    assert np.array_equal(np.concatenate([first, second]), whole)


def test_season_by_snow():
    """From the third day without snow until a day with snow."""
    snd = jnp.array([0.1, 0, 0, 0.02, 0, 0, 0, 0, 0.01, 0, 0, 0.0])
    mask, state = season.by_snow(snd, season.closed(()))
    assert on(mask) == [6, 7, 11]
    assert bool(state.active)


def test_season_by_means():
    """Three days of 6 degC and less than 1 cm of snow in the mean."""
    tas = jnp.array([9, 9, 9, 9, 0, 0, 9, 30.0])
    snd = jnp.array([0.1, 0, 0, 0, 0, 0, 0, 0.04])
    assert on(season.by_means(tas, snd)) == [3]
    assert on(season.by_means(tas, snd.at[7].set(0.0))) == [3, 7]


def test_a_dry_start_counts_days_without_rain():
    pr, snd = jnp.array([5, 0, 0.9, 0, 2.0]), jnp.zeros(5)
    dmc, dc = season.dry_start(pr, snd)
    assert np.asarray(dmc).tolist() == [0, 2, 4, 6, 0]
    assert np.asarray(dc).tolist() == [0, 5, 10, 15, 0]
    dmc, dc = season.dry_start(pr, snd + 0.3)
    assert set(np.asarray(dmc).tolist()) == {6.0}
    assert set(np.asarray(dc).tolist()) == {15.0}


DAYS = 10
ACTIVE = np.array([0, 1, 1, 1, 0, 0, 0, 1, 1, 0], bool)[:, None]
MONTH = jnp.full(DAYS, 6)


def fields(pr=0.0):
    return Weather(*(jnp.full((DAYS, 1), v) for v in (20.0, 40.0, 10.0)), jnp.full((DAYS, 1), pr))


@functools.cache
def program(wintry):
    winter = Winter(0.75, 0.75) if wintry else None
    return jax.jit(
        lambda w, a, s: run_seasons(
            w, MONTH[: len(a)], a, s, daylength.canadian(), opening=START, winter=winter
        )
    )


def test_each_season_starts_anew():
    found, state = program(False)(fields(), jnp.asarray(ACTIVE), out_of_season((1,)))
    dc = np.asarray(found.dc)[:, 0]
    assert np.array_equal(~np.isnan(dc), ACTIVE[:, 0])
    gain = 0.5 * (0.36 * 22.8 + 6.4)
    assert dc[1:4] == pytest.approx(15 + gain * np.arange(1, 4), rel=1e-5)
    assert dc[7:9] == pytest.approx(15 + gain * np.arange(1, 3), rel=1e-5)
    assert not bool(state.active[0])


def test_winter_precipitation_is_remembered():
    """Days 4 to 6 bring 3 x 2 mm, of which deep layers take what the published formula says."""
    found, state = program(True)(fields(2.0), jnp.asarray(ACTIVE), out_of_season((1,)))
    dc = np.asarray(found.dc)[:, 0]
    begins = float(overwintered(jnp.asarray(dc[3]), 6.0, 0.75, 0.75))
    assert begins > 15.0
    assert dc[7] == pytest.approx(begins + 0.5 * (0.36 * 22.8 + 6.4), rel=1e-5)
    assert float(state.winter_rain[0]) == 2.0
    assert float(state.autumn_dc[0]) == pytest.approx(dc[8])


def test_weather_missing_in_winter_does_no_harm():
    weather = fields()
    tas = weather.tas.at[5].set(jnp.nan)
    found, _ = program(False)(weather._replace(tas=tas), jnp.asarray(ACTIVE), out_of_season((1,)))
    whole, _ = program(False)(weather, jnp.asarray(ACTIVE), out_of_season((1,)))
    assert np.array_equal(found.fwi, whole.fwi, equal_nan=True)


def test_opening_codes_may_differ_by_day():
    opening = Codes(80.0, 0.0, jnp.arange(10.0)[:, None] * 10.0)
    found, _ = run_seasons(
        fields(), MONTH, jnp.asarray(ACTIVE), out_of_season((1,)), daylength.canadian(), opening=opening
    )
    gain = 0.5 * (0.36 * 22.8 + 6.4)
    assert np.asarray(found.dc)[[1, 7], 0] == pytest.approx([10 + gain, 70 + gain], rel=1e-5)
