"""The ellipse that fire spreads in: head, back and flank, spread by direction and along a front's normal."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from .safe import safe_angle, safe_ratio, safe_sqrt

Value = Float[Array, "..."]


class Ellipse(NamedTuple):
    """Spread at each place as if from a point: an ellipse grown from its rear focus [@anderson1983predicting].

    Attributes:
        head: rate of spread of the head [m s-1], zero or above.
        length_to_width: ratio of the ellipse's axes [1], one or above.
        towards: direction the head moves to [rad], clockwise from north (y), east (x) being pi / 2.
    """

    head: Value
    length_to_width: Value
    towards: Value


def eccentricity(ellipse: Ellipse) -> Value:
    """Eccentricity [1]: sqrt(1 - LW^-2) [@andrews2018rothermel].

    At LW = 1, where the derivative has no limit, it is zero.
    """
    slim = ellipse.length_to_width
    return safe_sqrt((slim - 1.0) * (slim + 1.0)) / slim


def back(ellipse: Ellipse) -> Value:
    """Rate of spread of the back [m s-1]: head (1 - e) / (1 + e) [@andrews2018rothermel]."""
    return ellipse.head / (ellipse.length_to_width * (1.0 + eccentricity(ellipse))) ** 2


def flank(ellipse: Ellipse) -> Value:
    """Rate of spread of the flanks, where they are widest [m s-1]: (head + back) / (2 LW) [@andrews2018rothermel]."""
    return half_axes(ellipse)[1]


def half_axes(ellipse: Ellipse) -> tuple[Value, Value, Value]:
    """Growth of the half axes and of the centre's way from the ignition [m s-1]: a, b and c [@catchpole1982fire].

    a = (head + back) / 2 along the heading, b = a / LW across it, c = (head - back) / 2.
    """
    rear = back(ellipse)
    a = 0.5 * (ellipse.head + rear)
    return a, a / ellipse.length_to_width, 0.5 * (ellipse.head - rear)


def rate_towards(ellipse: Ellipse, direction: Value) -> Value:
    """Rate of spread from the ignition point towards a direction [m s-1] [@andrews2018rothermel].

    head (1 - e) / (1 - e cos(direction - heading)), the ellipse in polar form about its rear focus.

    Args:
        ellipse: spread at each place.
        direction: where to [rad], clockwise from north, of a shape that broadcasts with the ellipse.
    """
    e = eccentricity(ellipse)
    rear = 1.0 / (ellipse.length_to_width**2 * (1.0 + e))  # 1 - e without loss of digits
    turn = jnp.sin(0.5 * (direction - ellipse.towards)) ** 2
    return ellipse.head * rear / (rear + 2.0 * e * turn)


def normal_speed(ellipse: Ellipse, nx: Value, ny: Value) -> Value:
    """Speed of a front along its outward normal (nx, ny) [m s-1] [@catchpole1982fire; @richards1990elliptical].

    c cos(t) + sqrt(a^2 cos(t)^2 + b^2 sin(t)^2), t the angle between normal and heading: each point of the front grows
    its own ellipse (Huygens). Of degree one in (nx, ny): for a gradient of any length it is the Hamiltonian. At
    nx = ny = 0 it is zero, and the root's part of the gradient is taken to be zero.

    Args:
        ellipse: spread at each place.
        nx: eastward part of the unit normal [1].
        ny: northward part of the unit normal [1].
    """
    east, north = jnp.sin(ellipse.towards), jnp.cos(ellipse.towards)
    ahead, aside = nx * east + ny * north, nx * north - ny * east
    a, _, c = half_axes(ellipse)
    return c * ahead + a * safe_sqrt(ahead**2 + (aside / ellipse.length_to_width) ** 2)


def along_ground(nx: Value, ny: Value, slope: tuple[Value, Value]) -> tuple[Value, Value]:
    """Gradient of a map's field as it is along the sloping ground, in axes of the ground turned flat.

    The part up the slope shrinks by the slope's cosine. Rates of spread are along the ground: ``normal_speed`` of what
    this gives, for a gradient on the map, is the Hamiltonian on the map.

    Args:
        nx: eastward gradient on the map.
        ny: northward gradient on the map.
        slope: eastward and northward rise of the ground [1] (rise over run).
    """
    square = slope[0] ** 2 + slope[1] ** 2
    length = jnp.sqrt(1.0 + square)
    shorter = (nx * slope[0] + ny * slope[1]) / (length * (1.0 + length))  # (1 - cos) / tan^2
    return nx - shorter * slope[0], ny - shorter * slope[1]


def on_map(ellipse: Ellipse, slope: tuple[Value, Value]) -> Ellipse:
    """The ellipse of a map nearest to one of rates along sloping ground.

    The map shows an ellipse whose centre's way and area are the ground's, shortened up the slope, but whose rear focus
    is no more the ignition. What is given has this way and area, and its focus at the ignition: up a slope of 20
    degrees every front is within 2.4 % of the head's rate of ``normal_speed`` by ``along_ground`` (rates taken as those
    of the map are 6 % off), and the nearer the slimmer the ellipse.

    Args:
        ellipse: spread along the ground; the direction of the head is that in the axes of the ground turned flat.
        slope: eastward and northward rise of the ground [1] (rise over run).
    """
    a, b, c = half_axes(ellipse)
    way = along_ground(c * jnp.sin(ellipse.towards), c * jnp.cos(ellipse.towards), slope)
    square = way[0] ** 2 + way[1] ** 2
    seen = (a * b) ** 2 / (1.0 + slope[0] ** 2 + slope[1] ** 2)
    # a b is what the map shows of it, and a^2 = b^2 + c^2
    beta = safe_ratio(2.0 * seen, square + safe_sqrt(square**2 + 4.0 * seen))
    flank, long = safe_sqrt(beta), safe_sqrt(beta + square)
    burning = flank > 0.0
    slim = jnp.where(burning, long / jnp.where(burning, flank, 1.0), ellipse.length_to_width)
    turned = safe_angle(*way)
    return Ellipse(safe_sqrt(square) + long, slim, jnp.where(square > 0.0, turned, ellipse.towards))


def area(ellipse: Ellipse, time: Value) -> Value:
    """Area burned from a point after ``time`` [s] of uniform spread [m2]: pi a b t^2 [@andrews2018rothermel]."""
    a, b, _ = half_axes(ellipse)
    return jnp.pi * a * b * time**2


def perimeter(ellipse: Ellipse, time: Value) -> Value:
    """Perimeter burned from a point after ``time`` [s] of uniform spread [m] [@andrews2018rothermel].

    pi (a + b) (1 + h / 4 + h^2 / 64), h = ((a - b) / (a + b))^2: the series for an ellipse, cut after two terms.
    """
    a, b, _ = half_axes(ellipse)
    slim = ellipse.length_to_width
    h = ((slim - 1.0) / (slim + 1.0)) ** 2
    return jnp.pi * (a + b) * (1.0 + h / 4.0 + h**2 / 64.0) * time


__all__ = [
    "Ellipse",
    "along_ground",
    "area",
    "back",
    "eccentricity",
    "flank",
    "half_axes",
    "normal_speed",
    "on_map",
    "perimeter",
    "rate_towards",
]
