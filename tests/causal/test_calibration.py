"""Where p-values are too small, the result says so; how much too small is held against independent series."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from causal import discover
from causal.calibration import calibration
from causal.engines.jax_engine import run_cells
from causal.settings import Settings


@pytest.mark.parametrize(
    ("settings", "variables", "samples", "told"),
    [
        (Settings(tau_max=3), 20, 144, True),
        (Settings(tau_max=3, pc_alpha=(0.01, 0.2)), 20, 144, True),
        (Settings(tau_max=3, pc_alpha=None), 20, 144, True),
        (Settings(tau_max=3, pc_alpha=0.05), 20, 144, False),
        (Settings(tau_max=3), 5, 494, False),
        (Settings(tau_max=3), 20, 0, False),
        (Settings(method="pcmci+", tau_max=3, pc_alpha=0.2), 20, 144, False),
    ],
)
def test_where_chance_selects_many_conditions_it_is_told(settings, variables, samples, told):
    found = calibration(settings, variables, np.array([samples, samples]))
    assert bool(found) == told
    assert not told or "let" in found["calibration"]


def test_a_result_carries_the_note():
    x = np.random.default_rng(0).normal(size=(8, 90))
    ds = xr.Dataset({f"v{k}": ("time", row) for k, row in enumerate(x)})
    note = discover(ds, tau_max=2).attrs["calibration"]
    assert note.startswith("pc_alpha 0.2 lets chance select some 3 conditions for 86 samples")
    assert "calibration" not in discover(ds, tau_max=2, pc_alpha=0.05).attrs


@pytest.mark.slow
def test_the_note_is_true():
    """Independent series of 10 variables and 106 samples: at pc_alpha 0.2 p-values are too small, at 0.05 not.

    Tests of a cell depend on one another a little: four standard errors of the rate over cells.
    """
    values = np.random.default_rng(3).normal(size=(120, 112, 10))
    off = ~np.eye(10, dtype=bool)
    rates = {}
    for pc_alpha in (0.05, 0.2):
        settings = Settings(tau_max=3, pc_alpha=pc_alpha)
        each = (run_cells(values, settings).links.p[:, off, 1:] <= 0.05).mean((1, 2))
        rates[pc_alpha] = each.mean(), each.std() / np.sqrt(len(each))
    assert abs(rates[0.05][0] - 0.05) < 4 * rates[0.05][1]
    assert rates[0.2][0] - 0.05 > 4 * rates[0.2][1]
