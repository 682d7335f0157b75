"""Runs of the respiration experiment: what they write, resuming, bad settings, and the numbers to reach."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from toyfixtures import one_sentence, tree

from data.errors import ConfigError
from experiments import report
from experiments.execute import Stopped, execute
from experiments.progress import Progress
from experiments.report import scores
from experiments.respiration import Config, plan, results
from experiments.respiration.identify import findings
from experiments.respiration.settings import effective, identity
from experiments.runfolder import RunFolder

SMALL = [
    "world.climates=[mediterranean]",
    "world.years=2",
    "world.train_years=1",
    "starts=[1.0, 2.0]",
    "repeats=1",
    "network.width=4",
    "network.depth=1",
    "train.steps=6",
    "train.record_every=2",
    "profile.points=5",
    "variants=[radiation, temperature_quiet]",
]


class Stopping(Progress):
    """Stops the run, as a user does, at a step of a stage."""

    def __init__(self, stage, step):
        super().__init__(stream=sys.stderr)
        self.at = (stage, step)

    def __call__(self, event):
        super().__call__(event)
        if (event.get("stage"), event.get("step")) == self.at:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> RunFolder:
    """A finished small run; do not change it."""
    return execute("respiration", sets=SMALL, out=tmp_path_factory.mktemp("runs") / "small")


def test_a_run_fills_its_folder(small):
    names = set(tree(small.path))
    assert {"results.nc", "scores.csv", "report.html", "ro-crate-metadata.json", "data.json"} <= names
    for figure in ("q10_training", "q10_profile", "season", "base_rate"):
        assert {f"figures/{figure}.svg", f"figures/{figure}.png"} <= names
    assert small.status().stages == ("process", "radiation", "temperature_quiet", "results")
    assert "synthetic, seed 0" in small.read_json(small.data_file)["label"]


def test_results_are_complete_and_described(small):
    ds = results.read(small)
    assert ds.attrs["Conventions"] == "CF-1.10"
    assert ds.attrs["true_q10"] == 1.5
    assert dict(ds.sizes) == {
        "site": 1, "time": 730, "variant": 2, "start": 2, "repeat": 1, "step": 3, "profile_q10": 5
    }  # fmt: skip
    for name, variable in ds.data_vars.items():
        assert variable.attrs["long_name"], name
        assert "units" in variable.attrs, name
        if name not in ("reco", "reco_unc"):
            assert np.isfinite(variable.values).all(), name
    test = ds["test"].values[0] > 0
    assert (ds["time"].dt.year.values[test] == 2002).all()
    assert test.sum() == 365
    assert ds.attrs["training_observations"] == np.isfinite(ds["reco"].values[0][~test]).sum()
    np.testing.assert_array_equal(ds["q10_path"].values[..., -1], ds["q10"].values)
    tas = 0.5 * (ds["tas_min"] + ds["tas_max"])
    again = ds["base_respiration"] * ds["q10"] ** (0.1 * (tas - 15.0))
    np.testing.assert_allclose(again.transpose(*ds["reco_simulated"].dims), ds["reco_simulated"], rtol=1e-4)


def test_scores_are_those_of_the_results(small):
    from hybrid.skill import nse, rmse

    frame = scores.read(small.scores)
    ds = results.read(small)
    assert set(frame["model"]) == {"noise_free", "process", "radiation", "temperature_quiet"}
    observed = np.where(ds["test"].values > 0, ds["reco"].values, np.nan)[0]
    for model in ("radiation", "temperature_quiet"):
        simulated = ds["reco_simulated"].sel(variant=model).mean(("start", "repeat")).values[0]
        row = scores.only(frame, model=model, target="reco", metric="nse", group="mediterranean")
        assert row["value"].item() == pytest.approx(nse(simulated, observed), abs=1e-6)
        row = scores.only(frame, model=model, target="q10", group="start 2")
        error = float(ds["q10"].sel(variant=model, start=2.0).mean()) - 1.5
        assert row["value"].item() == pytest.approx(error, abs=1e-9)
    ceiling = scores.only(frame, model="noise_free", metric="rmse")["value"].item()
    assert ceiling == pytest.approx(rmse(ds["reco_true"].values[0], observed), abs=1e-6)
    assert 0.05 < ceiling / np.nanmean(observed) < 0.2


def test_the_report_is_made_from_the_folder_alone(small, tmp_path):
    copied = RunFolder(shutil.copytree(small.path, tmp_path / "elsewhere" / "small"))
    before = tree(copied.path)
    shutil.rmtree(copied.path / "checkpoints")
    shutil.rmtree(copied.path / "figures")
    copied.report.unlink()
    report.build(copied)
    after = tree(copied.path)
    for name in before:
        if not name.startswith("checkpoints"):
            assert after[name] == before[name], name
    page = copied.report.read_text(encoding="utf-8")
    assert "Was Q10 found?" in page
    # six steps find nothing, and the report must not say that they did
    assert "not found" in page
    assert "the penalty did not decide" in page or "identified by an assumption" not in page


@pytest.mark.parametrize(
    "at",
    [
        ("radiation", 2),
        pytest.param(("process", 4), marks=pytest.mark.slow),
        pytest.param(("temperature_quiet", 6), marks=pytest.mark.slow),
    ],
)
def test_a_run_that_is_stopped_and_resumed_ends_bit_for_bit_alike(small, tmp_path, at):
    out = tmp_path / "stopped"
    with pytest.raises(Stopped):
        execute("respiration", sets=SMALL, out=out, progress=Stopping(*at))
    assert RunFolder(out).status().state == "interrupted"
    execute("respiration", out=out, resume=True)
    one, two = tree(small.path), tree(out)
    assert set(one) == set(two)
    for name in one:
        if name.startswith(("checkpoints/", "figures/")) or name == "scores.csv":
            assert one[name] == two[name], name
    assert results.read(small).identical(results.read(RunFolder(out)))


def test_a_checkpoint_of_another_configuration_is_refused(small, tmp_path):
    from data.errors import ModelError

    out = tmp_path / "stopped"
    sets = [*SMALL, "variants=[radiation]"]
    with pytest.raises(Stopped):
        execute("respiration", sets=sets, out=out, progress=Stopping("radiation", 2))
    shutil.copy(small.checkpoints / "radiation.ckpt", out / "checkpoints" / "radiation.ckpt")
    with pytest.raises(ModelError, match="another configuration"):
        execute("respiration", out=out, resume=True)


def test_quick_changes_sizes_alone_and_checkpoints_know_it():
    config = Config()
    small = effective(config, True)
    assert effective(config, False) is config
    assert (small.train.steps, small.repeats) == (config.quick.steps, config.quick.repeats)
    assert small.world.years == config.quick.years
    assert small.world.q10 == config.world.q10
    assert small.starts == config.starts == [0.5, 1.5, 2.5]
    assert identity(small) != identity(config)
    rows = dict(plan(config, None, True))
    assert list(rows) == ["world", "process", *config.variants, "results"]
    assert str(config.quick.steps) in rows["radiation"]


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (("world.train_years=8",), "8 training years of 8 leave none to test"),
        (("profile.lower=2.0", "profile.upper=1.0"), "the profile goes from 2 to 1"),
        (("starts=[1.5, 1.5]",), "'starts' names a value twice"),
        (("starts=[9.0]",), "'starts[0]' is 9.0, which is out of bounds"),
        (("world.q10=5.5",), "'world.q10' is 5.5, which is out of bounds"),
        (("variants=[radiaton]",), "did you mean 'radiation'?"),
        (("train.step=5",), "unknown key 'train.step'"),
        (("world.climates=[borel]",), "boreal"),
    ],
)
def test_bad_settings_are_one_sentence_and_leave_nothing(terrax, tmp_path, sets, said):
    arguments = [part for text in sets for part in ("--set", text)]
    result = terrax("run", "respiration", "--out", "out", *arguments)
    assert result.code == 2
    assert said in one_sentence(result)
    assert tree(tmp_path) == {}


def test_data_are_refused(terrax, tmp_path):
    result = terrax("run", "respiration", "--data", tmp_path, "--out", "out")
    assert result.code == 2
    assert "leave --data out" in one_sentence(result)
    with pytest.raises(ConfigError, match="makes its data"):
        plan(Config(), tmp_path, False)


def test_results_cut_short_are_one_sentence(small, tmp_path, terrax):
    for content in (None, small.results.read_bytes()[:500]):
        folder = RunFolder(shutil.copytree(small.path, tmp_path / str(content is None)))
        folder.results.unlink()
        if content is not None:
            folder.results.write_bytes(content)
        result = terrax("report", folder.path)
        assert result.code == 2
        assert "results" in one_sentence(result)


@pytest.mark.slow
def test_q10_is_found_where_something_says_which_part_carries_temperature(tmp_path):
    folder = execute("respiration", sets=["seed=1"], out=tmp_path / "run")
    config = folder.load_config(Config)
    found = {f.variant.name: f for f in findings(results.read(folder), config)}
    for name in ("radiation", "temperature_quiet"):
        assert np.abs(found[name].q10 - 1.5).max() <= 0.02, name
        assert found[name].identified, name
    free = found["temperature"]
    assert not free.identified
    assert not free.found
    assert free.spread > 0.2
    # as good on held-out years, whatever their Q10; the data fix the product alone
    assert np.ptp(free.skill) < 1e-3
    assert abs(free.skill.mean() - found["radiation"].skill.mean()) < 1e-3
    assert free.product == pytest.approx((1.5, 1.5), abs=0.05)
    assert found["radiation"].error < 0.02


@pytest.mark.slow
def test_a_run_killed_and_resumed_ends_bit_for_bit_alike(small, tmp_path):
    out = tmp_path / "killed"
    command = [sys.executable, "-m", "experiments.cli", "run", "respiration", "--out", str(out)]
    rng = np.random.default_rng(0)
    for number in range(4):
        more = (
            ["--resume"] if number and out.exists() else [part for text in SMALL for part in ("--set", text)]
        )
        run = subprocess.Popen([*command, *more], stdout=subprocess.DEVNULL)
        time.sleep(float(rng.uniform(3.0, 14.0)))
        run.send_signal(signal.SIGKILL)
        run.wait()
    execute("respiration", sets=[] if (out / "config.yaml").exists() else SMALL, out=out, resume=out.exists())
    assert results.read(small).identical(results.read(RunFolder(out)))
    assert small.scores.read_bytes() == (out / "scores.csv").read_bytes()
