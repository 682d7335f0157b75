"""Three methods on one fire in closed form: they find the truth, agree, and say how sure they are."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from fireperimeters import GRID, PRIOR, TIMES, TRUTH, circle, seen

from hybrid.fire.assimilation import (
    Localisation,
    Misfit,
    Problem,
    draw,
    ensemble_kalman,
    forecast,
    map_estimate,
    posterior,
)
from hybrid.fire.assimilation.gradient import jacobian
from hybrid.fire.assimilation.kalman import gaspari_cohn, update


@pytest.fixture(scope="module")
def problem():
    return Problem(PRIOR, circle, seen(circle(TRUTH, TIMES).level, TIMES), GRID, misfit=Misfit(60.0, 100.0))


@pytest.fixture(scope="module")
def mode(problem):
    return map_estimate(problem)


def test_the_gradient_of_the_log_posterior_equals_finite_differences():
    with jax.enable_x64(True):
        given = Problem(PRIOR, circle, seen(circle(TRUTH, TIMES).level, TIMES), GRID)
        z = jnp.asarray([0.31, -0.72, 0.53])
        both = jax.jit(jax.value_and_grad(given.log_posterior))
        gradient = np.asarray(both(z)[1])
        for i in range(3):
            step = 1e-6 * jnp.eye(3)[i]
            numeric = (float(both(z + step)[0]) - float(both(z - step)[0])) / 2e-6
            assert gradient[i] == pytest.approx(numeric, rel=1e-5)


def test_the_mode_is_the_truth_within_its_interval(problem, mode):
    assert mode.converged
    assert mode.history[-1] < 0.2 * mode.history[0]
    low, high = mode.interval(0.9)
    for name, value in TRUTH.items():
        assert float(low[name]) < value < float(high[name])
        assert float(mode.mode[name]) == pytest.approx(value, abs=0.15)
    # the prior is not what holds it there: most of its variance is gone
    assert np.sqrt(np.diag(mode.covariance)).max() < 0.5
    again = map_estimate(
        problem, key=jax.random.key(1), starts=2, first={"wind": 0.6, "turn": 0.5, "rate": 1.6}
    )
    np.testing.assert_allclose(again.z, mode.z, atol=0.02)


def test_the_covariance_is_that_of_the_points_of_the_line(problem, mode):
    """Of the widening alone: a rate moves every point by 0.08 t metres, and points times displacement is known."""
    slope, _ = jacobian(problem, mode.z)
    information = slope.T @ slope
    moved = 0.3 * TRUTH["rate"] * 0.08 * np.array(TIMES)
    wanted = float(np.sum(problem.effective * moved**2) / 10.0**2)
    # lines of mapped cells are a little longer than the circles they are of
    assert information[2, 2] == pytest.approx(wanted, rel=0.15)
    np.testing.assert_allclose(mode.covariance, np.linalg.inv(np.eye(3) + information), rtol=0.05, atol=0.01)


def test_draws_are_those_of_the_gaussian(problem, mode):
    found = mode.draws(jax.random.key(0), 4000)
    z = np.asarray(jax.jit(jax.vmap(problem.space.vector))(found))
    np.testing.assert_allclose(np.cov(z.T), mode.covariance, atol=0.01)
    np.testing.assert_allclose(z.mean(axis=0), mode.z, atol=0.02)


def test_four_times_the_decorrelation_is_half_as_sure(problem):
    wide = Problem(PRIOR, circle, problem.perimeters, GRID, misfit=Misfit(60.0, 400.0))
    np.testing.assert_allclose(wide.effective, problem.effective / 4.0, rtol=1e-5)
    slopes = [jacobian(p, np.zeros(3))[0] for p in (problem, wide)]
    np.testing.assert_allclose(slopes[0].T @ slopes[0], 4.0 * slopes[1].T @ slopes[1], rtol=1e-3)


def test_the_ensemble_agrees_with_the_mode(problem, mode):
    found = ensemble_kalman(problem, jax.random.key(0), 120)
    assert found.values["wind"].shape == (120,)
    assert found.misfit.shape == (5, 120)
    assert found.misfit[-1].mean() < 0.2 * found.misfit[0].mean()
    sd = np.sqrt(np.diag(mode.covariance))
    np.testing.assert_allclose(found.z.mean(axis=0), mode.z, atol=0.5 * sd.max())
    np.testing.assert_allclose(found.z.std(axis=0), sd, rtol=0.3)
    wider, plain = (ensemble_kalman(problem, jax.random.key(0), 20, 1, inflation=i) for i in (1.2, 1.0))
    np.testing.assert_allclose(wider.z.std(axis=0), 1.2 * plain.z.std(axis=0), rtol=1e-6)
    np.testing.assert_allclose(wider.z.mean(axis=0), plain.z.mean(axis=0), atol=1e-6)


def test_an_update_is_kalmans_for_a_linear_model():
    rng = np.random.default_rng(1)
    slope = rng.normal(size=(7, 2))
    seen_as = slope @ np.array([0.8, -0.5])
    z = rng.normal(size=(600, 2))
    z = (z - z.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(z.T))).T
    covariance = np.linalg.inv(np.eye(2) + slope.T @ slope)
    for stages in (1, 3):
        moved = z
        for _ in range(stages):
            moved = update(moved, moved @ slope.T - seen_as, rng.normal(size=(600, 7)), float(stages))
        np.testing.assert_allclose(moved.mean(axis=0), covariance @ slope.T @ seen_as, atol=0.03)
        np.testing.assert_allclose(np.cov(moved.T), covariance, atol=0.05)


def test_localisation_keeps_a_far_parameter_where_it_was(problem):
    near, far = (-90.0, -90.0), (5000.0, 0.0)
    places = {"wind": [near], "turn": [far]}
    found = ensemble_kalman(problem, jax.random.key(0), 20, 1, localisation=Localisation(800.0, places))
    plain = ensemble_kalman(problem, jax.random.key(0), 20, 1)
    np.testing.assert_allclose(found.values["turn"], found.prior["turn"], rtol=1e-6)
    np.testing.assert_allclose(found.z[:, 2], plain.z[:, 2], atol=1e-6)
    assert np.abs(found.z[:, 0] - plain.z[:, 0]).max() > 1e-3
    assert found.values["wind"].std() < 0.9 * found.prior["wind"].std()
    np.testing.assert_allclose(
        gaspari_cohn(np.array([0.0, 1.0, 2.0, 3.0])), [1.0, 5.0 / 24.0, 0.0, 0.0], atol=1e-12
    )


def test_a_forecast_is_better_than_the_priors(problem, mode):
    later = [1500.0]
    truth = np.asarray(circle(TRUTH, later).level)[0] <= 0.0
    key = jax.random.key(4)
    found = forecast(problem, mode.draws(key, 20), later)
    before = forecast(problem, draw(PRIOR, key, 20), later)
    assert found.level.shape == (20, 1, *GRID.shape)
    scores = [np.mean((f.probability()[0] - truth) ** 2) for f in (found, before)]
    assert scores[0] < 0.5 * scores[1]
    assert found.probability(60.0)[0].std() < found.probability()[0].std()


@pytest.mark.slow
@pytest.mark.parametrize(("method", "chains", "draws"), [("nuts", 2, 500), ("affine", 12, 1500)])
def test_the_sampler_agrees_with_the_gaussian(problem, mode, method, chains, draws):
    found = posterior(
        problem, jax.random.key(2), draws=draws, warmup=300, chains=chains, method=method, estimate=mode
    )
    sd = np.sqrt(np.diag(mode.covariance))
    flat = found.z.reshape(-1, 3)
    assert max(float(np.max(r)) for r in found.rhat.values()) < 1.05
    assert min(float(np.min(e)) for e in found.ess.values()) > 200
    assert np.abs(flat.mean(axis=0) - mode.z).max() < 0.4 * sd.max()
    np.testing.assert_allclose(flat.std(axis=0), sd, rtol=0.2)
    assert found.values["wind"].shape == (chains * draws,)


@pytest.mark.slow
def test_a_posterior_of_few_draws_has_its_shapes(problem, mode):
    found = posterior(problem, jax.random.key(2), draws=40, warmup=20, chains=1, estimate=mode)
    assert found.z.shape == (1, 40, 3)
    assert found.rhat["wind"].shape == ()
    sd = np.sqrt(np.diag(mode.covariance))
    assert np.abs(found.z.mean(axis=(0, 1)) - mode.z).max() < 1.5 * sd.max()
