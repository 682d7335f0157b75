"""Fires of known truth, spread on a grid and mapped with error: what is found, and whether it is as sure as it says."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from fireperimeters import SPREAD_PRIOR, landscape, rough, seen

from hybrid.fire.assimilation import (
    CoarseField,
    Localisation,
    Misfit,
    Parameter,
    Problem,
    brier,
    dice,
    draw,
    ensemble_kalman,
    forecast,
    map_estimate,
    new_growth,
    posterior,
)

pytestmark = pytest.mark.slow
SD, SMOOTH = 15.0, 2.0
MISFIT = Misfit(60.0, 3.54 * SMOOTH * 20.0)
TIMES = [1200.0, 2400.0]
LATER = 3600.0
run = eqx.filter_jit(lambda simulate, values, times: simulate(values, times))


def mapped(grid, simulate, truth, rng, prior=SPREAD_PRIOR, times=TIMES):
    """A problem whose perimeters are the truth's under noise, and what burns until later."""
    values = {name: jnp.asarray(value, jnp.float32) for name, value in truth.items()}
    level = run(simulate, values, jnp.asarray([*times, LATER])).level
    noise = rough(rng, (len(times), *grid.shape), SD, SMOOTH)
    problem = Problem(prior, simulate, seen(level[:-1], times, SD, noise), grid, misfit=MISFIT, shrink=0.5)
    return problem, np.asarray(level[-1] <= 0.0)


def covered(estimate, truth):
    """Whether each value lies in its interval of 90 %."""
    low, high = estimate.interval(0.9)
    return np.concatenate([np.ravel((low[n] <= v) & (v <= high[n])) for n, v in truth.items()])


def test_intervals_hold_the_truth_as_often_as_they_say_and_forecasts_gain():
    grid, simulate = landscape(44)
    hits, members, scores, moved = [], [], [], []
    for world in range(20):
        key, rng = jax.random.key(world), np.random.default_rng(world)
        truth = {n: np.asarray(v[0]) for n, v in draw(SPREAD_PRIOR, key, 1).items()}
        problem, later = mapped(grid, simulate, truth, rng)
        mode = map_estimate(problem)
        hits.append(covered(mode, truth))
        found = ensemble_kalman(problem, key, 60)
        inside = []
        for n, v in truth.items():
            low, high = np.quantile(np.asarray(found.values[n]), [0.05, 0.95], axis=0)
            inside.append(np.ravel((low <= v) & (v <= high)))
        members.append(np.concatenate(inside))
        then = problem.perimeters[-1].burned
        start = problem.perimeters[-1]
        sets = (
            mode.draws(key, 20),
            {n: v[:20] for n, v in found.values.items()},
            draw(SPREAD_PRIOR, key, 20),
        )
        chances = [forecast(problem, v, [LATER], start=start).probability()[0] for v in sets]
        scores.append([brier(c, later, ~then) for c in chances])
        moved.append([float(dice(new_growth(then, c > 0.5), new_growth(then, later))) for c in chances])
    print("covered: map", np.mean(hits), np.mean(hits, axis=0), "es-mda", np.mean(members))
    print("brier map, es-mda, prior", np.mean(scores, axis=0), "dice", np.nanmean(moved, axis=0))
    assert 0.8 <= np.mean(hits) <= 0.98
    assert 0.75 <= np.mean(members) <= 0.98
    assert np.mean(scores, axis=0)[0] < 0.8 * np.mean(scores, axis=0)[2]
    assert np.mean(scores, axis=0)[1] < 0.8 * np.mean(scores, axis=0)[2]
    assert np.nanmean(moved, axis=0)[0] > np.nanmean(moved, axis=0)[2]


def test_gradient_and_ensemble_agree_on_a_landscape_with_pieces_of_time():
    prior = (Parameter("wind", 1.0, 0.25, shape=(2,)), *SPREAD_PRIOR[1:])
    truth = {"wind": np.array([0.8, 1.3]), "turn": np.array(-0.15), "rate": np.array([1.2, 0.8])}
    grid, simulate = landscape(60, pieces=True)
    problem, _ = mapped(grid, simulate, truth, np.random.default_rng(1), prior)
    mode = map_estimate(problem, key=jax.random.key(0), starts=2)
    sd = np.sqrt(np.diag(mode.covariance))
    assert mode.converged
    assert covered(mode, truth).sum() >= 4
    members = ensemble_kalman(problem, jax.random.key(1), 120)
    assert (np.abs(members.z.mean(axis=0) - mode.z) < 0.8 * sd).all()
    np.testing.assert_allclose(members.z.std(axis=0), sd, rtol=0.35)
    print("mode", mode.z, sd, "es-mda", members.z.mean(axis=0), members.z.std(axis=0))


def test_the_posterior_through_the_spread_is_near_its_gaussian():
    truth = {"wind": np.array(1.2), "turn": np.array(-0.2), "rate": np.array([0.9, 1.1])}
    grid, simulate = landscape(32)
    problem, _ = mapped(grid, simulate, truth, np.random.default_rng(1), times=TIMES[:1])
    mode = map_estimate(problem)
    sd = np.sqrt(np.diag(mode.covariance))
    samples = posterior(problem, jax.random.key(2), draws=150, warmup=50, chains=1, estimate=mode)
    flat = samples.z.reshape(-1, problem.size)
    print("mode", mode.z, sd, "nuts", flat.mean(axis=0), flat.std(axis=0))
    print(samples.ess, samples.rhat, "divergent", samples.divergences, "gradients", samples.gradients)
    assert samples.divergences < 8
    assert (np.abs(flat.mean(axis=0) - mode.z) < 0.6 * sd).all()
    np.testing.assert_allclose(flat.std(axis=0), sd, rtol=0.4)


def test_a_field_by_place_is_learned_where_the_fire_went():
    """All but the field is known nearly; three well mapped perimeters tell of it where the front passed."""
    field = CoarseField(landscape(44)[0], 160.0, 200.0, 0.4)
    grid, simulate = landscape(44, field=field)
    unknown = field.parameter("place")
    known = (
        Parameter("wind", 1.0, 0.02),
        Parameter("turn", 0.0, 0.02, "real"),
        Parameter("rate", 1.0, 0.02, shape=(2,)),
    )
    rng = np.random.default_rng(7)
    place = rng.normal(size=unknown.shape)
    truth = {"wind": 1.0, "turn": 0.0, "rate": [1.0, 1.0], "place": place}
    problem, later = mapped(grid, simulate, truth, rng, (*known, unknown), [800.0, 1600.0, 2400.0])
    mode = map_estimate(problem)
    burned = problem.perimeters[-1].burned
    wanted = np.asarray(field.log_factor(jnp.asarray(place, jnp.float32)))
    found = np.asarray(field.log_factor(mode.mode["place"]))
    error, first = (np.sqrt(np.mean(v[burned] ** 2)) for v in (found - wanted, wanted))
    sure = np.sqrt(np.diag(field.root @ mode.covariance[4:, 4:] @ field.root))
    print("rms error of the log factor", error, "a priori", first, "sds", sure.min(), sure.mean(), sure.max())
    assert error < 0.8 * first
    # far from the fire nothing is learned
    assert sure.max() > 0.97 * field.sd
    assert sure.min() < 0.5 * field.sd
    start, key = problem.perimeters[-1], jax.random.key(0)
    centres = [[x, y] for x, y in field.places]
    scores, spread = {}, {}
    for name, local in (("plain", None), ("local", Localisation(500.0, {"place": centres}))):
        ensemble = ensemble_kalman(problem, key, 40, localisation=local)
        chance = forecast(problem, ensemble.values, [LATER], start=start).probability()[0]
        scores[name], spread[name] = (
            brier(chance, later, ~burned),
            (ensemble.z[:, 4:] @ field.root).std(axis=0).mean(),
        )
    before = forecast(problem, ensemble.prior, [LATER], start=start).probability()[0]
    print("brier", scores, "prior", brier(before, later, ~burned), "sd", spread, "gaussian", sure.mean())
    # forty members lose spread by chance; localised they lose less
    assert abs(spread["local"] - sure.mean()) < abs(spread["plain"] - sure.mean())
    assert scores["local"] < brier(before, later, ~burned)


def test_the_gradient_through_the_spread_equals_finite_differences():
    with jax.enable_x64(True):
        grid, simulate = landscape(24, burnable=np.ones((24, 24), bool) & (np.arange(24) != 15)[:, None])
        level = np.asarray(
            run(simulate, {"wind": 1.2, "turn": 0.2, "rate": jnp.array([1.1, 0.8])}, TIMES[:1]).level
        )
        problem = Problem(SPREAD_PRIOR, simulate, seen(level, TIMES[:1], SD), grid)
        both = jax.jit(jax.value_and_grad(problem.log_posterior))
        rng = np.random.default_rng(0)
        for _ in range(4):
            z, way = (jnp.asarray(v) for v in rng.normal(size=(2, 4)) * np.array([[0.7], [1.0]]))
            step = 1e-7
            numeric = (float(both(z + step * way)[0]) - float(both(z - step * way)[0])) / (2 * step)
            assert float(both(z)[1] @ way) == pytest.approx(numeric, rel=1e-3)
