"""The run on a moving window: ensembles, ignitions in turn, lines, spotting and files."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from firegrids import even, run, square

from data.errors import DataError
from hybrid.fire.ellipse import Ellipse
from hybrid.fire.spread import (
    Ignition,
    Scheme,
    Spotting,
    along_line,
    at_arrival,
    at_points,
    build_times,
    from_perimeter,
    in_polygon,
    spread,
    to_dataset,
    write,
)
from hybrid.fire.spread.spotting import lognormal
from hybrid.fire.spread.windows import Window, around, slack

GRID = square(150)


@functools.cache
def ensemble():
    """Three members with winds to the north, north-east and east."""
    rates = Ellipse(*(np.stack([f, f, f]) for f in even(GRID, 0.1, 2.0)))
    rates = rates._replace(towards=rates.towards * 0 + np.array([0.0, 0.8, 1.6])[:, None, None, None])
    return spread(GRID, [0.0, 4000.0], rates, at_points(GRID, [(-200.0, -300.0)], 30.0), 4000.0), rates


@pytest.mark.slow
def test_the_window_changes_nothing_that_burned():
    fire, rates = ensemble()
    one = run(
        GRID, at_points(GRID, [(-200.0, -300.0)], 30.0).level, jax.tree.map(lambda a: a[1], rates), 4000.0
    )
    burned = np.isfinite(np.asarray(one.arrival))
    assert fire.window.shape[0] < 150
    assert np.mean(burned != fire.burned[1]) < 2e-3
    both = burned & fire.burned[1]
    assert np.abs(np.asarray(one.arrival)[both] - fire.arrival[1][both]).mean() < 12.0


def test_probability_is_the_mean_of_members():
    fire, _ = ensemble()
    chance = fire.probability()
    assert chance.shape == GRID.shape
    assert 0.99 < chance.max() <= 1.0
    assert chance.sum() * GRID.width**2 == pytest.approx(fire.area.mean(), rel=1e-5)


def test_rates_that_are_held_need_no_field_for_the_last_time():
    start, scheme = at_points(GRID, [(0.0, 0.0)], 30.0), Scheme(between="hold")
    both = even(GRID, 0.1, 2.0)
    one = jax.tree.map(lambda a: a[:1], both)
    long, short = (spread(GRID, [0.0, 1500.0], rates, start, 1500.0, scheme=scheme) for rates in (both, one))
    np.testing.assert_array_equal(short.arrival, long.arrival)
    assert short.area > 1.5 * GRID.width**2 * (start.level <= 0.0).sum()
    with pytest.raises(DataError, match="rates hold 1 times and the weather 2"):
        spread(GRID, [0.0, 1500.0], one, start, 1500.0)


def test_a_later_ignition_starts_when_it_does():
    rates = even(GRID, 0.1, 2.0)
    first = at_points(GRID, [(-200.0, -300.0)], 30.0)
    second = at_points(GRID, [(200.0, 100.0)], 30.0, time=1000.0)
    calls = []

    def part(window: Window) -> Ellipse:
        calls.append(window)
        return Ellipse(*(f[(..., *window.slices)] for f in rates))

    fire = spread(GRID, [0.0, 2000.0], part, [second, first], 2000.0)
    near = at_points(GRID, [(200.0, 100.0)], 30.0).level
    lit = np.asarray(near) <= 0.0
    assert (fire.arrival[lit] == 1000.0).all()
    assert fire.arrival[np.isfinite(fire.arrival) & (np.asarray(near) < 150.0) & ~lit].min() > 1000.0
    assert len(calls) < 8


@pytest.mark.slow
def test_fire_stops_at_a_line_that_was_built_in_time():
    rates = even(GRID, 0.1, 2.0, 0.0)
    fire = at_points(GRID, [(0.0, -200.0)], 30.0)
    line = [(-745.0, 0.0), (745.0, 3.0)]
    held = spread(GRID, [0.0, 4000.0], rates, fire, 4000.0, built=build_times(GRID, line, 500.0))
    late = spread(GRID, [0.0, 4000.0], rates, fire, 4000.0, built=build_times(GRID, line, 3500.0))
    north = np.broadcast_to(GRID.y[:, None] > 20.0, GRID.shape)
    assert not held.burned[north].any()
    assert held.burned.any()
    assert late.burned[north].any()


def test_lines_are_joined_by_their_sides():
    from scipy.ndimage import label

    built = np.isfinite(build_times(GRID, [(-700.0, -600.0), (100.0, 50.0), (650.0, -300.0)], 0.0, rate=0.5))
    assert label(built)[1] == 1
    times = build_times(GRID, [(-700.0, 0.0), (700.0, 0.0)], 100.0, rate=0.5)
    assert np.ptp(times[np.isfinite(times)]) == pytest.approx(2800.0, abs=20.0)


@pytest.mark.slow
def test_spotting_lights_fires_downwind_and_repeats_by_its_key():
    burnable = np.ones(GRID.shape, bool)
    burnable[:, 80:82] = False
    rates = even(GRID, 0.1, 2.0, np.pi / 2)
    start = at_points(GRID, [(-100.0, 0.0)], 30.0)

    def one(seed: int, brands: float):
        brand = Spotting(
            GRID, jax.random.key(seed), brands, wind=10.0, towards=np.pi / 2, mean_distance=150.0
        )
        return spread(
            GRID,
            [0.0, 2500.0],
            rates,
            start,
            2500.0,
            burnable=burnable,
            between=brand,
            every=250.0,
            edge="open",
        )

    first, again, none = one(0, 2e-4), one(0, 2e-4), one(0, 0.0)
    assert (first.arrival == again.arrival).all()
    assert not none.burned[:, 82:].any()
    assert first.burned[:, 82:].any()
    assert not first.burned[~burnable].any()


def test_distances_of_firebrands_against_the_published_regression():
    # 20 MW m-1 in 5 m s-1: driven by the plume, since U / sqrt(g L) < 1
    length = (20e6 / (1.1 * 1000 * 300 * 9.81**0.5)) ** (2 / 3)
    assert 5.0 / (9.81 * length) ** 0.5 < 1.0
    mean, deviation = lognormal(20000.0, 5.0)
    assert float(mean) == pytest.approx(1.47 * 20**0.54 * 5**-0.55 + 1.14)
    assert float(deviation) == pytest.approx(0.86 * 20**-0.21 * 5**0.44 + 0.19)
    mean, deviation = lognormal(1000.0, 20.0)
    assert float(mean) == pytest.approx(1.32 * 20**0.11 - 0.02)
    assert float(deviation) == pytest.approx(4.95 * 20**-0.02 - 3.48)


def test_ignition_shapes_cover_what_they_should():
    cell = GRID.width**2
    level = in_polygon(GRID, [(-100.0, -100.0), (150.0, -100.0), (150.0, 80.0), (-100.0, 80.0)]).level
    assert float((level <= 0.0).sum()) * cell == pytest.approx(250.0 * 180.0, rel=0.06)
    line = along_line(GRID, [(-300.0, 0.0), (300.0, 0.0)], 20.0).level
    assert float((line <= 0.0).sum()) * cell == pytest.approx(600.0 * 40.0, rel=0.2)
    mask = np.asarray(level) <= 0.0
    again = from_perimeter(GRID, mask).level
    assert (np.asarray(again <= 0.0) == mask).all()
    assert float(jnp.max(jnp.abs(again - level)[60:90, 55:95])) < 1.5 * GRID.width


def test_windows_hold_their_margin_and_keep_to_the_grid():
    box = Window(5, 30, 60, 90)
    window = around(box, 15, (150, 150))
    assert window.holds(Window(0, 45, 45, 105))
    assert window.top == 0
    assert slack(box, window, (150, 150)) >= 12
    assert around(Window(0, 150, 0, 150), 15, (150, 150)) == Window(0, 150, 0, 150)


def test_fields_at_arrival_are_interpolated():
    values = jnp.stack([jnp.full((4, 4), v) for v in (1.0, 3.0, 2.0)])
    times = jnp.array([0.0, 100.0, 200.0])
    arrival = jnp.full((4, 4), 150.0).at[0, 0].set(jnp.inf).at[1, 1].set(25.0)
    found = np.asarray(at_arrival(values, times, arrival))
    assert np.isnan(found[0, 0])
    assert found[1, 1] == pytest.approx(1.5)
    assert found[2, 2] == pytest.approx(2.5)


def test_a_fire_is_written_as_cf_netcdf(tmp_path):
    fire, _ = ensemble()
    flame = np.full(GRID.shape, 1.5)
    ds = to_dataset(
        fire, "2025-03-18T11:15", {"flame_length": (flame, {"units": "m", "long_name": "flame length"})}
    )
    path = write(ds, tmp_path / "fire.nc")
    with xr.open_dataset(path) as back:
        assert back.attrs["Conventions"] == "CF-1.10"
        assert back["crs"].attrs["epsg_code"] == "EPSG:3400"
        assert back["burn_probability"].attrs["grid_mapping"] == "crs"
        assert back["arrival_time"].dtype.kind == "M"
        assert (back["x"].values == GRID.x).all()
        late = back["arrival_time"].values[0][fire.burned[0]].max()
        assert late <= np.datetime64("2025-03-18T11:15") + np.timedelta64(4000, "s")
        assert float(back["burned_fraction"].max()) == pytest.approx(1.0)
        assert back["flame_length"].attrs["units"] == "m"


@pytest.mark.slow
def test_members_may_start_in_their_own_places():
    grid = square(60)
    rates = Ellipse(*(np.stack([f, f]) for f in even(grid, 0.1, 1.0)))
    levels = jnp.stack([at_points(grid, [(x, 0.0)], 30.0).level for x in (-60.0, 60.0)])
    fire = spread(grid, [0.0, 900.0], rates, Ignition(levels), 900.0, threads=2)
    np.testing.assert_allclose(fire.arrival[0], fire.arrival[1][:, ::-1], rtol=1e-4)
