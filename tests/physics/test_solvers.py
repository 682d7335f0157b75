"""Each solver converges at its claimed order on a chain whose solution is known."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tinyphysics as tiny

import hybrid
from data.errors import ModelError
from hybrid import Integrator, closure

# solver: claimed order, steps a day
ORDERS = {
    "euler": (1, (16, 32, 64)),
    "heun": (2, (8, 16, 32)),
    "tsit5": (5, (16, 32, 64)),
    "dopri5": (5, (8, 16, 32)),
    "implicit_euler": (1, (16, 32, 64)),
    "kvaerno3": (3, (4, 8, 16)),
    "kvaerno5": (5, (2, 4, 8)),
}


@pytest.mark.parametrize(
    "solver", [pytest.param(n, marks=pytest.mark.slow) if n.startswith("kvaerno") else n for n in ORDERS]
)
def test_order(solver):
    claimed, steps = ORDERS[solver]
    exact = tiny.chain_solution(1.0)
    with jax.enable_x64(True):
        errors = [np.abs(tiny.chain_end(Integrator(solver, steps=n)) - exact).max() for n in steps]
    assert errors[0] > 1e-9, errors
    assert tiny.order(steps, errors) == pytest.approx(claimed, abs=0.4), errors


def test_a_day_in_one_euler_step_is_the_daily_step():
    with jax.enable_x64(True):
        plan = tiny.plan_of(tiny.tank())
        forcing = tiny.panel().forcing
        values = tiny.defaults(plan.process, jnp.float64)
        values |= {n: jnp.asarray(forcing[n][:60], jnp.float64) for n in ("pr", "rsds")}
        daily = hybrid.simulate(plan, values)
        euler = hybrid.simulate(plan, values, Integrator("euler", steps=1))
        for name in daily.fluxes:
            np.testing.assert_allclose(euler.fluxes[name], daily.fluxes[name], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(euler.pools["water"], daily.pools["water"], rtol=1e-12)


def test_adaptive_steps_agree_with_fine_fixed_steps():
    with jax.enable_x64(True):
        adaptive = tiny.chain_end(Integrator("tsit5", rtol=1e-8, atol=1e-8), days=3)
        fixed = tiny.chain_end(Integrator("tsit5", steps=16), days=3)
    np.testing.assert_allclose(adaptive, fixed, atol=1e-6)
    np.testing.assert_allclose(fixed, tiny.chain_solution(3.0), atol=1e-7)


def test_solved_fluxes_close():
    """The integral of each flux is the change it makes."""
    with jax.enable_x64(True):
        plan = tiny.plan_of(tiny.chain())
        values = tiny.defaults(plan.process, jnp.float64) | {"clock": jnp.zeros((4, 1))}
        run = hybrid.simulate(plan, values, Integrator("tsit5", rtol=1e-5, atol=1e-5))
        absolute, _ = closure.worst(plan.process, run)
        assert float(absolute) <= 1e-10


def test_unknown_solver_is_one_sentence():
    with pytest.raises(ModelError, match="did you mean 'tsit5'") as caught:
        tiny.chain_end(Integrator("tsit6", steps=1))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_adaptive_euler_is_refused():
    with pytest.raises(ModelError, match="no error estimate"):
        tiny.chain_end(Integrator("euler"))
