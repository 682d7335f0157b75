import numpy as np
import pytest

from data.errors import DataError
from data.units import compatible, convert
from data.variables import REGISTRY

CASES = [
    ("K", "degC", "", 273.15, 0.0),
    ("degF", "degC", "", 212.0, 100.0),
    ("Celsius", "degC", "", 20.0, 20.0),
    ("W m-2", "MJ m-2 d-1", "", 100.0, 8.64),
    ("J m-2 d-1", "MJ m-2 d-1", "", 2e6, 2.0),
    ("Pa", "hPa", "", 1500.0, 15.0),
    ("kPa", "hPa", "", 1.5, 15.0),
    ("mbar", "hPa", "", 15.0, 15.0),
    ("hPa", "kPa", "", 1013.25, 101.325),
    ("kg m-2 s-1", "mm d-1", "water", 1.0 / 86400.0, 1.0),
    ("kg m-2 d-1", "mm d-1", "water", 3.0, 3.0),
    ("m s-1", "mm d-1", "water", 1e-3 / 86400.0, 1.0),
    ("mm/day", "mm d-1", "water", 3.0, 3.0),
    ("m s**-1", "m s-1", "", 3.0, 3.0),
    ("umol mol-1", "ppm", "", 410.0, 410.0),
    ("1e-6", "ppm", "", 410.0, 410.0),
    ("umol m-2 s-1", "g m-2 d-1", "carbon", 1.0, 12.011e-6 * 86400),
    ("µmolCO2 m-2 s-1", "g m-2 d-1", "carbon", 1.0, 12.011e-6 * 86400),
    ("umol CO2 m-2 s-1", "g m-2 d-1", "carbon", 1.0, 12.011e-6 * 86400),
    ("gC m-2 d-1", "g m-2 d-1", "carbon", 2.0, 2.0),
    ("g C m-2 d-1", "g m-2 d-1", "carbon", 2.0, 2.0),
    ("kgC m-2 s-1", "g m-2 d-1", "carbon", 1e-3 / 86400, 1.0),
    ("m3 m-3", "%", "", 0.25, 25.0),
    ("m2 m-2", "1", "", 3.0, 3.0),
    ("percent", "%", "", 25.0, 25.0),
]


@pytest.mark.parametrize(("found", "wanted", "substance", "number", "expected"), CASES)
def test_known_conversions(found, wanted, substance, number, expected):
    got = convert(np.array([number]), found, wanted, substance=substance)
    np.testing.assert_allclose(got, [expected], rtol=1e-9, atol=1e-9)


def test_same_unit_is_not_touched():
    values = np.array([1.0, np.nan], dtype=np.float32)
    assert convert(values, "mm d-1", "mm d-1") is values


def test_missing_values_stay():
    got = convert(np.array([np.nan, 273.15]), "K", "degC")
    assert np.isnan(got[0])


@pytest.mark.parametrize(
    ("found", "wanted", "substance", "message"),
    [
        (None, "mm d-1", "water", "the unit is missing, 'mm d-1'"),
        ("wibbles", "mm d-1", "water", "'wibbles' is unknown, 'mm d-1' is wanted"),
        ("K", "mm d-1", "water", "'K' does not convert to 'mm d-1'"),
        ("mm", "mm d-1", "water", "'mm' does not convert"),
        ("W m-2", "mm d-1", "water", "'W m-2' does not convert"),
        ("umol m-2 s-1", "mm d-1", "water", "does not convert"),
        ("kg m-2 s-1", "W m-2", "", "does not convert"),
    ],
)
def test_unit_errors_name_both_units_and_the_place(found, wanted, substance, message):
    with pytest.raises(DataError, match=message) as caught:
        convert(np.ones(1), found, wanted, substance=substance, where="a.nc, variable pr")
    assert "a.nc, variable pr" in str(caught.value)


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_registry_units_parse_and_ranges_are_ordered(name):
    variable = REGISTRY[name]
    assert variable.lower < variable.upper
    assert compatible(variable.unit, variable.unit)
    from cf_xarray.units import units

    units.parse_units(variable.unit)


def test_rescaling_units_leaves_results_alone():
    rng = np.random.default_rng(0)
    celsius = rng.uniform(-30, 40, 50)
    np.testing.assert_allclose(convert(celsius + 273.15, "K", "degC"), celsius, atol=1e-10)
    rain = rng.gamma(1.0, 5.0, 50)
    np.testing.assert_allclose(
        convert(rain / 86400, "kg m-2 s-1", "mm d-1", substance="water"), rain, rtol=1e-12
    )
