"""Broken inputs: each gives one sentence that says what is wrong, where, and the remedy."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from firegrids import even, square

from data.errors import TerraxError
from hybrid.fire.ellipse import Ellipse
from hybrid.fire.spread import (
    Front,
    Grid,
    Ignition,
    RateFactor,
    Scheme,
    Spotting,
    Spread,
    Window,
    along_line,
    at_points,
    build_times,
    from_perimeter,
    in_polygon,
    propagate,
    spread,
    to_dataset,
    wave_of,
)

GRID = square(40)
RATES = even(GRID)
START = at_points(GRID, [(0.0, 0.0)], 20.0)


def dataset(**change):
    axes = {"x": np.arange(5.0) * 10.0, "y": 100.0 - np.arange(4.0) * 10.0} | change
    ds = xr.Dataset(coords=axes)
    for name in axes:
        ds[name].attrs["units"] = "m"
    return ds


def in_degrees():
    ds = dataset()
    ds["x"].attrs["units"] = "degrees_east"
    return ds


def with_value(field, value):
    arrays = {n: np.array(v) for n, v in RATES._asdict().items()}
    arrays[field][1, 20, 20] = value
    return Ellipse(**arrays)


def go(times=(0.0, 600.0), rates=RATES, fire=START, until=600.0, **more):
    return spread(GRID, times, rates, fire, until, **more)


def finished(crs=True):
    level = np.ones((5, 5), np.float32)
    level[2, 2] = -1.0
    front = Front(level, np.where(level <= 0, 0.0, np.inf))
    return Spread(square(40, crs=crs), 0.0, 600.0, Window(0, 5, 0, 5), front, 1, np.zeros(()))


WATER = np.zeros(GRID.shape)
CASES = {
    "weather ends before the run": (lambda: go(until=900.0), "the weather ends at 600 s"),
    "weather begins after the ignition": (lambda: go(times=(100.0, 600.0)), "after the ignition"),
    "time does not increase": (lambda: go(times=(0.0, 0.0, 600.0)), "does not increase"),
    "time not a number": (lambda: go(times=(0.0, np.nan)), "not a number"),
    "one weather time": (lambda: go(times=(0.0,)), "two weather times"),
    "run ends before it begins": (lambda: go(until=0.0), "end it after the ignition"),
    "rates for other times": (lambda: go(times=(0.0, 300.0, 600.0)), "2 times and the weather 3"),
    "rates on another grid": (lambda: go(rates=even(square(30))), "40 x 40 cells"),
    "rates of unequal shape": (
        lambda: go(rates=RATES._replace(towards=RATES.towards[:, :30])),
        "'towards' is of shape",
    ),
    "rates without time": (lambda: go(rates=Ellipse(*(f[0] for f in RATES))), "dimensions"),
    "a rate that is not a number": (
        lambda: go(rates=with_value("head", np.nan)),
        "time 1, row 20, column 20",
    ),
    "a negative rate": (lambda: go(rates=with_value("head", -0.1)), "negative"),
    "length-to-width below one": (lambda: go(rates=with_value("length_to_width", 0.5)), "length-to-width"),
    "nothing spreads": (lambda: go(rates=even(GRID, 0.0)), "no cell near the ignition"),
    "burnable on another grid": (lambda: go(burnable=np.ones((39, 40))), "burnable is of shape"),
    "ignition on water": (lambda: go(burnable=WATER), "cannot burn"),
    "ignition outside": (lambda: at_points(GRID, [(0.0, 900.0)]), "outside of the grid"),
    "ignition on another grid": (lambda: go(fire=Ignition(jnp.ones((30, 30)))), "ignition is of shape"),
    "ignition of too many members": (
        lambda: go(fire=Ignition(jnp.stack([START.level] * 3))),
        "the ignition has 3 members",
    ),
    "no ignition": (lambda: go(fire=[]), "no ignition"),
    "time of ignition not a number": (lambda: go(fire=START._replace(time=np.nan)), "time of an ignition"),
    "polygon of two vertices": (
        lambda: in_polygon(GRID, [(0.0, 0.0), (10.0, 0.0)]),
        "2 vertices make no polygon",
    ),
    "line of one vertex": (lambda: along_line(GRID, [(0.0, 0.0)]), "1 vertices make no line"),
    "vertices of three numbers": (lambda: in_polygon(GRID, np.zeros((4, 3))), "pairs of x and y"),
    "vertex not a number": (lambda: at_points(GRID, [(np.nan, 0.0)]), "not a number"),
    "empty perimeter": (lambda: from_perimeter(GRID, WATER), "no cell"),
    "perimeter on another grid": (lambda: from_perimeter(GRID, WATER[:20]), "perimeter is of shape"),
    "step limit": (lambda: go(scheme=Scheme(max_steps=3)), "more than the 3 steps"),
    "fire at the edge": (lambda: go(times=(0.0, 9000.0), until=9000.0), "edge of the grid"),
    "line outside": (lambda: build_times(GRID, [(900.0, 900.0), (990.0, 900.0)], 0.0), "outside of the grid"),
    "line built at no rate": (lambda: build_times(GRID, [(0.0, 0.0), (9.0, 0.0)], 0.0, 0.0), "above zero"),
    "line of one point": (lambda: build_times(GRID, [(0.0, 0.0)], 0.0), "make no line"),
    "lines on another grid": (lambda: go(built=np.zeros((3, 3))), "built is of shape"),
    "no x": (lambda: Grid.of(dataset().drop_vars("x")), "'x' is missing"),
    "grid in degrees": (lambda: Grid.of(in_degrees()), "degrees_east"),
    "uneven grid": (lambda: Grid.of(dataset(x=np.array([0.0, 10.0, 25.0, 40.0]))), "not evenly spaced"),
    "cells not square": (lambda: Grid.of(dataset(x=np.arange(5.0) * 20.0)), "20 m by 10 m"),
    "columns from the east": (lambda: Grid.of(dataset(x=-np.arange(5.0) * 10.0)), "east to west"),
    "field of other width": (lambda: GRID.check(replace(GRID, width=20.0), "fuel"), "cells of 20 m"),
    "field of other origin": (lambda: GRID.check(replace(GRID, west=0.0), "fuel"), "begins at"),
    "field of other shape": (lambda: GRID.check(square(41), "fuel"), "41 x 41 cells"),
    "field of other system": (
        lambda: GRID.check(replace(GRID, crs={"epsg_code": "EPSG:3812"}), "fuel"),
        "EPSG:3812",
    ),
    "no reference system": (lambda: to_dataset(finished(crs=False)), "no coordinate reference system"),
    "field without units": (lambda: to_dataset(finished(), None, {"flame": (WATER, {})}), "no units"),
    "field of other shape in a file": (
        lambda: to_dataset(finished(), None, {"flame": (WATER[:3], {"units": "m"})}),
        "'flame' is of shape",
    ),
    "probability of one fire": (lambda: finished().probability(), "no burn probability"),
    "order": (lambda: Scheme(order=5), "order 5"),  # type: ignore[arg-type]
    "stages": (lambda: Scheme(stages=4), "4 stages"),  # type: ignore[arg-type]
    "courant": (lambda: Scheme(courant=1.5), "Courant number 1.5"),
    "brands": (lambda: Spotting(GRID, jax.random.key(0), -1.0, 5.0, 0.0), "brands is -1"),
    "wind of brands": (lambda: Spotting(GRID, jax.random.key(0), 1.0, np.ones(3), 0.0), "wind is of shape"),
    "factor without room": (
        lambda: RateFactor(np.ones((3, 2)), key=jax.random.key(0), bound=1.0),
        "bound 1.0",
    ),
    "features not numbers": (
        lambda: RateFactor(np.full((3, 2), np.nan), key=jax.random.key(0)),
        "not a number",
    ),
}


@pytest.mark.parametrize("name", list(CASES))
def test_one_sentence(name):
    act, words = CASES[name]
    with pytest.raises(TerraxError) as caught:
        act()
    text = str(caught.value)
    assert words in text
    assert text.endswith((".", "?"))
    assert "\n" not in text


def test_the_step_limit_is_an_error_under_jit_too():
    scheme = Scheme(max_steps=2)
    wave = wave_of(jax.tree.map(jnp.asarray, RATES))

    @jax.jit
    def late():
        front = Front(START.level, jnp.where(START.level <= 0.0, 0.0, jnp.inf))
        can = jnp.ones(GRID.shape, bool)
        return propagate(front, jnp.array([0.0, 600.0]), wave, can, 0.0, 600.0, 10.0, scheme)[0].level

    with pytest.raises(Exception, match="max_steps allows"):
        late().block_until_ready()
