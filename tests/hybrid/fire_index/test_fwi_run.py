"""Runs of fire weather: pieces and blocks to the last bit, missing values, gradients, vmap."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.errors import ConfigError
from hybrid.fire.index import START, Codes, Weather, daylength, run_days
from hybrid.fire.index.blocks import in_blocks

DAYS, CELLS = 12, 37
MONTH = np.array([5] * 6 + [6] * 6, np.int32)


@functools.cache
def program():
    return jax.jit(lambda weather, month, start: run_days(weather, month, start, daylength.canadian()))


@pytest.fixture(scope="module")
def weather():
    rng = np.random.default_rng(0)
    shape = (DAYS, CELLS)
    rain = np.where(rng.random(shape) < 0.4, rng.exponential(6.0, shape), 0.0)
    fields = (rng.uniform(-5, 35, shape), rng.uniform(5, 100, shape), rng.uniform(0, 45, shape), rain)
    return Weather(*(f.astype(np.float32) for f in fields))


@pytest.fixture(scope="module")
def start():
    return Codes(*(np.full(CELLS, c, np.float32) for c in START))


def part(weather, days):
    return Weather(*(w[days] for w in weather))


@pytest.mark.parametrize("cut", [1, pytest.param(5, marks=pytest.mark.slow)])
def test_pieces_are_the_whole_to_the_last_bit(weather, start, cut):
    whole, end = program()(weather, MONTH, start)
    first, middle = program()(part(weather, slice(cut)), MONTH[:cut], start)
    second, last = program()(part(weather, slice(cut, None)), MONTH[cut:], middle)
    for a, b, c in zip(first, second, whole, strict=True):
        assert np.array_equal(np.concatenate([a, b]), c)
    for a, b in zip(end, last, strict=True):
        assert np.array_equal(a, b)


def test_blocks_are_the_whole_to_the_last_bit(weather, start):
    whole = program()(weather, MONTH, start)
    found = in_blocks(lambda p, m: program()(p[0], m, p[1]), (weather, start), MONTH, block=16, threads=2)
    for a, b in zip(jax.tree.leaves(whole), jax.tree.leaves(found), strict=True):
        assert np.array_equal(a, b)


def test_blocks_keep_double_precision(weather, start):
    with jax.enable_x64(True):
        found = in_blocks(lambda p, _: 2.0 * p, weather.tas.astype(np.float64), None, block=16)
    assert found.dtype == np.float64
    assert np.array_equal(found, 2.0 * weather.tas.astype(np.float64))


def test_a_missing_value_leaves_no_codes_from_its_day_on(weather, start):
    gap = Weather(*(w.copy() for w in weather))
    for k, w in enumerate(gap):
        w[4, k] = np.nan
    whole, end = program()(weather, MONTH, start)
    found, after = program()(gap, MONTH, start)
    for a, b in zip(found, whole, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert np.isnan(a[4:, :4]).all()
        assert np.array_equal(a[:4], b[:4])
        assert np.array_equal(a[:, 4:], b[:, 4:])
    assert np.isnan(np.asarray(after.dc)[:4]).all()
    assert not np.isnan(np.asarray(end.dc)).any()


def test_cells_in_a_batch_are_cells_alone(weather, start):
    whole, _ = program()(weather, MONTH, start)
    wide = Weather(*(w.reshape(DAYS, CELLS, 1) for w in weather))
    codes = Codes(*(c.reshape(CELLS, 1) for c in start))
    mapped = jax.vmap(lambda w, c: run_days(w, jnp.asarray(MONTH), c, daylength.canadian())[0], (1, 0), 1)
    found = jax.jit(mapped)(wide, codes)
    assert np.asarray(found.fwi)[..., 0] == pytest.approx(np.asarray(whole.fwi), rel=2e-5, abs=1e-6)


def test_codes_stay_within_their_scales(weather, start):
    found, _ = program()(weather, MONTH, start)
    assert (np.asarray(found.ffmc) >= 0).all()
    assert (np.asarray(found.ffmc) <= 101).all()
    for values in found[1:]:
        assert (np.asarray(values) >= 0).all()


def test_unknown_family_is_told(weather, start):
    with pytest.raises(ConfigError, match="no family '1987'"):
        run_days(weather, MONTH, start, daylength.canadian(), "1987")
