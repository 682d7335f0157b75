"""The drought experiment from command to report, on tiny synthetic sites, through the real command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from hybrid.train import Checkpoint

pytestmark = pytest.mark.slow

TINY = """
models: {models}
split: {split}
synthetic: {{years: 3, climates: [{climates}]}}
train: {{steps: {steps}, members: 1, validate_every: 1, patience: 0}}
process_train: {{steps: 1, members: 1, validate_every: 1}}
gru: {{width: 4, train: {{steps: 1, members: 1, validate_every: 1}}}}
networks:
  dryness: {{kind: perceptron, inputs: [vpd], width: 4, depth: 1, dropout: 0.0}}
scenarios: [warmer]
memory_days: [30]
explain: {{lags: [90, 365], lead: 30, account: false}}
"""


def _terrax(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "experiments.cli", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )


def _write(folder, models="[hybrid, climatology]", by="{by: time, train_years: 2}", steps=2, sites=2):
    climates = ", ".join(["savanna", "boreal", "mediterranean"][:sites])
    (folder / "tiny.yaml").write_text(
        TINY.format(models=models, split=by, steps=steps, climates=climates), encoding="utf-8"
    )


def _run(folder, out="run", *more):
    done = _terrax("run", "drought", "--config", "tiny.yaml", "--out", out, *more, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done


def _undescribed(ds):
    """Variables without unit or meaning."""
    return [str(n) for n in ds.data_vars if not {"units", "long_name"} <= set(ds[n].attrs)]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished tiny run, and what it printed; do not change it."""
    folder = tmp_path_factory.mktemp("drought")
    _write(folder)
    return folder / "run", _run(folder)


def test_plan_and_progress_are_told(finished):
    _, done = finished
    for words in ("2 synthetic sites, 3 years", "first 2 calendar years train", "hybrid, climatology"):
        assert words in done.stdout
    told = done.stdout + done.stderr
    assert "step 2/2" in told
    assert "closure" in told
    assert "report: " in done.stdout


def test_folder_holds_every_file(finished):
    folder, _ = finished
    for name in (
        "config.yaml",
        "environment.json",
        "data.json",
        "status.json",
        "results.nc",
        "scores.csv",
        "report.html",
        "ro-crate-metadata.json",
        "checkpoints/hybrid-time-best.ckpt",
        "tables/closure.json",
        "tables/truth.json",
        "tables/memory.json",
        "tables/explain.json",
        "explain.nc",
        "tables/scenarios.json",
        "tables/sites.json",
    ):
        assert (folder / name).stat().st_size > 0, name
    drawn = {p.stem for p in (folder / "figures").glob("*.svg")}
    assert {"skill", "series", "memory", "dry_season", "scenarios"} <= drawn
    assert drawn == {p.stem for p in (folder / "figures").glob("*.png")}
    status = json.loads((folder / "status.json").read_text())
    assert status["state"] == "finished"
    assert status["stages"] == ["data", "hybrid", "climatology", "results", "explain", "memory", "scenarios"]
    assert json.loads((folder / "data.json").read_text())["label"] == "synthetic sites, seed 0"
    assert not [p for p in folder.rglob(".*") if p.name != ".lock"]


def test_scores_are_tidy(finished):
    scores = pd.read_csv(finished[0] / "scores.csv")
    assert list(scores.columns) == ["model", "target", "metric", "split", "group", "value"]
    assert set(scores["model"]) == {"hybrid", "climatology"}
    assert set(scores["target"]) == {"gpp", "et", "reco", "nee", "lai"}
    assert set(scores["metric"]) == {"nse", "rmse", "bias", "kge"}
    assert set(scores["split"]) == {"time"}
    assert set(scores["group"]) == {"savanna", "boreal"}
    assert len(scores) == 2 * 5 * 4 * 2
    assert np.isfinite(scores["value"]).all()


def test_results_are_described(finished):
    with xr.open_dataset(finished[0] / "results.nc") as ds:
        assert ds.attrs["Conventions"].startswith("CF-")
        assert dict(ds.sizes) == {"site": 2, "time": 3 * 365}
        assert _undescribed(ds) == []
        for name in ("gpp_observed", "gpp_hybrid", "nee_climatology", "state_soil_root", "flux_snow_melt"):
            assert name in ds
        assert np.isfinite(ds["gpp_hybrid"]).all()
        assert not (ds["test_time"].astype(bool) & ds["training"].astype(bool)).any()
        assert float(ds["gpp_hybrid"].min()) >= 0
        assert all(float(ds[n].min()) >= 0 for n in ds.data_vars if str(n).startswith("state_"))
        nee = ds["reco_hybrid"] - ds["gpp_hybrid"]
        assert ds["nee_hybrid"].values == pytest.approx(nee.values, abs=1e-5)


def test_mass_closes(finished):
    closure = json.loads((finished[0] / "tables" / "closure.json").read_text())
    assert closure["absolute_float64"] <= 1e-10
    assert closure["relative_float32"] <= 1e-6


def test_a_quick_run_does_every_stage_and_leaves_out_programs_of_their_own(tmp_path):
    """Its stages run side by side, and what they leave is whole."""
    _write(tmp_path, models="[hybrid, gru, trees, climatology]", sites=1)
    done = _run(tmp_path, "run", "--quick")
    folder = tmp_path / "run"
    status = json.loads((folder / "status.json").read_text())
    models, after = {"hybrid", "gru", "trees", "climatology"}, {"explain", "memory", "scenarios"}
    assert (status["state"], status["quick"], status["stages"][0]) == ("finished", True, "data")
    assert set(status["stages"][1:5]) == models
    assert status["stages"][5] == "results"
    assert set(status["stages"][6:]) == after == set(status["seconds"]) - models - {"results"}
    assert set(pd.read_csv(folder / "scores.csv")["model"]) == models
    assert json.loads((folder / "tables" / "closure.json").read_text()).keys() == {"relative_float32"}
    checks = json.loads((folder / "tables" / "scenarios.json").read_text())["checks"]
    assert [c["check"].split(",")[0] for c in checks] == ["half the rain"] * 3
    assert "float32" in (folder / "report.html").read_text(encoding="utf-8")
    assert "closure" in done.stdout


def test_report_is_one_file(finished):
    text = (finished[0] / "report.html").read_text(encoding="utf-8")
    assert "<svg" in text or "data:image" in text
    assert 'src="http' not in text
    assert 'href="http' not in text.split("</head>")[0]


def test_projection_carries_flags(finished):
    """Two kelvin warmer: the flags name temperature, and only forcing that the scenario moved beyond training."""
    folder, _ = finished
    done = _terrax("project", folder, "--scenario", "warmer", cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    with xr.open_dataset(folder / "projections" / "warmer" / "projection.nc") as ds:
        assert ds.attrs["changes"] == "tas + 2 K"
        assert [n for n in _undescribed(ds) if not n.startswith("outside_")] == []
        names = ds["outside_training"].attrs["flag_meanings"].split()
        bits = [int(m) for m in np.atleast_1d(ds["outside_training"].attrs["flag_masks"])]
        all_sites = np.nan_to_num(ds["outside_training"].values).astype(int)
        own_site = np.nan_to_num(ds["outside_site_training"].values).astype(int)
        hot = bits[names.index("tas_max")]
        assert (all_sites & hot).any()
        assert ((own_site & all_sites) == all_sites).all()
        assert (own_site & hot).sum() > (all_sites & hot).sum()
        assert not (own_site & bits[names.index("rsds")])[:, : 2 * 365].any()
        assert np.isfinite(ds["gpp"]).all()
    unknown = _terrax("project", folder, "--scenario", "wamer", cwd=folder.parent)
    assert unknown.returncode == 2
    assert "did you mean 'warmer'?" in unknown.stderr
    assert sorted(os.listdir(folder / "projections")) == ["warmer"]


def test_scores_repeat_without_training(tmp_path):
    """The models that need no compilation: two runs, the same bytes."""
    _write(tmp_path, "[climatology, trees]")
    for out in ("one", "two"):
        _run(tmp_path, out)
    assert (tmp_path / "one" / "scores.csv").read_bytes() == (tmp_path / "two" / "scores.csv").read_bytes()


@pytest.mark.slow
def test_same_seed_same_scores(finished, tmp_path):
    _write(tmp_path)
    _run(tmp_path)
    ours, theirs = tmp_path / "run", finished[0]
    assert (ours / "scores.csv").read_bytes() == (theirs / "scores.csv").read_bytes()
    name = "checkpoints/hybrid-time-best.ckpt"
    assert Checkpoint(ours / name).digest() == Checkpoint(theirs / name).digest()


@pytest.mark.slow
def test_all_models(tmp_path):
    _write(tmp_path, "[hybrid, process, gru, trees, climatology, published]")
    _run(tmp_path)
    scores = pd.read_csv(tmp_path / "run" / "scores.csv")
    assert list(dict.fromkeys(scores["model"])) == ["hybrid", "process", "gru", "trees", "climatology"]
    found = scores[(scores["metric"] == "nse") & (scores["target"] != "lai")]
    assert len(found) == 5 * 4 * 2
    assert np.isfinite(found["value"]).all()
    assert _terrax("report", "run", cwd=tmp_path).returncode == 0


@pytest.mark.slow
def test_killed_in_training_and_resumed(tmp_path):
    """SIGKILL after a step of the hybrid is on disk; the resumed run ends with the same bytes."""
    _write(tmp_path, "[hybrid]", steps=6)
    _run(tmp_path, "whole")
    command = [sys.executable, "-m", "experiments.cli", "run", "drought", "--config", "tiny.yaml"]
    part = tmp_path / "part" / "checkpoints" / "hybrid-time.ckpt"
    process = subprocess.Popen(
        [*command, "--out", "part"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not part.exists() and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "part" / "checkpoints" / "hybrid-time-best.ckpt").exists()
    assert _terrax("runs", "--root", ".", cwd=tmp_path).returncode == 0
    done = _terrax("run", "drought", "--resume", "--out", "part", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for name in ("checkpoints/hybrid-time-best.ckpt", "checkpoints/hybrid-time.ckpt", "scores.csv"):
        assert (tmp_path / "part" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


@pytest.mark.slow
def test_split_by_site(tmp_path):
    _write(tmp_path, "[hybrid, gru, trees, climatology]", "{by: site}", steps=1, sites=3)
    _run(tmp_path)
    scores = pd.read_csv(tmp_path / "run" / "scores.csv")
    assert set(scores["split"]) == {"site"}
    assert set(scores["group"]) == {"savanna", "boreal", "mediterranean"}
    with xr.open_dataset(tmp_path / "run" / "results.nc") as ds:
        assert _undescribed(ds) == []
        assert (ds["test_site"] == 1).all()
    held = sorted(p.name for p in (tmp_path / "run" / "checkpoints").glob("hybrid-*-best.ckpt"))
    assert len(held) == 3
    done = _terrax("project", "run", "--root", ".", "--scenario", "warmer", cwd=tmp_path)
    assert done.returncode == 2
    assert "project a run by time" in done.stderr


@pytest.mark.slow
def test_split_by_drought(tmp_path):
    _write(tmp_path, "[hybrid, climatology]", "{by: drought, seasons: 1}", steps=1)
    text = (tmp_path / "tiny.yaml").read_text().replace("years: 3", "years: 5")
    (tmp_path / "tiny.yaml").write_text(text)
    _run(tmp_path)
    scores = pd.read_csv(tmp_path / "run" / "scores.csv")
    assert {"normal", "drought"} <= set(scores["split"])
    with xr.open_dataset(tmp_path / "run" / "results.nc") as ds:
        dry, ordinary = ds["test_drought"].astype(bool), ds["test_normal"].astype(bool)
        assert dry.any("time").all()
        assert not (dry & ordinary).any()
        assert not (dry & ds["training"].astype(bool)).any()
