"""Formulas against the worked examples of FAO-56 (Allen et al. 1998)."""

import numpy as np
import pytest

from data import solar, vapour
from data.synthetic.generator import pressure


def test_example_8_extraterrestrial_radiation():
    assert solar.declination(np.array(246)) == pytest.approx(0.120, abs=1e-3)
    assert solar.sunset_hour_angle(np.array(-20.0), np.array(246)) == pytest.approx(1.527, abs=1e-3)
    assert solar.extraterrestrial(np.array(-20.0), np.array(246)) == pytest.approx(32.2, abs=0.05)


def test_example_9_daylight_hours():
    assert solar.day_length(np.array(-20.0), np.array(246)) == pytest.approx(11.7, abs=0.05)


def test_polar_day_and_night():
    assert solar.day_length(np.array([80.0, 80.0]), np.array([172, 355])).tolist() == [24.0, 0.0]
    assert solar.extraterrestrial(np.array(80.0), np.array(355)) == pytest.approx(0.0, abs=1e-9)


def test_equator_has_twelve_hours():
    np.testing.assert_allclose(solar.day_length(np.array(0.0), np.arange(1, 366)), 12.0, atol=1e-6)


def test_day_of_year_across_leap_years():
    days = np.array(["2000-12-31", "2001-12-31", "2004-02-29", "1969-12-31"], dtype="datetime64[D]")
    assert solar.day_of_year(days).tolist() == [366, 365, 60, 365]


def test_example_3_saturation_pressure():
    got = vapour.saturation_pressure(np.array([24.5, 15.0])) / 10.0
    np.testing.assert_allclose(got, [3.075, 1.705], atol=1e-3)


def test_deficit_of_saturated_air_is_the_nonlinearity_only():
    assert vapour.deficit(np.array(10.0), np.array(10.0), np.array(10.0)) == pytest.approx(0.0)
    # examples 3 to 5: es = 2.39 kPa; with ea = 1.70 kPa (dew point 15.0 degC) the deficit is 0.69 kPa
    got = vapour.deficit(np.array(15.0), np.array(24.5), np.array(15.0)) / 10.0
    assert got == pytest.approx(2.39 - 1.705, abs=5e-3)


def test_latent_heat_at_twenty_degrees():
    assert vapour.latent_heat(np.array(20.0)) == pytest.approx(2.45, abs=5e-3)
    # 2.45 MJ m-2 d-1 evaporate one millimetre: 28.35 W m-2
    assert vapour.evapotranspiration(np.array(28.4), np.array(20.0)) == pytest.approx(1.0, abs=5e-3)


def test_example_20_hargreaves_at_lyon():
    got = vapour.potential_evapotranspiration(np.array(14.8), np.array(26.6), np.array(45.72), np.array(196))
    assert got == pytest.approx(5.0, abs=0.06)


def test_example_2_air_pressure():
    assert pressure(1800.0) == pytest.approx(81.8, abs=0.1)
