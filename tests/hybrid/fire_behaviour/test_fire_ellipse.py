"""The ellipse: its rates by direction, its front and its gradients where it is a circle or stands still."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hybrid.fire import Ellipse, ellipse


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def one(head=0.3, slim=2.5, towards=0.7):
    return Ellipse(jnp.asarray(head), jnp.asarray(slim), jnp.asarray(towards))


def test_polar_form_is_an_ellipse_about_its_rear_focus():
    e = one()
    a, b, c = ellipse.half_axes(e)
    turn = jnp.linspace(0.0, 2 * jnp.pi, 73)
    r = ellipse.rate_towards(e, 0.7 + turn)
    along, across = r * jnp.cos(turn) - c, r * jnp.sin(turn)
    np.testing.assert_allclose((along / a) ** 2 + (across / b) ** 2, 1.0, rtol=1e-12)
    np.testing.assert_allclose(c, jnp.sqrt(a**2 - b**2), rtol=1e-12)


def test_head_back_and_flank_are_met_in_their_directions():
    e = one()
    north, east = jnp.cos(e.towards), jnp.sin(e.towards)
    np.testing.assert_allclose(ellipse.rate_towards(e, e.towards), e.head, rtol=1e-14)
    np.testing.assert_allclose(ellipse.rate_towards(e, e.towards + jnp.pi), ellipse.back(e), rtol=1e-14)
    np.testing.assert_allclose(ellipse.normal_speed(e, east, north), e.head, rtol=1e-14)
    np.testing.assert_allclose(ellipse.normal_speed(e, -east, -north), ellipse.back(e), rtol=1e-13)
    np.testing.assert_allclose(ellipse.normal_speed(e, north, -east), ellipse.flank(e), rtol=1e-14)


def test_front_grows_into_the_ellipse():
    """The support function of the grown ellipse is the normal speed: the largest n . r over all directions."""
    e = one()
    turn = jnp.linspace(0.0, 2 * jnp.pi, 20001)
    r = ellipse.rate_towards(e, turn)
    x, y = r * jnp.sin(turn), r * jnp.cos(turn)
    for angle in (0.0, 1.0, 2.5, 4.0):
        nx, ny = np.sin(angle), np.cos(angle)
        found = float(ellipse.normal_speed(e, jnp.asarray(nx), jnp.asarray(ny)))
        assert found == pytest.approx(float(jnp.max(nx * x + ny * y)), rel=1e-6)


def test_normal_speed_is_of_degree_one():
    e = one()
    small, large = (ellipse.normal_speed(e, jnp.asarray(0.6 * k), jnp.asarray(-0.8 * k)) for k in (1.0, 7.0))
    assert float(large) == pytest.approx(7.0 * float(small), rel=1e-14)


def test_on_a_slope_the_map_shows_less():
    """Straight up a slope the map's speed is the ground's times the cosine; across the slope it is the ground's."""
    e = one(towards=0.0)
    rise = 0.75  # 3 : 4 : 5
    north = ellipse.along_ground(jnp.asarray(0.0), jnp.asarray(1.0), (jnp.asarray(0.0), jnp.asarray(rise)))
    np.testing.assert_allclose(ellipse.normal_speed(e, *north), 0.8 * e.head, rtol=1e-14)
    east = ellipse.along_ground(jnp.asarray(1.0), jnp.asarray(0.0), (jnp.asarray(0.0), jnp.asarray(rise)))
    np.testing.assert_allclose(ellipse.normal_speed(e, *east), ellipse.flank(e), rtol=1e-14)


def test_the_ellipse_of_a_map_keeps_way_and_area():
    """Beside the exact fronts of the map: area and centre's way alike, no front more than a little off."""
    turn = jnp.linspace(0.0, 2.0 * jnp.pi, 721)[:-1]
    for slim, towards in ((1.05, 0.3), (1.5, 0.0), (3.0, 1.2)):
        e, slope = one(slim=slim, towards=towards), (jnp.asarray(0.0), jnp.asarray(0.364))
        seen = ellipse.on_map(e, slope)
        normal = jnp.sin(turn), jnp.cos(turn)
        exact = ellipse.normal_speed(e, *ellipse.along_ground(*normal, slope))
        found = ellipse.normal_speed(seen, *normal)
        assert float(jnp.abs(found - exact).max() / exact.max()) < 0.024
        # the odd part of a support function is the centre's way
        np.testing.assert_allclose(found - jnp.roll(found, 360), exact - jnp.roll(exact, 360), atol=1e-9)
        cosine = 1.0 / np.sqrt(1.0 + 0.364**2)
        np.testing.assert_allclose(ellipse.area(seen, 1.0), cosine * ellipse.area(e, 1.0), rtol=1e-9)
    flat = ellipse.on_map(e, (jnp.asarray(0.0), jnp.asarray(0.0)))
    np.testing.assert_allclose(flat, e, rtol=1e-9)
    still = one(head=0.0)  # keeps its shape and its heading
    np.testing.assert_allclose(ellipse.on_map(still, slope), still, rtol=1e-9)


def test_area_is_that_of_the_polar_curve():
    e = one()
    turn = jnp.arange(2000) * (2 * jnp.pi / 2000)
    swept = 0.5 * jnp.mean(ellipse.rate_towards(e, turn) ** 2) * 2 * jnp.pi * 50.0**2
    np.testing.assert_allclose(ellipse.area(e, jnp.asarray(50.0)), swept, rtol=1e-12)


def test_gradients_are_finite_everywhere():
    def total(v):
        h, s, t, nx, ny = v
        e = Ellipse(h, s, t)
        return (
            ellipse.normal_speed(e, nx, ny)
            + ellipse.rate_towards(e, t + 1.0)
            + ellipse.back(e)
            + ellipse.flank(e)
        )

    ellipses = [(0.0, 1.0), (0.3, 1.0), (0.0, 3.0), (0.3, 2.5)]
    cases = [(*e, 0.7, *n) for e in ellipses for n in [(0.6, 0.8), (0.0, 0.0)]]
    found = np.asarray(jax.jit(jax.vmap(jax.grad(total)))(jnp.asarray(cases)))
    assert np.isfinite(found).all()
    for (h, s), by_normal in zip(ellipses, found[1::2, 3:], strict=True):
        # at no normal the root's part is zero, the centre's is not
        c = ellipse.half_axes(Ellipse(*map(jnp.asarray, (h, s, 0.7))))[2]
        np.testing.assert_allclose(by_normal, [c * np.sin(0.7), c * np.cos(0.7)], rtol=1e-5, atol=1e-12)


@pytest.mark.slow
def test_gradients_equal_finite_differences():
    def total(v):
        e = Ellipse(v[0], v[1], v[2])
        return ellipse.normal_speed(e, v[3], v[4]) + 2.0 * ellipse.rate_towards(e, v[5]) + ellipse.flank(e)

    at, step = jnp.asarray([0.3, 2.5, 0.7, 0.6, 0.8, 2.0]), 1e-6
    total = jax.jit(total)
    rise = [(total(at + step * k) - total(at - step * k)) / (2 * step) for k in jnp.eye(6)]
    np.testing.assert_allclose(jax.grad(total)(at), rise, rtol=1e-7)
