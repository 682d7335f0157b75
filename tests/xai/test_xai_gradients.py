"""Gradients, integrated and expected gradients against closed forms."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from data.errors import ConfigError, DataError, ModelError
from xai.function import Plain
from xai.gradients import gradient, input_x_gradient, smoothgrad
from xai.paths import expected_gradients, gradients_at, gradients_of_samples, integrated_gradients

WEIGHTS = np.array([1.0, -2.0, 3.0])


@pytest.fixture(autouse=True)
def _double():
    with jax.enable_x64(True):
        yield


def linear(x):
    return x["a"] @ WEIGHTS + 2.0 * x["b"]


def vector(x):
    return jnp.stack([jnp.sum(x["a"] ** 3), x["b"] * x["a"][0]])


POINT = {"a": np.array([0.3, 0.2, 0.1]), "b": np.array(2.0)}
ZERO = {"a": np.zeros(3), "b": np.array(0.0)}


def test_the_gradient_of_a_vector_function_is_its_jacobian():
    found = gradient(vector, POINT)
    np.testing.assert_allclose(found.attribution["a"], [3 * POINT["a"] ** 2, [2.0, 0.0, 0.0]], atol=1e-15)
    np.testing.assert_allclose(found.attribution["b"], [0.0, 0.3], atol=1e-15)
    assert np.isnan(found.efficiency_gap).all()


@pytest.mark.parametrize("method", [input_x_gradient, integrated_gradients])
def test_a_linear_function_is_split_into_its_terms(method):
    base = {"a": np.array([1.0, 1.0, 1.0]), "b": np.array(-1.0)}
    found = method(linear, POINT, baseline=base)
    np.testing.assert_allclose(found.attribution["a"], WEIGHTS * (POINT["a"] - 1.0), atol=1e-12)
    np.testing.assert_allclose(found.attribution["b"], 2.0 * 3.0, atol=1e-12)
    assert abs(found.efficiency_gap) < 1e-12
    assert float(found.base_value) == pytest.approx(WEIGHTS.sum() - 2.0)


def test_integrated_gradients_share_a_product_equally():
    found = integrated_gradients(vector, POINT, baseline=ZERO, steps=3)
    np.testing.assert_allclose(found.attribution["a"][0], POINT["a"] ** 3, atol=1e-14)
    np.testing.assert_allclose(found.attribution["a"][1], [0.3, 0.0, 0.0], atol=1e-14)
    np.testing.assert_allclose(found.attribution["b"], [0.0, 0.3], atol=1e-14)


@pytest.mark.parametrize(("steps", "exact"), [(2, True), (1, False)])
def test_two_nodes_integrate_a_cubic_gradient(steps, exact):
    gap = integrated_gradients(
        lambda x: jnp.sum(x**4), np.array([0.7, -1.1]), baseline=np.zeros(2), steps=steps
    )
    assert (abs(float(gap.efficiency_gap)) < 1e-14) == exact


def test_chunks_do_not_change_the_integral():
    whole = integrated_gradients(vector, POINT, baseline=ZERO, steps=7)
    seen = []
    parts = integrated_gradients(
        vector, POINT, baseline=ZERO, steps=7, chunk=3, progress=lambda *p: seen.append(p)
    )
    np.testing.assert_allclose(parts.attribution["a"], whole.attribution["a"], atol=1e-15)
    assert seen == [(3, 7), (6, 7), (7, 7)]


def wave(x):
    return jnp.sin(x["a"] @ WEIGHTS) * x["b"]


def background(rows):
    return {"a": np.asarray(jr.normal(jr.key(0), (rows, 3))), "b": np.asarray(jr.normal(jr.key(1), (rows,)))}


def exact_over(rows):
    parts = [
        integrated_gradients(
            wave, POINT, baseline=jax.tree.map(lambda v, i=i: v[i], rows), steps=24
        ).attribution
        for i in range(len(rows["b"]))
    ]
    return np.concatenate([np.mean([p["a"] for p in parts], 0), [np.mean([p["b"] for p in parts])]])


@pytest.mark.parametrize("draws", [30, 80])
def test_intervals_of_expected_gradients_cover_the_exact_value(draws):
    rows = background(20)
    truth = exact_over(rows)
    inside = []
    for seed in range(150):
        found = expected_gradients(wave, POINT, background=rows, key=jr.key(seed), draws=draws)
        value = np.append(found.attribution["a"], found.attribution["b"])
        error = np.append(found.stderr["a"], found.stderr["b"])
        inside.append(np.abs(value - truth) < 1.96 * error)
    assert 0.90 < np.mean(inside) < 0.98


def test_expected_gradients_of_a_linear_function_have_no_error_with_all_rows():
    rows = background(20)
    found = expected_gradients(linear, POINT, background=rows, key=jr.key(0), draws=40)
    np.testing.assert_allclose(found.attribution["a"], WEIGHTS * (POINT["a"] - rows["a"].mean(0)), atol=1e-12)
    assert float(np.max(found.stderr["a"])) < 1e-12
    assert abs(float(found.efficiency_gap)) < 1e-12


def test_given_draws_are_the_ones_used():
    rows, row, place = background(4), np.array([1, 3]), np.array([0.25, 0.5])
    found = gradients_at(wave, POINT, rows, row, place)
    expected = 0.0
    for r, a in zip(row, place, strict=True):
        way = POINT["a"] - rows["a"][r]
        at, b = rows["a"][r] + a * way, rows["b"][r] + a * (2.0 - rows["b"][r])
        expected = expected + 0.5 * np.cos(at @ WEIGHTS) * WEIGHTS * b * way
    np.testing.assert_allclose(found.attribution["a"], expected, atol=1e-14)


def test_smoothgrad_of_a_quadratic_is_its_gradient_and_of_a_cubic_its_smoothed_one():
    x = np.array([0.5, -1.0])
    quadratic = smoothgrad(lambda z: jnp.sum(z**2), x, key=jr.key(0), spread=0.3, draws=10)
    np.testing.assert_allclose(quadratic.attribution, 2 * x, atol=1e-12)
    cubic = smoothgrad(lambda z: jnp.sum(z**3), x, key=jr.key(1), spread=0.3, draws=4000)
    off = np.abs(cubic.attribution - 3 * (x**2 + 0.3**2))
    assert (off < 4 * cubic.stderr).all()
    assert (cubic.stderr < 0.02).all()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: gradient(Plain(lambda x: 1.0), POINT), ModelError, "cannot be differentiated"),
        (lambda: gradient(linear, POINT | {"b": np.array(2)}), DataError, "b is of type int64"),
        (lambda: gradient(lambda x: jnp.log(x["b"] - 2.0), POINT), ModelError, "not finite"),
        (lambda: integrated_gradients(linear, POINT, baseline=ZERO, steps=0), ConfigError, "0 steps"),
        (
            lambda: integrated_gradients(lambda x: jnp.log(x["b"]), POINT, baseline=ZERO),
            ModelError,
            "at the baseline is not finite",
        ),
        (
            lambda: integrated_gradients(
                lambda x: jnp.sqrt(jnp.abs(x["b"] - 1.0)), POINT, baseline=ZERO, steps=1
            ),
            ModelError,
            "gradient between baseline and input",
        ),
        (
            lambda: expected_gradients(linear, POINT, background=background(3), key=jr.key(0), draws=1),
            ConfigError,
            "1 draws",
        ),
        (lambda: smoothgrad(linear, POINT, key=jr.key(0), draws=5), ConfigError, "5 draws"),
        (lambda: smoothgrad(linear, POINT, key=jr.key(0), spread=0.0), ConfigError, "not positive"),
    ],
)
def test_what_cannot_be_explained_is_said(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_many_samples_at_given_draws_are_each_what_they_are_alone():
    rows = background(5)
    xs = {"a": np.asarray(jr.normal(jr.key(2), (4, 3))), "b": np.asarray(jr.normal(jr.key(3), (4,)))}
    rng = np.random.default_rng(0)
    row, place = rng.integers(0, 5, (4, 6)), rng.uniform(size=(4, 6))
    whole = gradients_of_samples(wave, xs, rows, row, place)
    parts = gradients_of_samples(wave, xs, rows, row, place, chunk=3)
    for i in range(4):
        one = gradients_at(wave, jax.tree.map(lambda v, i=i: v[i], xs), rows, row[i], place[i])
        np.testing.assert_allclose(whole.attribution["a"][i], one.attribution["a"], atol=1e-13)
        np.testing.assert_allclose(whole.stderr["a"][i], one.stderr["a"], atol=1e-13)
        np.testing.assert_allclose(whole.efficiency_gap[i], one.efficiency_gap, atol=1e-13)
    np.testing.assert_allclose(parts.attribution["a"], whole.attribution["a"], atol=1e-13)
