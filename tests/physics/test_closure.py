"""Mass closes in every pool at every step, at the defaults and at random parameters."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tinyphysics as tiny

from hybrid import closure

PROCESS = tiny.planned().process


def test_double_precision_closes_to_1e_10(double):
    with jax.enable_x64(True):
        residuals = closure.residuals(PROCESS, double)
        worst = {n: float(np.abs(r).max()) for n, r in residuals.items()}
        assert residuals["wood"].dtype == jnp.float64
    assert set(worst) == set(PROCESS.pool_names)
    assert max(worst.values()) <= 1e-10, worst


def test_single_precision_closes_to_1e_6_of_the_pool(single):
    worst = {n: float(r) for n, r in closure.relative_residuals(PROCESS, single).items()}
    assert max(worst.values()) <= 1e-6, worst


@pytest.mark.parametrize("budget", ["water", "carbon"])
def test_budgets_close(double, budget):
    with jax.enable_x64(True):
        held = {k: np.asarray(v) for k, v in closure.budgets(PROCESS, double)[budget].items()}
    assert (held["inflow"] > 50).all()
    np.testing.assert_allclose(held["inflow"] - held["outflow"], held["storage"], atol=1e-8)
    assert np.abs(held["residual"]).max() <= 1e-8


def test_water_budget_is_precipitation(double):
    """What enters the water pools, with the rain that wets the canopy, is what fell."""
    with jax.enable_x64(True):
        entered = sum(np.asarray(double.fluxes[n]) for n in ("snowfall", "throughfall", "interception"))
    np.testing.assert_allclose(entered, tiny.panel().forcing["pr"], atol=1e-5)


def test_nee_is_the_change_of_carbon(double):
    pools = PROCESS.budgets["carbon"]
    with jax.enable_x64(True):
        change = sum(np.asarray(double.final[p] - double.pools[p][0]) for p in pools)
        nee = np.asarray(double.observables["nee"]).sum(0)
    np.testing.assert_allclose(-nee, change, atol=1e-7)


def test_random_members_are_finite(members):
    lost = [
        jax.tree_util.keystr(k)
        for k, a in jax.tree_util.tree_leaves_with_path(members)
        if not np.isfinite(a).all()
    ]
    assert lost == []


def test_random_members_hold_no_negative_mass(members):
    for group in ("pools", "final"):
        for name, held in members[group].items():
            assert held.min() >= 0.0, (group, name)


@pytest.mark.parametrize("observable", ["gpp", "et", "reco", "lai", "runoff"])
def test_random_members_have_no_negative(members, observable):
    assert members["observables"][observable].min() >= 0.0


def test_random_members_differ(members):
    assert np.std(members["observables"]["gpp"].mean((1, 2))) > 0.1
