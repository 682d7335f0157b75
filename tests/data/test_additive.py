"""The additive world: contributions that vanish at zero, are continuous and add up."""

import numpy as np
import pytest

from data.errors import ConfigError
from data.synthetic.additive import make_additive


def test_contributions_vanish_at_zero_and_have_the_slope_that_is_said():
    world = make_additive((3, 4), seed=1)
    assert np.abs(world.contributions(np.zeros((1, 12)))).max() == 0.0
    x = world.fields(200, 2)
    step = 1e-6
    difference = (world.contributions(x + step) - world.contributions(x - step)) / (2 * step)
    near = (np.abs(x[..., None] - world.breaks) < 2 * step).any(axis=-1)
    assert np.abs(difference - world.slope(x))[~near].max() < 1e-8


def test_contributions_are_continuous_at_the_breaks():
    world = make_additive((2, 2), seed=3)
    at = world.breaks.T
    left, right = world.contributions(at - 1e-9), world.contributions(at + 1e-9)
    assert np.abs(left - right).max() < 1e-7


def test_each_contribution_reads_its_own_cell():
    world = make_additive((2, 3), seed=0)
    x = world.fields(5, 0)
    moved = x.copy()
    moved[:, 2] += 1.0
    changed = world.contributions(moved) - world.contributions(x)
    assert np.abs(np.delete(changed, 2, axis=1)).max() == 0.0
    np.testing.assert_allclose(world.number(moved) - world.number(x), changed[:, 2], atol=1e-12)


def test_fields_have_unit_variance_and_the_correlation_asked_for():
    x = make_additive((1, 3), length=2.0).fields(40_000, 0)
    np.testing.assert_allclose(
        np.cov(x.T), np.exp(-np.abs(np.subtract.outer(range(3), range(3))) / 2.0), atol=0.03
    )


def test_a_dataset_holds_the_truth():
    world = make_additive((2, 2))
    ds = world.to_dataset(world.fields(3, 0))
    np.testing.assert_allclose(ds.contribution.sum(("lat", "lon")), ds.number)


@pytest.mark.parametrize(
    ("change", "words"), [({"pieces": 0}, "0 pieces"), ({"length": 0.0}, "correlation length")]
)
def test_worlds_that_cannot_be_are_refused(change, words):
    with pytest.raises(ConfigError, match=words):
        make_additive(**change)
