"""Gradients agree with central finite differences in double precision."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tinyphysics as tiny

import hybrid
from hybrid.networks import gru_scan
from hybrid.process import Trailing

PROCESS = tiny.planned().process
# a mild day at which no law is on a kink
DAY = {
    "tas_min": 7.0,
    "tas_max": 19.0,
    "rsds": 17.0,
    "vpd": 8.0,
    "pr": 4.0,
    "co2": 400.0,
    "day_of_year": 120.0,
    "day_length": 14.0,
    "lat": 45.0,
    "elevation": 300.0,
    "tas_slow": 11.0,
    "tas_month": 9.0,
}
LEARNED = ("light_use_efficiency", "root_capacity", "leaf_growth_rate", "soil_q10", "initial_labile")


@pytest.fixture(scope="module")
def slopes():
    """Derivatives of every flux, (flux, name), by differentiation and by differences; and the values."""
    names = [p.name for p in PROCESS.parameters] + list(PROCESS.pool_names)
    with jax.enable_x64(True):
        at = jnp.array(
            [PROCESS.parameter[n].default for n in names[: len(PROCESS.parameters)]]
            + [p.initial for p in PROCESS.pools]
        )

        def rates(x):
            values = {n: jnp.asarray(v, x.dtype) for n, v in DAY.items()}
            values |= {n: x[i] for i, n in enumerate(names)}
            for q in PROCESS.order:
                if not isinstance(q, Trailing):
                    values[q.name] = q.evaluate(values)
            return jnp.stack([values[f.name] for f in PROCESS.fluxes])

        width = 1e-5 * jnp.maximum(jnp.abs(at), 1e-2)
        moved = jnp.concatenate([at + jnp.diag(width), at - jnp.diag(width)])
        every = np.asarray(jax.jit(jax.vmap(rates))(moved))
        count = len(names)
        differences = (every[:count] - every[count:]).T / (2.0 * np.asarray(width))
        exact = np.asarray(jax.jit(jax.jacrev(rates))(at))
        scale = np.asarray(jnp.maximum(jnp.abs(at), 1e-2))
        return names, exact * scale, differences * scale, every[:count].mean(0)


@pytest.mark.parametrize("flux", [f.name for f in PROCESS.fluxes])
def test_every_flux_by_every_parameter_and_pool(slopes, flux):
    names, exact, differences, rates = slopes
    row = [f.name for f in PROCESS.fluxes].index(flux)
    # a derivative is told from rounding above a millionth of the rate
    rounding = 1e-6 * abs(rates[row]) + 1e-12
    for i, name in enumerate(names):
        a, b = exact[row, i], differences[row, i]
        assert np.isfinite(a), (flux, name)
        if max(abs(a), abs(b)) > rounding:
            assert a == pytest.approx(b, rel=1e-5, abs=1e-10 * abs(rates[row])), (flux, name)


def test_every_parameter_and_pool_moves_a_flux(slopes):
    """All but the parameters that act through trailing means, which are held here."""
    names, exact, _, _ = slopes
    still = {n for i, n in enumerate(names) if not np.abs(exact[:, i]).any()}
    assert still == {"acclimation_time", "phenology_time"}


def test_thirty_days_by_five_parameters():
    with jax.enable_x64(True):
        values = tiny.weather(jnp.float64, 30) | tiny.defaults(PROCESS, jnp.float64)
        # past the winter's start, where every chosen parameter matters
        at = jnp.array([PROCESS.parameter[n].default for n in LEARNED])

        def loss(x):
            moved = {n: x[i] for i, n in enumerate(LEARNED)}
            run = hybrid.simulate(tiny.planned(), values | moved)
            return sum(jnp.mean(run.observables[n] ** 2) for n in ("gpp", "et", "reco", "lai"))

        width = 1e-5 * at
        moved = jnp.concatenate([at + jnp.diag(width), at - jnp.diag(width)])
        every = np.asarray(jax.jit(jax.vmap(loss))(moved))
        differences = (every[:5] - every[5:]) / (2.0 * np.asarray(width))
        exact = np.asarray(jax.jit(jax.grad(loss))(at))
    assert np.abs(exact).min() > 0.0
    np.testing.assert_allclose(exact, differences, rtol=1e-5)


def test_gated_unit_has_the_gradient_of_its_recurrence():
    time, site, width = 7, 3, 4
    rng = np.random.default_rng(5)
    with jax.enable_x64(True):
        args = tuple(
            jnp.asarray(rng.normal(size=s))
            for s in ((time, site, 3 * width), (width, 3 * width), (width,), (site, width))
        )
        weight = jnp.asarray(rng.normal(size=(time, site, width)))

        def plain(inputs, recurrent, bias, start):
            def step(h, x):
                u = h @ recurrent
                r = jax.nn.sigmoid(x[:, :width] + u[:, :width])
                z = jax.nn.sigmoid(x[:, width : 2 * width] + u[:, width : 2 * width])
                n = jnp.tanh(x[:, 2 * width :] + r * (u[:, 2 * width :] + bias))
                new = (1.0 - z) * n + z * h
                return new, new

            return jax.lax.scan(step, start, inputs)[1]

        found = {}
        for name, unit in (("plain", plain), ("written", gru_scan)):
            loss = lambda *a, unit=unit: jnp.sum(weight * unit(*a))  # noqa: E731
            found[name] = jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 2, 3)))(*args)
        for a, b in zip(jax.tree.leaves(found["written"]), jax.tree.leaves(found["plain"]), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
