"""Identifiability measures against cases whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.respiration.identify import Range, alike_range, standard_error

HELD = np.linspace(0.5, 2.5, 9)


def test_the_edges_of_a_parabola_in_the_logarithm_are_exact():
    skill = 0.97 - 0.1 * np.log(HELD / 1.5) ** 2
    found = alike_range(HELD, skill, 0.0004)
    assert found.bounded
    assert found.high == pytest.approx(1.5 * np.exp(np.sqrt(0.004)), rel=1e-9)
    assert found.low == pytest.approx(1.5 * np.exp(-np.sqrt(0.004)), rel=1e-9)


def test_a_flat_profile_has_no_ends():
    found = alike_range(HELD, np.full(9, 0.9), 1e-3)
    assert (found.low, found.high, found.bounded) == (0.5, 2.5, False)
    assert str(found) == "0.50 or less to 2.50 or more"


def test_a_profile_may_end_on_one_side_only():
    skill = np.where(HELD < 1.0, 0.5, 0.9)
    found = alike_range(HELD, skill, 1e-3)
    assert (found.open_low, found.open_high) == (False, True)
    assert 0.75 < found.low < 1.0
    assert not found.bounded
    assert str(Range(1.234, 1.777, False, False)) == "1.23 to 1.78"


def test_only_the_values_next_to_the_best_count():
    skill = np.full(9, 0.9)
    skill[2], skill[4] = 0.1, 0.9001
    found = alike_range(HELD, skill, 1e-3)
    assert found.low > HELD[2]


def test_the_standard_error_is_that_of_least_squares():
    rng = np.random.default_rng(0)
    x = rng.normal(size=4000)
    y = np.log(1.5) * x + 0.1 * rng.normal(size=4000)
    loss = np.array([np.mean((y - np.log(q) * x) ** 2) for q in HELD])
    slope = np.sum(x * y) / np.sum(x * x)
    spread = np.sqrt(np.mean((y - slope * x) ** 2) / np.sum(x * x))
    # at the grid's best value the loss is a little above its least
    assert standard_error(HELD, loss, 4000) == pytest.approx(np.exp(slope) * spread, rel=0.02)


@pytest.mark.parametrize("loss", [np.arange(9.0), np.arange(9.0)[::-1], np.ones(9)])
def test_a_least_loss_at_an_end_or_a_flat_one_has_no_standard_error(loss):
    assert np.isnan(standard_error(HELD, loss, 100))
