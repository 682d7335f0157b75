"""Runs of the ecosystem that several tests look at, each compiled once."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
import tinyphysics as tiny

import hybrid
from hybrid.bounds import to_bounded

MEMBERS = 100


@pytest.fixture(scope="session")
def simulated():
    """Simulation of values in float32 over two climates and two years, compiled."""
    return jax.jit(lambda values: hybrid.simulate(tiny.planned(), values))


@pytest.fixture(scope="session")
def single(simulated):
    """The ecosystem at its defaults in float32."""
    return simulated(tiny.weather(jnp.float32) | tiny.defaults(tiny.planned().process, jnp.float32))


@pytest.fixture(scope="session")
def double():
    """The ecosystem at its defaults in float64."""
    with jax.enable_x64(True):
        values = tiny.weather(jnp.float64) | tiny.defaults(tiny.planned().process, jnp.float64)
        return jax.jit(lambda v: hybrid.simulate(tiny.planned(), v))(values)


@pytest.fixture(scope="session")
def vectors():
    """Random values of every parameter inside its bounds, (member,)."""
    parameters = tiny.planned().process.all_parameters
    keys = jr.split(jr.key(11), len(parameters))
    return {
        p.name: to_bounded(p, 1.5 * jr.normal(k, (MEMBERS,))) for p, k in zip(parameters, keys, strict=True)
    }


@pytest.fixture(scope="session")
def members(vectors):
    """Trajectories of all random members, (member, time, site): pools, final, gpp and et."""
    weather = tiny.weather(jnp.float32)

    def one(parameters):
        run = hybrid.simulate(tiny.planned(), weather | parameters)
        return {"pools": run.pools, "final": run.final, "observables": run.observables, "fluxes": run.fluxes}

    return jax.tree.map(np.asarray, jax.jit(jax.vmap(one))(vectors))
