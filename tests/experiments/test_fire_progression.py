"""A fire with timed perimeters: what is opened and refused, what must not be known, winds, corrections and scores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.errors import ConfigError, DataError
from data.synthetic.fire_progression import fire_progression
from experiments.execute import execute
from experiments.fire_spread import Config, plan
from experiments.fire_spread.progression import judge, results, scores, stages
from experiments.fire_spread.progression.config import Made, Progression
from experiments.fire_spread.progression.forward import Rates
from experiments.fire_spread.progression.opening import coarse, fine, make_timed
from experiments.report import scores as score_table
from hybrid.fire.assimilation import Forecast

SMALL = Progression(near=500.0, made=Made(rows=24, columns=40))


def made(config: Progression = SMALL):
    times = config.first, config.analysed, config.last
    return fire_progression(config.made.rows, config.made.columns, 0, *times)


@pytest.fixture(scope="module")
def fire():
    return make_timed("made", *made(), SMALL)[0]


def one_sentence(text: str, *parts: str) -> None:
    """Check that a message is one sentence that holds what it should."""
    assert "\n" not in text
    assert text.endswith((".", "?"))
    for part in parts:
        assert part in text


def test_later_perimeters_are_not_within_what_is_assimilated():
    """Perimeters after the last assimilated one may be anything: the fire that methods are given is the same."""
    ds, weather, lookup = made()
    first, all_of_it = make_timed("made", ds, weather, lookup, SMALL)
    changed = ds["burned"].values.copy()
    changed[3, :, :30] = 1
    changed[4] = 1
    second, other = make_timed(
        "made", ds.assign(burned=ds["burned"].copy(data=changed)), weather, lookup, SMALL
    )
    assert first.burned.shape[0] == 3
    assert all_of_it.burned.shape[0] == 5
    assert other.burned[4].all()
    for name, value in vars(first).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, getattr(second, name), err_msg=name)


def test_blocks_are_made_and_laid_back():
    rng = np.random.default_rng(0)
    blocks = rng.random((2, 3, 4)) > 0.5
    np.testing.assert_array_equal(coarse(fine(blocks, 3), 3), blocks)
    cells = np.zeros((4, 4), bool)
    cells[0, 0] = cells[2, 2] = cells[2, 3] = True
    np.testing.assert_array_equal(coarse(cells, 2), [[False, False], [False, True]])


def test_a_cut_keeps_places_and_holds_the_run(fire):
    part = fire.cut(600.0)
    assert part.fuel.shape == part.grid.shape
    assert part.grid.columns < fire.grid.columns
    place = round((part.grid.west - fire.grid.west) / fire.grid.width)
    assert part.grid.x[0] == pytest.approx(fire.grid.x[place])
    assert part.burned[-1].sum() == fire.burned[-1].sum()
    np.testing.assert_array_equal(
        part.case_speed, fire.case_speed[:, : part.grid.rows, place:][..., : part.grid.columns]
    )


def test_terrain_bends_the_wind_as_the_cases_say(fire):
    rates = Rates(fire)
    rad = np.radians
    speed, origin = rates.local_wind(20.0, rad(200.0), 0.0)
    np.testing.assert_allclose(speed, 20.0, rtol=1e-6)
    np.testing.assert_allclose(origin, rad(200.0), rtol=1e-6)
    for k, case in enumerate(fire.case_from):
        speed, origin = rates.local_wind(20.0, case, 1.0)
        np.testing.assert_allclose(speed, 20.0 * fire.case_speed[k], rtol=1e-5)
        np.testing.assert_allclose(origin - case, fire.case_turn[k], atol=1e-5)
    # beyond the cases the local wind turns with the wind
    speed, origin = rates.local_wind(20.0, rad(300.0), 1.0)
    np.testing.assert_allclose(speed, 20.0 * fire.case_speed[-1], rtol=1e-5)
    np.testing.assert_allclose(origin - rad(300.0), fire.case_turn[-1], atol=1e-5)


def test_rates_follow_their_parameters(fire):
    """Factors act on their own fuels alone, and slimness one leaves the system's shape as it is."""
    from experiments.fire_spread.progression.learn import centre

    rates = Rates(fire)
    values = {n: jnp.asarray(v[0]) for n, v in centre(SMALL, len(fire.times)).items()}
    run = jax.jit(lambda rates, v: rates(v))
    plain = run(rates, values)
    group = np.asarray(rates.group)
    assert set(np.unique(group)) == {0, 1, 2, 3}
    for i, name in enumerate(("conifer", "broadleaf", "grass", "barrier")):
        more = run(rates, values | {name: 1.5 * values[name]})
        for a, b in zip(plain, more, strict=True):
            a, b = np.asarray(a), np.asarray(b)
            np.testing.assert_allclose(b[:, group == i], 1.5 * a[:, group == i], rtol=1e-4, atol=1e-6)
            np.testing.assert_array_equal(b[:, group != i], a[:, group != i])
    # a turn of one hour turns that hour alone, by the angle where there is neither slope nor terrain
    flat = values | {"terrain": jnp.float32(0.0), "slope": jnp.float32(1e-9)}
    turn = np.zeros(len(fire.times), np.float32)
    turn[1] = 20.0
    before, after = run(rates, flat), run(rates, flat | {"turn_of_hour": jnp.asarray(turn)})
    angle = [np.arctan2(np.asarray(w.along), -np.asarray(w.down)) for w in (before, after)]
    away = np.degrees((angle[1] - angle[0] + np.pi) % (2 * np.pi) - np.pi)
    np.testing.assert_allclose(away[1], 20.0, atol=0.5)
    np.testing.assert_allclose(np.delete(away, 1, axis=0), 0.0, atol=1e-3)


def test_the_correction_finds_an_error_that_members_do_not_hold(fire):
    """Members that agree on a straight front, which was somewhere within 300 m of it, twice to each side."""
    grid = fire.grid
    east = np.broadcast_to(grid.x - grid.x.mean(), grid.shape)
    left = []
    for shift in (-600.0, -300.0, 300.0, 600.0):
        level = np.broadcast_to(east, (4, 1, *grid.shape)).astype(np.float32)
        ahead = Forecast(np.array([1.0]), level, np.empty(0), grid.width)
        left.append(judge.Left(ahead, east <= shift, np.ones(grid.shape, bool), 1.0))
    fix = judge.correction({0.0: left}, (0.0, 450.0, 5000.0), 0.0)
    assert (fix.pace, fix.speed) == (0.0, 450.0)
    assert fix.scores[0, 1] < min(fix.scores[0, 0], fix.scores[0, 2])
    # no side is favoured, so that a curve helps little or not at all
    assert fix.curve is None or fix.curve(0.5) == pytest.approx(0.5, abs=0.1)


def test_a_curve_is_kept_where_the_other_intervals_better_the_score_and_paces_are_compared(fire):
    """Fronts that were always overtaken by far: curves of other intervals help, and of two paces the nearer wins."""
    grid = fire.grid
    east = np.broadcast_to(grid.x - grid.x.mean(), grid.shape)

    def left(ahead: float) -> list[judge.Left]:
        out = []
        for shift in (500.0, 600.0, 700.0):
            level = np.broadcast_to(east - ahead, (4, 1, *grid.shape)).astype(np.float32)
            found = Forecast(np.array([1.0]), level, np.empty(0), grid.width)
            out.append(judge.Left(found, east <= shift, np.ones(grid.shape, bool), 1.0))
        return out

    far = judge.correction({0.0: left(-600.0)}, (300.0,), 0.0)
    assert far.crossed[1] < far.crossed[0]
    assert 0.1 < float(far.curve(0.1)) < float(far.curve(0.5)) <= 1.0
    astray = [
        left(-600.0)[0],
        left(1800.0)[0],
    ]  # one front overtaken, one never reached: each would mislead the other
    assert judge.correction({0.0: astray}, (300.0,), 0.0).curve is None
    both = judge.correction({0.0: left(-600.0), 0.5: left(600.0)}, (300.0,), 0.0)
    assert both.pace == 0.5
    assert both.scores[1, 0] < both.scores[0, 0] == pytest.approx(far.scores[0, 0])


def test_scores_count_new_growth_alone():
    import xarray as xr

    seen = np.zeros((3, 6, 6), np.int8)
    seen[0:, :2], seen[1:, 2], seen[2:, 3, :3] = 1, 1, 1
    free = seen[1] == 0
    found = np.zeros((1, 6, 6), np.int8)
    found[0, :3], found[0, 3, 1:5] = 1, 1
    cells = ("y", "x")
    held: dict[str, Any] = {
        f"burned_{n}": (("lead", *cells), found) for n in ("gradient", "edge", "prior", "prior_flat", "open")
    }
    held |= {f"chance_{n}": (("lead", *cells), found.astype(float)) for n in ("gradient", "prior", "open")}
    held |= {"observed": (("perimeter", *cells), seen), "judged": (cells, free.astype(np.int8))}
    ds = xr.Dataset(
        held, {"lead_time": ("lead", np.array(["2001-01-01T01:00"], "datetime64[ns]"))}, {"analysed": 1}
    )
    # of three new cells two were forecast, and two more: what burned before does not count
    assert scores.dice_table(ds)["gradient"] == pytest.approx([2 * 2 / (4 + 3)])
    ((score, error),) = scores.chance_table(ds)["gradient", "chance"]
    assert score == pytest.approx(3 / free.sum())
    assert error == pytest.approx(3 / free.sum(), abs=2 / free.sum())
    assert all(v == pytest.approx([0.0]) for v in scores.gains(ds).values())


def _set(name: str, value: Any, at: Any = ...):
    def change(ds, weather, lookup):
        values = ds[name].values.copy()
        values[at] = value
        return ds.assign({name: ds[name].copy(data=values)}), weather, lookup

    return change


BROKEN = {
    "no layer": (lambda d, w, t: (d.drop_vars("windninja_speed"), w, t), "windninja_speed is missing"),
    "slope in degrees": (
        lambda d, w, t: (d.assign(slope=d["slope"].assign_attrs(units="degree")), w, t),
        "the unit of 'slope' is 'degree'",
    ),
    "perimeter in percent": (_set("burned", 100), "values other than 0 and 1"),
    "no growth": (
        lambda d, w, t: (
            d.assign(burned=d["burned"].copy(data=np.repeat(d["burned"].values[:1], 5, 0))),
            w,
            t,
        ),
        "nothing burned before",
    ),
    "no such perimeter": (
        lambda d, w, t: (d.assign_coords(obs_time=d["obs_time"] + np.timedelta64(1, "m")), w, t),
        "no perimeter is of 2001-10-16T13:00",
    ),
    "unknown fuel": (_set("fuel_official", 77, (4, 4)), "the fuel 77 is not in the table"),
    "odd fuel type": (
        lambda d, w, t: (d, w, t.assign(fuel_type="tundra")),
        "the fuel type 'tundra' is unknown",
    ),
    "table without types": (lambda d, w, t: (d, w, t[["grid_value"]]), "the table of fuels holds grid_value"),
    "hole in the wind": (_set("windninja_speed", np.nan, (0, 4, 4)), "'windninja_speed' has cells"),
    "cases descend": (lambda d, w, t: (d.isel(wind_case=[1, 0]), w, t), "cases of the wind do not ascend"),
    "weather ends": (lambda d, w, t: (d, w.iloc[:3], t), "it goes from"),
    "weather unsorted": (lambda d, w, t: (d, w.iloc[::-1], t), "the times do not increase"),
    "weather without code": (lambda d, w, t: (d, w.drop(columns="FFMC"), t), "FFMC is missing"),
    "moisture code beyond": (lambda d, w, t: (d, w.assign(FFMC=120.0), t), "of 'FFMC' outside 0 to 101"),
    "wind in words": (lambda d, w, t: (d, w.assign(wind_km_h="calm"), t), "a value is no number"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_fire_is_told_in_one_sentence(case):
    change, words = BROKEN[case]
    ds, weather, lookup = change(*made())
    with pytest.raises(DataError) as told:
        make_timed("made", ds, weather, lookup, SMALL)
    one_sentence(str(told.value), words, "made")


@pytest.mark.parametrize(
    ("update", "words"),
    [
        ({"first": "noon"}, "'noon' is no date and time"),
        ({"analysed": "2001-10-16T12:00"}, "'first' is not before 'analysed'"),
        ({"widening": ()}, "an error of a front is below zero, or there is none"),
        ({"widening": (-1.0,)}, "an error of a front is below zero, or there is none"),
        ({"pace": (0.3, float("nan"))}, "an error of rates is below zero, or there is none"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(update, words):
    config = Config().model_copy(update={"progression": SMALL.model_copy(update=update)})
    with pytest.raises(ConfigError) as told:
        plan(config, None, False)
    one_sentence(str(told.value), words, "progression")


@pytest.mark.parametrize(("name", "centre"), [("wind", 0.0), ("terrain", 1.0)])
def test_priors_outside_of_what_they_can_be_are_refused(name, centre):
    beliefs = SMALL.beliefs
    beliefs = beliefs.model_copy(update={name: getattr(beliefs, name).model_copy(update={"centre": centre})})
    with pytest.raises(ConfigError) as told:
        stages.check(SMALL.model_copy(update={"beliefs": beliefs}))
    one_sentence(str(told.value), f"progression.beliefs.{name}.centre")


def test_data_without_such_a_fire_leave_the_part_out(tmp_path):
    assert not stages.wanted(SMALL, tmp_path)
    assert stages.opened(SMALL, tmp_path, 0) == (None, [])
    assert not stages.wanted(SMALL.model_copy(update={"folder": None}), None)
    ((_, words),) = stages.plan_rows(SMALL, tmp_path)
    assert "left out" in words
    (tmp_path / "dogrib_2001").mkdir()
    with pytest.raises(DataError) as told:
        stages.opened(SMALL, tmp_path, 0)
    one_sentence(str(told.value), "0 netCDF files")


def test_paces_keep_the_median_and_spread_all_rates_alike():
    from experiments.fire_spread.progression.edges import paced

    values = {n: np.full(101, 2.0, np.float32) for n in ("conifer", "broadleaf", "grass", "barrier", "wind")}
    found = paced(values, 0.5, 0)
    assert (found["wind"] == 2.0).all()
    for name in ("broadleaf", "grass", "barrier"):
        np.testing.assert_array_equal(found[name], found["conifer"])
    logs = np.log(found["conifer"] / 2.0)
    assert np.median(logs) == pytest.approx(0.0, abs=1e-6)
    assert logs.std() == pytest.approx(0.5, abs=0.02)
    np.testing.assert_array_equal(paced(values, 0.0, 0)["grass"], values["grass"])


def test_only_the_last_run_burns_on(fire):
    later = replace(fire, burned=fire.burned.copy())
    assert (later.gone(1) == fire.burned[0]).all()
    assert (later.gone(0) == fire.before).all()
    near = judge.judged(fire, 1, 400.0)
    assert not (near & fire.burned[1]).any()
    assert near.any()
    assert near.sum() < (~fire.burned[1]).sum()


TINY = ["draws=4", "priors.rate.levels=1"]


@pytest.mark.slow
def test_a_synthetic_fire_runs_end_to_end_and_learning_betters_it(tmp_path):
    """Truth is known to be of the priors' kind, so that perimeters must better forecast and left-out intervals."""
    run = execute("fire-spread", sets=TINY, quick=True, out=tmp_path / "made")
    ds = results.read(run)
    for name, variable in ds.data_vars.items():
        if name != "crs":
            assert variable.attrs["long_name"], name
            assert variable.attrs["units"], name
    table = scores.dice_table(ds)
    assert {"gradient", "gradient_ensemble", "kalman_ensemble", "prior", "open"} <= set(table)
    assert scores.gains(ds)["open"].min() > 0.0
    assert scores.gains(ds)["prior_ensemble"].mean() > 0.0
    assert ds.attrs["gradient_cost"][1] < ds.attrs["gradient_cost"][0]
    # line went out for good once it had been still for 0.3 of an interval: two edges of some cells teach its sign
    head, idle = ds.attrs["edge_coefficients"]
    assert head > 0.0 > head + 0.6 * idle
    chance = ds["edge_chance"].values
    assert np.nanmin(chance) < 0.2 < 0.5 < np.nanmax(chance)
    # and a start from part of the perimeter betters that from all of it
    assert (table["edge"] > table["prior"]).all()
    for method in ("gradient", "kalman", "prior", "open"):
        values = ds[f"chance_{method}"].values
        assert values.min() >= 0.0
        assert values.max() <= 1.0
    frame = score_table.read(run.scores)
    row = score_table.only(frame, model="gradient", metric="dice", group=scores.labels(ds)[0])
    assert row["value"].item() == pytest.approx(table["gradient"][0])
    assert (run.figures / "progression_map.svg").exists()
    assert "assimilation of timed perimeters" in run.report.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_real_fire_runs_end_to_end(shared_data, tmp_path):
    if not (shared_data / "fire_spread" / "dogrib_2001").is_dir():
        pytest.skip("no data of the Dogrib fire")
    run = execute("fire-spread", data=shared_data / "fire_spread", quick=True, out=tmp_path / "real")
    ds = results.read(run)
    assert scores.labels(ds) == ["2001-10-16 18:30", "2001-10-16 19:42"]
    np.testing.assert_array_equal(ds["observed"].values.sum(axis=(1, 2)), [936, 1377, 2517, 3762, 5385])
    table = scores.dice_table(ds)
    assert all(np.isfinite(v).all() for v in table.values())
    assert scores.gains(ds)["open"].min() > 0.0
