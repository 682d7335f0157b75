"""Surface and crown fire against the tables of a reference implementation, row by row."""

from __future__ import annotations

import csv

import jax.numpy as jnp
import numpy as np
import pytest

from experiments.benches.fire import rothermel_truth
from experiments.benches.fire.rothermel_expected import expectations
from hybrid.fire import units as u
from hybrid.fire.behaviour import PUBLISHED, REFERENCE, Convention, fuels, table

CLASSES = ("w_1h_lb_ft2", "w_10h_lb_ft2", "w_100h_lb_ft2", "w_live_herb_lb_ft2", "w_live_woody_lb_ft2")
SAVR = ("savr_1h_ft2_ft3", "savr_live_herb_ft2_ft3", "savr_live_woody_ft2_ft3")


@pytest.fixture(scope="module")
def reference(shared_data):
    folder = shared_data / "rothermel"
    if not folder.is_dir():
        pytest.skip("no real data: the folder 'rothermel' is missing")
    return folder


def test_all_columns_of_all_rows(reference):
    errors = rothermel_truth.surface_errors(reference / "surface_reference.csv.gz", jnp.float64)
    assert len(errors) == 14
    assert max(errors.values()) < 1e-8, errors  # nine digits are printed


@pytest.mark.slow
def test_all_rows_in_single_precision(reference):
    errors = rothermel_truth.surface_errors(reference / "surface_reference.csv.gz", jnp.float32)
    assert errors["ros_ft_min"] < 1e-4, errors


def test_expected_values(reference):
    found = expectations(reference / "unit_test_expectations.csv")
    assert len(found) == 71
    off = [(r["test"], r["quantity"], v, e) for r, v, e in found if abs(v - e) > float(r["abs_tol"])]
    assert off == []


def test_table_is_that_of_the_reference(reference):
    with (reference / "fuel_models.csv").open(encoding="utf-8") as file:
        rows = {int(r["number"]): r for r in csv.DictReader(file)}
    assert set(rows) == set(table())
    for number, row in rows.items():
        model, si = table()[number], fuels.in_si(table()[number], REFERENCE)
        assert model.code == row["code"]
        assert model.dynamic == (row["is_dynamic"] == "1")
        load = np.array([float(row[c]) for c in CLASSES])
        np.testing.assert_allclose(si.load / u.POUND_PER_SQUARE_FOOT, load, rtol=1e-9)
        savr = np.array([float(row[c]) for c in SAVR])
        present = load[[0, 3, 4]] > 0
        np.testing.assert_allclose((si.savr * u.FOOT)[[0, 3, 4]][present], savr[present], rtol=1e-12)
        np.testing.assert_allclose(si.depth / u.FOOT, float(row["depth_ft"]), rtol=1e-12)
        np.testing.assert_allclose(si.extinction, float(row["mx_dead_frac"]), rtol=1e-12)
        for name in ("dead", "live"):
            heat = float(getattr(si, f"heat_{name}")) / u.BTU_PER_POUND
            assert heat == pytest.approx(float(row[f"heat_{name}_btu_lb"]), rel=1e-12)


def test_further_models_are_metric_as_published():
    """V-MMb: 0.9 m deep, 20 % moisture of extinction, 20.5 MJ/kg, 4 t/ha of 1-h fuel at 3000 per m."""
    published = fuels.in_si(table()[156])
    assert float(published.depth) == 0.9
    assert float(published.extinction) == pytest.approx(0.20)
    assert float(published.heat_dead) == 20500.0
    np.testing.assert_allclose(published.load[0], 0.4)
    assert published.savr[0] == 3000.0
    assert float(fuels.in_si(table()[150]).extinction) == pytest.approx(0.20)


def test_conventions_of_the_fuel_table():
    herbs = Convention(live_class="herbaceous")
    for number in (4, 5, 7, 10):
        woody, other = (fuels.in_si(table()[number], c) for c in (Convention(), herbs))
        assert woody.load[3] == 0.0 < woody.load[4]
        assert other.load[3] == woody.load[4]
        assert other.load[4] == 0.0
    for number in (2, 124):
        np.testing.assert_array_equal(
            fuels.in_si(table()[number], herbs).load, fuels.in_si(table()[number]).load
        )
    for convention, savr in ((Convention(), 1500.0), (PUBLISHED, 1550.0)):
        assert float(fuels.in_si(table()[7], convention).savr[4]) == pytest.approx(savr / u.FOOT)
