"""Outflows take no more than a pool holds, and are left alone where it holds enough."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tinyphysics as tiny

import hybrid
from hybrid.integrate.limit import limit


def run(start, evaporation_scale, seepage_rate, pr=0.0):
    with jax.enable_x64(True):
        plan = tiny.plan_of(tiny.tank())
        values = tiny.defaults(plan.process, jnp.float64)
        values |= {
            "evaporation_scale": jnp.float64(evaporation_scale),
            "seepage_rate": jnp.float64(seepage_rate),
            "initial_water": jnp.float64(start),
            "pr": jnp.full((3, 1), pr, jnp.float64),
            "rsds": jnp.full((3, 1), 20.0, jnp.float64),
        }
        return jax.tree.map(np.asarray, hybrid.simulate(plan, values))


def wanted(water, scale, rate):
    return scale * 20.0 * water / (water + 90.0), rate * water


@pytest.mark.parametrize(
    ("start", "scale", "rate"), [(10.0, 20.0, 3.0), (300.0, 0.2, 5.0), (1e-3, 50.0, 9.0)]
)
def test_limited_outflows_keep_their_shares(start, scale, rate):
    out = run(start, scale, rate)
    evaporation, seepage = out.fluxes["evaporation"][0, 0], out.fluxes["seepage"][0, 0]
    assert evaporation + seepage <= start
    assert evaporation + seepage >= 0.99999 * start
    wish = wanted(start, scale, rate)
    assert wish[0] + wish[1] > start
    assert evaporation / seepage == pytest.approx(wish[0] / wish[1], rel=1e-12)
    assert out.pools["water"].min() >= 0.0
    assert out.final["water"].min() >= 0.0


def test_no_change_where_nothing_is_limited():
    out = run(100.0, 0.2, 0.05)
    for day in range(3):
        wish = wanted(out.pools["water"][day, 0], 0.2, 0.05)
        assert out.fluxes["evaporation"][day, 0] == pytest.approx(wish[0], rel=1e-14)
        assert out.fluxes["seepage"][day, 0] == pytest.approx(wish[1], rel=1e-14)


def test_inflow_is_never_limited():
    assert (run(1.0, 20.0, 5.0, pr=7.0).fluxes["supply"] == 7.0).all()


def test_an_empty_pool_gives_nothing():
    out = run(0.0, 20.0, 5.0)
    assert (out.fluxes["evaporation"] == 0.0).all()
    assert (out.fluxes["seepage"] == 0.0).all()
    assert (out.final["water"] == 0.0).all()


@pytest.mark.parametrize("water", [0.0, 1e-3, 4.0, 5e4])
def test_no_demand_has_a_finite_gradient(water):
    """Where nothing is asked of a pool its share is a division by zero that must not reach the gradient."""
    fluxes = (hybrid.process.Flux("out", "water", None), hybrid.process.Flux("more", "water", None))

    def taken(rate, held):
        limited = limit(fluxes, {"out": rate, "more": rate}, {"water": held})
        return limited["out"] + 2.0 * limited["more"]

    value, slopes = jax.value_and_grad(taken, (0, 1))(jnp.float32(0.0), jnp.float32(water))
    assert value == 0.0
    assert np.isfinite(np.asarray(slopes)).all()
    if water > 0:
        assert float(slopes[0]) == pytest.approx(3.0, rel=1e-5)
