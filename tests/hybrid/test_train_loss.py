"""The loss: one less the Nash-Sutcliffe efficiency, and blind to masked days."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hybrid.skill import nse
from hybrid.train.loss import site_variance, target_losses

RNG = np.random.default_rng(0)
OBSERVED = RNG.normal(3.0, 2.0, (60, 2)).astype(np.float32)
SIMULATED = (OBSERVED + RNG.normal(0.0, 1.0, (60, 2))).astype(np.float32)


def _loss(simulated, observed, weights, variance):
    return target_losses(
        {"gpp": jnp.asarray(simulated)},
        {"gpp": jnp.asarray(observed)},
        {"gpp": jnp.asarray(weights)},
        {"gpp": jnp.asarray(variance)},
    )["gpp"]


def test_hand_example():
    """Errors of 1 on a target of variance 4 at one site, and none at the other: (0.25 + 0) / 2."""
    observed = np.array([[1.0, 5.0], [5.0, 9.0]], np.float32).repeat(20, 0)
    simulated = observed + np.array([1.0, 0.0], np.float32)
    mask = np.ones(observed.shape, bool)
    variance = site_variance(observed, mask)
    assert variance == pytest.approx([4.0, 4.0])
    assert float(_loss(simulated, observed, mask * 1.0, variance)) == pytest.approx(0.125)


def test_loss_is_one_less_the_mean_efficiency():
    mask = np.ones(OBSERVED.shape, bool)
    mask[::7, 0] = False
    loss = float(_loss(SIMULATED, OBSERVED, mask * 1.0, site_variance(OBSERVED, mask)))
    scores = [nse(SIMULATED[:, j], np.where(mask[:, j], OBSERVED[:, j], np.nan)) for j in range(2)]
    assert loss == pytest.approx(1.0 - np.mean(scores), abs=1e-6)


def test_masked_days_have_no_gradient():
    weights = np.ones(OBSERVED.shape, np.float32)
    weights[10:20, 1] = 0.0
    observed = np.where(weights > 0, OBSERVED, np.nan)
    to_simulated, to_observed = jax.grad(_loss, (0, 1))(
        jnp.asarray(SIMULATED), jnp.asarray(observed), jnp.asarray(weights), jnp.ones(2)
    )
    assert np.isfinite(np.asarray(to_simulated)).all()
    assert (np.asarray(to_simulated)[10:20, 1] == 0.0).all()
    assert (np.asarray(to_observed)[10:20, 1] == 0.0).all()
    assert (np.asarray(to_simulated)[weights > 0] != 0.0).all()


def test_site_without_observation_counts_for_nothing():
    mask = np.ones(OBSERVED.shape, bool)
    mask[:, 1] = False
    variance = site_variance(OBSERVED, mask)
    assert np.isfinite(variance).all()
    alone = float(_loss(SIMULATED[:, :1], OBSERVED[:, :1], mask[:, :1] * 1.0, variance[:1]))
    assert float(_loss(SIMULATED, OBSERVED, mask * 1.0, variance)) == pytest.approx(alone)


def test_variance_of_few_days_is_that_of_the_other_sites():
    mask = np.ones(OBSERVED.shape, bool)
    mask[29:, 1] = False
    variance = site_variance(OBSERVED, mask)
    assert variance[1] == variance[0]
    assert variance[0] == pytest.approx(OBSERVED[:, 0].var(), rel=1e-5)
    assert (site_variance(OBSERVED, np.zeros(OBSERVED.shape, bool)) == 1.0).all()


def test_weights_scale_squared_errors():
    weights = np.ones(OBSERVED.shape, np.float32)
    weights[:30], weights[30:] = 1.5, 0.5
    ones = np.ones(2, np.float32)
    found = float(_loss(SIMULATED, OBSERVED, weights, ones))
    assert found == pytest.approx(float((weights * (SIMULATED - OBSERVED) ** 2).mean()), rel=1e-5)
