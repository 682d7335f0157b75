"""The edge of a fire and what of it burns on: known dead line is found and lights nothing; calibration is tested."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from firegrids import square

from data.errors import ConfigError, DataError
from hybrid.fire.assimilation import (
    Parameter,
    Perimeter,
    Problem,
    Watched,
    calibration,
    edge_of,
    fit_activity,
    forecast,
    simulator,
    watch,
)
from hybrid.fire.spread import Scheme, Wave, from_perimeter

GRID = square(32, 10.0)
EAST, NORTH = np.meshgrid(GRID.x, GRID.y)
OLDER = (np.abs(NORTH) < 40.0) & (EAST < -100.0)
RUN = (np.abs(NORTH) < 40.0) & (EAST >= -100.0) & (EAST < 60.0)
FREE = ~(OLDER | RUN)


@pytest.fixture(scope="module")
def edge():
    """Of a run of 16 by 8 cells to the east from an older fire."""
    return edge_of(GRID, RUN, FREE, OLDER)


def test_the_head_was_never_still_and_flanks_the_longer_the_nearer_to_where_the_run_began(edge):
    assert edge.size == 8 + 2 * 15
    east = GRID.x[edge.columns]
    np.testing.assert_allclose(edge.idle, 1.0 - (east + 105.0 + 0.0) / 160.0, atol=1e-9)
    assert (edge.idle[east > 50.0] == 0.0).all()
    alone = edge_of(GRID, RUN, FREE)
    assert (alone.idle == 0.0).all()


def test_cells_follow_the_edge_that_is_nearest_to_them(edge):
    north = GRID.y[edge.rows] > 0.0
    lit = edge.lit(np.stack([north, ~north, north | True, north & False]))
    np.testing.assert_array_equal(lit[2], RUN)
    assert not lit[3].any()
    np.testing.assert_array_equal(lit[0] | lit[1], RUN)
    assert not (lit[0] & lit[1]).any()
    inner = RUN & (EAST < 20.0)
    np.testing.assert_array_equal(lit[0][inner], (NORTH > 0.0)[inner])


def test_what_moved_is_told_by_the_cells_beside_the_edge(edge):
    later = RUN | (np.abs(NORTH) < 40.0) & (EAST < 100.0)
    share = edge.advanced(later)
    head = GRID.x[edge.columns] > 50.0
    corner = head & (np.abs(GRID.y[edge.rows]) > 30.0)
    assert (share[head & ~corner] == 1.0).all()
    np.testing.assert_allclose(share[corner], 2.0 / 5.0)
    # a flank's cell beside the corner touches none of what is new
    assert (share[~head] == 0.0).all()


def made(number: int, head: float, idle: float, seed: int) -> list[Watched]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(size=(number, 1))
    chance = 1.0 / (1.0 + np.exp(-(head + idle * x[:, 0])))
    return [Watched(x, (rng.uniform(size=number) < chance).astype(float), np.ones(number))]


def test_many_pieces_of_edge_teach_the_odds_and_few_leave_the_prior():
    found = fit_activity(made(4000, 0.7, -4.0, 0), decorrelation=100.0)
    sd = np.sqrt(np.diag(found.covariance))
    assert (np.abs(found.mean - [0.7, -4.0]) < 3.0 * sd).all()
    assert (sd < 0.3).all()
    prior = fit_activity([], [1.0, -3.0], [1.5, 3.0], decorrelation=100.0)
    np.testing.assert_allclose(prior.mean, [1.0, -3.0])
    np.testing.assert_allclose(prior.covariance, np.diag([1.5, 3.0]) ** 2, atol=1e-12)
    # line that is cut without exception leaves finite odds, and cells that count little teach little
    x = np.linspace(0.0, 1.0, 40)[:, None]
    cut = (x[:, 0] < 0.25).astype(float)
    sure, shy = (fit_activity([Watched(x, cut, np.full(40, w))], decorrelation=100.0) for w in (1.0, 0.01))
    assert sure.probable(x).sum() == pytest.approx(10, abs=1)
    assert -40.0 < sure.mean[1] < shy.mean[1] < -3.0
    assert np.linalg.det(sure.covariance) < np.linalg.det(shy.covariance)


def test_known_dead_line_is_learned_from_one_interval(edge):
    """Line that had been still for more than a quarter of the time stays out: so it is found of another run."""
    active = edge.idle <= 0.25
    beside = np.zeros(GRID.shape, bool)
    for r, c in zip(edge.rows[active], edge.columns[active], strict=True):
        beside[r - 1 : r + 2, c - 1 : c + 2] = True
    model = fit_activity([watch(edge, RUN | beside, 20.0)], decorrelation=20.0)
    wide = edge_of(GRID, RUN.T, FREE.T, OLDER.T)
    wrong = model.probable(wide.idle[:, None]) != (wide.idle <= 0.25)
    assert (np.abs(wide.idle[wrong] - 0.25) < 0.08).all()
    assert model.chance(np.array([[0.0]]))[0] > 0.8
    assert model.chance(np.array([[0.7]]))[0] < 0.1


def test_draws_have_their_probability_and_neighbours_go_together(edge):
    flat = fit_activity([], [0.0, 0.0], [1e-6, 1e-6], decorrelation=100.0)
    drawn = flat.draw(jax.random.key(0), edge, edge.idle[:, None], 4000)
    np.testing.assert_allclose(drawn.mean(axis=0), 0.5, atol=0.05)
    # two signs of a Gaussian field of correlation r agree with probability 1/2 + asin(r) / pi
    away = edge.distance * np.sqrt(2.0 * np.pi) / 100.0
    wanted = 0.5 + np.arcsin(np.exp(-0.5 * away**2)) / np.pi
    alike = np.mean(drawn[:, :, None] == drawn[:, None, :], axis=0)
    np.testing.assert_allclose(alike, wanted, atol=0.05)
    steep = fit_activity([], [2.0, -6.0], [1e-6, 1e-6], decorrelation=100.0)
    some = steep.draw(jax.random.key(1), edge, edge.idle[:, None], 4000).mean(axis=0)
    np.testing.assert_allclose(some, steep.chance(edge.idle[:, None]), atol=0.05)


def test_line_that_is_out_lights_nothing_and_fire_comes_round_it(edge):
    """Fire of one rate from the head of a run: ahead as from all of it, behind as far as it comes round the corner."""

    def rates(values):
        flank = jnp.full((2, *GRID.shape), 0.1) * values["rate"]
        return Wave(0.0 * flank, 0.0 * flank, flank)

    line = Perimeter(100.0, RUN, 10.0)
    simulate = simulator(GRID, [0.0, 900.0], rates, Perimeter(0.0, RUN, 10.0), scheme=Scheme(max_steps=64))
    problem = Problem((Parameter("rate", 1.0, 0.3),), simulate, [line], GRID)
    east = edge.lit(GRID.x[edge.columns] > 50.0)
    parts = np.stack([RUN, east, np.zeros_like(RUN)])
    given, reach = {"rate": np.ones(3)}, 50.0
    found = forecast(problem, given, [600.0], start=line, lit=parts)
    grown = found.burned[:, 0] & ~RUN
    assert not grown[2].any()
    assert not (grown[1] & ~grown[0]).any()
    level = np.asarray(from_perimeter(GRID, RUN).level)
    near = np.abs(level - reach) < 12.0
    np.testing.assert_allclose(found.level[0, 0][near], (level - reach)[near], atol=4.0)
    head = (EAST > 60.0) & (np.abs(NORTH) < 25.0)
    np.testing.assert_array_equal(grown[0][head], grown[1][head])
    # behind the shoulder: no farther than the fire has come round, and no sooner
    shoulder = np.hypot(EAST - 45.0, np.abs(NORTH) - 40.0)
    behind = ~RUN & (EAST < 40.0) & (np.abs(NORTH) > 40.0)
    assert not grown[1][behind & (shoulder > reach + 12.0)].any()
    assert grown[1][behind & (shoulder < reach - 20.0)].all()
    assert grown[0][behind & (EAST < -40.0) & (EAST > -90.0) & (np.abs(NORTH) < 70.0)].all()
    for lit, words in (
        (parts[:2], "2 parts for 3 members"),
        (~RUN, "outside of the perimeter"),
        (RUN[:4], "is of shape"),
    ):
        with pytest.raises(DataError, match=words):
            forecast(problem, given, [600.0], start=line, lit=lit)
    with pytest.raises(DataError, match="give the perimeter"):
        forecast(problem, given, [600.0], lit=parts)


def blocked(seed: int, size: int = 100, side: int = 10):
    """Probabilities, and what burns of them alike within blocks."""
    rng = np.random.default_rng(seed)
    chance = 1.0 / (1.0 + np.exp(-2.0 * rng.normal(size=(size, size))))
    return chance, np.kron(rng.uniform(size=(size // side,) * 2), np.ones((side, side))) < chance


def test_a_calibrated_forecast_passes_and_one_too_sure_does_not():
    passed = []
    for seed in range(20):
        told = calibration(*blocked(seed), side=10, draws=40, seed=seed)
        passed.append(told.slope_range[0] <= 1.0 <= told.slope_range[1] and told.chance > 0.05)
        assert told.blocks == 100
    assert sum(passed) >= 16
    chance, burned = blocked(0)
    odds = (chance / (1.0 - chance)) ** 2
    sure = calibration(odds / (1.0 + odds), burned, side=10, draws=40)
    assert sure.slope == pytest.approx(0.5, abs=0.1)
    assert not sure.held
    low = calibration(0.7 * chance, burned, side=10, draws=40)
    assert low.intercept > 0.3
    assert not low.held
    # a bin outside of its bar is seen as such; cells that err together make bars wide
    r = sure.reliability
    assert ((r.frequency < sure.low) | (r.frequency > sure.high)).any()
    fine = calibration(chance, burned, side=1, draws=40)
    assert (told.high - told.low).mean() > 2.0 * (fine.high - fine.low).mean()


def test_what_is_no_edge_and_no_model_is_told(edge):
    x = edge.idle[:, None]
    model = fit_activity([], decorrelation=100.0)
    wrong = Watched(x, np.full(edge.size, 2.0), np.ones(edge.size))
    for call, words in (
        (lambda: edge_of(GRID, RUN, OLDER & False), "beside one that can burn"),
        (lambda: edge_of(GRID, RUN[:5], FREE), "burned"),
        (lambda: edge.lit(np.ones(3, bool)), "edge of 38 cells"),
        (lambda: edge.advanced(np.ones((3, 3))), "is of shape"),
        (lambda: model.draw(jax.random.key(0), edge, x[:4], 2), "edge of 38 cells"),
        (lambda: model.chance(np.ones((4, 2))), "for 2 coefficients"),
        (lambda: fit_activity([wrong], decorrelation=100.0), "share or weight cannot be"),
        (lambda: fit_activity([wrong._replace(weight=np.ones(2))], decorrelation=100.0), "one row per cell"),
    ):
        with pytest.raises(DataError) as told:
            call()
        assert words in str(told.value)
        assert "\n" not in str(told.value)
    for call, words in (
        (lambda: fit_activity([], [0.0], [0.0], decorrelation=100.0), "sd above zero"),
        (lambda: fit_activity([], decorrelation=0.0), "decorrelation is 0.0 m"),
        (lambda: calibration(np.full((4, 4), 0.5), np.eye(4), side=0), "blocks of 0 cells"),
        (lambda: calibration(np.zeros((4, 4)), np.zeros((4, 4)), side=1), "nothing was forecast"),
    ):
        with pytest.raises(ConfigError) as told:
            call()
        assert words in str(told.value)
