"""Fire weather gives the published series: every printed digit, restarts, the seasons of a global database."""

from __future__ import annotations

import pytest

from experiments.benches.fire import fwi_truth


@pytest.fixture(scope="module")
def where(shared_data):
    return shared_data / "fwi"


def test_printed_series_of_48_days(where):
    """Van Wagner & Pickett 1985 weather, scale 147.27723: five series, 48 days, seven columns."""
    found = fwi_truth.printed_series(where)
    assert len(found) == 5
    assert set(found.values()) == {0}


def test_runs_with_both_scales_and_a_restart(where):
    """The run of 1985, the same 48 days from its last codes, and the newer family."""
    found = fwi_truth.binary_runs(where)
    assert len(found) == 3
    assert set(found.values()) == {0}


def test_global_fire_weather_database(where):
    """A year at four places: seasons by temperature and snow, dry starts, the tropics."""
    found = fwi_truth.database(where)
    assert len(found) == 8
    assert set(found.values()) == {0}


def test_another_family_does_not_give_the_print(where, monkeypatch):
    """The count can fail: with the other scale nearly all values of fine fuel are others."""
    run = fwi_truth._run
    monkeypatch.setattr(fwi_truth, "_run", lambda *a: run(*a[:-1], "1985"))
    monkeypatch.setattr(fwi_truth, "SERIES", {"fwi_01": fwi_truth.START})
    assert next(iter(fwi_truth.printed_series(where).values())) > 100
