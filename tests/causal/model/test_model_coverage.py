"""Intervals of do(...) hold what they promise, and a graph's mask helps under a shift."""

from __future__ import annotations

import numpy as np
import pytest

from causal.model import coverage
from causal.model.graphs import structure
from data.synthetic.interventions import intervention_world


def test_unconstrained_graphs_forbid_nothing_that_the_truth_has():
    world = intervention_world(0)
    true = structure(world.graph, world.names).mask
    found = {n: structure(g, world.names).mask for n, g in coverage.unconstrained(world).items()}
    assert found["lagged"][:, 1:].all()
    assert found["ordered"][:, 1:].all()
    assert (found["ordered"] >= true).all()
    assert found["ordered"][:, 0].sum() == 10


def test_intervals_of_linear_worlds():
    rows = [
        coverage._row(intervention_world(s), "linear", "linear", coverage.Network(), s)
        for s in range(500, 512)
    ]
    told = coverage._summary(rows)
    case = "linear in linear"
    found = told["coverage"][case]
    assert 0.87 <= found["share"] <= 0.93
    assert found["standard_error"] < 0.01
    # a whole world's counterfactual is inside or outside together: four standard errors
    found = told["coverage_counterfactual"][case]
    assert found["share"] > 0.9 - 4 * found["standard_error"]
    assert told["ratio"][case] < 0.7


def test_summary_takes_the_better_of_the_unconstrained():
    row = {
        "kind": "linear",
        "mechanism": "linear",
        "error_masked": 1.0,
        "error_lagged": 2.0,
        "error_ordered": 4.0,
    }
    row |= {"coverage": 0.9, "coverage_shift": 0.8, "coverage_counterfactual": np.nan}
    told = coverage._summary([row, row | {"error_lagged": 8.0, "coverage": 0.8}])
    assert told["ratio"] == {"linear in linear": 1.0 / 4.0}
    assert told["coverage"]["linear in linear"]["share"] == pytest.approx(0.85)
    assert np.isnan(told["coverage_counterfactual"]["linear in linear"]["share"])


@pytest.mark.slow
def test_study_holds_its_claims():
    calls = []
    told = coverage.study(worlds=12, seed=500, progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (24, 24)
    for kind, mechanism in coverage.CASES:
        case = f"{mechanism} in {kind}"
        assert 0.87 <= told["coverage"][case]["share"] <= 0.93
        assert told["ratio"][case] <= 0.7
        # a whole world's counterfactual is inside or outside together: four standard errors
        found = told["coverage_counterfactual"][case]
        assert abs(found["share"] - 0.9) < 4 * found["standard_error"]
