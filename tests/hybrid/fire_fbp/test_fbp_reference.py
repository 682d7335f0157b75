"""Canadian fire behaviour gives the published cases, every fuel type among them, to every printed digit."""

from __future__ import annotations

import pandas as pd
import pytest

from experiments.benches.fire import fbp_truth

OTHERS = pd.DataFrame(
    {
        "FuelType": ["O-1A", "o1b", "O-1b", "S-1", "S-2", "S-3", "c6", "C-6"],
        "FFMC": [95, 85, 95, 95, 87, 89, 90, 91],
        "BUI": [20, 40, 40, 130, 63, 20, 80, 100],
        "WS": [35, 0.5, 35, 15, 0, 0, 15, 20],
        "WD": [180, 180, 180, 180, 0, 0, 0, 0],
        "GS": [50, 0, 10, 20, 0, 30, 10, 30],
        "Aspect": [270, 179, 270, 225, 180, 270, 270, 270],
        "LAT": [56, 50, 50, 50, 50, 50, 46, 46],
        "LONG": [90, 90, 90, 90, 90, 90, 77, 77],
        "Dj": [244, 152, 152, 152, 182, 213, 171, 213],
        "GFL": [1, 0.2, 1, 0.35, 0.35, 0.35, 0.35, 0.35],
        "cc": [90, 55, 45, 80, 80, 80, 80, 80],
        "Accel": 1,
    }
)
PRINTED = {
    "ROS": [134.693261, 0.402376283, 13.2986361, 45.1105067, 1.01230237, 1.39909522, 4.39541967, 17.6370032],
    "HFI": [40407.9783, 24.1425770, 3989.59083, 105514.823, 3478.57690, 4301.88862, 2687.57484, 20766.5249],
    "BROS": [0.910809714, 0.370496939, 0.112867551, 3.63896759, 1.01230237, 0.253073200, 0.101364361, 0.0659152785],
    "RAZ": [40.7132851, 0.0, 5.02801483, 16.8888743, 180.0, 90.0, 173.255848, 160.575377],
}  # fmt: skip
"""Grass, slash and plantation of [@wang2017cffdrs], calculated with the scale of 147.2."""


@pytest.fixture(scope="module")
def rows(shared_data):
    return {r.name: r.value for r in fbp_truth.rows(shared_data, True)}


@pytest.mark.parametrize("name", ["primary", "secondary", "all"])
def test_twelve_cases_to_all_printed_digits(rows, name):
    assert rows[f"fire behaviour, 12 cases, {name}, differing from print"] == 0


def test_equations_as_published_and_no_input(rows):
    assert len(rows) == 5
    assert set(rows.values()) == {0}


@pytest.mark.slow
def test_other_fuel_types():
    found = fbp_truth.predicted(OTHERS, "published", "1985")
    for name, values in PRINTED.items():
        assert found[name] == pytest.approx(values, rel=1e-8), name


@pytest.mark.slow
def test_another_scale_does_not_give_the_print():
    found = fbp_truth.predicted(OTHERS, "published", "exact")
    assert found["ROS"] != pytest.approx(PRINTED["ROS"], rel=1e-4)
