"""Nodes on the way: rules of known order, bends found, gaps told."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.errors import ConfigError, DataError
from xai.function import Plain
from xai.quadrature import GAUSS, KRONROD, PLACES, place_nodes


@pytest.fixture(autouse=True)
def _double():
    with jax.enable_x64(True):
        yield


def test_rules_integrate_polynomials_exactly():
    for degree in range(24):
        assert abs(KRONROD @ PLACES**degree - 1 / (degree + 1)) < 1e-15
        if degree < 14:
            assert abs(GAUSS @ PLACES**degree - 1 / (degree + 1)) < 1e-15
    assert abs(GAUSS @ PLACES**14 - 1 / 15) > 1e-12


def test_bends_are_found():
    x = jnp.linspace(0.35, 2.0, 12)
    found = place_nodes(lambda z: jnp.maximum(z - 0.3, 0.0).sum() * z[0], x, baseline=0.0 * x)
    rise = found.prediction - found.base_value
    assert found.converged
    assert abs(found.gap) <= 1e-9 * rise
    # halving down to 1e-9 takes 30 halves of two rules of 15 for each bend
    assert found.runs < 30 * 2 * 15 * 12 / 4
    # relu(x - 0.3) begins at 0.3 / x: a bend lies in a short piece, or on the seam of two longer ones by chance
    at = np.sort(0.3 / np.asarray(x))
    away = np.array([np.abs(found.place - a).min() for a in at])
    assert (away < 1e-3).sum() >= len(at) - 2
    assert found.weight.sum() == pytest.approx(1.0, abs=1e-12)


def test_vector_output_is_exact_in_every_part():
    x = jnp.array([1.0, -2.0, 0.5])
    found = place_nodes(lambda z: jnp.stack([jnp.abs(z - 0.2).sum(), (z**3).sum()]), x, baseline=0.0 * x)
    np.testing.assert_allclose(found.prediction, [3.3, -6.875], rtol=1e-12)
    assert np.all(np.abs(found.gap) <= 1e-9 * np.abs(found.prediction - found.base_value))


def test_jump_is_not_hidden():
    x = jnp.array([1.0])
    found = place_nodes(
        lambda z: (z**2).sum() + jnp.where(z[0] > 0.3, 0.5, 0.0), x, baseline=0.0 * x, max_runs=2000
    )
    assert not found.converged
    assert float(found.gap) == pytest.approx(0.5, abs=1e-6)


def test_few_runs_are_kept_to_and_told():
    x = jnp.linspace(0.35, 2.0, 12)
    found = place_nodes(lambda z: jnp.maximum(z - 0.3, 0.0).sum() * z[0], x, baseline=0.0 * x, max_runs=60)
    assert found.runs <= 60
    assert not found.converged
    assert abs(found.gap) > 1e-9


def test_refusals():
    x = jnp.ones(3)
    for error, word, call in (
        (ConfigError, "tolerance", lambda: place_nodes(jnp.sum, x, baseline=x, rtol=0.0)),
        (ConfigError, "17", lambda: place_nodes(jnp.sum, x, baseline=x, max_runs=5)),
        (DataError, "shape", lambda: place_nodes(jnp.sum, x, baseline=jnp.ones(4))),
        (DataError, "other parts", lambda: place_nodes(jnp.sum, x, baseline={"a": x})),
        (DataError, "not finite", lambda: place_nodes(jnp.sum, x, baseline=x * jnp.nan)),
        (DataError, "int", lambda: place_nodes(jnp.sum, jnp.arange(3), baseline=jnp.arange(3))),
        (Exception, "differentiated", lambda: place_nodes(Plain(np.sum), x, baseline=x)),
    ):
        with pytest.raises(error, match=word):
            call()
