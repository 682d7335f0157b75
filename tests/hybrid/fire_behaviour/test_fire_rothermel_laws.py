"""Laws of surface and crown fire: closed forms, limits, symmetry, conventions and gradients."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.benches.fire.rothermel_truth import gradient_errors
from hybrid.fire import units as u
from hybrid.fire.behaviour import (
    Canopy,
    Convention,
    Moisture,
    crown,
    flame,
    fuel_grid,
    fuel_kinds,
    midflame,
    prepare,
    rothermel,
    spread,
    surface,
    two_fuels,
)
from hybrid.fire.behaviour.fuelbed import cured_fraction

NUMBERS = np.array([1, 10, 124, 145, 91])


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="module")
def beds():
    """Fuel models 1, 10, GS4, SH5 and urban at one moisture."""
    with jax.enable_x64(True):
        moisture = Moisture(*(jnp.asarray(x) for x in (0.06, 0.07, 0.08, 0.6, 0.9)))
        return jax.jit(prepare)(fuel_grid(NUMBERS), moisture)


@partial(jax.jit, static_argnames="convention")
def run(beds, wind, slope, convention=Convention()):
    return spread(beds, wind, slope, convention)


def vector(east, north):
    return jnp.full(NUMBERS.shape, east), jnp.full(NUMBERS.shape, north)


def test_no_wind_and_no_slope_is_a_circle(beds):
    fire = run(beds, vector(0.0, 0.0), vector(0.0, 0.0))
    np.testing.assert_array_equal(fire.ellipse.head, beds.rate)
    np.testing.assert_array_equal(fire.ellipse.length_to_width, 1.0)
    np.testing.assert_array_equal(fire.effective_wind, 0.0)


def test_beds_by_model_are_those_by_cell(beds):
    fuels, place = fuel_kinds(NUMBERS.reshape(5, 1))
    moisture = Moisture(*(jnp.asarray(x) for x in (0.06, 0.07, 0.08, 0.6, 0.9)))
    laid = jax.tree.map(lambda a: np.asarray(a)[place][:, 0], jax.jit(prepare)(fuels, moisture))
    for mine, theirs in zip(laid, beds, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-13)


def test_fuel_that_is_not_there_does_not_burn(beds):
    fire = run(beds, vector(3.0, 1.0), vector(0.3, 0.1))
    assert fire.ellipse.head[-1] == fire.intensity[-1] == fire.flame_length[-1] == 0.0
    assert (np.asarray(fire.ellipse.head[:-1]) > 0.0).all()


def test_turning_wind_and_slope_turns_the_head(beds):
    angle = 0.83
    c, s = np.cos(angle), np.sin(angle)
    first = run(beds, vector(1.5, 2.0), vector(0.3, -0.1)).ellipse
    turned = run(
        beds, vector(1.5 * c + 2.0 * s, 2.0 * c - 1.5 * s), vector(0.3 * c - 0.1 * s, -0.1 * c - 0.3 * s)
    )
    np.testing.assert_allclose(turned.ellipse.head, first.head, rtol=1e-13)
    way = np.asarray(turned.ellipse.towards - first.towards - angle)[:-1]
    np.testing.assert_allclose(np.sin(0.5 * way), 0.0, atol=1e-12)


def test_effective_wind_alone_gives_the_same_rate(beds):
    fire = run(beds, vector(1.5, 2.0), vector(0.3, -0.1))
    alone = run(beds, (jnp.zeros(5), fire.effective_wind), vector(0.0, 0.0))
    np.testing.assert_allclose(alone.ellipse.head, fire.ellipse.head, rtol=1e-12)
    np.testing.assert_allclose(alone.ellipse.length_to_width, fire.ellipse.length_to_width, rtol=1e-12)


def test_wind_limits(beds):
    """Beyond the limit, wind adds nothing; the limits are 0.9 I and 96.8 I^(1/3) in ft, min and Btu."""
    btu = np.asarray(beds.reaction_intensity[:-1]) / u.BTU_PER_SQUARE_FOOT_MINUTE
    wanted = {"rothermel": 0.9 * btu * 0.00508, "andrews": 96.8 * btu ** (1 / 3) * 0.00508}
    for name, limit in wanted.items():
        some = Convention(wind_limit=name)
        gale, storm = (run(beds, vector(0.0, v), vector(0.0, 0.0), some) for v in (200.0, 300.0))
        np.testing.assert_allclose(gale.ellipse.head, storm.ellipse.head, rtol=1e-14)
        np.testing.assert_allclose(storm.effective_wind[:-1], limit, rtol=1e-12)
        light = run(beds, vector(0.0, 0.1), vector(0.0, 0.0), some)
        np.testing.assert_array_equal(
            light.ellipse.head, run(beds, vector(0.0, 0.1), vector(0.0, 0.0)).ellipse.head
        )


def test_projected_wind_is_longer_up_the_slope_only(beds):
    lifted = Convention(wind_on_slope="projected")
    rise = 0.5
    up = run(beds, vector(0.0, 2.0), vector(0.0, rise), lifted).ellipse.head
    longer = run(beds, vector(0.0, 2.0 * np.sqrt(1 + rise**2)), vector(0.0, rise)).ellipse.head
    np.testing.assert_allclose(up, longer, rtol=1e-13)
    across = run(beds, vector(2.0, 0.0), vector(0.0, rise), lifted).ellipse.head
    np.testing.assert_allclose(
        across, run(beds, vector(2.0, 0.0), vector(0.0, rise)).ellipse.head, rtol=1e-13
    )


def test_length_to_width_of_both_publications():
    """Andrews 1986: 1 + 0.25 U in mph; Anderson 1983: one at no wind, never above 8."""
    speed = jnp.asarray([0.0, 4.0, 100.0]) * u.MILE_PER_HOUR
    straight = surface.length_to_width(speed, Convention(length_to_width="andrews"))
    np.testing.assert_allclose(straight, [1.0, 2.0, 26.0])
    wanted = 0.936 * np.exp(0.1147 * 4) + 0.461 * np.exp(-0.0692 * 4) - 0.397
    np.testing.assert_allclose(surface.length_to_width(speed), [1.0, wanted, 8.0], rtol=1e-14)


def test_damping_ends_at_extinction():
    r = jnp.asarray([0.0, 0.5, 1.0, 1.5])
    wanted = [1.0, 1 - 2.59 * 0.5 + 5.11 * 0.25 - 3.52 * 0.125, 0.0, 0.0]
    np.testing.assert_allclose(rothermel.moisture_damping(0.3 * r, jnp.asarray(0.3)), wanted, atol=1e-15)


def test_curing_by_convention():
    m = jnp.asarray([0.2, 0.3, 0.75, 1.2, 1.5])
    np.testing.assert_allclose(cured_fraction(m, Convention(curing="exact")), [1, 1, 0.5, 0, 0], atol=1e-12)
    for name, cut in (("behave", 1.333), ("andrews", 1.33)):
        wanted = [1, cut - 0.333 if name == "andrews" else 1, cut - 1.11 * 0.75, max(cut - 1.332, 0), 0]
        np.testing.assert_allclose(cured_fraction(m, Convention(curing=name)), wanted, atol=1e-12)


def test_flame_lengths():
    """Byram in metric form, 0.0775 I^0.46 with I in kW/m; Thomas, 0.0266 I^(2/3)."""
    assert float(flame.byram_flame_length(jnp.asarray(1000.0))) == pytest.approx(
        0.0775 * 1000**0.46, rel=1e-3
    )
    assert float(flame.thomas_flame_length(jnp.asarray(1000.0))) == pytest.approx(
        0.0266 * 1000 ** (2 / 3), rel=2e-3
    )


def test_wind_adjustment_by_shelter():
    """Andrews 2012: 0.36 above 1 ft of open fuel; 0.17 under 30 ft of half cover with crown ratio one half."""
    depth, tall = jnp.asarray(u.FOOT), jnp.asarray(30.0 * u.FOOT)
    assert float(midflame.wind_adjustment(depth, crown_ratio=jnp.asarray(0.0))) == pytest.approx(
        0.36, abs=5e-3
    )
    assert float(midflame.wind_adjustment(depth, 0.5, tall, jnp.asarray(0.5))) == pytest.approx(
        0.17, abs=5e-3
    )
    low = midflame.wind_adjustment(depth, 0.5, jnp.asarray(1.0), jnp.asarray(0.5))
    assert float(low) == float(midflame.unsheltered_factor(depth))
    by_cover = midflame.crown_filling(jnp.asarray(0.5), None, Convention(crown_ratio="cover"))
    assert float(by_cover) == pytest.approx(np.pi * 0.5 / 12)


def test_critical_intensity_of_van_wagner():
    """A base of 7 m and 100 % foliar moisture: 3047.5 kJ/kg of ignition energy, (0.01 x 7 x 3050)^1.5 kW/m."""
    found = crown.critical_intensity(jnp.asarray(7.0), jnp.asarray(1.0))
    assert float(found) == pytest.approx((0.07 * 3050.0) ** 1.5, rel=1e-12)
    assert float(crown.critical_rate(jnp.asarray(0.1))) == pytest.approx(0.5)


@pytest.fixture(scope="module")
def crown_run():
    @jax.jit
    def go(beds, speed, density, base):
        whole = jnp.zeros(NUMBERS.shape)
        canopy = Canopy(whole + base, whole + 15.0, whole + density, whole + 1.0)
        ten = jax.tree.map(lambda x: x[1] + whole, beds)
        return crown.crown_fire(beds, ten, (whole + speed, whole), whole + 0.2, (whole, whole), canopy)

    return go


def test_kinds_of_crown_fire(beds, crown_run):
    """Without canopy, calm under a high canopy, and in a storm under a low dense one."""
    bare = crown_run(beds, 5.0, 0.0, 2.0)
    low = run(beds, vector(1.0, 0.0), vector(0.0, 0.0))
    np.testing.assert_array_equal(bare.kind, 0)
    np.testing.assert_allclose(bare.ellipse.head, low.ellipse.head, rtol=1e-14)
    np.testing.assert_array_equal(crown_run(beds, 0.5, 0.05, 12.0).kind, 0)
    storm = crown_run(beds, 20.0, 0.3, 0.5)
    np.testing.assert_array_equal(storm.kind[1:4], 3)
    np.testing.assert_allclose(storm.ellipse.head[1:4], storm.active_rate[1:4], rtol=1e-14)
    np.testing.assert_allclose(storm.ellipse.towards[1:4], np.pi / 2, rtol=1e-12)
    assert storm.kind[4] < 2


def test_crowning_wind_just_sustains_crown_fire(beds, crown_run):
    fire = crown_run(beds, 5.0, 0.1, 2.0)
    at = crown.active_rate(jax.tree.map(lambda x: x[1], beds), fire.crowning_wind[0])
    assert float(at) == pytest.approx(3.0 / 0.1 / 60.0, rel=1e-12)


def test_passive_fire_lies_between_surface_and_active(beds, crown_run):
    fire = crown_run(beds, 5.0, 0.1, 1.0)
    low = run(beds, vector(1.0, 0.0), vector(0.0, 0.0)).ellipse.head
    passive = np.asarray(fire.kind) == 2
    assert passive.any()
    share = ((fire.ellipse.head - low) / (fire.active_rate - low))[passive]
    np.testing.assert_allclose(share, fire.fraction_burned[passive], rtol=1e-12)
    assert ((fire.fraction_burned[passive] >= 0) & (fire.fraction_burned[passive] <= 1)).all()


@pytest.mark.slow
def test_two_fuels_between_means():
    """Between harmonic and arithmetic mean, and the fuel's own rate where there is one fuel."""
    cover = jnp.asarray([0.0, 0.3, 0.7, 1.0])
    a, b, slim = jnp.asarray(0.5), jnp.asarray(0.1), jnp.full(4, 2.0)
    found = two_fuels.two_fuel_rate(a, b, cover, slim)
    harmonic = two_fuels.two_fuel_rate(a, b, cover, slim, "harmonic")
    np.testing.assert_allclose(found[jnp.asarray([0, 3])], [0.1, 0.5], rtol=1e-12)
    assert (found[1:3] > harmonic[1:3]).all()
    np.testing.assert_allclose(harmonic[1], 1.0 / (0.3 / 0.5 + 0.7 / 0.1), rtol=1e-12)
    barrier = two_fuels.two_fuel_rate(a, jnp.asarray(0.0), cover, slim, "harmonic")
    np.testing.assert_allclose(barrier, [0, 0, 0, 0.5], atol=1e-12)


@pytest.mark.slow
def test_gradients_over_all_fuel_models():
    worst, beds, lost = gradient_errors()
    assert beds == 304
    assert worst < 1e-6
    assert lost == 0


def test_gradient_of_ellipse_and_flames_also_where_all_stands_still(beds):
    @jax.jit
    def total(wind, slope):
        fire = spread(beds, wind, slope)
        parts = (fire.effective_wind, fire.flame_length, fire.ellipse.length_to_width, fire.ellipse.towards)
        return sum(jnp.sum(p) for p in parts)

    slopes = jax.jit(jax.grad(total, argnums=(0, 1)))
    wind, rise, step = vector(1.0, -2.0), vector(0.2, 0.1), 1e-6
    for place, part in ((0, wind), (1, rise)):
        aside = [[wind, rise], [wind, rise]]
        for one, sign in zip(aside, (1, -1), strict=True):
            one[place] = (part[0] + sign * step, part[1])
        found = jnp.sum(slopes(wind, rise)[place][0])
        difference = (total(*aside[0]) - total(*aside[1])) / (2 * step)
        assert float(found) == pytest.approx(float(difference), rel=1e-6)
    for wind in (0.0, 1e-9, 2.0):
        for rise in (0.0, 1e-9, 0.3):
            found = slopes(vector(wind, 0.0), vector(0.0, rise))
            assert all(np.isfinite(g).all() for g in jax.tree.leaves(found))


def test_gradient_to_wind_at_no_wind_is_the_limit_of_differences(beds):
    """On a slope, differences over a wind h fall as h^(B - 1) towards the gradient, which is zero for B above one."""
    slopes = jax.jit(jax.grad(lambda v: jnp.sum(spread(beds, vector(0.0, v), vector(0.0, 0.3)).ellipse.head)))
    assert float(slopes(jnp.asarray(0.0))) == 0.0
    steps = np.array([1e-2, 1e-3, 1e-4])
    rate = {
        h: np.asarray(run(beds, vector(0.0, h), vector(0.0, 0.3)).ellipse.head) for h in (*steps, *-steps)
    }
    off = np.array([(rate[h] - rate[-h]) / (2 * h) for h in steps])[:, :3]
    order = np.log10(off[:-1] / off[1:])
    np.testing.assert_allclose(order, [np.asarray(beds.wind_exponent)[:3] - 1.0] * 2, rtol=1e-5)
    assert (order > 0.0).all()
