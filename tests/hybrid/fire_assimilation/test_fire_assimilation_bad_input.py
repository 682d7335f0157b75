"""Broken inputs of assimilation: each gives one sentence that says what is wrong, where, and the remedy."""

from __future__ import annotations

import functools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from firegrids import square
from fireperimeters import CLOCK, GRID, PRIOR, TRUTH, circle

from data.errors import TerraxError
from hybrid.fire.assimilation import (
    CoarseField,
    Localisation,
    Misfit,
    Parameter,
    Perimeter,
    Problem,
    brier,
    dice,
    ensemble_kalman,
    flatten,
    forecast,
    in_time,
    map_estimate,
    new_growth,
    posterior,
    recalibrate,
    reliability,
    simulator,
)
from hybrid.fire.spread import Front, Ignition, Wave, Window, at_points

east, north = np.meshgrid(GRID.x, GRID.y)
EARLY = np.hypot(east + 60.0, north + 60.0) <= 90.0
LATE = np.hypot(east + 60.0, north + 60.0) <= 130.0
LINES = (Perimeter(600.0, EARLY, 10.0), Perimeter(1200.0, LATE, 10.0))
KEY = jax.random.key(0)
MEMBERS = {name: np.full(3, value) for name, value in TRUTH.items()}


def still(values):
    """No spread at all, on any window."""
    nothing = jnp.zeros((CLOCK.size, *GRID.shape)) * values["wind"]
    return Wave(nothing, nothing, nothing)


def begun(**change):
    given = {"times": CLOCK, "start": at_points(GRID, [(-60.0, -60.0)], 60.0)} | change
    return simulator(GRID, given.pop("times"), still, given.pop("start"), **given)


def problem(lines=LINES, parameters=PRIOR, simulate=circle, **more):
    return Problem(parameters, simulate, lines, GRID, **more)


@functools.cache
def sound():
    return problem()


def lost(values, times):
    """A simulation that breaks down."""
    front = circle(values, times)
    return front._replace(level=front.level * jnp.nan)


def swapped(**change):
    """The first perimeter with something else."""
    return (Perimeter(**({"time": 600.0, "burned": EARLY, "sd": 10.0} | change)), LINES[1])


def field(**change):
    return CoarseField(**({"grid": GRID, "spacing": 100.0, "length": 100.0, "sd": 0.3} | change))


def ahead(values=MEMBERS, times=(1800.0,), **more):
    return forecast(sound(), values, times, **more)


def restarted(**more):
    return forecast(problem(simulate=begun()), MEMBERS, [1800.0], **more)


def fronts(members, shape=GRID.shape):
    return Front(np.zeros((members, *shape)), np.zeros((members, *shape)))


GREY = np.full(GRID.shape, 0.4)
BROKEN = {
    "no perimeter": (partial(problem, ()), "there is no perimeter"),
    "another shape": (lambda: problem(swapped(burned=EARLY[:-1])), r"perimeter is of shape \(25, 26\)"),
    "a map of another shape": (lambda: problem(swapped(mapped=EARLY[1:])), "mapped is of shape"),
    "before the start": (lambda: problem(start=600.0), "begins at 600 s"),
    "at no time": (lambda: problem(swapped(time=np.nan)), "not a number"),
    "after the weather": (lambda: problem(until=1000.0), "weather ends at 1000 s"),
    "after the simulator's weather": (
        lambda: problem(simulate=begun(times=[0.0, 500.0, 700.0, 800.0, 900.0])),
        "weather ends at 900 s",
    ),
    "empty": (lambda: problem(swapped(burned=np.zeros(GRID.shape))), "holds no burned cell"),
    "all of it": (lambda: problem((Perimeter(600.0, np.ones(GRID.shape), 10.0),)), "holds every cell"),
    "percent": (lambda: problem(swapped(burned=100 * EARLY)), "other than 0 and 1"),
    "no error": (lambda: problem(swapped(sd=0.0)), "standard deviation of the line is 0"),
    "drawn back": (
        lambda: problem((Perimeter(60.0, LATE, 10.0), Perimeter(90.0, EARLY, 10.0))),
        "leaves out",
    ),
    "out of order": (lambda: problem(LINES[::-1]), "order of time"),
    "out of the window": (
        lambda: problem(simulate=begun(window=Window(0, 26, 0, 14))),
        "reaches out of the window",
    ),
    "no parameter": (partial(problem, parameters=()), "there is no parameter"),
    "one name twice": (partial(problem, parameters=(*PRIOR, PRIOR[0])), "two parameters are named wind"),
    "unknown kind": (lambda: Parameter("wind", 1.0, 0.3, "cubic"), "unknown kind 'cubic'"),
    "a centre that is none": (lambda: Parameter("wind", np.nan, 0.3), "centre of the prior is not finite"),
    "an sd of nothing": (lambda: Parameter("wind", 1.0, 0.0), "not a number above zero"),
    "an sd that is none": (lambda: Parameter("wind", 1.0, np.inf), "not a number above zero"),
    "a negative centre": (lambda: Parameter("wind", -1.0, 0.3), "not above zero"),
    "no bounds": (lambda: Parameter("m", 0.1, 0.3, "bounded"), "hold nothing"),
    "bounds turned round": (lambda: Parameter("m", 0.1, 0.3, "bounded", 0.4, 0.02), "hold nothing"),
    "outside of bounds": (lambda: Parameter("m", 0.5, 0.3, "bounded", 0.02, 0.4), "not inside the bounds"),
    "bounds for nothing": (lambda: Parameter("m", 0.5, 0.3, lower=0.1), "bounds are given for kind"),
    "another shape of prior": (lambda: Parameter("m", [1.0, 2.0], 0.3, shape=(3,)), "not of shape"),
    "a missing value": (lambda: flatten(PRIOR, {"wind": 1.0}), "a value is missing"),
    "a value of another shape": (lambda: flatten(PRIOR, TRUTH | {"rate": [1.0, 2.0]}), "is of shape"),
    "a negative factor": (lambda: flatten(PRIOR, TRUTH | {"rate": -1.0}), "not between 0 and inf"),
    "a clip of nothing": (lambda: Misfit(clip=0.0), "clip is 0"),
    "a negative decorrelation": (lambda: Misfit(decorrelation=-5.0), "decorrelation is -5"),
    "an unknown parameter": (lambda: problem(parameters=PRIOR[1:]), "asks for 'wind'"),
    "levels of another shape": (
        lambda: problem(simulate=lambda v, t: jax.tree.map(lambda a: a[0], circle(v, t))),
        "gives levels of shape",
    ),
    "starts without a key": (lambda: map_estimate(sound(), starts=3), "needs a key"),
    "no start": (lambda: map_estimate(sound(), starts=0), "0 starts"),
    "no spacing": (lambda: map_estimate(sound(), spacing=0.0), "spacing is 0"),
    "not a number at the start": (
        lambda: map_estimate(problem(simulate=lost)),
        "a simulation is not a number",
    ),
    "one member": (lambda: ensemble_kalman(sound(), KEY, 1), "an ensemble of 1"),
    "no stage": (lambda: ensemble_kalman(sound(), KEY, 8, 0), "0 stages"),
    "deflation": (lambda: ensemble_kalman(sound(), KEY, 8, inflation=0.9), "inflation is 0.9"),
    "no thread": (lambda: ensemble_kalman(sound(), KEY, 8, threads=0), "threads 0"),
    "members that break down": (lambda: ensemble_kalman(problem(simulate=lost), KEY, 2), "member 0"),
    "a place of what is not there": (
        lambda: ensemble_kalman(sound(), KEY, 8, localisation=Localisation(100.0, {"rain": [(0.0, 0.0)]})),
        "'rain' is no parameter",
    ),
    "a place in three dimensions": (
        lambda: ensemble_kalman(
            problem(), KEY, 8, localisation=Localisation(9.0, {"wind": [(0.0, 0.0, 1.0)]})
        ),
        "places are of shape",
    ),
    "a radius of nothing": (
        lambda: ensemble_kalman(sound(), KEY, 8, localisation=Localisation(0.0, {})),
        "radius is 0",
    ),
    "an unknown sampler": (lambda: posterior(sound(), KEY, method="gibbs"), "unknown method 'gibbs'"),
    "no draws": (lambda: posterior(sound(), KEY, draws=0), "chains of 0 draws"),
    "few walkers": (lambda: posterior(sound(), KEY, method="affine", chains=3), "3 chains for 3 unknowns"),
    "members of different numbers": (lambda: ahead(MEMBERS | {"wind": np.ones(2)}), "different numbers"),
    "members without an axis": (lambda: ahead(TRUTH), "values are of shape"),
    "no members of one": (lambda: ahead({"wind": np.ones(3)}), "a value is missing"),
    "a forecast of the past": (lambda: ahead(times=[0.0]), "begins at 0 s"),
    "a forecast in disorder": (lambda: ahead(times=[1800.0, 1500.0]), "do not increase"),
    "a forecast beyond the weather": (
        lambda: forecast(problem(simulate=begun()), MEMBERS, [9e9]),
        "the weather at 4800 s",
    ),
    "a start where there is none": (lambda: ahead(start=LINES[1]), "cannot begin from another start"),
    "a front without a time": (lambda: restarted(start=fronts(3)), "a front has no time"),
    "fronts for others": (lambda: restarted(start=fronts(2), since=1200.0), "2 fronts for 3 members"),
    "fronts of another shape": (
        lambda: restarted(start=fronts(3, (9, 9)), since=1200.0),
        "front is of shape",
    ),
    "a start outside of the weather": (
        lambda: begun().begun(Perimeter(9e9, EARLY, 1.0)),
        "outside of the weather",
    ),
    "weather in disorder": (lambda: begun(times=[0.0, 10.0, 5.0, 20.0, 30.0]), "time does not increase"),
    "weather that begins late": (lambda: begun(times=CLOCK + 60.0), "after the ignition"),
    "a start of no cell": (lambda: begun(start=Ignition(np.ones(GRID.shape))), "burns no cell"),
    "a start on rock": (lambda: begun(burnable=np.zeros(GRID.shape)), "cannot burn"),
    "an error below nothing": (lambda: ahead_of(-5.0), "not zero or above"),
    "growth on another grid": (lambda: new_growth(EARLY[1:], LATE), "give one grid"),
    "dice on another grid": (lambda: dice(EARLY[1:], LATE), "give one grid"),
    "brier on another grid": (lambda: brier(GREY[1:], LATE), "give one grid"),
    "brier of percent": (lambda: brier(100 * GREY, LATE), "not within 0 and 1"),
    "brier of nothing": (lambda: brier(GREY, LATE, np.zeros(GRID.shape)), "no cell is judged"),
    "no bins": (lambda: reliability(GREY, LATE, bins=0), "0 bins"),
    "an unknown map": (lambda: recalibrate(GREY, LATE, kind="cubic"), "unknown kind 'cubic'"),
    "a map of one kind of truth": (lambda: recalibrate(GREY, np.ones(GRID.shape)), "all burned, or none"),
    "negative trust": (lambda: recalibrate(GREY, LATE, trust=-1.0), "trust is -1"),
    "nodes nowhere": (lambda: field(spacing=0.0), "spacing is 0"),
    "nodes too far apart": (lambda: field(length=20.0), "is not seen by nodes"),
    "knots for others": (lambda: in_time(jnp.ones(2), [0.0], CLOCK), "1 knots for 2 pieces"),
    "knots in disorder": (lambda: in_time(jnp.ones(2), [5.0, 0.0], CLOCK), "do not increase"),
    "an unknown course": (lambda: in_time(jnp.ones(1), [0.0], CLOCK, "cubic"), "unknown kind 'cubic'"),
    "a simulation of another grid": (
        lambda: Problem(PRIOR, begun(), (Perimeter(600.0, np.eye(9), 5.0),), square(9, 20.0)),
        "simulate has 26 x 26 cells",
    ),
}


def ahead_of(error):
    from hybrid.fire.assimilation import Forecast

    return Forecast(
        np.array([1.0]), np.zeros((1, 1, *GRID.shape)), np.zeros((1, *GRID.shape)), 20.0
    ).probability(error)


@pytest.mark.parametrize("name", BROKEN)
def test_one_sentence(name):
    call, wanted = BROKEN[name]
    with pytest.raises(TerraxError, match=wanted) as caught:
        call()
    text = str(caught.value)
    assert caught.value.remedy
    assert text.count("\n") == 0
    assert text.endswith((".", "?"))
