"""Priors, pieces of time and fields by place."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from firegrids import square

from hybrid.fire.assimilation import CoarseField, Parameter, draw, flatten, in_time, log_prior, unflatten

PARAMETERS = (
    Parameter("wind", 1.5, 0.3),
    Parameter("turn", [0.1, -0.4], [0.2, 0.5], "real", shape=(2,)),
    Parameter("moisture", 0.08, 0.7, "bounded", 0.02, 0.4),
)


def test_values_go_to_a_vector_and_back():
    given = {"wind": 0.7, "turn": np.array([0.3, 0.2]), "moisture": 0.11}
    with jax.enable_x64(True):
        z = flatten(PARAMETERS, given)
        back = unflatten(PARAMETERS, z)
        wanted = [np.log(0.7 / 1.5) / 0.3, 1.0, 1.2]
        np.testing.assert_allclose(z[:3], wanted, rtol=1e-12)
        for name, value in given.items():
            np.testing.assert_allclose(back[name], value, rtol=1e-12)
        np.testing.assert_allclose(
            flatten(PARAMETERS, {"wind": 1.5, "turn": [0.1, -0.4], "moisture": 0.08}), 0, atol=1e-12
        )


def test_draws_follow_the_prior():
    found = draw(PARAMETERS, jax.random.key(3), 4000)
    assert found["turn"].shape == (4000, 2)
    logs = np.log(np.asarray(found["wind"]))
    assert logs.mean() == pytest.approx(np.log(1.5), abs=0.02)
    assert logs.std() == pytest.approx(0.3, rel=0.05)
    np.testing.assert_allclose(np.asarray(found["turn"]).mean(axis=0), [0.1, -0.4], atol=0.03)
    np.testing.assert_allclose(np.asarray(found["turn"]).std(axis=0), [0.2, 0.5], rtol=0.05)
    moisture = np.asarray(found["moisture"])
    assert np.median(moisture) == pytest.approx(0.08, rel=0.05)
    assert 0.02 < moisture.min() < moisture.max() < 0.4


def test_the_density_is_a_normal_one():
    from scipy.stats import norm

    z = np.array([0.3, -1.0, 2.0, 0.1])
    assert float(log_prior(PARAMETERS, jnp.asarray(z))) == pytest.approx(norm.logpdf(z).sum(), rel=1e-5)


def test_pieces_of_time():
    values = jnp.asarray([1.0, 3.0, 2.0])
    times = [0.0, 5.0, 10.0, 15.0, 20.0, 40.0]
    np.testing.assert_allclose(in_time(values, [0.0, 10.0, 20.0], times), [1, 1, 3, 3, 2, 2])
    np.testing.assert_allclose(in_time(values, [5.0, 15.0, 25.0], times, "linear"), [1, 1, 2, 3, 2.5, 2])
    assert in_time(jnp.ones((1, 4)), [0.0], times).shape == (6, 4)


def test_the_field_has_the_sd_and_length_it_says():
    grid = square(21, 10.0)
    field = CoarseField(grid, 50.0, 60.0, 0.4)
    assert field.counts == (5, 5)
    assert field.parameter("place").shape == (25,)
    np.testing.assert_allclose(field.places[6], [grid.x[5], grid.y[5]])
    white = np.random.default_rng(0).normal(size=(3000, 25)).astype(np.float32)
    found = np.asarray(jax.vmap(field.log_factor)(jnp.asarray(white)))
    assert found.shape == (3000, 21, 21)
    assert found[:, 5, 5].std() == pytest.approx(0.4, rel=0.05)
    correlation = np.corrcoef(found[:, 5, 5], found[:, 5, 10])[0, 1]
    assert correlation == pytest.approx(np.exp(-0.5 * (50.0 / 60.0) ** 2), abs=0.05)
    # linear between nodes
    np.testing.assert_allclose(found[:, 5, 7], 0.6 * found[:, 5, 5] + 0.4 * found[:, 5, 10], atol=1e-5)
    # an unknown acts about its own node
    one = np.asarray(field.log_factor(jnp.zeros(25).at[12].set(1.0)))
    assert np.unravel_index(one.argmax(), one.shape) == (10, 10)
