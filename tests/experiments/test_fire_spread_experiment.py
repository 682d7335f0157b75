"""The fire-spread experiment: what it writes, that a left-out fire has no part in its choice, and broken inputs."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pytest
from toyfixtures import tree

from data.errors import ConfigError, DataError
from data.synthetic.fire_landscape import fire_landscape
from experiments import report
from experiments.execute import Stopped, execute
from experiments.fire_spread import Config, judge, plan, results
from experiments.fire_spread.config import Landscape
from experiments.fire_spread.opening import make_fire, open_fires
from experiments.fire_spread.stages import alike
from experiments.progress import Progress
from experiments.report import scores
from experiments.runfolder import RunFolder

SMALL = [
    "synthetic.cells=31",
    "synthetic.rate=0.5",
    "priors.dead_moisture.levels=2",
    "priors.rate.levels=3",
    "draws=8",
    "progression.folder=null",
]


def one_sentence(text: str, *parts: str) -> None:
    """Check that a message is one sentence that holds what it should."""
    assert "\n" not in text
    assert text.endswith((".", "?"))
    for part in parts:
        assert part in text


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> RunFolder:
    """A finished small run; do not change it."""
    return execute("fire-spread", sets=SMALL, out=tmp_path_factory.mktemp("runs") / "small")


def test_a_run_fills_its_folder(small):
    names = set(tree(small.path))
    assert {"results.nc", "scores.csv", "report.html", "data.json"} <= names
    for figure in ("map_east", "map_north", "map_west", "reliability"):
        assert {f"figures/{figure}.svg", f"figures/{figure}.png"} <= names
    assert small.status().stages == ("spread_east", "spread_west", "spread_north", "results")


def test_results_are_described_and_scores_are_theirs(small):
    ds, frame = results.read(small), scores.read(small.scores)
    assert ds.attrs["Conventions"] == "CF-1.10"
    for name, variable in ds.data_vars.items():
        if name != "crs":
            assert variable.attrs["long_name"], name
            assert variable.attrs["units"], name
    chance = ds["burn_probability"].values
    assert chance.min() >= 0.0
    assert chance.max() <= 1.0
    for i, fire in enumerate(ds["fire"].values):
        scar = ds["observed_scar"].values[i] > 0
        found = np.isfinite(ds["arrival_time"].values[i])
        wanted = 2.0 * (found & scar).sum() / (found.sum() + scar.sum())
        row = scores.only(frame, model="terrax", metric="dice", group=str(fire))
        assert row["value"].item() == pytest.approx(wanted)
        row = scores.only(frame, model="terrax_ensemble", metric="brier", group=str(fire))
        assert row["value"].item() == pytest.approx(np.mean((chance[i] - scar) ** 2), abs=1e-6)
    assert set(frame["split"]) == {"leave-one-fire-out"}


def test_the_report_is_made_from_the_folder_alone(small, tmp_path):
    copied = RunFolder(shutil.copytree(small.path, tmp_path / "small"))
    before = tree(copied.path)
    shutil.rmtree(copied.path / "checkpoints")
    shutil.rmtree(copied.path / "figures")
    copied.report.unlink()
    report.build(copied)
    after = tree(copied.path)
    for name in before:
        if not name.startswith("checkpoints"):
            assert after[name] == before[name], name
    assert "What cannot be concluded" in copied.report.read_text(encoding="utf-8")


def test_the_left_out_fire_has_no_part_in_its_choice():
    rng = np.random.default_rng(0)
    table = rng.random((3, 40))
    for i in range(3):
        changed = table.copy()
        changed[i] = rng.random(40)
        assert judge.best_on_others(changed, i) == judge.best_on_others(table, i)
        others = [j for j in range(3) if j != i]
        assert judge.best_on_others(table, i) == np.argmax(table[others].sum(axis=0))


def test_dice_is_of_the_burned_class_alone():
    scar = np.zeros((100, 100), bool)
    scar[:2, :5] = True
    found = np.zeros_like(scar)
    assert judge.dice(found, scar) == 0.0  # a mean with background would give a half
    found[:2, 3:8] = True
    assert judge.dice(found, scar) == pytest.approx(2 * 4 / 20)
    assert judge.dice(scar[None], scar) == [1.0]


def test_reliability_counts_every_cell_once():
    chance = np.array([0.0, 0.05, 0.5, 0.55, 1.0])
    curve = judge.reliability(chance, np.array([0, 0, 1, 0, 1]), bins=10)
    np.testing.assert_array_equal(curve.count, [2, 0, 0, 0, 0, 2, 0, 0, 0, 1])
    assert curve.frequency[5] == 0.5
    assert curve.forecast[5] == pytest.approx(0.525)
    assert np.isnan(curve.frequency[1])


def test_synthetic_slopes_face_downhill():
    _, ds, _, _ = fire_landscape(31, 3)[0]
    z = ds["elevation"].values.astype(float)
    down, along = np.gradient(z, 10.0)
    aspect = np.radians(ds["aspect"].values)
    fall = along * np.sin(aspect) - down * np.cos(aspect)
    np.testing.assert_allclose(-fall, np.tan(np.radians(ds["slope"].values)), rtol=1e-3, atol=1e-4)


def _with(name, **changes):
    def change(ds, weather, lit):
        return ds.assign({name: ds[name].assign_attrs(**changes)}), weather, lit

    return change


def _valued(name: str, value: float, at: Any = ...):
    def change(ds, weather, lit):
        values = ds[name].values.copy()
        values[at] = value
        return ds.assign({name: ds[name].copy(data=values)}), weather, lit

    return change


def _scarred(ds, cells):
    return ds.assign(observed_scar=(("y", "x"), cells))


BROKEN = {
    "slope without unit": (
        lambda d, w, i: (d.assign(slope=d["slope"].drop_attrs()), w, i),
        "'slope' has no unit",
    ),
    "slope in another unit": (_with("slope", units="furlong"), "the unit of 'slope' is 'furlong'"),
    "no reference system": (lambda d, w, i: (d.drop_vars("crs"), w, i), "'crs' is missing"),
    "no fuel": (lambda d, w, i: (d.drop_vars("fuel"), w, i), "the layer 'fuel' is missing"),
    "unknown fuel": (_valued("fuel", 77, (18, 18)), "no fuel model has the number 77"),
    "upslope aspect": (
        lambda d, w, i: (d.assign(aspect=(d["aspect"] + 180.0) % 360.0), w, i),
        "'aspect' points uphill on 100 %",
    ),
    "hole in the elevation": (_valued("elevation", np.nan, (18, 18)), "'elevation' has cells"),
    "scar in percent": (
        lambda d, w, i: (_scarred(d, np.full((31, 31), 100)), w, i),
        "other than 0 and 1",
    ),
    "empty scar": (lambda d, w, i: (_scarred(d, np.zeros((31, 31))), w, i), "has no burned cell"),
    "scar beyond": (
        lambda d, w, i: (_scarred(d, np.ones((31, 31), int)), w, i),
        "lie outside of what is simulated",
    ),
    "weather without wind": (
        lambda d, w, i: (d, w.drop(columns="wind_km_h"), i),
        "the column 'wind_km_h' is missing",
    ),
    "weather without rows": (lambda d, w, i: (d, w.iloc[:0], i), "there is no row"),
    "negative wind": (lambda d, w, i: (d, w.assign(wind_km_h=-1.0), i), "a wind speed is missing"),
    "direction beyond": (
        lambda d, w, i: (d, w.assign(wind_from_deg=400.0), i),
        "not within 0 to 360",
    ),
    "two ignitions": (lambda d, w, i: (d, w, i.iloc[[0, 0]]), "the ignition has 2 rows"),
    "ignition outside": (lambda d, w, i: (d, w, i.assign(x_m=0.0)), "is outside of the grid"),
    "ignition on a road": (_valued("fuel", 91), "of the ignition can burn"),
    "rows from the south": (lambda d, w, i: (d.isel(y=slice(None, None, -1)), w, i), "south to north"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_landscape_is_told_in_one_sentence(case):
    change, words = BROKEN[case]
    name, ds, weather, lit = fire_landscape(31, 0)[0]
    ds, weather, lit = change(ds, weather, lit)
    with pytest.raises(DataError) as told:
        make_fire(name, ds, weather, lit, Landscape(reach=100.0))
    one_sentence(str(told.value), words, "east")


def test_fires_of_unlike_size_and_folders_without_fires_are_refused(tmp_path):
    east, west = (make_fire(*f, Landscape()) for f in fire_landscape(31, 0)[:2])
    (other,) = (make_fire(*f, Landscape()) for f in fire_landscape(33, 0)[:1])
    alike([east, west])
    with pytest.raises(DataError, match="keeps"):
        alike([east, other])
    with pytest.raises(DataError) as told:
        open_fires(Config(), tmp_path)
    one_sentence(str(told.value), "2 fires are needed", str(tmp_path))
    for name in ("belgium_a", "belgium_b"):
        (tmp_path / name).mkdir()
    with pytest.raises(DataError, match="0 netCDF files"):
        open_fires(Config(), tmp_path)
    for name in ("belgium_a", "belgium_b"):
        fire_landscape(31, 0)[0][1].to_netcdf(tmp_path / name / "a.nc")
    with pytest.raises(DataError, match=r"does not exist.*weather\.csv"):
        open_fires(Config(), tmp_path)


@pytest.mark.parametrize(
    ("sets", "words"),
    [
        ({"dead_moisture": {"upper": 12.0}}, "give a fraction, not percent"),
        ({"duration": {"upper": 2.0}}, "at most 1 is possible"),
        ({"rate": {"lower": 5.0}}, "the prior goes from 5 to 4"),
        ({"wind": {"levels": 3}}, "is not chosen on other fires"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(sets, words):
    config = Config()
    priors = config.priors.model_copy(
        update={n: getattr(config.priors, n).model_copy(update=u) for n, u in sets.items()}
    )
    with pytest.raises(ConfigError) as told:
        plan(config.model_copy(update={"priors": priors}), None, False)
    one_sentence(str(told.value), words, "priors")


class Stopping(Progress):
    """Stops the run, as a user does, when a stage begins."""

    def __call__(self, event):
        super().__call__(event)
        if event.get("stage") == "spread_west":
            raise KeyboardInterrupt


@pytest.mark.slow
def test_a_run_that_is_stopped_and_resumed_ends_alike(small, tmp_path):
    out = tmp_path / "stopped"
    with pytest.raises(Stopped):
        execute("fire-spread", sets=SMALL, out=out, progress=Stopping(stream=sys.stderr))
    assert RunFolder(out).status().stages == ("spread_east",)
    execute("fire-spread", out=out, resume=True)
    assert results.read(RunFolder(out)).identical(results.read(small))
    assert RunFolder(out).scores.read_bytes() == small.scores.read_bytes()


@pytest.mark.slow
def test_a_killed_run_goes_on_and_ends_alike(small, tmp_path):
    """A process that is killed outright while it spreads the second fire leaves a run that resumes to the same end."""
    out = tmp_path / "killed"
    sets = [part for item in SMALL for part in ("--set", item)]
    command = [sys.executable, "-m", "experiments.cli", "run", "fire-spread", "--out", str(out), *sets]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 240.0
        while not (out / "checkpoints" / "spread_east.npz").exists():
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert not (out / "results.nc").exists()
    execute("fire-spread", out=out, resume=True)
    assert results.read(RunFolder(out)).identical(results.read(small))
    assert RunFolder(out).scores.read_bytes() == small.scores.read_bytes()


@pytest.mark.slow
def test_known_fires_are_found_again(tmp_path):
    """Rate times duration, which scars hold, within a step of the grid of choice; and the fires themselves."""
    run = execute("fire-spread", quick=True, out=tmp_path / "known")
    ds = results.read(run)
    found = ds["chosen_rate"] * ds["chosen_duration"]
    known = ds.attrs["true_rate"] * ds.attrs["true_duration"]
    assert np.abs(np.log(found / known)).max() <= np.log(float(ds["rate"][1] / ds["rate"][0])) / 2
    assert results.dice_table(ds)["terrax"].mean() > 0.7


@pytest.mark.slow
def test_real_fires_run_end_to_end(shared_data, tmp_path):
    run = execute("fire-spread", data=shared_data / "fire_spread", quick=True, out=tmp_path / "real")
    ds = results.read(run)
    assert list(ds["fire"].values) == ["arlon", "clinge", "houffalize"]
    assert results.dice_table(ds)["terrax"].mean() > 0.5
