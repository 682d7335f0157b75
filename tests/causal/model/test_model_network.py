"""Network mechanisms: a masked input has no influence at all, bends are learned, and noise is not underrated."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from causal.model import Network, fit
from data.errors import ConfigError, ModelError

NAMES = ("driver", "decoy", "target")
QUICK = Network(width=8, steps=150, penalty=(1e-3, 1e-2))
NOISE = 0.3


def world(seed: int, steps: int = 500) -> xr.Dataset:
    """Target is a bend of the driver a step ago; the decoy is the driver again, with a little noise."""
    rng = np.random.default_rng(seed)
    driver = rng.normal(size=steps)
    decoy = driver + 0.2 * rng.normal(size=steps)
    target = np.maximum(1.5 * np.roll(driver, 1), -0.5) + NOISE * rng.laplace(size=steps) / np.sqrt(2)
    fields = {n: ("time", v) for n, v in zip(NAMES, (driver, decoy, target), strict=True)}
    return xr.Dataset(fields, {"time": np.arange(steps)}).isel(time=slice(1, None))


def graph() -> np.ndarray:
    marks = np.zeros((3, 3, 2), "<U3")
    marks[0, 1, 0] = marks[0, 2, 1] = "-->"
    marks[1, 0, 0] = "<--"
    return marks


@pytest.fixture(scope="module")
def model():
    return fit(graph(), world(0), QUICK, names=NAMES, members=8)


def test_masked_inputs_have_no_gradient(model):
    mask = jnp.asarray(model.structure.flat, jnp.float32)
    one = jax.tree.map(lambda a: a[0], model.mechanisms)
    slope = np.asarray(jax.jacobian(lambda x: one(x, mask))(jnp.linspace(-1, 1, 6)))
    assert (slope[~model.structure.flat] == 0.0).all()
    assert (slope[model.structure.flat] != 0.0).all()


def test_a_decoy_that_is_set_moves_nothing(model):
    runs = [model.rollout(world(1), 4, do={"decoy": v}, draws=16, quantiles=None) for v in (-3.0, 3.0)]
    xr.testing.assert_equal(runs[0]["target"], runs[1]["target"])


def test_the_bend_is_learned(model):
    held = np.array([-1.5, -1.0, 0.0, 1.0, 1.5, 0.0])
    run = model.rollout(world(1), 6, drivers={"driver": held}, draws=800, quantiles=None)
    truth = np.maximum(1.5 * held[:-1], -0.5)
    np.testing.assert_allclose(run["target"].mean("draw")[1:], truth, atol=0.2)
    line = fit(graph(), world(0), names=NAMES).rollout(world(1), 6, drivers={"driver": held}, draws=800)
    assert np.abs(line["target"].sel(quantile=0.5)[1:] - truth).max() > 0.5


def test_noise_is_told_by_rows_that_were_not_seen(model):
    # a network's residuals on its own rows are too small; these must not be
    spread = np.nanstd(model.residuals[0, :, 2]) * model.scale[2]
    assert 0.95 * NOISE < spread < 1.25 * NOISE
    assert np.isfinite(model.residuals).mean() > 0.8


def test_what_training_chose_is_told(model):
    assert model.told["penalty"].shape == (8, 3)
    # members choose by their own validation, so that they need not agree
    assert set(model.told["penalty"].ravel()) == set(QUICK.penalty)
    assert model.told["validation"][2] == pytest.approx((NOISE / model.scale[2]) ** 2, rel=0.4)
    with pytest.raises(ModelError, match="no coefficients"):
        model.coefficients()


def test_the_same_seed_gives_the_same_model(model):
    again = fit(graph(), world(0), QUICK, names=NAMES, members=8)
    np.testing.assert_array_equal(again.residuals, model.residuals)
    for a, b in zip(jax.tree.leaves(again.mechanisms), jax.tree.leaves(model.mechanisms), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("settings", [{"width": 0}, {"rate": 0.0}, {"penalty": ()}, {"penalty": (-1.0,)}])
def test_settings_out_of_bounds(settings):
    with pytest.raises(ConfigError):
        Network(**settings)
