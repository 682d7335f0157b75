"""What must not change the physics: the order of sites, company in a batch, members, the unit of length."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
import tinyphysics as tiny

import hybrid
from hybrid.bounds import to_bounded

DAYS = 400


@pytest.fixture(scope="module")
def given():
    """Weather, and parameters that differ from site to site, in double precision."""
    with jax.enable_x64(True):
        process = tiny.planned().process
        keys = jr.split(jr.key(5), len(process.all_parameters))
        values = {
            p.name: to_bounded(p, 0.5 * jr.normal(k, (len(tiny.SITES),), jnp.float64))
            for p, k in zip(process.all_parameters, keys, strict=True)
        }
        yield tiny.weather(jnp.float64, DAYS) | values


@pytest.fixture(scope="module")
def run():
    with jax.enable_x64(True):
        yield jax.jit(lambda values: _outputs(hybrid.simulate(tiny.planned(), values)))


def _outputs(found):
    return {"pools": found.pools, "fluxes": found.fluxes, "final": found.final, "seen": found.observables}


def _close(one, other, rtol=1e-12):
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-12 * (1 + np.abs(b).max())),
        one,
        other,
    )


def test_order_of_sites_does_not_matter(given, run):
    with jax.enable_x64(True):
        whole = run(given)
        turned = run({n: v[..., ::-1] for n, v in given.items()})
        _close(jax.tree.map(lambda a: a[..., ::-1], turned), whole)


def test_a_site_alone_is_the_site_in_company(given, run):
    with jax.enable_x64(True):
        whole = run(given)
        alone = run({n: v[..., :1] for n, v in given.items()})
        _close(alone, jax.tree.map(lambda a: a[..., :1], whole))


def test_members_side_by_side_are_the_members_one_by_one(given, run):
    with jax.enable_x64(True):
        rates = jnp.array([0.5, 0.9, 1.5])
        many = jax.vmap(lambda r: run(given | {"light_use_efficiency": given["light_use_efficiency"] * r}))(
            rates
        )
        for i, r in enumerate(rates):
            one = run(given | {"light_use_efficiency": given["light_use_efficiency"] * r})
            _close(jax.tree.map(lambda a, i=i: a[i], many), one, rtol=1e-10)


@pytest.mark.slow
def test_gradient_of_a_member_is_the_gradient_alone(given):
    def loss(values, scale):
        found = hybrid.simulate(tiny.planned(), values | {"soil_rate": values["soil_rate"] * scale})
        return found.observables["nee"].var() + found.final["wood"].sum() * 1e-6

    with jax.enable_x64(True):
        short = {n: v[:60] if v.ndim == 2 else v for n, v in given.items()}
        scales = jnp.array([0.9, 1.2])
        many = jax.jit(jax.vmap(jax.grad(loss), in_axes=(None, 0)))(short, scales)
        one = jax.jit(jax.grad(loss))
        for i, s in enumerate(scales):
            _close(jax.tree.map(lambda a, i=i: a[i], many), one(short, s), rtol=1e-9)


@pytest.mark.parametrize("solver", ["daily", "heun", "implicit_euler"])
def test_metres_are_millimetres(solver):
    """The same tank in another unit of length holds the same water."""
    integrator = hybrid.Integrator(solver) if solver == "daily" else hybrid.Integrator(solver, steps=4)
    with jax.enable_x64(True):
        pr, rsds = (tiny.weather(jnp.float64, 300)[n] for n in ("pr", "rsds"))
        found = []
        for scale, unit in ((1.0, "mm"), (1000.0, "m")):
            plan = tiny.plan_of(tiny.tank(unit, scale))
            values = tiny.defaults(plan.process, jnp.float64) | {"pr": pr / scale, "rsds": rsds}
            run = hybrid.simulate(plan, values, integrator)
            found.append({n: np.asarray(v) * scale for n, v in (run.pools | run.fluxes).items()})
    for name, held in found[0].items():
        np.testing.assert_allclose(found[1][name], held, rtol=1e-6, atol=1e-9 * held.max())
