"""The benches of attributions: their targets, their draws, and the games and networks they use."""

from importlib.util import find_spec

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.synthetic.additive import make_additive
from experiments.benches import xai, xai_truth
from experiments.benches.additive_net import correlations
from experiments.benches.xai_models import in_torch, lstm, perceptron
from xai.kernel_given import fitted_to


@pytest.mark.parametrize(
    ("name", "target", "at_most"),
    [
        ("expected gradients, MLP of 20 inputs", 50.0, False),
        ("expected gradients, LSTM 30 x 6, 16 hidden", 10.0, False),
        ("expected gradients, LSTM 30 x 6, 16 hidden, largest difference", 1e-6, True),
        ("kernel, MLP of 20 inputs", 3.0, False),
        ("kernel, LSTM 30 x 6, 32 hidden", 1.0, False),
        ("kernel, MLP of 20 inputs, largest difference", 1e-5, True),
    ],
)
def test_targets_of_the_attribution_bench(name, target, at_most):
    assert xai.target_of(name) == (target, at_most)


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
def test_both_libraries_have_the_same_networks():
    import torch

    rng = np.random.default_rng(0)
    for model, leaf in ((perceptron((5, 8, 1), 0), (5,)), (lstm(3, 4, 0), (7, 3))):
        x = rng.normal(size=(6, *leaf)).astype("f4")
        with torch.no_grad():
            theirs = in_torch(model)(torch.tensor(x)).numpy()[:, 0]
        np.testing.assert_allclose(jax.vmap(model)(jnp.asarray(x)), theirs, atol=1e-6)


def test_the_recurrent_network_is_the_published_one():
    model, x = lstm(2, 3, 1), np.random.default_rng(0).normal(size=(4, 2))
    h, c = np.zeros(3), np.zeros(3)
    for now in x:
        i, f, g, o = np.split(
            np.asarray(model.into) @ now + np.asarray(model.back) @ h + np.asarray(model.bias), 4
        )
        sigmoid = lambda v: 1 / (1 + np.exp(-v))  # noqa: E731
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    expected = np.asarray(model.out)[0] @ h + np.asarray(model.shift)[0]
    assert float(model(jnp.asarray(x, jnp.float32))) == pytest.approx(expected, abs=1e-6)


def test_given_coalitions_of_an_additive_game_give_its_terms():
    rng = np.random.default_rng(0)
    terms = rng.normal(size=(6, 2))
    z = rng.random((40, 6)) < 0.5
    found = fitted_to(z, 1.0 + z @ terms, rng.uniform(0.5, 1, 40), np.ones(2), 1.0 + terms.sum(axis=0))
    np.testing.assert_allclose(found, terms.T, atol=1e-10)


@pytest.mark.parametrize("name", xai_truth.games())
def test_the_games_have_the_values_that_are_said(name):
    worth, truth = xai_truth.games()[name]
    n = len(truth)
    whole, none = worth(np.ones((1, n), bool)), worth(np.zeros((1, n), bool))
    assert sum(truth) == pytest.approx(whole[0] - none[0])


def test_the_true_maps_correlate_with_themselves():
    world = make_additive((4, 4), seed=2)
    truth = world.contributions(world.fields(5, 0))
    assert correlations(truth, truth) == pytest.approx(1.0)
    assert correlations(-truth, truth) == pytest.approx(-1.0)


@pytest.mark.slow
def test_the_bench_of_truth_reaches_its_targets():
    found = {row.name: row for row in xai_truth.rows(None, quick=True)}
    assert [n for n, r in found.items() if not r.ok and "additive benchmark" not in n] == []
    assert found["additive benchmark, best of them less gradient"].ok
