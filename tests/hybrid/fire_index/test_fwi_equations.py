"""Equations of fire weather against closed forms and examples of their sources."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.errors import DataError
from hybrid.fire.index import FAMILIES, daylength, drought, duff, fine_fuel, hourly, indices
from hybrid.fire.index.run import Weather


def f64(function, *values):
    with jax.enable_x64(True):
        return np.asarray(function(*(jnp.asarray(v, float) for v in values)))


def scale(name):
    return FAMILIES[name].scale


@pytest.mark.parametrize("family", FAMILIES)
def test_fine_fuel_code_and_moisture_are_inverse_in_the_exact_family(family):
    """Elsewhere the two scales are at odds by (59.5 x 250 - 101 x scale) / (scale + m)."""
    codes = np.array([10.0, 50.0, 85.0, 100.0])
    m = f64(lambda c: fine_fuel.moisture(c, scale(family)), codes)
    back = f64(lambda m: fine_fuel.code(m, scale(family)), m)
    odd = (59.5 * 250.0 - 101.0 * scale(family)) / (scale(family) + m)
    assert back - codes == pytest.approx(odd, abs=1e-10)
    assert (odd.max() < 1e-10) == (family == "exact")


def test_a_code_of_zero_is_the_greatest_moisture_in_the_exact_family():
    assert float(f64(lambda c: fine_fuel.moisture(c, scale("exact")), 0.0)) == pytest.approx(250.0, rel=1e-12)
    assert float(f64(lambda c: fine_fuel.moisture(c, scale("1985")), 0.0)) == pytest.approx(
        147.2 * 101 / 59.5
    )


def test_fuel_tends_to_its_equilibria_and_does_not_cross_them():
    t, h, w = 20.0, 45.0, 10.0
    down = float(f64(fine_fuel.drying_equilibrium, t, h))
    up = float(f64(fine_fuel.wetting_equilibrium, t, h))
    assert up < down
    inside = 0.5 * (up + down)
    wet, dry, still = f64(lambda m: fine_fuel.settled(m, t, h, w), np.array([80.0, 1.0, inside]))
    assert down < wet < 80.0
    assert 1.0 < dry < up
    assert still == inside


def test_days_of_the_same_air_approach_the_equilibrium_by_the_same_factor():
    """m - E falls by 10^-k each day, Van Wagner & Pickett 1985, eq. 8."""
    t, h, w = 25.0, 30.0, 15.0
    e = float(f64(fine_fuel.drying_equilibrium, t, h))
    rate = 0.581 * math.exp(0.0365 * t) * (0.424 * (1 - 0.3**1.7) + 0.0694 * math.sqrt(w) * (1 - 0.3**8))
    one, two = (float(f64(lambda m: fine_fuel.settled(m, t, h, w), m)) for m in (60.0, 30.0))
    assert (one - e) / (60.0 - e) == pytest.approx(10.0**-rate, rel=1e-10)
    assert (two - e) / (30.0 - e) == pytest.approx(10.0**-rate, rel=1e-10)


def test_rain_wets_fine_fuel_but_not_past_250():
    m = f64(lambda r: fine_fuel.wetted(jnp.asarray(160.0), r), np.array([0.0, 5.0, 500.0]))
    gain = 42.5 * 5 * math.exp(-100 / 91) * (1 - math.exp(-6.93 / 5)) + 0.0015 * 100 * math.sqrt(5)
    assert m == pytest.approx([160.0, 160.0 + gain, 250.0], rel=1e-12)


def test_duff_dries_by_a_day():
    """1.894e-4 (T + 1.1) (100 - H) L; nothing below -1.1 degC."""
    assert f64(duff.drying, [17.0, -5.0], [42.0, 42.0], [12.8, 12.8]) == pytest.approx(
        [1.894e-4 * 18.1 * 58 * 12.8, 0.0], rel=1e-12
    )


@pytest.mark.parametrize("edge", [33.0, 65.0])
def test_slope_of_rain_on_duff_nearly_joins(edge):
    below, above = f64(duff.rain_slope, [edge, edge + 1e-9])
    assert above == pytest.approx(below, abs=0.2)
    assert above != below


@pytest.mark.parametrize("printed", [False, True])
def test_duff_moisture_and_code_nearly_invert(printed):
    back = f64(lambda p: duff.code(duff.moisture(p, printed), printed), [1.0, 20.0, 80.0])
    assert back == pytest.approx([1.0, 20.0, 80.0], rel=2e-3, abs=0.02)


def test_drought_code_of_a_warm_dry_day():
    """(0.36 (T + 2.8) + L) / 2."""
    assert float(f64(drought.next_dc, 100.0, 20.0, 2.8, 5.8)) == pytest.approx(
        100 + 0.5 * (0.36 * 22.8 + 5.8)
    )
    assert float(f64(drought.next_dc, 100.0, -20.0, 0.0, -1.6)) == 100.0


def test_drought_code_after_rain():
    q = 800 * math.exp(-0.5) + 3.937 * (0.83 * 20 - 1.27)
    assert float(f64(drought.next_dc, 200.0, -10.0, 20.0, 0.0)) == pytest.approx(
        400 * math.log(800 / q), rel=1e-12
    )


def test_winter_wets_deep_layers():
    """An autumn code of 300 and 110 mm with 0.75 and 0.75 give 109.47; much snow gives 15."""
    assert float(f64(drought.overwintered, 300.0, 110.0)) == pytest.approx(109.4657, abs=1e-3)
    assert float(f64(drought.overwintered, 300.0, 800.0)) == 15.0
    assert float(f64(drought.overwintered, 300.0, 0.0, 1.0, 0.9)) == pytest.approx(300.0, rel=1e-12)


def test_spread_index_rises_with_wind_as_published():
    calm, windy = f64(lambda w: indices.initial_spread(jnp.asarray(90.0), w, 147.2), [0.0, 20.0])
    assert windy / calm == pytest.approx(math.exp(0.05039 * 20), rel=1e-12)


def test_buildup_lies_between_what_it_joins():
    """Twice the harmonic mean of P and 0.4 D where P is small; zero where nothing is dry."""
    assert float(f64(indices.buildup, 20.0, 200.0)) == pytest.approx(0.8 * 20 * 200 / (20 + 80), rel=1e-12)
    assert float(f64(indices.buildup, 0.0, 0.0)) == 0.0
    high = 50 - (1 - 0.8 * 20 / (50 + 8)) * (0.92 + (0.0114 * 50) ** 1.7)
    assert float(f64(indices.buildup, 50.0, 20.0)) == pytest.approx(high, rel=1e-12)


def test_intensity_joins_where_the_intermediate_is_one():
    effect = float(f64(indices.duff_function, 40.0))
    near = np.array([1 - 1e-9, 1 + 1e-9]) * 10 / effect
    below, above = f64(lambda r: indices.fire_weather_index(r, jnp.asarray(40.0)), near)
    assert below == pytest.approx(1.0, abs=1e-8)
    assert above == pytest.approx(1.0, abs=1e-4)


def test_severity():
    assert f64(indices.daily_severity, [0.0, 10.0]) == pytest.approx([0.0, 0.0272 * 10**1.77], rel=1e-12)


def test_an_hour_wets_with_all_its_rain_and_dries_at_a_tenth():
    """Van Wagner 1977: 0.0579 in place of 0.581, and no loss of rain in the canopy."""
    with jax.enable_x64(True):
        dry = Weather(*(jnp.asarray(x) for x in (25.0, 30.0, 15.0, 0.0)))
        m = 80.0
        e = float(fine_fuel.drying_equilibrium(jnp.asarray(25.0), jnp.asarray(30.0)))
        k = 0.0579 * math.exp(0.0365 * 25) * (0.424 * (1 - 0.3**1.7) + 0.0694 * math.sqrt(15) * (1 - 0.3**8))
        before = fine_fuel.code(jnp.asarray(m), scale("exact"))
        after = fine_fuel.moisture(hourly.next_hour(before, dry, scale("exact")), scale("exact"))
        assert float(after) == pytest.approx(e + (m - e) * 10**-k, rel=1e-9)
        some = hourly.next_hour(before, dry._replace(pr=jnp.asarray(0.4)), scale("exact"))
        assert float(some) < float(hourly.next_hour(before, dry, scale("exact")))


def test_hours_in_pieces_are_hours_in_whole():
    rng = np.random.default_rng(3)
    hours = Weather(
        *(rng.uniform(a, b, (9, 5)).astype(np.float32) for a, b in ((5, 30), (20, 100), (0, 30), (0, 0.3)))
    )
    whole, _ = hourly.run_hours(hours)
    first, end = hourly.run_hours(Weather(*(x[:8] for x in hours)))
    last, _ = hourly.run_hours(Weather(*(x[8:] for x in hours)), end)
    assert np.array_equal(np.concatenate([first, last]), whole)


def test_day_length_by_belt():
    found = daylength.by_latitude(np.array([46.0, 15.0, 0.0, -15.0, -45.0]))
    july = np.asarray(found.dmc)[6]
    assert july == pytest.approx([12.4, 10.1, 9.0, 7.9, 6.5])
    assert np.asarray(found.dc)[6] == pytest.approx([6.4, 1.39, 1.39, 1.39, -1.6])
    canada = daylength.canadian()
    assert np.asarray(found.dmc)[:, 0] == pytest.approx(np.asarray(canada.dmc))
    assert np.roll(np.asarray(found.dc)[:, 4], 6) == pytest.approx(np.asarray(canada.dc))


@pytest.mark.parametrize("lat", [91.0, -90.5, np.nan])
def test_impossible_latitudes_are_told(lat):
    with pytest.raises(DataError, match="not within -90 to 90"):
        daylength.by_latitude(np.array([45.0, lat]))
