"""The learned factor on the rate of spread: what it sees, that its gradient is right, and that a known one is found."""

from __future__ import annotations

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.execute import execute
from experiments.fire_spread import factor, judge, results, story_chance
from experiments.fire_spread import members as runs
from experiments.fire_spread.config import Config
from experiments.fire_spread.opening import open_fires

KNOWN = {"synthetic": {"factor_grass": 1.5, "factor_timber": 0.5}}


def test_a_blur_keeps_what_lies_inside():
    field = np.zeros((41, 31), np.float32)
    field[20, 15] = 2.0
    out = np.asarray(factor.blurred(jnp.asarray(field), 2.0))
    assert out.sum() == pytest.approx(2.0, rel=1e-5)
    away = np.hypot(*np.meshgrid(np.arange(31) - 15, np.arange(41) - 20))
    np.testing.assert_allclose(out, np.exp(-(away**2) / 8.0) / (4.0 * np.pi), atol=1e-7)


def test_features_are_of_the_cell_and_its_weather():
    config = Config()
    fire = factor.near(open_fires(config, None)[0][0], 150.0)
    assert fire.fuel.shape == (31, 31)
    seen = factor.features(fire, 5)
    assert seen.shape == (5, 31, 31, len(factor.GROUPS) + 2)
    np.testing.assert_array_equal(seen[0, ..., : len(factor.GROUPS)].sum(axis=-1), fire.burnable)
    np.testing.assert_allclose(seen[2, 3, 4, -2], fire.slope[3, 4], rtol=1e-6)
    np.testing.assert_allclose(seen[:, 0, 0, -1], [*fire.wind, fire.wind[-1], fire.wind[-1]], rtol=1e-6)


def test_a_factor_is_one_in_fuel_and_wind_that_it_was_not_shown():
    config = Config()
    fire = factor.near(open_fires(config, None)[0][0], 150.0)
    model = factor.start([fire], config)
    weights = model.network.out + 3.0
    model = eqx.tree_at(lambda m: m.network.out, model, weights)
    assert np.abs(np.log(factor.field(model, fire, 3)[:, fire.burnable])).max() > 0.1
    shrub = replace(fire, fuel=np.full_like(fire.fuel, 145))
    np.testing.assert_allclose(factor.field(model, shrub, 3), 1.0, atol=1e-3)
    storm = replace(fire, wind=fire.wind + 20.0)
    np.testing.assert_allclose(factor.field(model, storm, 3), 1.0, atol=1e-3)


@pytest.mark.slow
def test_the_misfit_falls_as_its_gradient_says():
    """Through the whole solver, against differences in double precision."""
    config = Config.model_validate(KNOWN)
    fire = factor.near(open_fires(config, None)[0][2], 200.0)
    member = runs.centre(config)._replace(rate=0.5, duration=0.3)
    scar = np.isfinite(runs.arrivals(fire, [member], config, factor.known(fire, config))[0])
    with jax.enable_x64(True):
        land = jax.tree.map(
            lambda a: a.astype(jnp.float64) if jnp.issubdtype(a.dtype, jnp.floating) else a,
            runs.landscape(fire, config),
        )
        model = jax.tree.map(lambda a: jnp.asarray(a, jnp.float64), factor.start([fire], config))
        seen = jnp.asarray(factor.features(fire, land.times.shape[0]), jnp.float64)
        data = (land, seen, jnp.asarray(scar, jnp.float64))
        learn = factor.Learning(30.0, 0.69, 0.01)
        scheme = runs.scheme_of(config, 256)

        @jax.jit
        def loss(out):
            moved = eqx.tree_at(lambda m: m.network.out, model, out)
            return factor.misfit(moved, data, member, fire.width, scheme, learn)

        out = model.network.out
        slope = jax.grad(loss)(out)
        way = jnp.ones_like(out)
        step = 1e-6
        wanted = (loss(out + step * way) - loss(out - step * way)) / (2.0 * step)
        assert float(jnp.abs(wanted)) > 1e-6
        np.testing.assert_allclose(float(jnp.sum(slope * way)), float(wanted), rtol=1e-3)


@pytest.mark.slow
def test_a_known_factor_is_found_and_serves_a_fire_left_out():
    """Grass burns half again as fast, timber half as fast; fires of an hour, whose moisture and rate are known."""
    config = Config.model_validate(KNOWN)
    member = runs.centre(config)._replace(dead_moisture=0.06, rate=0.5, duration=0.4)
    fires = []
    for fire in open_fires(config, None)[0]:
        scar = np.isfinite(runs.arrivals(fire, [member], config, factor.known(fire, config))[0])
        fires.append(replace(fire, scar=scar))
    left, others = fires[0], fires[1:]
    model, losses = factor.train(others, member, config)
    assert losses[-1] < 0.05 * losses[0]
    found = factor.field(model, left, runs.landscape(left, config).times.shape[0])
    grass = np.isin(left.fuel, (106, 123)) & left.scar
    # the fires end in the second hour, whose weather they hardly saw
    assert 1.2 < np.exp(np.log(found[0, grass]).mean()) < 1.8
    without, learned = (
        judge.dice(np.isfinite(runs.arrivals(left, [member], config, f)[0]), left.scar) for f in (None, found)
    )
    assert without < 0.7
    assert learned > 0.85


@pytest.mark.slow
def test_the_stage_scores_with_and_without(tmp_path):
    sets = [
        "synthetic.cells=31",
        "synthetic.factor_grass=1.5",
        "priors.rate.levels=3",
        "draws=8",
        "progression.folder=null",
        "factor.enabled=true",
        "factor.steps=3",
    ]
    run = execute("fire-spread", sets=sets, out=tmp_path / "learned")
    assert [s for s in run.status().stages if s.startswith("factor")] == [
        "factor_east",
        "factor_west",
        "factor_north",
    ]
    ds = results.read(run)
    learned = results.dice_table(ds)["terrax_learned"]
    assert ((learned > 0.0) & (learned <= 1.0)).all()
    assert set(story_chance.by_group(ds)) == {"grass", "grass and shrub", "timber litter"}
    assert "Does a learned rate of spread help?" in run.report.read_text(encoding="utf-8")
