"""Laws give the values of the sources they cite."""

from __future__ import annotations

import numpy as np
import pytest

from hybrid.process.laws import carbon, photosynthesis, radiation


@pytest.mark.parametrize(
    ("temperature", "kilopascal"), [(1.0, 0.657), (15.0, 1.705), (20.0, 2.338), (24.5, 3.075), (30.0, 4.243)]
)
def test_saturation_vapour_pressure(temperature, kilopascal):
    """Allen et al. 1998, table 2.3 and example 3."""
    assert float(radiation.saturation_vapour_pressure(np.float32(temperature))) == pytest.approx(
        kilopascal, abs=1.5e-3
    )


@pytest.mark.parametrize(("temperature", "slope"), [(1.0, 0.047), (20.0, 0.145), (30.0, 0.243)])
def test_slope_of_saturation(temperature, slope):
    """Allen et al. 1998, table 2.4."""
    assert float(radiation.slope_of_saturation(np.float32(temperature))) == pytest.approx(slope, abs=6e-4)


def test_pressure_and_psychrometric_constant():
    """Allen et al. 1998, example 2: 1800 m gives 81.8 kPa and 0.054 kPa per K."""
    pressure = radiation.air_pressure(1800.0)
    assert pressure == pytest.approx(81.8, abs=0.05)
    assert radiation.psychrometric_constant(pressure) == pytest.approx(0.054, abs=5e-4)


def test_extraterrestrial_radiation():
    """Allen et al. 1998, example 8: 3 September at 20 degrees south gives 32.2 MJ per m2 and day."""
    assert float(radiation.extraterrestrial_radiation(246.0, -20.0)) == pytest.approx(32.2, abs=0.05)


def test_net_radiation():
    """Allen et al. 1998, examples 10 to 12: Rio de Janeiro in May, 7.6 MJ per m2 and day."""
    saturation = 0.5 * sum(float(radiation.saturation_vapour_pressure(t)) for t in (19.1, 25.1))
    longwave = radiation.net_longwave(
        rsds=14.5,
        tas_min=19.1,
        tas_max=25.1,
        vpd=10.0 * (saturation - 2.1),
        top_of_atmosphere=25.1,
        elevation=0.0,
    )
    assert float(longwave) == pytest.approx(3.5, abs=0.1)
    assert float(radiation.net_radiation(14.5, longwave, albedo=0.23)) == pytest.approx(7.6, abs=0.1)


def test_photorespiratory_point():
    """Bernacchi et al. 2001: 42.75 ppm at 25 degC and 101.325 kPa, 37.83 kJ per mol."""
    point = photosynthesis.photorespiratory_point
    assert float(point(25.0, 101.325)) == pytest.approx(42.75, rel=1e-6)
    rise = 37830.0 / 8.314 * (1.0 / 298.15 - 1.0 / 308.15)
    assert float(point(35.0, 101.325)) == pytest.approx(42.75 * np.exp(rise), rel=1e-5)


@pytest.mark.parametrize(("slope", "deficit"), [(3.0, 1.0), (5.0, 2.0), (1.5, 0.5)])
def test_internal_fraction(slope, deficit):
    """Medlyn et al. 2011, eq. 13: chi = g1 / (g1 + sqrt D), D in kPa (``vpd`` is in hPa)."""
    chi = float(photosynthesis.internal_fraction(10.0 * deficit, slope))
    assert chi == pytest.approx(slope / (slope + np.sqrt(deficit)), abs=4e-3)


def test_carbon_supply():
    """Wang et al. 2017: m = (ci - G) / (ci + 2 G); 0.684 at ci = 320 ppm and G = 42.75 ppm."""
    assert float(photosynthesis.carbon_supply(400.0, 42.75, 0.8)) == pytest.approx(0.6837, abs=1e-4)
    assert float(photosynthesis.carbon_supply(50.0, 42.75, 0.8)) == 0.0


def test_water_cost():
    """1.6 D / (P ca (1 - chi)): 1 kPa, 100 kPa, 400 ppm and chi 0.75 give 160 mol of water per mol of carbon."""
    cost = float(photosynthesis.water_cost(9.5, 100.0, 400.0, 0.75))
    assert cost == pytest.approx(160.0 * 18.015 / 12.011 * 1e-3, rel=1e-5)


def test_q10():
    """van 't Hoff 1898: one factor for each 10 K."""
    assert float(carbon.q10_response(25.0, 1.7)) == pytest.approx(1.7)
    assert float(carbon.q10_response(5.0, 2.0)) == pytest.approx(0.5)
