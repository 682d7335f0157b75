"""Occlusion and permutation importance against what they must be by definition."""

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from data.errors import ConfigError, DataError
from xai.function import Plain
from xai.importance import permutation_importance
from xai.occlusion import occlusion

X = {"a": np.array([1.0, 2.0, 3.0], "f4"), "b": np.array(2.0, "f4")}
BASE = {"a": np.array([0.0, 1.0, 0.0], "f4"), "b": np.array(0.0, "f4")}


def product(x):
    return jnp.sum(x["a"]) * x["b"]


@pytest.mark.parametrize("f", [product, Plain(lambda x: x["a"].sum() * x["b"])])
@pytest.mark.parametrize("chunk", [None, 3])
def test_each_cell_is_charged_with_what_goes_without_it(f, chunk):
    found = occlusion(f, X, baseline=BASE, chunk=chunk)
    np.testing.assert_allclose(found.attribution["a"], [2.0, 2.0, 6.0])
    np.testing.assert_allclose(found.attribution["b"], 12.0)
    assert float(found.efficiency_gap) == pytest.approx(12.0 - 22.0)


def test_parts_are_replaced_together():
    ids = {"a": np.array([0, 0, -1]), "b": np.array(1)}
    found = occlusion(product, X, baseline=BASE, ids=ids)
    np.testing.assert_allclose(found.attribution, [4.0, 12.0])


def test_importance_is_twice_the_variance_a_linear_term_brings():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 3)).astype("f4")
    y = x @ np.array([2.0, 1.0, 0.0])
    parts = [np.eye(3, dtype=bool)[i] for i in range(3)]
    found = permutation_importance(lambda z: z @ jnp.array([2.0, 1.0, 0.0]), x, y, key=jr.key(0), parts=parts)
    assert found.error < 1e-10
    np.testing.assert_allclose(found.value, [8.0, 2.0, 0.0], rtol=0.1, atol=1e-6)
    assert (np.abs(found.value - [8.0, 2.0, 0.0]) < 5 * found.stderr + 0.25).all()


def test_blocks_keep_their_course():
    x = np.repeat(np.arange(5.0), 4)[:, None].astype("f4")
    shuffled = permutation_importance(
        lambda z: z[0],
        x,
        x[:, 0],
        key=jr.key(0),
        parts=[np.array([True])],
        blocks=np.repeat(np.arange(5), 4),
        repeats=40,
    )
    assert shuffled.value[0] == pytest.approx(4.0, abs=0.6)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"repeats": 1}, ConfigError, "1 repeats"),
        ({"observed": np.zeros(3)}, DataError, "3 observations stand beside 6 inputs"),
        ({"blocks": np.zeros(6)}, DataError, "one block"),
        ({"blocks": np.array([0, 0, 0, 0, 1, 1])}, DataError, "between 2 and 4"),
        ({"blocks": np.zeros(4)}, DataError, "labels have shape"),
    ],
)
def test_samples_that_cannot_be_shuffled_are_refused(change, error, words):
    given = {"observed": np.zeros(6), "key": jr.key(0), "parts": [np.array([True])]} | change
    with pytest.raises(error, match=words):
        permutation_importance(lambda z: z[0], np.zeros((6, 1), "f4"), given.pop("observed"), **given)
